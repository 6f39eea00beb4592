"""The calls of all divisions of a connection together, counted for all processes."""

from datetime import date

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from exact_sync.catalog import DIVISIONS
from exact_sync.store.divisions import ACTIVE
from exact_sync.store.state import connection as state
from exact_sync.store.tables import table as table_of


def take(connection: Connection, day: date, wanted: int, limit: int) -> tuple[int, int]:
    """Take up to so many calls of a day's limit: how many that are, and how many are taken now."""
    connection.execute(insert(state).values(id=1).on_conflict_do_nothing())
    row = connection.execute(select(state.c.day, state.c.calls).with_for_update()).one()
    # Another process's clock may be past midnight already: its day counts.
    day = max(day, row.day or day)
    used = row.calls if row.day == day else 0
    granted = max(0, min(wanted, limit - used))
    connection.execute(update(state).values(day=day, calls=used + granted))
    return granted, used + granted


def give_back(connection: Connection, day: date, number: int) -> None:
    """Calls that were taken on a day and not made."""
    connection.execute(update(state).where(state.c.day == day).values(calls=state.c.calls - number))


def today(connection: Connection, day: date) -> int:
    """How many were taken on a day."""
    return connection.execute(select(state.c.calls).where(state.c.day == day)).scalar() or 0


def active_divisions(connection: Connection) -> int:
    """How many divisions may call."""
    table = table_of(DIVISIONS)
    query = select(func.count()).where(table.c._deleted_at.is_(None), table.c.status == ACTIVE)
    return int(connection.execute(query).scalar_one())
