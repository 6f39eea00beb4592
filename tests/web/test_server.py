"""The server's own socket, where it is not to be had at once."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from exact_sync.errors import BadConfiguration
from exact_sync.web import server


def test_whatever_keeps_it_from_listening_it_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only a port that is taken: files run out, too."""
    troubles = iter([server.PortTaken("the port is taken"), BadConfiguration("too many open files")])
    listening, opened_at = server.listening, []

    @contextmanager
    def sometimes(host: str, port: int) -> Iterator[socket.socket]:
        for trouble in troubles:
            raise trouble
        with listening(host, port) as opened:
            opened_at.append(opened.getsockname()[1])
            yield opened

    monkeypatch.setattr(server, "listening", sometimes)
    monkeypatch.setattr(server, "AGAIN", 0.01)
    over, app = threading.Event(), Starlette(routes=[Route("/", lambda request: PlainTextResponse("here"))])
    thread = threading.Thread(target=server.serve_later, args=(app, "127.0.0.1", 0, over), daemon=True)
    thread.start()
    try:
        for _ in range(500):
            if opened_at:
                break
            over.wait(0.01)
        answer = httpx.get(f"http://127.0.0.1:{opened_at[0]}/", timeout=5)
        assert answer.text == "here"
    finally:
        over.set()
        thread.join(5)
