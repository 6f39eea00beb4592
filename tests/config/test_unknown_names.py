"""A name that is no setting, in the file or in the environment."""

from pathlib import Path

import pytest

from exact_sync.config import load, unknown_variables, variable_near
from tests.config.files import RESOURCES, refused


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('intervall = "1h"', "did you mean interval?"),
        ('[resources.item]\nevery = "1h"', "did you mean resources.items?"),
        ('[resources.items]\nevry = "1h"', "did you mean resources.items.every?"),
        ("zzzzzz = 1", "known are: "),
        ('[resources.zzzzzz]\nevery = "1h"', "exact-sync resources lists them"),
        ('["exact.items; DROP"]\nx = 1', "unknown setting exact.items; DROP"),
        ('[resources."items\\"; --"]\nevery = "1h"', "unknown setting resources.items"),
    ],
)
def test_an_unknown_key_is_an_error_with_the_nearest_known_name(tmp_path: Path, text: str, says: str) -> None:
    assert says in str(refused(tmp_path, text))


def test_an_unknown_variable_is_only_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXACT_SYNC_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("EXACT_SYNC_PORT_8471_TCP", "tcp://10.0.0.1:8471")
    monkeypatch.setenv("exact_sync_region", "be")
    assert load(known_resources=RESOURCES).region == "be"
    assert unknown_variables() == ["EXACT_SYNC_PORT_8471_TCP", "EXACT_SYNC_SERVICE_HOST"]


@pytest.mark.parametrize(
    "name",
    [
        "SERVER__HOTS",
        "SERVER__PORT__TCP",
        "SERVER__TOKENS__CI__HSAH",
        "ALERTS__LAGG",
        "OUTBOX__TARGETS__SHOP__SECRETT",
        "OUTBOX__TARGET",
        "RESOURCES__ITEMS__EVRY",
        "CONNECTIONS__BE__CLIENT_SECRETT",
        "TELEMETRY__",
        "CLIENT_ID__X",
    ],
)
def test_an_unknown_variable_of_a_section_is_only_reported_too(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("EXACT_SYNC_SERVER__PORT", "9")
    monkeypatch.setenv(f"EXACT_SYNC_{name}", "1")
    assert load(known_resources=RESOURCES).server.port == 9
    assert unknown_variables() == [f"EXACT_SYNC_{name}"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("WORKER", "WORKERS"),
        ("SERVER_PORT", "SERVER__PORT"),
        ("SERVER__HOTS", "SERVER__HOST"),
        ("CONNECTIONS__BE__CLIENT_SECRETT", "CONNECTIONS__BE__CLIENT_SECRET"),
        ("RESOURCES__ITEMS__CRONN", "RESOURCES__ITEMS__CRON"),
        ("SERVER__TOKENS__CI__HSAH", "SERVER__TOKENS__CI__HASH"),
        ("PORT_8471_TCP", None),
        ("SERVICE_HOST", None),
        ("SOMETHING__ELSE", None),
        ("", None),
    ],
)
def test_what_was_meant_by_an_unknown_variable(name: str, meant: str | None) -> None:
    assert variable_near(f"EXACT_SYNC_{name}") == (f"EXACT_SYNC_{meant}" if meant else None)


def test_every_known_variable_of_a_section_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {
        "TELEMETRY__HEADERS__X-KEY": "a",
        "TELEMETRY__HEADERS": "{}",
        "CONNECTIONS__BE__SCHEMA": "belgium",
        "RESOURCES__ITEMS": "{}",
        "OUTBOX__TARGETS": "{}",
        "SERVER__TRUSTED_PROXY": "true",
    }
    for name, value in known.items():
        monkeypatch.setenv(f"EXACT_SYNC_{name}", value)
    assert unknown_variables() == []
    settings = load(known_resources=RESOURCES)
    assert settings.connections["be"].schema_name == "belgium"
    assert settings.server.trusted_proxy is True
