"""The section [alerts]: what is a URL, what are quiet hours, and what is said of those that are none."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from exact_sync import config
from exact_sync.alert_settings import AlertSettings
from exact_sync.alerts.notify import targets
from exact_sync.errors import BadConfiguration

CANARY = "canary-in-a-url"


def load(monkeypatch: pytest.MonkeyPatch, folder: Path, **environment: str) -> AlertSettings:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("EXACT_SYNC_SECRETS_DIR", str(folder))
    for name, value in environment.items():
        monkeypatch.setenv(f"EXACT_SYNC_ALERTS__{name}", value)
    return config.load(known_resources=()).alerts


@pytest.mark.parametrize(
    "text",
    [
        '["json://a/x?to=1,2", "slack://b/c"]',
        "json://a/x?to=1,2,slack://b/c",
        "json://a/x?to=1,2, slack://b/c ",
        "json://a/x?to=1,2\nslack://b/c\n",
    ],
)
def test_urls_come_as_json_or_with_commas_or_in_a_file(
    text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wanted = ["json://a/x?to=1,2", "slack://b/c"]
    found = load(monkeypatch, tmp_path, URLS=text).urls
    assert [url.get_secret_value() for url in found] == wanted
    monkeypatch.delenv("EXACT_SYNC_ALERTS__URLS")
    (tmp_path / "alerts__urls").write_text(text)
    assert [url.get_secret_value() for url in load(monkeypatch, tmp_path).urls] == wanted


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("URLS", CANARY),
        ("URLS", f"json://a {CANARY}"),
        ("URLS", f'["{CANARY}'),
        ("URLS", "[1]"),
        ("KINDS", "nothing"),
        ("LAG", "soon"),
        ("TOKEN_DAYS", "30"),
        ("QUIET_HOURS", "22-07"),
        ("QUIET_HOURS", "25:00-07:00"),
        ("QUIET_HOURS", "07:00-07:00"),
        ("QUIET_ZONE", "Europe/Nowhere"),
    ],
)
def test_what_is_wrong_is_one_clear_line_without_the_secret(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(BadConfiguration) as error:
        load(monkeypatch, tmp_path, **{name: value})
    assert f"alerts.{name.lower()}" in str(error.value)
    assert CANARY not in str(error.value)


@pytest.mark.parametrize("url", [f"unheardof://{CANARY}", f"slack://{CANARY}/x", f"mailto://u:{CANARY}@"])
def test_a_url_that_apprise_does_not_know_is_named_by_its_number(url: str) -> None:
    with pytest.raises(BadConfiguration, match=r"alerts\.urls: number 2 ") as error:
        targets(AlertSettings(urls=["json://127.0.0.1/", url]).urls)  # type: ignore[list-item]
    assert CANARY not in str(error.value)


def test_quiet_hours_follow_the_clock_of_their_zone() -> None:
    night = AlertSettings(quiet_hours="22:00-07:00")
    winter, summer = datetime(2026, 1, 10, tzinfo=UTC), datetime(2026, 7, 10, tzinfo=UTC)
    assert [hour for hour in range(24) if not night.is_quiet(winter.replace(hour=hour))] == [*range(6, 21)]
    assert [hour for hour in range(24) if not night.is_quiet(summer.replace(hour=hour))] == [*range(5, 20)]
    noon = AlertSettings(quiet_hours="12:00-13:30", quiet_zone="UTC")
    assert [hour for hour in range(24) if noon.is_quiet(winter.replace(hour=hour))] == [12, 13]
    assert not AlertSettings().is_quiet(winter)
