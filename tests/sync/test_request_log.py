"""The log of requests: many at a time, never more than fit, never in anybody's way."""

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from exact_sync import logs
from exact_sync.errors import DatabaseAway
from exact_sync.exact.requests import Request, asked
from exact_sync.store import requests
from exact_sync.store.database import Database
from exact_sync.store.requests import Filter
from exact_sync.sync import request_log
from exact_sync.sync.request_log import BATCH, MOST, RequestLog
from tests.deployment import START, SharedClock


def a_request(number: int = 0, at: datetime = START, **changed: Any) -> Request:
    values: dict[str, Any] = {
        "at": at, "division": 124132, "resource": "items", "endpoint": "logistics/Items", "query": "",
        "status": 200, "trouble": "", "milliseconds": number, "rows": 60, "minute_left": 59, "day_left": None,
    }  # fmt: skip
    return Request(**(values | changed))


def kept(database: Database, wanted: Filter | None = None) -> list[dict[str, Any]]:
    with database.begin() as connection:
        return requests.newest(connection, wanted or Filter(), 100_000)


@pytest.fixture
def log(database: Database, clock: SharedClock) -> RequestLog:
    return RequestLog(database, clock, keep_days=7)


def test_nothing_is_written_before_a_batch_is_full(log: RequestLog, database: Database) -> None:
    for number in range(BATCH - 1):
        log.made(a_request(number))
    assert kept(database) == []
    log.made(a_request(BATCH - 1))
    assert [row["milliseconds"] for row in kept(database)] == list(range(BATCH))


def test_what_waits_is_written_when_asked(log: RequestLog, database: Database) -> None:
    log.made(a_request(resource=None, division=None, status=None, trouble="no connection", rows=None))
    log.flush()
    log.flush()
    (row,) = kept(database)
    assert row == {
        "id": 1, "at": START, "division": None, "resource": None, "endpoint": "logistics/Items",
        "query": None, "status": None, "trouble": "no connection", "milliseconds": 0, "rows": None,
        "minute_left": 59, "day_left": None,
    }  # fmt: skip


def test_a_call_for_a_token_never_writes(log: RequestLog, database: Database) -> None:
    """It is made under the lock of the sign-in."""
    for _ in range(BATCH + 1):
        log.made(a_request(endpoint="oauth2/token", division=None))
    assert kept(database) == []
    log.made(a_request())
    assert len(kept(database)) == BATCH + 2


def test_while_the_database_is_away_the_newest_wait(
    log: RequestLog, database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries = []

    def away(*_: object) -> None:
        tries.append(1)
        raise DatabaseAway("the database can't be used now")

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(requests, "add", away)
        for number in range(MOST + 7):
            log.made(a_request(number))
        log.flush()
    assert len(tries) == MOST // BATCH + 1, "one try for each batch, not one for each request"
    assert len(caplog.records) == 1
    log.flush()
    assert [row["milliseconds"] for row in kept(database)] == list(range(7, MOST + 7))


def test_what_no_table_could_hold_is_said_and_let_go(
    log: RequestLog, database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a mistake of ours")

    with monkeypatch.context() as patch:
        patch.setattr(requests, "add", broken)
        log.made(a_request())
        log.flush()
    assert "1 requests could not be written" in caplog.text
    log.flush()
    assert kept(database) == []


def test_no_text_or_number_is_more_than_its_column_holds(log: RequestLog, database: Database) -> None:
    log.made(
        a_request(query="a\0b\ud800c" + 9999 * "x", trouble="t" * 9999, rows=2**40, minute_left=-(2**40))
    )
    log.flush()
    (row,) = kept(database)
    assert row["query"].startswith("a b cxxx")
    assert (len(row["query"]), len(row["trouble"])) == (2000, 2000)
    assert (row["rows"], row["minute_left"]) == (2**31 - 1, -(2**31 - 1))


def test_secrets_are_taken_out(log: RequestLog, database: Database) -> None:
    logs.hide_tokens("canary-token")
    log.made(a_request(query="$filter=ID eq 'canary-token'", trouble="HTTP 500: code=canary2 canary-token"))
    log.flush()
    (row,) = kept(database)
    assert "canary" not in str(row)


def test_what_is_old_goes_with_what_comes(
    log: RequestLog, database: Database, clock: SharedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hours in range(10):
        log.made(a_request(at=START + timedelta(hours=hours)))
    log.flush()
    monkeypatch.setattr(request_log, "_DROPPED_WITH_BATCH", 3)
    clock.advance(days=7, hours=5)
    log.made(a_request(at=clock.now()))
    log.flush()
    assert kept(database)[0]["at"] == START + timedelta(hours=3), "no more than three"
    log.made(a_request(at=clock.now()))
    log.flush()
    assert kept(database)[0]["at"] == START + timedelta(hours=5), "the rest, no more"


@pytest.mark.parametrize("at_once", [2, 3, 10_000])
def test_all_that_is_old_goes_when_work_is_taken_over(
    log: RequestLog, database: Database, clock: SharedClock, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(request_log, "_DROPPED_AT_ONCE", at_once)
    for hours in range(9):
        log.made(a_request(at=START + timedelta(hours=hours)))
    log.flush()
    clock.advance(days=7, hours=6)
    log.tidy()
    assert len(kept(database)) == 3
    RequestLog(database, clock, keep_days=0).tidy()
    assert kept(database) == []


def test_what_another_process_removes_is_left_to_it(log: RequestLog, database: Database) -> None:
    log.made(a_request())
    log.made(a_request(at=START + timedelta(hours=1)))
    log.flush()
    with database.begin() as other:
        other.execute(text("DELETE FROM exact_sync.request WHERE at = :at"), {"at": START})
        with database.begin() as connection:
            assert requests.drop_before(connection, START + timedelta(days=1), 9) == 1


def test_the_query_is_readable_and_without_the_columns() -> None:
    url = "https://x/api/v1/1/crm/Accounts?$select=ID,Name&$filter=Name%20eq%20'a%26b'&%24top=1"
    assert asked(url) == "$filter=Name eq 'a&b'&$top=1"
    assert asked("https://x/api/v1/current/Me") == ""
