"""``plan``: its figure for a first load is what the first load then costs, within a tenth."""

import json
from math import ceil
from pathlib import Path

from exact_sync.catalog import RESOURCES
from exact_sync.cli.plan import MOST_DIVISIONS
from exact_sync.simulator import Simulator
from tests.deployment import DIVISION, TINY, Deployment, SharedClock
from tests.many import FIRST, found_many
from tests.mirror import ENOUGH
from tests.processes import Here, one_clear_line

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


def test_what_nothing_is_known_of_does_not_cost_0_calls(here: Here) -> None:
    code, out, err = here.run("plan", "--no-count")
    assert (code, out) == (2, "")
    assert "list of divisions was never read" in one_clear_line(err)
    here.machine.nobody_is_signed_in()
    code, out, err = here.run("plan", "--no-count")
    assert (code, out) == (3, "")
    assert "nobody is signed in" in one_clear_line(err)


def test_a_division_whose_cost_is_not_known_is_named_once(here: Here) -> None:
    code, out, _ = here.run("plan", "items", DIVISIONS=f"99,{DIVISION}")
    assert code == 1
    assert "\nerror: division 99: Exact does not list it for this sign-in\n" in out


def test_the_limit_of_all_divisions_together_makes_the_days_more(here: Here) -> None:
    found_many(here.machine.deployment.service.database, 30, [])
    few = {"CONNECTION_DAY_LIMIT": "100"}
    code, out, err = here.run("plan", "--no-count", "--json", **few)
    assert (code, err) == (0, "")
    facts = json.loads(out)
    [limits] = facts["limits"]
    total = sum(cost["first_load"] for cost in facts["costs"])
    assert limits["connection_calls_a_day"] == 90
    assert (limits["division_days"], limits["connection_days"]) == (1, ceil(total / 90))
    assert facts["days"] == limits["connection_days"] > 1
    assert limits["cycles_fit"] is False
    [alone] = json.loads(here.run("plan", "--no-count", "--json")[1])["limits"]
    assert (alone["connection_days"], alone["cycles_fit"]) == (None, True)

    text = here.run("plan", "--no-count", **few)[1]
    days = limits["connection_days"]
    assert (
        f"the calls of {days:,} days (1 by the limits of each division, {days:,} by the 90 calls a day"
    ) in text
    assert f"about {limits['cycles_calls_a_day']:,} calls a day, more than the 90 that all divisions" in text
    assert "no interval fits" in text
    lines = [line for line in text.splitlines() if line.startswith("2000")]
    assert len(lines) == MOST_DIVISIONS
    assert "10 others" in text


def test_cycles_too_often_for_a_division_are_told_with_the_interval_that_fits(here: Here) -> None:
    found_many(here.machine.deployment.service.database, 1, [])
    code, out, err = here.run("plan", "--no-count", "customers", INTERVAL="10s")
    assert (code, err) == (0, "")
    assert "Cycles every 10s cost about 8,640 calls a day" in out
    assert f"in 1 division more than the division may make, the first is {FIRST}" in out
    assert 'it fits with: interval = "5m"' in out
    assert "cost about" not in here.run("plan", "--no-count", "customers", INTERVAL="5m")[1]


def test_a_load_of_more_than_three_pages_costs_a_count_more(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> None:
    with Deployment(simulator, database_url, clock, tmp_path) as deployment:
        deployment.sync_well("divisions")
        fill(deployment, "financial/Journals", 190)
        fill(deployment, "logistics/ItemGroups", 180)
        names = ("journals", "item_groups")
        costs = deployment.service.plan(names, (), count=True).costs
        assert {cost.resource: cost.first_load for cost in costs} == {"journals": 5, "item_groups": 3}
        spent = {o.resource: o.tally.calls for o in deployment.sync_well(*names) if o.division}
        assert spent == {"journals": 5, "item_groups": 3}


def test_neither_a_plan_nor_a_first_load_asks_what_exact_does_not_understand(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> None:
    """Invoice lines have no Modified to filter by; errors count, and ten an hour would block the app."""
    with Deployment(simulator, database_url, clock, tmp_path, counts=TINY, resources={}) as deployment:
        costs = deployment.service.plan((), (DIVISION,), count=True).costs
        [lines] = [cost for cost in costs if cost.resource == "sales_invoice_lines"]
        assert (lines.rows, lines.first_load) == (len(deployment.table("salesinvoice/SalesInvoiceLines")), 1)
        deployment.sync_well()
        calls = deployment.simulator.stats.calls(DIVISION)
        assert [call.path for call in calls if call.status != 200] == []


def test_what_exact_does_not_count_is_never_said_to_be_done(here: Here) -> None:
    faults = here.machine.simulator.faults
    faults.add("scope_missing", path="Journals", times=None)
    faults.add("status", path="ItemGroups", times=None, status=400, message="The question is odd.")
    code, out, err = here.run("plan", "journals", "item_groups")
    assert (code, err) == (0, "")
    said = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line}
    assert said["journals"] == ["unknown", "refused", "0"]
    assert said["item_groups"] == ["unknown", "1", "1"]


def fill(deployment: Deployment, path: str, number: int) -> None:
    """Make it so many records."""
    table = deployment.table(path)
    while len(table) < number:
        table.insert({"Code": f"X{len(table)}", "Description": "one more"})
