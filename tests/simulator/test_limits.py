"""Minute, day and error limits, and who breaks them."""

from __future__ import annotations

import threading
import time

import pytest

from exact_sync.simulator import Fault, Simulator
from tests.simulator.conftest import DIVISION, Client

PATH = f"{DIVISION}/crm/Accounts?$select=ID&$top=1"
OTHER = "124133/crm/Accounts?$top=1"
MINUTE = {"x-ratelimit-minutely-limit", "x-ratelimit-minutely-remaining", "x-ratelimit-minutely-reset"}
DAY = {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"}


def limits(headers: object) -> set[str]:
    return {name.lower() for name in dict(headers) if name.lower().startswith("x-ratelimit")}  # type: ignore[call-overload]


def test_the_headers_count_down(client: Client) -> None:
    client.get(PATH)
    headers = client.get(PATH).headers
    assert limits(headers) == MINUTE | DAY
    assert headers["x-ratelimit-minutely-remaining"] == "58"
    assert headers["x-ratelimit-remaining"] == "4998"
    assert headers["x-ratelimit-minutely-reset"] == "1782396840000"  # 14:14:00Z, a whole minute
    assert headers["x-ratelimit-reset"] == "1782432000000"  # the next 00:00 UTC


def test_the_sixty_first_call_of_a_minute(client: Client) -> None:
    client.sim.limits.use(DIVISION, minute=60, day=60)
    refused = client.get(PATH)
    assert refused.status_code == 429
    assert limits(refused.headers) == MINUTE
    assert refused.headers["x-ratelimit-minutely-remaining"] == "0"
    assert "retry-after" not in refused.headers
    assert client.sim.stats.violations["calls_while_limited"] == 0
    assert client.get(PATH).status_code == 429
    assert client.sim.stats.violations["calls_while_limited"] == 1
    client.sim.clock.advance(34.9)
    assert client.get(PATH).status_code == 429
    client.sim.clock.advance(0.1)
    assert client.get(PATH).headers["x-ratelimit-minutely-remaining"] == "59"
    assert client.sim.limits.used(DIVISION) == (1, 61)


def test_the_last_call_of_a_day(client: Client) -> None:
    client.sim.limits.use(DIVISION, day=5000)
    refused = client.get(PATH)
    assert refused.status_code == 429
    assert limits(refused.headers) == DAY
    client.sim.clock.advance(9 * 3600 + 46 * 60 + 35)  # to 00:00 UTC, in the middle of the Dutch night
    client.sign_in()
    assert client.get(PATH).headers["x-ratelimit-remaining"] == "4999"


def test_divisions_count_apart_and_me_not_at_all(client: Client) -> None:
    client.get(PATH)
    assert limits(client.get("current/Me").headers) == set()
    client.get(OTHER)
    client.get("7/system/Divisions")
    used = [client.sim.limits.used(code) for code in (DIVISION, 124133, 7, 8)]
    assert used == [(1, 1), (1, 1), (1, 1), (0, 0)]


def test_what_all_divisions_use_together_may_be_limited_too(client: Client) -> None:
    limits_, violations = client.sim.limits, client.sim.stats.violations
    limits_.connection_day_limit = 3
    limits_.use_by_all(2)
    client.get(OTHER)
    assert (limits_.used_by_all(), violations["calls_while_limited"]) == (3, 0)
    refused = client.get(PATH)
    assert refused.status_code == 429
    assert limits(refused.headers) == DAY
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert refused.headers["x-ratelimit-reset"] == "1782432000000"  # the next 00:00 UTC
    assert client.sim.stats.violations["calls_while_limited"] == 0
    assert client.get(OTHER).status_code == 429
    assert client.sim.stats.violations["calls_while_limited"] == 1
    assert (limits_.used_by_all(), limits_.used(DIVISION)) == (3, (0, 0))
    client.sim.clock.advance(9 * 3600 + 46 * 60 + 35)
    client.sign_in()
    assert client.get(PATH).status_code == 200
    assert client.sim.stats.violations["calls_while_limited"] == 1
    assert limits_.used_by_all() == 1


def test_who_asked_before_another_divisions_429_could_not_know_of_it(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, leave = threading.Event(), threading.Event()
    valid = client.sim.oauth.valid

    def wait_once(authorization: str | None) -> bool:
        if not inside.is_set():
            inside.set()
            leave.wait(5)
        return valid(authorization)

    monkeypatch.setattr(client.sim.oauth, "valid", wait_once)
    client.sim.limits.connection_day_limit = 0
    answers: list[int] = []
    early = threading.Thread(target=lambda: answers.append(client.get(OTHER).status_code))
    early.start()
    assert inside.wait(5)
    assert client.get(PATH).status_code == 429
    leave.set()
    early.join(5)
    assert answers == [429]
    assert client.sim.stats.violations["calls_while_limited"] == 0


def test_without_such_a_contract_nothing_limits_them_together(client: Client) -> None:
    assert client.sim.limits.connection_day_limit is None
    client.sim.limits.use_by_all(10**6)
    assert client.get(PATH).status_code == 200


def test_the_limits_count_nothing_twice() -> None:
    sim = Simulator(connection_day_limit=2, minute_limit=1)
    first, second = sim.limits.take(1), sim.limits.take(1)
    assert (first.refused, second.refused) == (False, True)
    assert not sim.limits.take(2).refused
    assert sim.limits.take(3).refused
    assert sim.limits.used_by_all() == 2
    sim.limits.reset()
    assert not sim.limits.limited(3)
    assert sim.limits.used_by_all() == 0


def test_errors_by_endpoint(client: Client) -> None:
    client.get(f"{DIVISION}/crm/Accounts?$select=Nope")
    client.get(f"{DIVISION}/crm/Accounts?$select=Nope")
    client.get(PATH)
    client.get("8/crm/Accounts?$top=1")
    assert client.sim.stats.errors_by_endpoint() == {(DIVISION, "crm/Accounts"): 2, (8, "crm/Accounts"): 1}


def test_more_than_ten_errors_on_an_endpoint_block_the_key_for_an_hour(client: Client) -> None:
    bad = f"{DIVISION}/crm/Accounts?$select=Nope"
    for _ in range(10):
        assert client.get(bad).status_code == 400
    assert client.get(PATH).status_code == 200
    assert client.get(bad).status_code == 400
    assert client.get(PATH).status_code == 403
    assert client.sim.stats.violations["error_blocked"] == 1
    for other in (f"{DIVISION}/crm/Contacts?$top=1", OTHER, "current/Me"):
        assert client.get(other).status_code == 403
    client.sim.limits.blocked_status = 429
    assert client.get(PATH).status_code == 429
    client.sim.clock.advance(3600)
    client.sign_in()
    assert client.get(PATH).status_code == 200


def test_ten_errors_on_each_of_many_endpoints_block_nothing(client: Client) -> None:
    for path in ("crm/Accounts", "crm/Contacts", "logistics/Items"):
        for _ in range(10):
            assert client.get(f"{DIVISION}/{path}?$select=Nope").status_code == 400
    assert client.get(PATH).status_code == 200


def test_errors_older_than_an_hour_are_forgotten(client: Client) -> None:
    for _ in range(3):
        client.sign_in()
        for _ in range(5):
            client.get(f"{DIVISION}/crm/Accounts?$select=Nope")
        client.sim.clock.advance(1801)
    client.sign_in()
    assert client.get(PATH).status_code == 200


@pytest.mark.parametrize(("division", "expected"), [(DIVISION, 1), (124133, 0)])
def test_two_calls_at_once_are_seen(sim: Simulator, client: Client, division: int, expected: int) -> None:
    inside, leave = threading.Event(), threading.Event()

    def wait(_: object) -> None:
        inside.set()
        leave.wait(5)

    sim.faults.add(Fault("hook", path="crm/Accounts", division=DIVISION, hook=wait))
    other = threading.Thread(target=client.get, args=(PATH,))
    other.start()
    assert inside.wait(5)
    client.get(f"{division}/crm/Contacts?$top=1")
    leave.set()
    other.join(5)
    assert sim.stats.violations["overlapping"] == expected


def test_one_after_the_other_is_no_overlap(client: Client) -> None:
    for _ in range(30):
        client.get(f"{DIVISION}/crm/Accounts?$select=ID,Name,Modified")
    assert not any(client.sim.stats.violations.values())
    calls = client.sim.stats.calls(division=DIVISION, path="crm/Accounts")
    assert [call.rows for call in calls] == [60] * 30
    assert all(
        call.finished is not None and call.started <= call.finished <= time.monotonic() for call in calls
    )
    client.sim.stats.reset()
    assert client.sim.stats.calls() == []
