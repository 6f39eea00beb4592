"""A sign-in that several processes share, and the token endpoint they ask."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

from exact_sync.credentials import Cipher, Tokens
from exact_sync.exact.oauth import App, TokenEndpoint
from exact_sync.exact.session import Session
from exact_sync.store.credentials import StoredSignIn
from exact_sync.store.database import Database
from tests.deployment import SharedClock
from tests.exact.scripted import Served

APP = App("client", "client-secret", "http://localhost:8471/callback")


class Company:
    """Several processes that share one stored sign-in and one token endpoint."""

    def __init__(self, database: Database, clock: SharedClock, folder: Path, endpoint: Served) -> None:
        self.clock = clock
        self.store = StoredSignIn(database, Cipher("key"), folder)
        self.endpoint = endpoint
        self.store.sign_in(Tokens("access-0", "refresh-0", clock.now() + timedelta(minutes=10), clock.now()))

    def process(self) -> Session:
        """What one process has in memory: nothing at first."""
        token_endpoint = TokenEndpoint(self.endpoint.http, self.endpoint.url, APP, self.clock)
        return Session(self.store, token_endpoint, self.endpoint.url, self.clock)

    @property
    def offered(self) -> list[str]:
        """The refresh tokens that were offered."""
        return [parse_qs(asked.body)["refresh_token"][0] for asked in self.endpoint.asked]


Found = Callable[..., AbstractContextManager[Company]]
