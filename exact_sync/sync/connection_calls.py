"""The calls of all divisions of a connection together: counted in PostgreSQL, for all processes."""

import contextlib
from datetime import date

from exact_sync.clock import Clock
from exact_sync.errors import DatabaseAway
from exact_sync.exact.connection_budget import ConnectionBudget
from exact_sync.store import calls
from exact_sync.store.database import Database


def connection_budget(
    database: Database, clock: Clock, limit: int, day_reserve: float, *, calls_an_hour: float
) -> ConnectionBudget:
    """The budget that all divisions share. ``calls_an_hour``: what one division's small reads need."""

    def take(day: date, wanted: int, limit: int) -> tuple[int, int]:
        return database.transact(lambda connection: calls.take(connection, day, wanted, limit))

    def needed() -> float:
        with database.begin() as connection:
            return calls_an_hour * calls.active_divisions(connection)

    return ConnectionBudget(limit, clock, take, day_reserve=day_reserve, calls_an_hour=needed)


def give_back(budget: ConnectionBudget, database: Database) -> None:
    """Let other processes have what this one took and did not need."""
    rest = budget.rest()
    if rest is not None:
        with contextlib.suppress(DatabaseAway), database.begin() as connection:
            calls.give_back(connection, *rest)
