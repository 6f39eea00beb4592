"""A division, a module or a right is taken away, and given back: F31, F32."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from exact_sync.catalog import RESOURCES
from exact_sync.config import ResourceSettings
from exact_sync.simulator import Simulator
from exact_sync.sync.once import exit_code
from exact_sync.sync.task import CONNECTION_WIDE
from tests.deployment import DIVISION, Deployment, SharedClock
from tests.facts import OTHER, checkpoint, command, division_line, found_other, line, only, restart, sql

NAMES = ("journals", "customers", "financial_transactions")


@pytest.mark.parametrize("said", ["NoDivisionAccess", "LicenseExpired: The licence has ended"])
def test_a_lost_division_is_suspended_with_its_reason_and_catches_up_when_access_is_back(
    deployment: Deployment, said: str
) -> None:
    """F31."""
    reason = said.partition(":")[0]
    found_other(deployment)
    deployment.sync_well(*NAMES)
    deployment.edit(1)
    lost = deployment.simulator.faults.add("division_lost", division=OTHER, reason=said, times=None)
    outcomes = deployment.sync(*NAMES)
    assert exit_code(outcomes) == 1
    assert reason in str(only(outcomes, "journals", OTHER).message)
    assert {o.status for o in outcomes if o.division == DIVISION} == {"ok"}
    assert {o.status for o in outcomes if o.division == OTHER} == {"failed", "skipped"}
    assert reason in str(division_line(deployment, OTHER).suspended_because)
    rows = "SELECT count(*) FROM exact.customers WHERE division = :code AND _deleted_at IS NULL"
    assert sql(deployment, rows, code=OTHER) == [(len(deployment.table("crm/Accounts", OTHER)),)]

    # While it is suspended nobody asks; and that is said each time.
    restart(deployment)
    deployment.simulator.stats.reset()
    outcomes = deployment.sync(*NAMES)
    assert exit_code(outcomes) == 1
    assert reason in str(only(outcomes, "", OTHER).message)
    assert deployment.simulator.stats.calls(OTHER) == []

    deployment.simulator.faults.remove(lost)
    deployment.clock.advance(hours=1)
    deployment.sync_well(*NAMES)
    assert deployment.differences(*NAMES, deleted=False) == []
    assert division_line(deployment, OTHER).suspended_because is None
    assert deployment.violations() == {}


def test_a_division_lost_for_hours_never_gets_the_app_blocked(deployment: Deployment) -> None:
    """F31 with a run every four minutes: fewer than ten errors an hour on any endpoint."""
    found_other(deployment)
    deployment.sync_well("journals")
    deployment.simulator.oauth.granted = {DIVISION}
    for _ in range(16):
        deployment.clock.advance(minutes=4)
        assert exit_code(deployment.sync("journals")) == 1
    assert 2 <= len(deployment.simulator.stats.calls(OTHER)) <= 6
    deployment.simulator.oauth.granted = None
    deployment.clock.advance(hours=1)
    deployment.sync_well("journals")
    assert deployment.violations() == {}


def test_a_division_that_is_lost_in_mid_reading_goes_on_where_it_was(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> None:
    """F31 between two pages."""
    with Deployment(simulator, database_url, clock, tmp_path, counts={"crm/Accounts": 200,
            "financialtransaction/Transactions": 50}) as deployment:  # fmt: skip
        simulator.faults.add("refuse_bulk", times=None)
        simulator.faults.add("division_lost", path="crm/Accounts", after=2, times=1)
        outcomes = deployment.sync("customers")
        assert exit_code(outcomes) == 1
        assert only(outcomes, "customers").tally.records == 120
        clock.advance(hours=1)
        outcomes = deployment.sync_well("customers")
        assert only(outcomes, "customers").tally.records == 80
        assert deployment.differences("customers") == []


def test_a_configured_division_that_exact_does_not_list_is_reported_and_the_others_go_on(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> None:
    """F31: the consent leaves it out, so that Exact does not even name it."""
    with Deployment(simulator, database_url, clock, tmp_path, divisions=[DIVISION, OTHER]) as deployment:
        found_other(deployment)
        simulator.oauth.granted = {DIVISION}
        outcomes = deployment.sync("divisions", "journals")
        assert exit_code(outcomes) == 1
        assert f"division {OTHER}: Exact does not list it" in str(only(outcomes, "", OTHER).message)
        assert only(outcomes, "journals").status == "ok"
        simulator.oauth.granted = None
        deployment.sync_well("divisions", "journals")
        assert deployment.differences("journals") == []


def test_losing_the_home_division_does_not_stop_the_others(deployment: Deployment) -> None:
    """F31 for the division whose number goes into the question for the list of divisions."""
    found_other(deployment)
    deployment.sync_well("journals")
    deployment.simulator.faults.add("division_lost", division=DIVISION, times=None)
    outcomes = deployment.sync()
    assert exit_code(outcomes) == 1
    assert only(outcomes, "customers", OTHER).status == "ok"
    assert {o.status for o in outcomes if o.division == OTHER} == {"ok"}
    deployment.simulator.faults.clear()
    deployment.clock.advance(hours=1)
    deployment.sync_well()
    assert deployment.differences() == []
    assert deployment.violations() == {}


def test_the_list_of_divisions_is_read_through_another_division_once_the_home_is_lost(
    deployment: Deployment,
) -> None:
    """F31: the home may be any division, the one that was open in the browser at the sign-in."""
    found_other(deployment)
    deployment.sync_well("divisions")
    deployment.simulator.faults.add("division_lost", division=DIVISION, times=None)
    assert only(deployment.sync("divisions"), "divisions", CONNECTION_WIDE).status == "failed"
    restart(deployment)
    deployment.clock.advance(hours=1)
    deployment.simulator.stats.reset()
    assert only(deployment.sync("divisions"), "divisions", CONNECTION_WIDE).status == "ok"
    assert deployment.calls("system/Divisions") == 1
    assert deployment.simulator.stats.calls(DIVISION) == []

    # Where there is no other one, the home is asked for ever.
    deployment.simulator.faults.add("division_lost", division=OTHER, times=None)
    for _ in range(2):
        assert only(deployment.sync("divisions"), "divisions", CONNECTION_WIDE).status == "failed"
    deployment.simulator.faults.clear()
    assert only(deployment.sync("divisions"), "divisions", CONNECTION_WIDE).status == "ok"
    assert deployment.differences("divisions") == []
    assert deployment.violations() == {}


MISSING: list[dict[str, Any]] = [
    {"fault": "scope_missing", "scope": "crm.accounts"},
    {"fault": "status", "status": 403, "body": ""},
    {"fault": "status", "status": 404},
]


@pytest.mark.parametrize(
    ("name", "path", "fault"),
    [
        ("customers", "Accounts", MISSING[0]),
        ("journals", "Journals", MISSING[1]),
        ("financial_transactions", "Transactions", MISSING[2]),
    ],
    ids=["scope", "module", "unknown here"],
)
def test_a_missing_module_is_tried_again_daily_and_the_run_is_otherwise_fine(
    deployment: Deployment, name: str, path: str, fault: dict[str, Any]
) -> None:
    """F32: exit 0, one line in the status, and full speed when it is there."""
    names = {name, "journals", "item_groups"}
    deployment.sync_well("divisions", "item_groups")
    for other in RESOURCES.keys() - names:  # "all that are enabled" takes fewer than twelve here
        deployment.settings.resources[other] = ResourceSettings(enabled=False)
    deployment.simulator.faults.add(path=f"/{path}", times=None, **fault)
    outcomes = deployment.sync_well()
    assert only(outcomes, name).status == "unavailable"
    assert {o.status for o in outcomes if o.resource != name} == {"ok"}
    assert line(deployment, name).outcome == "unavailable"
    said = (line(deployment, name).message, line(deployment, name).hint)
    assert all(said)

    restart(deployment)
    deployment.simulator.stats.reset()
    deployment.clock.advance(hours=20)
    assert only(deployment.sync_well(), name).status == "unavailable"
    assert (line(deployment, name).message, line(deployment, name).hint) == said
    assert deployment.calls(f"/{path}") == 0

    deployment.simulator.faults.clear()
    deployment.clock.advance(hours=5)
    deployment.simulator.stats.reset()
    deployment.sync_well()
    assert deployment.differences(*names) == []
    if name == "customers":
        assert {call.path for call in deployment.simulator.stats.calls(path="/Accounts")} == {
            "bulk/CRM/Accounts"
        }
    assert deployment.violations() == {}


@pytest.mark.parametrize(("status", "hours"), [(403, 1), (429, 12)])
def test_an_app_that_others_got_blocked_for_an_hour_does_not_stand_still_for_a_day(
    deployment: Deployment, status: int, hours: int
) -> None:
    """Exact answers everything with what may look like a missing right, or like a day's limit (noon here)."""
    names = ("divisions", "journals", "items")
    deployment.sync_well(*names)
    limits = deployment.simulator.limits
    limits.blocked_status = status
    for _ in range(limits.error_limit + 1):
        limits.failed(OTHER, "crm/Accounts")
    assert exit_code(deployment.sync()) != 0
    deployment.clock.advance(hours=hours, minutes=1)
    deployment.edit(1, paths=["logistics/Items"])
    restart(deployment)
    deployment.sync_well()
    assert deployment.differences(*names) == []


