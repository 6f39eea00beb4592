"""The count of errors, which other threads look at while calls are made."""

import sys
import threading
from datetime import timedelta

import pytest

from exact_sync.errors import Refused
from exact_sync.exact.breaker import Breaker
from tests.deployment import START, SharedClock


def test_errors_are_written_down_while_others_are_counted(clock: SharedClock) -> None:
    breaker = Breaker(clock, 7)

    def call() -> None:
        for number in range(6000):
            breaker.check(f"crm/New{number}")
            breaker.failed(f"crm/New{number}", "HTTP 400")

    caller, before = threading.Thread(target=call), sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        caller.start()
        while caller.is_alive():
            written = breaker.as_json()
            assert written["errors"].keys() == written["said"].keys()
    finally:
        caller.join()
        sys.setswitchinterval(before)


def test_what_was_not_refused_is_not_written_down(clock: SharedClock) -> None:
    breaker = Breaker(clock, 7)
    breaker.check("crm/Contacts")
    breaker.failed("bulk/CRM/Accounts", "HTTP 403")
    written = breaker.as_json()
    errors, said = {"accounts": [START.isoformat()]}, {"accounts": "HTTP 403"}
    assert written == {"errors": errors, "overcome": {}, "said": said}
    clock.advance(hours=1)
    again = Breaker(clock, 7, written)
    again.check("crm/Accounts")
    assert again.as_json() == {"errors": {}, "overcome": {}, "said": {}}
    assert clock.now() - START == timedelta(hours=1)


def test_an_endpoint_its_twins_and_its_count_share_their_errors_and_others_do_not(clock: SharedClock) -> None:
    breaker = Breaker(clock, 7)
    for endpoint in ("crm/Accounts", "bulk/CRM/Accounts", "sync/CRM/Accounts", "crm/Accounts/$count"):
        breaker.failed(endpoint, "HTTP 400")
    breaker.check("crm/Accounts/$count")
    breaker.failed("crm/Accounts/$count", "HTTP 400")
    for endpoint in ("crm/Accounts", "bulk/CRM/Accounts", "sync/CRM/Accounts", "crm/Accounts/$count"):
        with pytest.raises(Refused):
            breaker.check(endpoint)
    breaker.check("crm/Contacts/$count")


def test_what_earlier_processes_were_told_counts_until_this_one_knows_better(clock: SharedClock) -> None:
    breaker = Breaker(clock)
    told = [(START - timedelta(minutes=50 - minute), f"HTTP 403: {minute}") for minute in range(5)]
    breaker.recall("current/Me", [])
    breaker.recall("current/Me", told)
    with pytest.raises(Refused, match=r"^current/Me failed 5 times .*: HTTP 403: 4 .* until 12:10 UTC"):
        breaker.check("current/Me")
    clock.advance(minutes=10)
    breaker.recall("current/Me", [*told, *told])
    breaker.check("current/Me")
