"""A real server on a real port that answers what a test scripted, and remembers what it was asked."""

import gzip
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from exact_sync.clock import SystemClock
from exact_sync.credentials import SignIn, Tokens
from exact_sync.exact.wire import http_client
from tests.deployment import SharedClock


@dataclass(frozen=True)
class Answer:
    """One answer; what it says of itself may be wrong."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    """A Content-Length that is not the body's."""
    hangs_up: bool = False
    """The connection is cut without an answer."""


def data(d: object, **headers: str) -> Answer:
    """A page as Exact sends it."""
    body = json.dumps({"d": d}).encode()
    return Answer(200, body, {"Content-Type": "application/json", **headers})


def error(status: int, said: str = "", **headers: str) -> Answer:
    """A refusal as Exact words it."""
    body = json.dumps({"error": {"code": "", "message": {"lang": "", "value": said}}}).encode()
    return Answer(status, body, headers)


def page(status: int = 200, text: str = "<html>Maintenance</html>") -> Answer:
    """A web page where data should be."""
    return Answer(status, text.encode(), {"Content-Type": "text/html"})


def token(access: str, refresh: str, expires_in: object = "600") -> Answer:
    """What the token endpoint hands out."""
    content = {"access_token": access, "token_type": "bearer", "expires_in": expires_in}
    return Answer(200, json.dumps(content | {"refresh_token": refresh}).encode())


def refusal(status: int, name: str, description: str, **headers: str) -> Answer:
    """What the token endpoint refuses with."""
    body = json.dumps({"error": name, "error_description": description}).encode()
    return Answer(status, body, headers)


def zipped(answer: Answer, upto: int | None = None) -> Answer:
    """The same in gzip, perhaps cut off."""
    body = gzip.compress(answer.body)[:upto]
    return Answer(answer.status, body, answer.headers | {"Content-Encoding": "gzip"})


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


class Script:
    """Answers in order; a function is called for its answer, the last one answers for ever."""

    def __init__(self, answers: Sequence[Answer | Callable[[], Answer]]) -> None:
        self.asked: list[Asked] = []
        self._answers = list(answers)
        self._mutex = threading.Lock()

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def answer(self, asked: Asked) -> Answer:
        with self._mutex:
            self.asked.append(asked)
            found = self._answers[min(len(self.asked), len(self._answers)) - 1]
            return found if isinstance(found, Answer) else found()


@dataclass(frozen=True)
class Served:
    """A script that is being served."""

    url: str
    script: Script
    http: httpx.Client

    @property
    def asked(self) -> list[Asked]:
        return self.script.asked


@contextmanager
def serve(*answers: Answer | Callable[[], Answer]) -> Iterator[Served]:
    """Serve these answers on a port of their own."""
    script = Script(answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            _send(self, script.answer(Asked(self.command, self.path, dict(self.headers), body)))

        do_POST = do_DELETE = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        with http_client(SystemClock(), {}, kept=2) as http:
            yield Served(f"http://127.0.0.1:{server.server_port}", script, http)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    handler.close_connection = True
    if answer.hangs_up:
        return
    handler.send_response_only(answer.status)
    length = len(answer.body) if answer.length is None else answer.length
    for name, value in {"Content-Length": str(length), "Connection": "close", **answer.headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(answer.body)


class OneSignIn:
    """A sign-in that lasts: for tests that are not about tokens."""

    def __init__(self, clock: SharedClock, access: str = "the-access-token") -> None:
        now = clock.now()
        self.tokens = Tokens(access, "the-refresh-token", now + timedelta(days=30), now)

    def read(self) -> SignIn:
        return SignIn(self.tokens)

    @contextmanager
    def locked(self) -> Iterator[Any]:
        yield self

    def refresh_begins(self, tokens: Tokens) -> None:
        """Nothing to remember."""

    def refresh_ended(self) -> None:
        """Nothing to remember."""

    def store(self, tokens: Tokens) -> None:
        self.tokens = tokens


def epoch_ms(moment: datetime) -> str:
    """A reset as Exact's headers state it."""
    return str(int(moment.astimezone(UTC).timestamp() * 1000))
