"""What a first load costs, and that nothing is asked for twice."""

from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import text

from exact_sync.simulator import Simulator
from tests.deployment import TINY, Deployment, SharedClock

LARGE = TINY | {"crm/Accounts": 20_000, "logistics/Items": 20_000}


def test_a_first_load_of_twenty_thousand_customers_and_items_costs_at_most_25_calls_each(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> None:
    with Deployment(simulator, database_url, clock, tmp_path, counts=LARGE) as deployment:
        outcomes = {outcome.resource: outcome for outcome in deployment.sync_well("customers", "items")}
        assert outcomes["customers"].tally.inserted == outcomes["items"].tally.inserted == 20_000
        assert outcomes["customers"].tally.calls <= 25
        assert outcomes["items"].tally.calls <= 25
        with deployment.service.database.begin() as connection:
            stored = {tuple(row) for row in connection.execute(text("SELECT id, modified FROM exact.items"))}
        books = deployment.table("logistics/Items").rows
        zone = ZoneInfo("Europe/Amsterdam")
        assert stored == {
            (key, row["Modified"].replace(tzinfo=zone).astimezone(UTC)) for key, row in books.items()
        }
        assert deployment.violations() == {}
