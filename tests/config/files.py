"""A configuration file, taken or refused."""

from pathlib import Path

import pytest

from exact_sync.config import load
from exact_sync.errors import BadConfiguration

RESOURCES = ["items", "contacts", "customers"]


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "my.toml"
    file.write_text(text)
    return file


def refused(tmp_path: Path, text: str) -> BadConfiguration:
    with pytest.raises(BadConfiguration) as caught:
        load(written(tmp_path, text), known_resources=RESOURCES)
    assert caught.value.exit_code == 2
    return caught.value