def test_who_names_an_unavailable_resource_gets_it_tried_at_once(deployment: Deployment) -> None:
    """F32: right after the right was given. Where it was there before, it is first looked for in an hour."""
    deployment.sync_well("divisions", "journals")
    deployment.simulator.faults.add("scope_missing", path="Journals", times=2)
    for hours in (1, 24):
        assert only(deployment.sync_well(), "journals").status == "unavailable"
        again = checkpoint(deployment, "journals")["retry_at"] - deployment.clock.now()
        assert again == timedelta(hours=hours)
        deployment.clock.advance(hours=1)
    assert only(deployment.sync_well("journals"), "journals").status == "ok"
    assert deployment.differences("journals") == []


def test_a_module_that_answers_with_nothing_is_no_error(deployment: Deployment) -> None:
    """F32: rights that are missing from the start look like an empty list."""
    hidden = deployment.simulator.faults.add("hidden", times=None, division=DIVISION, path="/Accounts")
    deployment.sync_well("divisions", "journals", "customers", "items")
    assert sql(deployment, "SELECT count(*) FROM exact.customers") == [(0,)]
    deployment.simulator.faults.remove(hidden)
    deployment.clock.advance(hours=1)
    deployment.sync_well("customers")
    assert deployment.differences("customers") == []


