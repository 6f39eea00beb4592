"""A transport to a scripted server."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from exact_sync.exact.oauth import App, TokenEndpoint
from exact_sync.exact.odata import read_answer
from exact_sync.exact.sending import Patience
from exact_sync.exact.session import Session
from exact_sync.exact.transport import Transport
from tests.deployment import SharedClock
from tests.exact.scripted import OneSignIn, Served

PATIENCE = Patience(read=5.0)


class Line:
    """Asks the scripted server as the product asks Exact."""

    def __init__(self, served: Served, clock: SharedClock, patience: Patience) -> None:
        self.served, self.clock = served, clock
        endpoint = TokenEndpoint(served.http, served.url, App("client", "secret", "http://x"), clock)
        self.session = Session(OneSignIn(clock), endpoint, served.url, clock)
        self.transport = Transport(served.http, self.session, clock, patience=patience)

    def get(self, division: int | None = 7, path: str = "/x", endpoint: str = "x/X") -> list[object]:
        answer, _ = self.transport.get(division, endpoint, f"{self.served.url}{path}", read_answer)
        return [record["ID"] for record in answer.records]


Made = Callable[..., AbstractContextManager[Line]]
