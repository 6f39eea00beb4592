"""What an observer hears of a request."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from exact_sync.errors import ExactAway
from exact_sync.exact.odata import read_answer
from exact_sync.exact.requests import Request
from exact_sync.exact.sending import Patience
from exact_sync.exact.transport import Transport
from tests.deployment import START, SharedClock

URL = "https://start.exactonline.nl/api/v1/1/crm/Accounts?$select=ID&$top=1"


class Heard:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def made(self, request: Request) -> None:
        self.requests.append(request)


def asked(clock: SharedClock, answer: Callable[[httpx.Request], httpx.Response]) -> list[Request]:
    heard = Heard()
    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        transport = Transport(
            http,
            httpx.Auth(),
            clock,
            patience=Patience(tries=1),
            observer=heard,  # type: ignore[arg-type]
        )
        transport.get(1, "crm/Accounts", URL, read_answer, resource="customers")
    return heard.requests


def test_the_time_runs_to_the_last_byte(clock: SharedClock) -> None:
    def body() -> Iterator[bytes]:
        yield b'{"d": '
        clock.advance(seconds=1.5)
        yield b"[]}"

    (request,) = asked(clock, lambda _: httpx.Response(200, content=body()))
    assert request == Request(START, "crm/Accounts", "$top=1", 200, "", 1500, 1, "customers", 0)


def test_what_is_never_answered_has_its_time_too(clock: SharedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Heard()
    monkeypatch.setattr("tests.exact.test_requests.Heard", lambda: heard)

    def silence(_: httpx.Request) -> httpx.Response:
        clock.advance(seconds=60)
        raise httpx.ReadTimeout("nothing came")

    with pytest.raises(ExactAway):
        asked(clock, silence)
    (request,) = heard.requests
    assert (request.status, request.trouble, request.milliseconds) == (None, "it takes too long", 60_000)
