"""Every HTTP request to Exact, told to whoever keeps a log of them: never a header, never a body.

One question may take several requests: what failed is asked again, and a 401 with a new token.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import unquote_plus, urlsplit

import httpx

from exact_sync.clock import Clock
from exact_sync.exact.limit import whole

TOKEN_ENDPOINT = "oauth2/token"  # noqa: S105 - an address
"""What a log of requests calls it; the query tells whether it was a refresh."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it was made, and what came of it."""

    at: datetime
    endpoint: str
    query: str
    """What was asked, readable; without ``$select``, which is the same each time."""
    status: int | None
    """None: no answer came."""
    trouble: str
    """Why the answer was no good, in words; '' where it was good."""
    milliseconds: int
    division: int | None = None
    """None: a call outside all divisions, for a token or for who is signed in."""
    resource: str | None = None
    rows: int | None = None
    """How many records came; None where the answer has none to count."""
    minute_left: int | None = None
    day_left: int | None = None
    """Calls left, as this answer states them."""


class Observer(Protocol):
    """Keeps a log of requests."""

    def made(self, request: Request) -> None:
        """Hears of a request when it is over. Must not raise."""
        ...


class Several:
    """Observers that all hear of every request."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = observers

    def made(self, request: Request) -> None:
        for observer in self._observers:
            observer.made(request)


@dataclass(slots=True)
class _Sent:
    """One request on its way; times in seconds of ``Clock.monotonic``."""

    at: datetime
    started: float
    ended: float | None = None
    status: int | None = None
    minute_left: int | None = None
    day_left: int | None = None


class Watch(httpx.Auth):
    """Signs as the session does, and sees each request leave and each answer begin.

    The time that a new token takes is thereby no part of any request's.
    """

    def __init__(self, session: httpx.Auth, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._sent: list[_Sent] = []

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        flow = self._session.sync_auth_flow(request)
        try:
            request = next(flow)
            while True:
                sent = _Sent(self._clock.now(), self._clock.monotonic())
                self._sent.append(sent)
                response = yield request
                sent.status, sent.ended = response.status_code, self._clock.monotonic()
                sent.minute_left, sent.day_left = calls_left(response.headers)
                request = flow.send(response)
        except StopIteration:
            return
        finally:
            flow.close()

    def answer_ended(self) -> None:
        """The last answer is here to its last byte, or broke off."""
        if self._sent:
            self._sent[-1].ended = self._clock.monotonic()

    def requests(
        self,
        division: int | None,
        resource: str | None,
        endpoint: str,
        url: str,
        trouble: str,
        rows: int | None,
    ) -> Iterator[Request]:
        """What was sent, in order. ``trouble`` and ``rows`` are those of the last one: the ones before it
        were refused because of their token.
        """
        for sent in self._sent:
            is_last = sent is self._sent[-1]
            refused = "the access token was refused" if sent.status == 401 else ""
            yield Request(
                at=sent.at,
                endpoint=endpoint,
                query=asked(url),
                status=sent.status,
                trouble=(is_last and trouble) or refused,
                milliseconds=milliseconds(
                    sent.started, sent.ended if sent.ended is not None else sent.started
                ),
                division=division,
                resource=resource,
                rows=rows if is_last else None,
                minute_left=sent.minute_left,
                day_left=sent.day_left,
            )


def calls_left(headers: Mapping[str, str]) -> tuple[int | None, int | None]:
    """The calls that are left of the minute and of the day, where an answer says so."""
    return whole(headers.get("X-RateLimit-Minutely-Remaining")), whole(headers.get("X-RateLimit-Remaining"))


def milliseconds(started: float, ended: float) -> int:
    return round(max(0.0, ended - started) * 1000)


def asked(url: str) -> str:
    """The query of a URL for people, without ``$select``."""
    parts = map(unquote_plus, urlsplit(url).query.split("&"))
    return "&".join(part for part in parts if not part.startswith("$select="))
