"""Which divisions there are, and what we know of each one's access and call limits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from exact_sync.catalog import DIVISIONS
from exact_sync.store.state import division
from exact_sync.store.tables import table as table_of

ACTIVE = 1
"""Status of an active division at Exact (0 inactive, 2 archived)."""


@dataclass(frozen=True)
class Division:
    """An administration, as Exact listed it last."""

    code: int
    name: str
    active: bool
    country: str | None = None


@dataclass(frozen=True)
class Access:
    """What we know of our access to a division."""

    suspended_because: str | None = None
    suspended_since: datetime | None = None
    retry_at: datetime | None = None
    budget: dict[str, Any] | None = None


def listed(connection: Connection) -> dict[int, Division]:
    """All divisions that Exact listed, archived ones included."""
    table = table_of(DIVISIONS)
    columns = (table.c.code, table.c.description, table.c.status, table.c.country)
    query = select(*columns).where(table.c._deleted_at.is_(None)).order_by(table.c.code)
    return {
        row.code: Division(row.code, row.description or str(row.code), row.status == ACTIVE, row.country)
        for row in connection.execute(query)
    }


def access(connection: Connection) -> dict[int, Access]:
    columns = [division.c[name] for name in Access.__dataclass_fields__]
    query = select(division.c.division, *columns)
    return {code: Access(*rest) for code, *rest in connection.execute(query)}


def known_budget(connection: Connection, code: int) -> dict[str, Any] | None:
    """What an earlier run knew of a division's call limits."""
    budget = connection.execute(select(division.c.budget).where(division.c.division == code)).scalar()
    return dict(budget) if budget else None


def suspend(connection: Connection, code: int, reason: str, retry_at: datetime) -> None:
    """Leave a division alone until then; its rows stay."""
    values: dict[str, Any] = {"suspended_because": reason, "retry_at": retry_at}
    statement = insert(division).values(division=code, suspended_since=text("now()"), **values)
    since = {"suspended_since": func.coalesce(division.c.suspended_since, func.now())}
    connection.execute(statement.on_conflict_do_update(index_elements=["division"], set_=values | since))


def resume(connection: Connection, code: int) -> None:
    """Its access is back; writes nothing where it never was away."""
    values = {"suspended_because": None, "suspended_since": None, "retry_at": None}
    is_suspended = division.c.suspended_because.is_not(None)
    connection.execute(update(division).where(division.c.division == code, is_suspended).values(**values))


def save_budget(connection: Connection, code: int, budget: dict[str, Any]) -> None:
    statement = insert(division).values(division=code, budget=budget)
    connection.execute(statement.on_conflict_do_update(index_elements=["division"], set_={"budget": budget}))
