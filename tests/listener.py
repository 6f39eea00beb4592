"""Somebody whom Exact calls: a small HTTP server that keeps what it was told, and answers as a test wants."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.processes import until


class Listener:
    """``status``: of every answer; ``on_call``: runs before it."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.lengths: list[str | None] = []
        self.status = 200
        self.on_call: Callable[[], object] = lambda: None
        listener = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                listener.lengths.append(self.headers["Content-Length"])
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                listener.on_call()
                listener.bodies.append(body)  # before the answer: who waits for that looks here
                self.send_response(listener.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Nothing to say."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    @property
    def contents(self) -> list[dict[str, Any]]:
        """What it was told, without the calls that only wanted to know whether it is there."""
        return [json.loads(body)["Content"] for body in self.bodies if body]

    def hears(self, number: int) -> list[dict[str, Any]]:
        """Wait until it was told so much."""
        until(lambda: len(self.contents) >= number, f"webhook number {number}")
        return self.contents


@contextmanager
def a_listener() -> Iterator[Listener]:
    listener = Listener()
    thread = threading.Thread(target=listener.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield listener
    finally:
        listener.server.shutdown()
        thread.join()
        listener.server.server_close()
