"""The calls of all divisions together, through the database."""

from exact_sync.exact.connection_budget import AT_ONCE
from exact_sync.store import calls
from exact_sync.store.database import Database
from exact_sync.sync.connection_calls import connection_budget, give_back
from tests.deployment import SharedClock


def test_what_was_not_needed_is_there_for_others(database: Database, clock: SharedClock) -> None:
    def today() -> int:
        with database.begin() as connection:
            return calls.today(connection, clock.now().date())

    budget = connection_budget(database, clock, 100, 0.1, calls_an_hour=0.0)
    for _ in range(3):
        budget.take(is_backfill=False)
    assert today() == AT_ONCE
    give_back(budget, database)
    give_back(budget, database)
    assert today() == 3
