"""A server that a test scripts, and a line or a whole company that asks it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exact_sync.exact.sending import Patience
from exact_sync.store.database import Database
from tests.deployment import SharedClock
from tests.exact.company import Company, Found
from tests.exact.line import PATIENCE, Line, Made
from tests.exact.scripted import Answer, serve


@pytest.fixture
def line(clock: SharedClock) -> Made:
    @contextmanager
    def made(*answers: Answer | Callable[[], Answer], patience: Patience = PATIENCE) -> Iterator[Line]:
        with serve(*answers) as served:
            yield Line(served, clock, patience)

    return made


@pytest.fixture
def company(database: Database, clock: SharedClock, tmp_path: Path) -> Found:
    @contextmanager
    def found(*answers: Answer | Callable[[], Answer]) -> Iterator[Company]:
        with serve(*answers) as endpoint:
            yield Company(database, clock, tmp_path, endpoint)

    return found
