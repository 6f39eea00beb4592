"""Somebody who is told: a small HTTP server that accepts what Apprise posts, or refuses it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PASSWORD = "canary-alert-word"


class Receiver:
    """What it accepted, and how often it refused."""

    def __init__(self) -> None:
        self.accepted: list[dict[str, Any]] = []
        self.refused = 0
        self.is_down = False
        self.takes: Callable[[dict[str, Any]], bool] = lambda message: True
        """Which messages it takes while it is up."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                is_taken = not receiver.is_down and receiver.takes(message)
                if is_taken:
                    receiver.accepted.append(message)
                else:
                    receiver.refused += 1
                self.send_response(200 if is_taken else 503)
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
