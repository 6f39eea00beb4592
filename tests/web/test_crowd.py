"""Whoever holds connections, or has much answered at a time: probes are answered, so that nobody ends a
daemon that is well.
"""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exact_sync.web import crowd
from tests.deployment import Deployment
from tests.processes import until
from tests.web.served import a_server, metrics_of, source_of

PATIENCE = 0.5


class Slow:
    """A page that answers when it is told to."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.asked = 0

    async def answer(self, request: Request) -> Response:
        self.asked += 1
        while not self.over.is_set():
            await asyncio.sleep(0.01)
        return PlainTextResponse("at last")


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def client(deployment: Deployment, slow: Slow, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    monkeypatch.setattr(crowd, "HEAD_PATIENCE", PATIENCE)
    route = Route("/slow", slow.answer)
    with a_server(metrics_of(deployment), [source_of(deployment)], more=[route]) as client:
        yield client
        slow.over.set()


def connected(client: httpx.Client, sent: bytes = b"") -> socket.socket:
    opened = socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=20)
    opened.sendall(sent)
    return opened


def ask(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def test_silent_connections_keep_nobody_out_and_are_ended(client: httpx.Client) -> None:
    begun = b"GET /livez HTTP/1.1\r\nHost: loc"
    with contextlib.ExitStack() as stack:
        silent = [
            stack.enter_context(connected(client, sent))
            for sent in (b"", begun)
            for _ in range(crowd.ANSWERS)
        ]
        assert client.get("/livez").status_code == 200
        assert client.get("/login").status_code == 303
        assert {each.recv(1000) for each in silent} == {b""}
        assert client.get("/livez").status_code == 200


@pytest.mark.parametrize("before", [b"", ask("/livez")], ids=["at first", "after an answer"])
def test_a_head_that_drips_in_is_not_waited_for(client: httpx.Client, before: bytes) -> None:
    began = time.monotonic()
    with connected(client, before) as dripping, contextlib.suppress(ConnectionError):
        if before:
            assert dripping.recv(10_000).startswith(b"HTTP/1.1 200")
        dripping.sendall(b"GET /livez HTTP/1.1\r\nX: ")
        while time.monotonic() - began < 11:
            dripping.sendall(b"x")
            time.sleep(0.05)
    assert time.monotonic() - began < 10


def test_who_waits_for_an_answer_is_not_cut_off(client: httpx.Client, slow: Slow) -> None:
    with connected(client) as waiting:
        for part in ask("/slow").partition(b"slow"):
            waiting.sendall(part)
        until(lambda: slow.asked == 1, "the question")
        time.sleep(2 * PATIENCE)
        slow.over.set()
        until(lambda: b"at last" in waiting.recv(10_000), "the answer")
        waiting.sendall(ask("/livez"))
        until(lambda: b"ok\n" in waiting.recv(10_000), "an answer on the same connection")


def test_a_crowd_is_told_to_come_later_and_probes_come_through(client: httpx.Client, slow: Slow) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(crowd.ANSWERS):
            stack.enter_context(connected(client, ask("/slow")))
        until(lambda: slow.asked == crowd.ANSWERS, "the crowd")
        refused = client.get("/login")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        assert refused.headers["X-Frame-Options"] == "DENY"
        for path in ("/livez", "/readyz"):
            assert client.get(path).status_code == 200
        slow.over.set()
        until(lambda: client.get("/login").status_code == 303, "room again")
