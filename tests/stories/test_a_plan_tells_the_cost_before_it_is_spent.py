"""``plan``: its figure for a first load is what the first load then costs, within a tenth."""

from pathlib import Path

from exact_sync.catalog import RESOURCES
from exact_sync.simulator import Simulator
from tests.deployment import DIVISION, TINY, Deployment, SharedClock
from tests.mirror import ENOUGH

MANY = TINY | {
    "crm/Accounts": 300,
    "salesinvoice/SalesInvoices": 400,
    "financialtransaction/Transactions": 1500,
}


def test_the_figure_for_a_first_load_is_within_a_tenth_of_what_it_costs(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> None:
    with Deployment(simulator, database_url, clock, tmp_path, counts=MANY, resources={}) as deployment:
        deployment.sync_well("divisions")
        forecast = deployment.service.plan((), (), count=True)
        assert forecast.failures == {}
        told = sum(cost.first_load for cost in forecast.costs)
        assert sum(cost.spent for cost in forecast.costs) <= len(forecast.costs) + 1
        spent = sum(outcome.tally.calls for outcome in deployment.sync_well() if outcome.division)
        assert abs(told - spent) <= 0.1 * spent, (told, spent)
        assert deployment.violations() == {}


def test_when_all_is_loaded_a_plan_costs_nothing_and_tells_a_cycles_calls(deployment: Deployment) -> None:
    deployment.sync_well()
    deployment.simulator.stats.reset()
    forecast = deployment.service.plan((), (), count=True)
    assert deployment.calls() == 0
    assert sum(cost.first_load for cost in forecast.costs) == 0
    told = sum(cost.cycle for cost in forecast.costs)
    deployment.clock.advance(hours=1)
    spent = {o.resource: o.tally.calls for o in deployment.sync_well() if o.division}
    assert told == sum(spent.values())
    rows = {cost.resource: cost.rows for cost in forecast.costs}
    assert rows["customers"] == len(deployment.table("crm/Accounts"))


def test_a_plan_without_counting_asks_exact_nothing(deployment: Deployment) -> None:
    deployment.sync_well("divisions", "customers")
    deployment.simulator.stats.reset()
    forecast = deployment.service.plan((), (DIVISION,), count=False)
    assert deployment.calls() == 0
    assert {cost.resource for cost in forecast.costs} == {
        name for name, resource in RESOURCES.items() if name in ENOUGH and resource.per_division
    }
    known = {cost.resource for cost in forecast.costs if cost.rows is not None}
    assert known == {"customers"}
