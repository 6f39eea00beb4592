"""Somebody who is told what changed: a small HTTP server that checks signatures by itself."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

RAW = b"canary-of-the-outbox-32-bytes-ok"
SECRET = f"whsec_{base64.b64encode(RAW).decode()}"
TOKEN = "canary-path-word-1234"


@dataclass(frozen=True)
class Reply:
    """What a target answers instead of 200."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    times: int | None = None
    """None: always."""
    resource: str | None = None
    """Only to what is about this one."""


class Target:
    """What it accepted, in order, and how often it refused."""

    def __init__(self, port: int = 0) -> None:
        self.accepted: list[dict[str, Any]] = []
        self.ids: list[str] = []
        self.bodies: list[bytes] = []
        self.hosts: list[str] = []
        self.refused = 0
        self.replies: list[Reply] = []
        self.before: Callable[[], None] = lambda: None
        """Happens with each message, before it is answered or noted."""
        self._left: dict[int, int] = {}
        self._mutex = threading.Lock()
        target = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                target.check(dict(self.headers), body)
                target.hosts.append(self.headers["Host"])
                target.before()
                reply = target.reply_to(json.loads(body), self.headers["webhook-id"], body)
                self.send_response(reply.status)
                for name, value in reply.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, *args: Any) -> None:
                """Nothing to say."""

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{TOKEN}"

    def settings(self, **more: Any) -> dict[str, Any]:
        """The section of the settings for it."""
        return {"url": self.url, "secret": SECRET, "allow_private": True, **more}

    def variable(self, **more: Any) -> str:
        """The same for the environment."""
        return json.dumps({"targets": {"warehouse": self.settings(**more)}})

    def check(self, headers: dict[str, str], body: bytes) -> None:
        """As Standard Webhooks says it, written down a second time."""
        sent = {name.lower(): value for name, value in headers.items()}
        signed = b".".join([sent["webhook-id"].encode(), sent["webhook-timestamp"].encode(), body])
        wanted = base64.b64encode(hmac.new(RAW, signed, hashlib.sha256).digest()).decode()
        assert sent["webhook-signature"] == f"v1,{wanted}"
        assert sent["content-type"] == "application/json"

    def reply_to(self, content: dict[str, Any], uid: str, body: bytes) -> Reply:
        with self._mutex:
            for reply in self.replies:
                if reply.resource not in (None, content["data"].get("resource")):
                    continue
                left = self._left.setdefault(id(reply), -1 if reply.times is None else reply.times)
                if left:
                    self._left[id(reply)] = left - 1
                    self.refused += 1
                    return reply
            self.accepted.append(content)
            self.ids.append(uid)
            self.bodies.append(body)
            return Reply(200)

    def told(self, resource: str | None = None) -> list[dict[str, Any]]:
        """The data of what came since it was last asked; only of one resource."""
        with self._mutex:
            found = [content["data"] for content in self.accepted]
            kept = [each for each in self.accepted if resource not in (None, each["data"].get("resource"))]
            self.accepted[:] = kept
        return [data for data in found if resource in (None, data.get("resource"))]


@contextmanager
def targets(number: int) -> Iterator[Sequence[Target]]:
    """So many of them."""
    made = [Target() for _ in range(number)]
    threads = [
        threading.Thread(target=each.server.serve_forever, kwargs={"poll_interval": 0.02}) for each in made
    ]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        for each, thread in zip(made, threads, strict=True):
            each.server.shutdown()
            thread.join()
            each.server.server_close()


@contextmanager
def a_target() -> Iterator[Target]:
    with targets(1) as [target]:
        yield target
