"""A deployment whose mirror is to be verified."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from exact_sync.simulator import Simulator
from tests.deployment import Deployment, SharedClock
from tests.stories.verifying.proof import WITH_THE_BALANCE, Deploy


@pytest.fixture
def deploy(simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path) -> Deploy:
    """A deployment in which some resources were synced, and time went on a little."""

    @contextmanager
    def deploy(*names: str, **settings: Any) -> Iterator[Deployment]:
        settings.setdefault("resources", WITH_THE_BALANCE)
        with Deployment(simulator, database_url, clock, tmp_path, **settings) as deployment:
            deployment.sync_well(*names)
            clock.advance(minutes=30)
            yield deployment

    return deploy
