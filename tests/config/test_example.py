"""config.example.toml shows every setting with its real default."""

import itertools
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from exact_sync import config
from exact_sync.catalog import RESOURCES
from exact_sync.config import Settings
from exact_sync.known_settings import names
from exact_sync.outbox_settings import TargetSettings
from exact_sync.sections import ConnectionSettings, ResourceSettings
from exact_sync.server_settings import ServerSettings
from exact_sync.telemetry_settings import TelemetrySettings

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
OF_THE_MACHINE = "data_dir"
"""Its default depends on the machine, so that the file can only show an example of it."""

_COMMENTED_OUT = re.compile(r"^#(?=\[|[a-z_]+ = )", re.MULTILINE)


def as_it_is() -> dict[str, Any]:
    return tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))


def with_everything_set() -> str:
    """The file's text with the commented-out settings in force."""
    return _COMMENTED_OUT.sub("", EXAMPLE.read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def _nothing_else_sets_anything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.upper().startswith("EXACT_SYNC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("EXACT_SYNC_SECRETS_DIR", str(tmp_path))


def test_the_example_shows_exactly_the_settings_there_are() -> None:
    assert set(tomllib.loads(with_everything_set())) == set(Settings.model_fields)


def test_what_is_set_in_the_example_is_the_default() -> None:
    shown, default = config.load(EXAMPLE, known_resources=RESOURCES), Settings()
    assert shown.model_dump() == default.model_dump()


def test_what_is_commented_out_has_no_default() -> None:
    default = Settings()
    commented_out = set(Settings.model_fields) - set(as_it_is()) - {OF_THE_MACHINE}
    assert {name for name in commented_out if getattr(default, name)} == set()
    assert {name for name in Settings.model_fields if not _is_set(default, name)} == commented_out


def test_what_is_commented_out_is_valid_too(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(with_everything_set(), encoding="utf-8")
    settings = config.load(file, known_resources=RESOURCES)
    assert settings.start_date is not None
    assert settings.resource("items").every is not None


def test_every_setting_of_a_resource_is_shown() -> None:
    sections = tomllib.loads(with_everything_set())["resources"].values()
    assert {name for section in sections for name in section} == set(ResourceSettings.model_fields)


def test_every_setting_of_the_server_is_shown() -> None:
    server = tomllib.loads(with_everything_set())["server"]
    assert set(server) == set(ServerSettings.model_fields)


def test_every_setting_of_a_connection_is_shown() -> None:
    sections = tomllib.loads(with_everything_set())["connections"].values()
    assert {name for section in sections for name in section} == set(names(ConnectionSettings))


def test_every_setting_of_telemetry_is_shown() -> None:
    assert set(tomllib.loads(with_everything_set())["telemetry"]) == set(TelemetrySettings.model_fields)


def test_every_setting_of_a_target_is_shown() -> None:
    sections = tomllib.loads(with_everything_set())["outbox"]["targets"].values()
    assert {name for section in sections for name in section} == set(TargetSettings.model_fields)


def test_every_setting_has_a_comment_above_it() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    bare = [
        line
        for before, line in itertools.pairwise(lines)
        if re.match(r"#?(\[|[a-z_]+ = )", line) and not re.match(r"# \S|#\[", before)
    ]
    assert bare == []


def _is_set(settings: Settings, name: str) -> bool:
    """True for what has a value without anybody setting it (an empty section is no value)."""
    return getattr(settings, name) not in (None, {})