@pytest.mark.parametrize(
    ("name", "path"),
    [("customers", "crm/Accounts"), ("payments", "cashflow/Payments"),
     ("financial_transactions", "financialtransaction/Transactions")],
)  # fmt: skip
def test_changes_made_while_a_right_was_missing_are_found_when_it_is_back(
    deployment: Deployment, name: str, path: str
) -> None:
    """F32: Exact answers a missing right with 200 and nothing, for a week; nothing new looks the same."""
    deployment.sync_well(name)
    deployment.clock.advance(hours=3)
    hidden = deployment.simulator.faults.add("hidden", path=f"/{path.split('/')[1]}", times=None)
    table = deployment.table(path)
    for day in range(3):
        deployment.sync(name)
        deployment.clock.advance(days=2, hours=12)
        table.change(
            sorted(table.rows)[day], **{"Name" if name == "customers" else "Description": f"on day {day}"}
        )
        deployment.sync(name)
        deployment.clock.advance(hours=12)
    deployment.simulator.faults.remove(hidden)
    deployment.sync_well(name)
    assert deployment.differences(name) == []


def test_an_archived_division_is_listed_and_left_alone(deployment: Deployment) -> None:
    """Divisions holds every division; data is read from the active ones."""
    found_other(deployment)
    deployment.table("system/Divisions").change(OTHER, Status=2)
    deployment.sync_well("divisions", "journals")
    assert deployment.simulator.stats.calls(OTHER) == []
    assert sql(deployment, "SELECT status FROM exact.divisions WHERE code = :code", code=OTHER) == [(2,)]
    # Becoming active again is all it takes.
    deployment.table("system/Divisions").change(OTHER, Status=1)
    deployment.sync_well("divisions", "journals")
    assert deployment.differences("divisions", "journals") == []


def test_a_resource_that_keeps_being_refused_never_gets_the_app_blocked(deployment: Deployment) -> None:
    """400s without end, from a run every four minutes: the circuit breaker opens long before ten."""
    deployment.sync_well("journals")
    refusal = {"status": 400, "body": '{"error":{"code":"","message":{"lang":"","value":"No."}}}'}
    for path in ("Journals", "/Accounts", "Transactions", "Payments"):
        deployment.simulator.faults.add("status", path=path, times=None, **refusal)
    names = ("journals", "customers", "financial_transactions", "payments")
    for _ in range(15):
        deployment.clock.advance(minutes=4)
        assert exit_code(deployment.sync(*names)) == 1
    assert deployment.violations() == {}
    deployment.simulator.faults.clear()
    deployment.clock.advance(seconds=timedelta(hours=2).total_seconds())
    deployment.sync_well(*names)
    assert deployment.differences(*names) == []
    assert command(deployment, "status") == 0
    assert checkpoint(deployment, "journals")["outcome"] == "ok"
