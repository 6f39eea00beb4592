"""What a first load costs, and that nothing is asked for twice."""

import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.deployment import Deployment
from tests.facts import sql

LONG_AGO = datetime(2024, 1, 1)
MANY = 20_000


def grow(deployment: Deployment, path: str) -> None:
    """So many rows that they cost calls; with little in each, which costs none."""
    table = deployment.table(path)
    table.load(
        {
            "ID": uuid.UUID(int=number),
            "Code": str(number),
            "Created": LONG_AGO,
            "Modified": LONG_AGO + timedelta(minutes=number // 7),
        }
        for number in range(1, MANY - len(table) + 1)
    )


def test_a_first_load_of_twenty_thousand_customers_and_items_costs_at_most_25_calls_each(
    deployment: Deployment,
) -> None:
    grow(deployment, "crm/Accounts")
    grow(deployment, "logistics/Items")
    outcomes = {outcome.resource: outcome for outcome in deployment.sync_well("customers", "items")}
    assert outcomes["customers"].tally.inserted == outcomes["items"].tally.inserted == MANY
    assert outcomes["customers"].tally.calls <= 25
    assert outcomes["items"].tally.calls <= 25
    books = deployment.table("logistics/Items").rows
    zone = ZoneInfo("Europe/Amsterdam")
    assert set(sql(deployment, "SELECT id, modified FROM exact.items")) == {
        (key, row["Modified"].replace(tzinfo=zone).astimezone(UTC)) for key, row in books.items()
    }
    assert deployment.violations() == {}
