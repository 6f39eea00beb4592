"""The demo: nothing to configure, and nobody hears of what it invents."""

import io
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from exact_sync.catalog import RESOURCES
from exact_sync.cli import demo
from exact_sync.config import Settings
from exact_sync.errors import BadConfiguration
from exact_sync.simulator import Simulator
from exact_sync.sync.outcome import Outcome, Tally
from tests.target import SECRET


@pytest.fixture(autouse=True)
def _only_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in [name for name in os.environ if name.upper().startswith("EXACT_SYNC_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(port=8499)


def test_no_setting_of_the_user_reaches_it(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their receivers would be told of invented data, and their limits would end it half way."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "webhook_secret").write_text("a secret of theirs")
    target = {"url": "https://example.com/theirs", "secret": SECRET}
    for name, value in {
        "SECRETS_DIR": str(secrets),
        "OUTBOX__TARGETS": json.dumps({"warehouse": target}),
        "ALERTS__URLS": "json://example.com/",
        "CONNECTION_DAY_LIMIT": "20",
        "DATABASE_URL": "postgresql://example.com/theirs",
        "RESOURCES__ITEMS__ENABLED": "false",
        "CONNECTIONS__BE__CLIENT_ID": "theirs",
    }.items():
        monkeypatch.setenv(f"EXACT_SYNC_{name}", value)
    theirs = Settings()
    assert theirs.outbox.targets
    assert theirs.webhook_secret
    with demo._service(simulator, tmp_path / "demo") as service:
        found = service.settings
    given = {"data_dir", "base_url", "client_id", "client_secret"}
    assert found.model_fields_set == given
    assert found.data_dir == tmp_path / "demo"
    assert found.outbox.targets == found.connections == found.resources == {}
    assert (found.alerts.urls, found.connection_day_limit, found.database_url) == ([], None, None)


def test_names_are_whole_on_a_terminal_of_80_columns() -> None:
    out = io.StringIO()
    names = [*RESOURCES]
    run = Outcome(1, names[0], "ok", Tally(calls=10_000, inserted=99_999))
    demo._compare(Console(file=out, width=80), names, [run], [run])
    assert [name for name in names if f" {name} " not in out.getvalue()] == []


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        BadConfiguration, match=r"the demo's folder .* can't be made: Not a directory \(use: exact-sync --d"
    ):
        demo._fresh_folder(tmp_path / "file" / "demo")
