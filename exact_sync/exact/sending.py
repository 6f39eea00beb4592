"""One HTTP request and its answer, to the last byte, within limits of time and size."""

import random
from dataclasses import dataclass

import httpx

from exact_sync.clock import Clock
from exact_sync.exact.requests import Watch
from exact_sync.exact.session import Session

_LARGEST_ANSWER = 256 * 1024 * 1024
"""Bytes."""


@dataclass(frozen=True)
class Patience:
    """How long to insist before giving up; times in seconds."""

    tries: int = 7
    first_wait: float = 1.0
    longest_wait: float = 60.0
    connect: float = 10.0
    read: float = 60.0
    whole_answer: float = 300.0
    minute_waits: int = 5
    """How many minute limits in a row are waited out for one request."""

    def wait(self, attempt: int) -> float:
        """Growing and jittered: 1, 2, 4, … seconds, each up to half as long again."""
        return float(min(self.longest_wait, self.first_wait * 2**attempt)) * random.uniform(1.0, 1.5)  # noqa: S311


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of Exact; one question may take several requests."""

    endpoint: str
    url: str
    method: str = "GET"
    accept: str = "application/json"
    content: bytes | None = None
    resource: str | None = None
    """For which resource it is asked, for the observer."""

    def is_answered(self, status: int) -> bool:
        return status == 200 if self.method == "GET" else 200 <= status < 300


@dataclass(frozen=True)
class Response:
    """An answer, whatever it says."""

    status: int
    headers: httpx.Headers
    body: bytes
    repeated: bool
    """The first answer was 401, and the session asked again with a new token."""


class Sender:
    """Sends requests as the session signs them."""

    def __init__(self, http: httpx.Client, session: Session, clock: Clock, patience: Patience) -> None:
        self._http = http
        self._session = session
        self._clock = clock
        self._patience = patience

    def send(self, question: Question, watch: Watch | None) -> Response:
        """Streamed: httpx's plain get keeps page bodies alive in a reference cycle."""
        started = self._clock.monotonic()
        patience = self._patience
        timeout = httpx.Timeout(patience.read, connect=patience.connect)
        headers = {"Accept": question.accept}
        if question.content is not None:
            headers["Content-Type"] = "application/json"
        try:
            with self._http.stream(
                question.method,
                question.url,
                content=question.content,
                headers=headers,
                auth=watch or self._session,
                follow_redirects=False,
                timeout=timeout,
            ) as response:
                chunks, size = [], 0
                for chunk in response.iter_bytes():
                    chunks.append(chunk)
                    size += len(chunk)
                    if self._clock.monotonic() - started > patience.whole_answer:
                        raise httpx.ReadTimeout("the answer drips in too slowly")
                    if size > _LARGEST_ANSWER:
                        raise httpx.ReadError("the answer is larger than any of Exact's")
                # Put together once: a body that grows is copied again and again.
                return Response(
                    response.status_code, response.headers, b"".join(chunks), bool(response.history)
                )
        finally:
            if watch is not None:
                watch.answer_ended()
