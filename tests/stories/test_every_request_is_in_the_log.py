"""Every call to Exact is on record: which, for what, how it ended, and never a secret."""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from exact_sync.errors import DatabaseAway, WorkHeld
from exact_sync.scheduler.daemon import Daemon
from exact_sync.store import requests
from exact_sync.sync import request_log
from exact_sync.sync.verify import Checks
from tests.deployment import DIVISION, Deployment, Silent
from tests.facts import restart, sql

NAMES = ("customers", "journals", "items", "financial_transactions")
COLUMNS = "division, endpoint, status, rows"


def logged(deployment: Deployment, columns: str = COLUMNS, where: str = "true") -> list[tuple[Any, ...]]:
    """What the log has, in order."""
    deployment.service.request_log.flush()
    return sql(deployment, f"SELECT {columns} FROM exact_sync.request WHERE {where} ORDER BY id")


def counted(deployment: Deployment) -> list[tuple[Any, ...]]:
    """The same, as the simulator saw it."""
    return [
        (call.division, re.sub(r"^/api/(v1/)?", "", call.path), call.status or None, call.rows)
        for call in deployment.simulator.stats.calls()
        if not call.path.endswith("oauth2/auth")
    ]


def as_counted(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """As the simulator counts: what asks for a number is asked of the list, and has no rows."""
    division, endpoint, status, rows = row
    return division, endpoint.removesuffix("/$count"), status, rows or 0


def by_division(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=lambda row: row[0] or 0)


def test_the_log_is_what_the_simulator_saw(deployment: Deployment) -> None:
    faults = deployment.simulator.faults
    faults.add(path="/Accounts", fault="status", status=500, times=2)
    faults.add(path="Journals", fault="minute_429", times=1)
    faults.add(path="/Items", fault="status", status=401, times=1)
    faults.add(path="Transactions", fault="reset", times=1)
    deployment.sync_well(*NAMES)
    ours = logged(deployment)
    # Sorted by division: a refused call is told of when its repetition is over, after the call for a token.
    assert by_division(map(as_counted, ours)) == by_division(counted(deployment))
    assert (None, "oauth2/token", 200, None) in ours
    assert (None, "current/Me", 200, 1) in ours
    assert (DIVISION, "financialtransaction/Transactions/$count", 200, None) in ours
    statuses = [status for _, _, status, _ in ours]
    assert [statuses.count(status) for status in (500, 429, None)] == [2, 1, 1]
    assert statuses.count(401) == 1
    assert sum(rows or 0 for _, _, _, rows in ours) > 100


def test_a_line_says_for_which_resource_how_long_and_what_is_left(deployment: Deployment) -> None:
    simulator, clock = deployment.simulator, deployment.clock
    simulator.faults.add(path="/Accounts", fault="hook", hook=lambda _: clock.advance(seconds=0.25), times=1)
    simulator.faults.add(path="/Accounts", fault="status", status=500, times=1)
    deployment.sync_well("customers")
    columns = "resource, query, milliseconds, trouble, minute_left, day_left"
    failed, good, *_ = logged(deployment, columns, "endpoint ~ 'Accounts'")
    assert failed[0] == good[0] == "customers"
    assert "$select" not in failed[1]
    assert [failed[2], good[2]] == [250, 0]
    assert failed[3].startswith("HTTP 500")
    assert good[3] is None
    assert good[4] == failed[4] - 1
    assert good[5] == failed[5] - 1
    troubles = logged(deployment, "trouble, status", "trouble IS NOT NULL")
    assert [status for _, status in troubles] == [500]
    listing = logged(deployment, "resource, division", "endpoint ~ 'Divisions'")
    assert set(listing) == {("divisions", DIVISION)}


def test_a_verification_names_each_resource_it_reads(deployment: Deployment) -> None:
    deployment.sync_well("customers", "journals")
    before = len(logged(deployment))
    deployment.service.verify(["customers", "journals"], (), Checks(), Silent())
    resources = {row[0] for row in logged(deployment, "resource")[before:]}
    assert {"customers", "journals"} <= resources


def test_a_refused_token_is_on_record_and_the_repeated_call_too(deployment: Deployment) -> None:
    deployment.simulator.faults.add(path="/Accounts", fault="status", status=401, times=1)
    deployment.sync_well("customers")
    first, second, *_ = logged(deployment, "status, trouble, rows", "endpoint ~ 'Accounts'")
    assert first == (401, "the access token was refused", None)
    assert second[:2] == (200, None)


def test_no_secret_is_in_any_column(deployment: Deployment) -> None:
    deployment.simulator.faults.add(path="oauth2/token", fault="status", status=500, times=1)
    deployment.clock.advance(hours=1)
    deployment.sync_well(*NAMES)
    oauth = deployment.simulator.oauth
    secrets = {deployment.simulator.client_secret, *oauth._access, *oauth._refresh, *oauth._codes}
    text = str(logged(deployment, "*"))
    assert "oauth2/token" in text
    assert [secret for secret in secrets if secret in text] == []
    assert "Bearer" not in text


def test_switched_off_it_keeps_nothing_and_forgets_what_there_was(deployment: Deployment) -> None:
    deployment.sync_well("journals")
    assert logged(deployment)
    restart(deployment, request_log_days=0)
    deployment.clock.advance(hours=1)
    deployment.sync_well("journals")
    assert logged(deployment) == []
    assert deployment.service.observer is None


def test_a_closed_service_has_written_all(deployment: Deployment) -> None:
    deployment.sync_well("journals")
    assert sql(deployment, "SELECT * FROM exact_sync.request") == []
    restart(deployment)
    assert sql(deployment, "SELECT * FROM exact_sync.request WHERE resource = 'journals'") != []


def test_the_daemon_writes_what_waits_every_few_seconds(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held() -> None:
        raise WorkHeld("another run holds the work")

    deployment.sync_well("journals")
    service = deployment.service
    monkeypatch.setattr(service.crew, "keep_lock", held)
    daemon = Daemon(service.crew, service.schedules(), Silent(), lambda: None, timedelta(hours=6))
    daemon._watch()
    assert sql(deployment, "SELECT * FROM exact_sync.request WHERE resource = 'journals'") != []


def test_a_log_that_can_not_be_written_fails_no_run(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise DatabaseAway("the database can't be used now")

    monkeypatch.setattr(request_log, "BATCH", 1)
    with monkeypatch.context() as patch:
        patch.setattr(requests, "add", away)
        deployment.sync_well("journals")
    assert sql(deployment, "SELECT * FROM exact_sync.request") == []
    assert len(logged(deployment)) == len(counted(deployment))
