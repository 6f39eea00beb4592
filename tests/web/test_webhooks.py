"""What the endpoint of Exact's webhooks lets in, and how cheaply it refuses everything else."""

import json
import logging
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from exact_sync.errors import DatabaseAway, TryLater
from exact_sync.exact.messages import code_of
from exact_sync.simulator import Simulator
from exact_sync.web import server, webhooks
from exact_sync.web.counts import Counts
from exact_sync.web.source import Source
from tests.deployment import DIVISION, Deployment, SharedClock
from tests.processes import until
from tests.web.served import guarded, source_of

SECRET, PATH = "the-webhook-secret", "/webhooks/exact/default"


class Desk:
    """Notes what it is asked; the rest of a desk nobody should need."""

    def __init__(self) -> None:
        self.hints: list[tuple[str, int]] = []
        self.error: Exception | None = None

    def hint(self, name: str, division: int) -> None:
        if self.error is not None:
            raise self.error
        self.hints.append((name, division))

    def taken(self) -> list[str]:
        names = [name for name, division in self.hints if division == DIVISION]
        assert len(names) == len(self.hints)
        self.hints.clear()
        return names


@dataclass
class Door:
    """The endpoint on a port of its own."""

    http: httpx.Client
    desk: Desk
    counts: Counts
    deployment: Deployment
    source: Source
    databases: list[int]
    """One more for each time somebody wanted the database."""
    seconds: list[float]
    """The endpoint's own time."""

    def content(self, **more: Any) -> bytes:
        now = self.deployment.clock.now().replace(tzinfo=None)
        content = {
            "Topic": "Accounts", "ClientId": self.deployment.simulator.client_id, "Division": DIVISION,
            "Action": "Update", "Key": "k", "EventCreatedOn": now.isoformat(timespec="milliseconds"),
        }  # fmt: skip
        return json.dumps(content | more, separators=(",", ":")).encode()

    def message(self, secret: str = SECRET, **more: Any) -> bytes:
        content = self.content(**more)
        return b'{"Content":%b,"HashCode":"%b"}' % (content, code_of(content, secret.encode()))

    def post(self, body: bytes, path: str = PATH) -> int:
        return self.http.post(path, content=body).status_code

    def raw(self, *pieces: bytes, head: Sequence[str] = ()) -> str:
        """The first line of the answer to what is sent as it is; the connection must end then."""
        lines = [f"POST {PATH} HTTP/1.1", "Host: x", *head, "", ""]
        address = (self.http.base_url.host, self.http.base_url.port or 0)
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall("\r\n".join(lines).encode())
            for piece in pieces:
                connection.sendall(piece)
            answer = b""
            while more := connection.recv(4096):
                answer += more
        return answer.decode().partition("\r\n")[0]

    @property
    def outcomes(self) -> dict[str, int]:
        with self.counts.mutex:
            return {outcome: number for (name, outcome), number in self.counts.webhooks.items() if name}


@pytest.fixture
def door(simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path) -> Iterator[Door]:
    with Deployment(simulator, database_url, clock, tmp_path, webhook_secret=SECRET) as deployment:
        deployment.sync_well("divisions")
        desk, counts, asked, seconds = Desk(), Counts(), [], [0.0]
        database = deployment.service.database

        def opened() -> Any:
            asked.append(1)
            return database

        source = replace(source_of(deployment), desk=desk, database=opened)
        application = guarded(webhooks.routes([source], counts, lambda: seconds[0]), source)
        with (
            server.listening("127.0.0.1", 0) as socket_,
            server.serving(application, socket_) as address,
            httpx.Client(base_url=address, timeout=20, trust_env=False) as http,
        ):
            yield Door(http, desk, counts, deployment, source, asked, seconds)


def test_a_message_is_a_hint_for_each_resource_of_its_topic(door: Door) -> None:
    assert door.post(door.message()) == 200
    assert door.desk.taken() == ["customers"]
    assert door.post(door.message(Topic="BankEntries")) == 200
    assert door.desk.taken() == ["transaction_lines", "financial_transactions", "payments"]
    assert door.post(door.message(Topic="Items", Action="Delete")) == 200
    assert door.desk.taken() == ["deletions", "items"]
    assert door.outcomes == {"accepted": 3}


def test_exact_may_ask_whether_somebody_is_there(door: Door) -> None:
    assert door.post(b"") == 200
    assert (door.desk.taken(), door.outcomes) == ([], {"validation": 1})


