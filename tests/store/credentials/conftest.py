"""A stored sign-in, and a database that can be away."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from exact_sync.credentials import Cipher
from exact_sync.store.credentials import StoredSignIn
from exact_sync.store.database import Database
from tests.store.credentials.outage import Outage


@pytest.fixture
def store(database: Database, tmp_path: Path) -> StoredSignIn:
    return StoredSignIn(database, Cipher("key"), tmp_path)


@pytest.fixture
def outage(database_url: str) -> Iterator[Outage]:
    outage = Outage(database_url)
    yield outage
    outage.ends()
