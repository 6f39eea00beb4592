"""A deployment with a resource of one's own, and a reference that knows nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from exact_sync.catalog import custom as custom_module
from exact_sync.simulator import Simulator
from tests.deployment import TINY, Deployment, SharedClock
from tests.stories.ones_own.mine import Deploy


@pytest.fixture
def deploy(simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path) -> Deploy:
    @contextmanager
    def deploy(path: str, rows: int = 12, name: str = "mine", **section: Any) -> Iterator[Deployment]:
        resources = {name: {"endpoint": path, **section}}
        with Deployment(
            simulator, database_url, clock, tmp_path, counts=TINY | {path: rows}, resources=resources
        ) as deployment:
            yield deployment

    return deploy


@pytest.fixture
def nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """No reference has any endpoint."""
    monkeypatch.setattr(custom_module, "known", lambda endpoint: False)
    monkeypatch.setattr(custom_module, "endpoints", lambda: ())
