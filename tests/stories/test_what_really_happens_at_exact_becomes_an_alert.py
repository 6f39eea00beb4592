"""Alerts from end to end: what the simulator does, a sync or a verify notices, and people hear of it."""

from collections.abc import Iterator

import pytest

from exact_sync.alert_settings import AlertSettings
from exact_sync.sync.verify import Checks
from tests.deployment import DIVISION, Deployment, Silent
from tests.facts import OTHER, command, found_other, restart, sql
from tests.receiver import Receiver, a_receiver

LISTS = ("gl_accounts", "journals")


@pytest.fixture
def receiver(deployment: Deployment) -> Iterator[Receiver]:
    """Who is told, of two divisions that have been read."""
    found_other(deployment)
    with a_receiver() as receiver:
        alerts = AlertSettings(urls=[receiver.url])  # type: ignore[list-item]
        restart(deployment, alerts=alerts)
        deployment.sync_well(*LISTS)
        assert receiver.titles() == []
        yield receiver


def test_a_division_is_lost_and_comes_back(deployment: Deployment, receiver: Receiver) -> None:
    faults = deployment.simulator.faults
    lost = faults.add("division_lost", division=OTHER, reason="LicenseExpired", times=None)
    deployment.clock.advance(hours=7)
    deployment.sync(*LISTS)
    [message] = receiver.accepted
    assert message["title"] == "exact-sync: division lost"
    assert "LicenseExpired" in message["message"]
    receiver.titles()
    for _ in range(3):
        deployment.clock.advance(hours=7)
        deployment.sync(*LISTS)
    assert receiver.titles() == []
    faults.remove(lost)
    deployment.clock.advance(hours=7)
    deployment.sync_well(*LISTS)
    assert receiver.titles() == ["over: division lost"]


def test_a_list_is_suspect_until_it_is_accepted(deployment: Deployment, receiver: Receiver) -> None:
    faults = deployment.simulator.faults
    faults.add("hidden", path="GLAccounts", division=DIVISION, times=None)
    for _ in range(2):
        deployment.clock.advance(hours=7)
        deployment.sync(*LISTS)
    [message] = receiver.accepted
    assert message["title"] == "exact-sync: suspect run"
    assert f"exact-sync accept gl_accounts --division {DIVISION}" in message["message"]
    receiver.titles()
    assert command(deployment, "accept", "gl_accounts", "--division", str(DIVISION)) == 0
    deployment.clock.advance(hours=7)
    deployment.sync_well(*LISTS)
    assert receiver.titles() == ["over: suspect run"]


def test_a_difference_is_over_when_none_is_found(deployment: Deployment, receiver: Receiver) -> None:
    service = deployment.service
    key = f"(SELECT min(id::text)::uuid FROM exact.journals WHERE division = {DIVISION})"
    sql(deployment, f"DELETE FROM exact.journals WHERE id = {key}")
    service.verify(["journals"], [], Checks(), Silent())
    [message] = receiver.accepted
    assert message["title"] == "exact-sync: difference from Exact"
    assert f"journals of division {DIVISION}" in message["message"]
    receiver.titles()
    service.verify(["journals"], [], Checks(), Silent())
    assert receiver.titles() == []
    service.verify(["journals"], [], Checks(repair=True), Silent())
    assert receiver.titles() == ["over: difference from Exact"]
