"""Somebody who is told: a small HTTP server that accepts what Apprise posts, or refuses it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PASSWORD = "canary-alert-word"


class Receiver:
    """What it accepted, and what it refused while it was down."""

    def __init__(self) -> None:
        self.accepted: list[dict[str, Any]] = []
        self.refused = 0
        self.is_down = False
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if receiver.is_down:
                    receiver.refused += 1
                else:
                    receiver.accepted.append(json.loads(body))
                self.send_response(503 if receiver.is_down else 200)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Nothing to say."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"json://somebody:{PASSWORD}@127.0.0.1:{self.server.server_address[1]}/hook"

    def titles(self) -> list[str]:
        """Of what came since it was last asked."""
        titles = [message["title"].removeprefix("exact-sync: ") for message in self.accepted]
        self.accepted.clear()
        return titles


@contextmanager
def a_receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        thread.join()
        receiver.server.server_close()
