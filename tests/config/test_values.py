"""What a setting may be."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact_sync.config import Settings, load
from exact_sync.errors import BadConfiguration
from tests.config.files import RESOURCES, refused, written


@pytest.mark.parametrize(
    ("region", "site"),
    [
        ("nl", "https://start.exactonline.nl"),
        ("be", "https://start.exactonline.be"),
        ("de", "https://start.exactonline.de"),
        ("fr", "https://start.exactonline.fr"),
        ("uk", "https://start.exactonline.co.uk"),
        ("es", "https://start.exactonline.es"),
        ("com", "https://start.exactonline.com"),
    ],
)
def test_every_region_has_its_site(region: str, site: str) -> None:
    assert load(known_resources=RESOURCES, region=region).site == site
    assert (
        load(known_resources=RESOURCES, region=region, base_url="http://localhost:9/").site
        == "http://localhost:9"
    )


@pytest.mark.parametrize(
    ("text", "codes"),
    [("all", "all"), (" ALL ", "all"), ("124132", [124132]), (" 1, 2 ,3,", [1, 2, 3])],
)
def test_divisions_are_codes_or_all(monkeypatch: pytest.MonkeyPatch, text: str, codes: object) -> None:
    monkeypatch.setenv("EXACT_SYNC_DIVISIONS", text)
    assert load(known_resources=RESOURCES).divisions == codes


def test_a_redirect_uri_that_is_empty_is_the_one_we_listen_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXACT_SYNC_REDIRECT_URI", "")
    assert load(known_resources=RESOURCES).redirect_uri == "http://localhost:8471/callback"


def test_divisions_in_the_file_may_be_a_list_or_one_number(tmp_path: Path) -> None:
    for text, codes in (("[1, 2]", [1, 2]), ("7", [7]), ('"all"', "all"), ('["1", 2]', [1, 2])):
        file = written(tmp_path, f"divisions = {text}")
        assert load(file, known_resources=RESOURCES).divisions == codes


@pytest.mark.parametrize("text", ["1;2", "-1", "all, 7", "x", "²", "1.5", "'; DROP TABLE x; --"])
def test_what_is_no_division_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("EXACT_SYNC_DIVISIONS", text)
    with pytest.raises(BadConfiguration, match="EXACT_SYNC_DIVISIONS"):
        load(known_resources=RESOURCES)


@given(st.integers(1, 3660), st.sampled_from("smhd"))
def test_durations_are_written_with_a_unit(number: int, unit: str) -> None:
    names = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    assert Settings(interval=f" {number}{unit} ").interval == timedelta(**{names[unit]: number})


@pytest.mark.parametrize("text", ["", "0s", "1", "-1h", "1w", "1.5h", "1 h 2", "soon", "9" * 30 + "d"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadConfiguration, match=r"setting interval \(EXACT_SYNC_INTERVAL\)"):
        load(known_resources=RESOURCES, interval=text)


@pytest.mark.parametrize("text", ["3661d", "99999999d", "87841h", "9" * 5000 + "d"])
def test_a_duration_of_more_than_ten_years_is_refused(tmp_path: Path, text: str) -> None:
    """Added to a date it would leave the calendar."""
    for name in ("interval", "overlap", "sweep_interval", "alerts.lag", "resources.items.every"):
        assert "is too long; 3660d is the most" in str(refused(tmp_path, f'{name} = "{text}"'))
    assert load(known_resources=RESOURCES, overlap="87840h").overlap == timedelta(days=3660)


def test_a_start_date_is_an_iso_date(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EXACT_SYNC_START_DATE", "2024-01-31")
    assert load(known_resources=RESOURCES).start_date == date(2024, 1, 31)
    monkeypatch.delenv("EXACT_SYNC_START_DATE")
    file = written(tmp_path, "start_date = 2024-01-31")
    assert load(file, known_resources=RESOURCES).start_date == date(2024, 1, 31)
    for text in (
        '"31-01-2024"',
        "1577836800",
        '"1577836800"',
        '"2024-01-31T00:00:00"',
        '"2024-02-30"',
        "true",
    ):
        for name in ("start_date", "connections.be.start_date", "resources.items.start_date"):
            assert f"setting {name} (" in str(refused(tmp_path, f"{name} = {text}"))


def test_a_resource_has_one_schedule(tmp_path: Path) -> None:
    said = str(refused(tmp_path, '[resources.items]\nevery = "1h"\ncron = "15 6 * * *"'))
    assert "setting resources.items (EXACT_SYNC_RESOURCES__ITEMS" in said
    assert "has both every and cron" in said
