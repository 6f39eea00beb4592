"""Every call to Exact is on record: which, for what, how it ended, and never a secret."""

import json
import re
from collections.abc import Iterable
from typing import Any

import pytest

from exact_sync.clock import SystemClock
from exact_sync.sync.verify import Checks
from tests.deployment import DIVISION, Deployment, Silent
from tests.facts import OTHER, command, found_other, restart, sql

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


# The command


def said(
    deployment: Deployment, capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0
) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert command(deployment, "requests", *arguments, "--json") == code
    result: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return result


def test_the_command_shows_and_filters(
    deployment: Deployment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SystemClock, "now", lambda _: deployment.clock.now())
    found_other(deployment)
    deployment.simulator.faults.add(path="/Accounts", fault="status", status=500, times=1)
    deployment.sync_well("customers", "journals")
    early = deployment.clock.now()
    deployment.clock.advance(hours=2)
    deployment.sync_well("journals")
    number = len(logged(deployment))
    everything = said(deployment, capsys, "--limit", "1000")
    assert len(everything) == number
    assert [line["at"] for line in everything] == sorted(line["at"] for line in everything)
    assert said(deployment, capsys, "--limit", "3") == everything[-3:]
    assert len(said(deployment, capsys)) == min(50, number)

    def lines(**wanted: Any) -> list[dict[str, Any]]:
        return [line for line in everything if all(line[name] == value for name, value in wanted.items())]

    assert said(deployment, capsys, "--division", str(OTHER)) == lines(division=OTHER) != []
    both = said(deployment, capsys, "--division", str(OTHER), "--division", str(DIVISION))
    assert len(both) == len(lines(division=OTHER)) + len(lines(division=DIVISION))
    assert said(deployment, capsys, "--resource", "customers") == lines(resource="customers") != []
    assert said(deployment, capsys, "--status", "500") == lines(status=500) != []
    assert said(deployment, capsys, "--status", "error") == [line for line in everything if line["trouble"]]
    late = [line for line in everything if line["at"] > early.isoformat()]
    assert said(deployment, capsys, "--since", "1h") == late != []
    assert said(deployment, capsys, "--since", "2026-06-25T13:00") == late
    assert said(deployment, capsys, "--since", "9999999d", "--limit", "1000") == everything
    assert said(deployment, capsys, "--since", "2030-01-01") == []


def test_the_summary_adds_up(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    deployment.sync_well("journals")
    deployment.service.request_log.flush()
    sql(deployment, "DELETE FROM exact_sync.request WHERE endpoint ~ 'Accounts'")
    sql(
        deployment,
        "INSERT INTO exact_sync.request (at, endpoint, status, trouble, milliseconds) "
        "SELECT :at, 'crm/Accounts', 200, CASE WHEN n > 97 THEN 'HTTP 500' END, n "
        "FROM generate_series(1, 100) n",
        at=deployment.clock.now(),
    )
    first = said(deployment, capsys, "--summary", "--limit", "1")[0]
    assert first == {
        "connection": "default", "endpoint": "crm/Accounts", "calls": 100, "errors": 3,
        "median_milliseconds": 50, "p95_milliseconds": 95,
    }  # fmt: skip
    assert command(deployment, "requests", "--summary") == 0
    assert re.search(r"crm/Accounts +100 +3 +50 +95", capsys.readouterr().out)


def test_people_see_a_table(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    deployment.simulator.faults.add(path="Journals", fault="status", status=500, times=1)
    deployment.sync_well("journals")
    deployment.service.request_log.flush()
    assert command(deployment, "requests", "--resource", "journals") == 0
    head, failed, *_ = capsys.readouterr().out.splitlines()
    assert head.split()[2:] == [
        "division", "resource", "endpoint", "status", "ms", "rows", "left:", "minute", "day", "trouble",
    ]  # fmt: skip
    assert re.search(r"^2026-06-25 12:\S+ +124132 +journals +\S*Journals +500 +0 .*HTTP 500", failed)
    assert command(deployment, "requests", "--since", "2030-01-01") == 0
    assert capsys.readouterr().out == "No such requests are kept.\n"


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--division", "999", "division 999 is not among"),
        ("--resource", "itms", "did you mean items"),
        ("--status", "600", "neither an HTTP status"),
        ("--status", "bad", "neither an HTTP status"),
        ("--since", "soon", "neither a duration"),
        ("--limit", "0", "--limit"),
        ("--connection", "be", "be"),
    ],
)
def test_what_is_unknown_gets_one_clear_line(
    deployment: Deployment, capsys: pytest.CaptureFixture[str], option: str, value: str, words: str
) -> None:
    deployment.sync_well("journals")
    capsys.readouterr()
    assert command(deployment, "requests", option, value) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert len(err.splitlines()) <= 2
