"""``exact-sync requests``: the calls that are looked for, in the order in which they were made."""

import json
import re
from typing import Any

import pytest

from exact_sync.clock import SystemClock
from tests.deployment import DIVISION, Deployment
from tests.facts import OTHER, command, found_other, sql


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
    deployment.service.request_log.flush()
    [(number,)] = sql(deployment, "SELECT count(*) FROM exact_sync.request")
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
    assert said(deployment, capsys, "--since", "3660d", "--limit", "1000") == everything
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


def test_people_see_a_table(
    deployment: Deployment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
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
    monkeypatch.setenv("EXACT_SYNC_REQUEST_LOG_DAYS", "0")
    assert command(deployment, "requests", "--since", "2030-01-01") == 0
    assert capsys.readouterr().out == "None are kept: request_log_days is 0.\n"


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--division", "999", "division 999 is not among"),
        ("--resource", "itms", "did you mean items"),
        ("--status", "600", "neither an HTTP status"),
        ("--status", "bad", "neither an HTTP status"),
        ("--status", "9" * 5000, "neither an HTTP status"),
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
