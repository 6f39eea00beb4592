"""What is switched on gets its table by itself; what is switched off keeps its rows."""

from exact_sync.catalog import RESOURCES
from exact_sync.config import ResourceSettings
from tests.deployment import Deployment
from tests.facts import only, restart, sql
from tests.processes import Here


def test_a_resource_is_switched_on_later_and_off_again(deployment: Deployment) -> None:
    there = "SELECT to_regclass('exact.warehouses') IS NOT NULL"
    deployment.sync_well("divisions", "items")
    assert sql(deployment, there) == [(False,)]
    restart(deployment, resources={"warehouses": ResourceSettings()}, auto_migrate=False)
    deployment.sync_well("warehouses")
    assert deployment.differences("warehouses") == []
    rows = sql(deployment, "SELECT * FROM exact.warehouses ORDER BY id")
    assert rows
    restart(deployment, resources={}, auto_migrate=True)
    deployment.clock.advance(hours=7)
    assert "warehouses" not in {outcome.resource for outcome in deployment.sync_well()}
    assert sql(deployment, "SELECT * FROM exact.warehouses ORDER BY id") == rows
    restart(deployment, resources={"warehouses": ResourceSettings(strategy="snapshot")})
    assert only(deployment.sync_well("warehouses"), "warehouses").tally.written == 0


def test_a_table_that_was_dropped_while_it_was_off_comes_back_whole(deployment: Deployment) -> None:
    on = {"projects": ResourceSettings(strategy="modified")}
    restart(deployment, resources=on)
    deployment.sync_well("divisions", "projects")
    assert deployment.differences("projects") == []
    restart(deployment, resources={})
    sql(deployment, "DROP TABLE exact.projects")
    deployment.clock.advance(hours=1)
    restart(deployment, resources=on)
    deployment.sync_well("projects")
    assert deployment.differences("projects") == []


def test_a_default_resource_is_switched_off(deployment: Deployment) -> None:
    deployment.sync_well("items")
    rows = sql(deployment, "SELECT count(*) FROM exact.items")
    restart(deployment, resources={"items": ResourceSettings(enabled=False)})
    assert "items" not in {outcome.resource for outcome in deployment.sync_well()}
    assert sql(deployment, "SELECT count(*) FROM exact.items") == rows


def test_all_resources_are_listed_with_those_of_one_s_own(here: Here) -> None:
    own = {"RESOURCES": None, "RESOURCES__MY_COSTS__ENDPOINT": "project/CostTransactions"}
    code, out, err = here.run("resources", **own)
    assert (code, err) == (0, "")
    lines = {line.split()[0]: line.rstrip() for line in out.splitlines()[1:] if line.strip()}
    assert list(lines) == [*RESOURCES, "my_costs"]
    assert len(RESOURCES) >= 109
    off = {name for name, line in lines.items() if line.endswith(" off")}
    assert off == {name for name, resource in RESOURCES.items() if not resource.default}
