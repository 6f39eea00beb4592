"""Whoever needs a new access token, and however many do at once: one refresh per expiry (F05)."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from copy import copy
from pathlib import Path

import psycopg
import pytest

from exact_sync.credentials import Cipher
from exact_sync.exact.oauth import TokenEndpoint
from exact_sync.exact.session import Session
from exact_sync.service import Service
from exact_sync.store.credentials import StoredSignIn
from exact_sync.store.database import Database
from exact_sync.store.secret_key import secret_key
from tests.deployment import Deployment
from tests.processes import Machine, the_token_has_ended, until

TOKENS = """
from exact_sync.service import Service, load_settings
with Service(load_settings()) as service:
    print(service.session.tokens().fingerprint)
"""


def all_but_one_wait(database_url: str, number: int) -> Callable[[object], object]:
    """A hook that keeps the first refresh from its answer until all others queue behind it."""

    def wait(context: object) -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            waiting = """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'
            """
            until(lambda: connection.execute(waiting).fetchone() == (number - 1,), "the others' waiting")

    return wait


@pytest.mark.parametrize("number", [2, 50])
def test_many_refreshers_make_exactly_one_refresh_per_expiry(
    deployment: Deployment, database_url: str, tmp_path: Path, number: int
) -> None:
    service = deployment.service
    cipher = Cipher(secret_key(None, tmp_path))
    databases = [Database(database_url, deployment.clock, connections=1) for _ in range(number)]
    sessions = [
        Session(
            StoredSignIn(database, cipher, tmp_path),
            TokenEndpoint(service.http, service.settings.site, service.app(), deployment.clock),
            service.settings.site,
            deployment.clock,
        )
        for database in databases
    ]
    start = threading.Barrier(number)

    def refresh(session: Session) -> str:
        start.wait()
        return session.tokens().fingerprint

    deployment.simulator.stats.reset()
    for expiry in (1, 2):
        deployment.clock.advance(minutes=11)
        deployment.simulator.faults.add(
            "hook", path="oauth2/token", hook=all_but_one_wait(database_url, number)
        )
        with ThreadPoolExecutor(number) as threads:
            tokens = set(threads.map(refresh, sessions))
        assert len(tokens) == 1
        assert deployment.calls("oauth2/token") == expiry
    for database in databases:
        database.close()
    assert deployment.violations() == {}
    deployment.sync_well()
    assert deployment.differences() == []


def test_a_person_who_signs_in_during_a_slow_refresh_is_signed_in(
    deployment: Deployment, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refresh may hold the row for longer than a connection waits for locks (here: no time at all)."""
    deployment.sync_well("journals")
    deployment.clock.advance(hours=1)
    monkeypatch.setattr("exact_sync.store.database._LOCK_TIMEOUT", "1ms")
    person = copy(deployment)
    person.service = Service(deployment.settings, deployment.clock)
    waits = all_but_one_wait(database_url, 2)

    def slow(context: object) -> None:
        consent.append(threads.submit(person.sign_in))
        waits(context)

    consent: list[Future[None]] = []
    deployment.simulator.faults.add("hook", path="oauth2/token", hook=slow)
    with ThreadPoolExecutor(1) as threads, person.service:
        refreshed = deployment.service.session.tokens()
        consent[0].result(60)
        anew = person.service.sign_in.read().tokens
    assert anew is not None
    assert anew.refresh != refreshed.refresh
    deployment.clock.advance(minutes=11)
    deployment.sync_well("journals")
    assert deployment.violations() == {}


def test_processes_that_refresh_at_once_make_one_refresh(machine: Machine) -> None:
    the_token_has_ended(machine.deployment)
    machine.simulator.faults.add("hook", path="oauth2/token", hook=all_but_one_wait(machine.database_url, 3))
    processes = [machine.fork(program=TOKENS) for _ in range(3)]
    assert [process.ends() for process in processes] == [0, 0, 0]
    assert len({process.out for process in processes}) == 1
    assert machine.deployment.calls("oauth2/token") == 1
    assert machine.deployment.violations() == {}
