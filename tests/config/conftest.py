"""Nothing of this machine is a setting in these tests."""

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Nothing of this machine's own settings; a secrets folder of our own."""
    for name in [name for name in os.environ if name.upper().startswith("EXACT_SYNC_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "secrets"
    folder.mkdir()
    monkeypatch.setenv("EXACT_SYNC_SECRETS_DIR", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder
