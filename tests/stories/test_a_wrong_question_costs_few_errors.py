"""A question that Exact calls wrong (HTTP 400) stops nothing else, and never gets the app blocked."""

from datetime import timedelta

import pytest

from exact_sync.errors import Unavailable
from exact_sync.exact.breaker import ERRORS_AN_HOUR
from exact_sync.sync.once import exit_code
from tests.deployment import DIVISION, Deployment
from tests.facts import line, only, restart, sql

NAMES = ("items", "contacts", "customers")
SAID = '{"error":{"code":"","message":{"lang":"","value":"Invalid $select: Nonsense is no property."}}}'


@pytest.mark.parametrize("restarts", [False, True], ids=["one process", "a process for each cycle"])
def test_a_bad_select_costs_at_most_five_errors_an_hour_and_stops_nothing_else(
    deployment: Deployment, restarts: bool
) -> None:
    deployment.sync_well(*NAMES)
    deployment.simulator.faults.add("status", status=400, body=SAID, path="/Contacts", times=None)
    deployment.simulator.stats.reset()
    for _ in range(30):
        deployment.clock.advance(minutes=5)
        outcomes = deployment.sync(*NAMES)
        assert exit_code(outcomes) == 1
        assert [only(outcomes, name).status for name in ("items", "customers")] == ["ok", "ok"]
        if restarts:
            restart(deployment)
    errors = [call.at for call in deployment.simulator.stats.calls(DIVISION) if call.status == 400]
    busiest = max(sum(at <= other < at + timedelta(hours=1) for other in errors) for at in errors)
    assert 3 <= busiest <= 5
    assert len(errors) >= 10, "it was not tried again"
    told = line(deployment, "contacts")
    assert "failed 5 times within the hour" in str(told.message)
    assert "Nonsense is no property" in str(told.message)
    assert "mend what Exact says" in str(told.hint)

    deployment.simulator.faults.clear()
    deployment.clock.advance(hours=1)
    deployment.edit(seed=4)
    deployment.sync_well(*NAMES)
    assert deployment.differences(*NAMES) == []
    assert deployment.violations() == {}


def test_a_refusal_of_who_is_signed_in_is_no_outage(deployment: Deployment) -> None:
    """It belongs to no division, and cron asks every quarter of an hour."""
    sql(deployment, "UPDATE exact_sync.sign_in SET home_division = NULL")
    deployment.simulator.faults.add("status", path="current/Me", status=403, body=SAID, times=None)
    deployment.simulator.stats.reset()
    for tries in range(1, 5):
        outcomes = deployment.sync("journals")
        told = only(outcomes, "divisions", 0)
        assert isinstance(told.error, Unavailable)
        assert "current/Me: HTTP 403: Invalid" in told.message
        assert exit_code(outcomes) != 0
        assert len(deployment.simulator.stats.calls(path="current/Me")) == tries
        deployment.clock.advance(minutes=15)
        restart(deployment)


def test_who_is_signed_in_is_asked_at_most_five_times_an_hour_in_vain(deployment: Deployment) -> None:
    """By however many processes: cron starts one every four minutes."""
    sql(deployment, "UPDATE exact_sync.sign_in SET home_division = NULL")
    refused = deployment.simulator.faults.add("status", path="current/Me", status=403, body=SAID, times=None)
    deployment.simulator.stats.reset()
    for _ in range(15):
        outcomes = deployment.sync("journals")
        assert exit_code(outcomes) != 0
        deployment.clock.advance(minutes=4)
        restart(deployment)
    assert len(deployment.simulator.stats.calls(path="current/Me")) == ERRORS_AN_HOUR
    assert "current/Me failed 5 times within the hour, last with: HTTP 403" in str(outcomes[0].message)
    deployment.simulator.faults.remove(refused)
    deployment.clock.advance(hours=1)
    deployment.sync_well("journals")


def test_a_filter_that_does_not_help_is_tried_once(deployment: Deployment) -> None:
    """By Modified, without one, by the key; and no question twice."""
    said = SAID.replace("$select", "$filter")
    deployment.simulator.faults.add("status", status=400, body=said, path="/Journals", times=None)
    assert exit_code(deployment.sync("journals")) == 1
    assert deployment.calls("financial/Journals") == 3