def test_what_is_forged_or_formless_is_refused_before_anything_hears_of_it(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    good = door.message()
    rewritten = [good.replace(b"124132", b"124133"), good.replace(b'"k"', b'"\\u006b"')]
    forged = [door.message(secret="another"), *rewritten, good[:-3] + b'0"}']
    with caplog.at_level(logging.DEBUG):
        for _ in range(5):
            assert [door.post(body) for body in forged] == [401] * 4
            assert door.post(b"{}") == 400
            assert door.post(door.message(ClientId="7f3c5d1e-52a1-4c11-9d0e-51a101a7ffff")) == 403
            door.seconds[0] += 25
    assert door.outcomes == {"forged": 20, "malformed": 5, "foreign": 5}
    assert (door.desk.taken(), door.databases) == ([], [])
    lines = [record.getMessage() for record in caplog.records if record.name == webhooks.__name__]
    assert len(lines) == 2, lines  # of a hundred seconds
    assert SECRET not in "".join(lines)
    assert door.post(good) == 200


def test_without_a_secret_there_is_no_such_page(door: Door) -> None:
    assert door.post(door.message(), "/webhooks/exact/be") == 404
    assert door.http.get(PATH).status_code == 405
    connection = door.source.connection
    settings = connection.settings.model_copy(update={"webhook_secret": None})
    source = replace(door.source, connection=replace(connection, settings=settings))
    [route] = webhooks.routes([source], door.counts, lambda: 0.0)
    with (
        server.listening("127.0.0.1", 0) as opened,
        server.serving(guarded([route], source), opened) as address,
    ):
        assert httpx.post(address + PATH, content=door.message(), trust_env=False).status_code == 404
    assert door.counts.webhooks == {("", "unknown_connection"): 2}


def test_what_is_unknown_late_or_known_already_costs_nothing(door: Door) -> None:
    for more in ({"Topic": "Weather"}, {"Topic": "Quotations"}, {"Division": 7}):
        assert door.post(door.message(**more)) == 200
    good = door.message()
    assert [door.post(good) for _ in range(3)] == [200] * 3
    assert door.desk.taken() == ["customers"]
    old = door.deployment.clock.now().replace(tzinfo=None) - timedelta(days=1, seconds=1)
    assert door.post(door.message(EventCreatedOn=old.isoformat())) == 200
    assert door.post(door.message(EventCreatedOn="whenever")) == 200
    assert door.desk.taken() == ["customers"]
    assert door.outcomes == {"unknown": 3, "accepted": 2, "repeated": 2, "late": 1}
    assert len(door.databases) == 1  # the list of divisions, kept for a while


def test_it_remembers_no_more_than_it_may(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "_REMEMBERED", 2)
    messages = [door.message(Key=str(number)) for number in range(4)]
    assert [door.post(body) for body in [*messages, *messages[2:], messages[0]]] == [200] * 7
    assert door.outcomes == {"accepted": 5, "repeated": 2}


def test_where_the_desk_can_not_take_a_hint_exact_may_try_again(door: Door) -> None:
    door.desk.error = TryLater("the daemon has not started yet")
    good = door.message()
    assert door.post(good) == 503
    door.desk.error = None
    assert door.post(good) == 200
    assert (door.desk.taken(), door.outcomes) == (["customers"], {"failed": 1, "accepted": 1})


def test_a_database_that_is_away_keeps_no_hint_out(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> Any:
        raise DatabaseAway("the database can't be used now")

    source = replace(door.source, database=away)
    [route] = webhooks.routes([source], door.counts, lambda: 0.0)
    with (
        server.listening("127.0.0.1", 0) as opened,
        server.serving(guarded([route], source), opened) as address,
    ):
        assert httpx.post(address + PATH, content=door.message(), trust_env=False).status_code == 200
    assert door.desk.taken() == ["customers"]


def test_what_is_too_large_is_not_read(door: Door) -> None:
    most = webhooks.LARGEST
    assert "413" in door.raw(head=[f"Content-Length: {10 * 1024 * 1024}"])
    chunk = b"%x\r\n%b\r\n" % (most // 2, b"x" * (most // 2))
    assert "413" in door.raw(chunk, chunk, b"1\r\n!", head=["Transfer-Encoding: chunked"])
    assert door.post(b" " * most) == 400
    assert door.outcomes == {"oversized": 2, "malformed": 1}


def test_what_drips_in_is_cut_off(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "PATIENCE", 0.05)
    assert "408" in door.raw(b"{", head=["Content-Length: 100"])
    assert door.outcomes == {"slow": 1}


def test_slow_ones_leave_room_for_others(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "_AT_A_TIME", 1)
    monkeypatch.setattr(webhooks, "PATIENCE", 600.0)
    address = (door.http.base_url.host, door.http.base_url.port or 0)
    with socket.create_connection(address, timeout=20) as slow:
        slow.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{".encode())
        until(lambda: door.post(door.message()) == 503, "a door that is full")
    until(lambda: door.post(door.message()) == 200, "room again")


def test_who_hangs_up_in_the_middle_harms_nobody(door: Door) -> None:
    address = (door.http.base_url.host, door.http.base_url.port or 0)
    with socket.create_connection(address) as gone:
        gone.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{".encode())
    assert door.post(door.message()) == 200
    assert door.outcomes == {"accepted": 1}
