"""Exact's wall clock, over both nights on which it jumps."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact_sync.exact import wallclock
from exact_sync.exact.wallclock import (
    from_milliseconds,
    http_date,
    in_repeated_hour,
    literal,
    read_date,
    read_moment,
    read_wall,
    to_instant,
    to_wall,
)

YEARS = st.integers(1990, 2036)


def milliseconds(wall: datetime) -> int:
    """As Exact writes a wall-clock time: as if it were UTC."""
    return (wall - datetime(1970, 1, 1)) // timedelta(milliseconds=1)


def around(month: int) -> st.SearchStrategy[datetime]:
    """Instants within six hours of the Sunday night on which clocks change."""

    def near(year: int, seconds: int, millisecond: int) -> datetime:
        last = datetime(year, month, 31, 1, tzinfo=UTC)
        sunday = last - timedelta(days=(last.weekday() + 1) % 7)
        return sunday + timedelta(seconds=seconds, milliseconds=millisecond)

    return st.builds(
        near, YEARS.filter(lambda year: year >= 1996), st.integers(-21600, 21600), st.integers(0, 999)
    )


INSTANTS = st.one_of(
    around(3),
    around(10),
    st.datetimes(datetime(1950, 1, 1), datetime(2037, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC)),
)


@given(INSTANTS)
def test_an_instant_survives_the_wall_except_in_the_hour_that_comes_twice(instant: datetime) -> None:
    wall = to_wall(instant)
    assert wall.tzinfo is None
    if in_repeated_hour(wall):
        assert to_instant(wall) in (instant, instant - timedelta(hours=1))
    else:
        assert to_instant(wall) == instant


@given(INSTANTS)
def test_what_exact_writes_is_read_to_the_millisecond(instant: datetime) -> None:
    wall = to_wall(instant)
    wall = wall.replace(microsecond=wall.microsecond // 1000 * 1000)
    text = f"/Date({milliseconds(wall)})/"
    assert read_wall(text) == wall
    assert read_moment(text) == to_instant(wall)
    assert read_date(text) == wall.date()


@given(around(10))
def test_of_two_readings_in_autumn_the_earlier_is_taken(instant: datetime) -> None:
    wall = to_wall(instant)
    both = {wall.replace(tzinfo=wallclock.AMSTERDAM, fold=fold).astimezone(UTC) for fold in (0, 1)}
    assert to_instant(wall) == min(both)
    assert in_repeated_hour(wall) == (len(both) == 2)


@pytest.mark.parametrize(
    ("wall", "instant"),
    [
        ("2026-01-15T12:00:00.123", "2026-01-15T11:00:00.123"),
        ("2026-07-15T12:00:00.997", "2026-07-15T10:00:00.997"),
        ("2025-10-26T01:59:59.999", "2025-10-25T23:59:59.999"),
        ("2025-10-26T02:00:00", "2025-10-26T00:00:00"),
        ("2025-10-26T02:59:59.999", "2025-10-26T00:59:59.999"),
        ("2025-10-26T03:00:00", "2025-10-26T02:00:00"),
        ("2026-03-29T01:59:59.999", "2026-03-29T00:59:59.999"),
        ("2026-03-29T03:00:00", "2026-03-29T01:00:00"),
        ("1969-12-31T23:00:00", "1969-12-31T22:00:00"),
        ("9999-12-31T23:59:59.999", "9999-12-31T22:59:59.999"),
    ],
)
def test_the_true_instant_of_a_wall_clock_time(wall: str, instant: str) -> None:
    expected = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert read_moment(f"/Date({milliseconds(datetime.fromisoformat(wall))})/") == expected
    assert read_moment(wall) == expected


@pytest.mark.parametrize(
    ("wall", "repeated"),
    [
        ("2025-10-26T01:59:59.999999", False),
        ("2025-10-26T02:00:00", True),
        ("2025-10-26T02:59:59.999999", True),
        ("2025-10-26T03:00:00", False),
        ("2026-03-29T02:30:00", False),
        ("2026-06-25T02:30:00", False),
    ],
)
def test_only_the_autumn_hour_counts_as_repeated(wall: str, repeated: bool) -> None:
    assert in_repeated_hour(datetime.fromisoformat(wall)) is repeated


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/Date(1767225600000)/", date(2026, 1, 1)),
        ("/Date(1767311999999)/", date(2026, 1, 1)),
        ("/Date(-1)/", date(1969, 12, 31)),
        ("/Date(-2208988800000)/", date(1900, 1, 1)),
        ("/Date(-62135596800000)/", date(1, 1, 1)),
        ("/Date(253402300799999)/", date(9999, 12, 31)),
        ("/Date(1767222000000+0100)/", date(2026, 1, 1)),
        ("/Date(1767229200000-0200)/", date(2025, 12, 31)),
        ("/Date(1767216540000+0230)/", date(2025, 12, 31)),
        ("/Date(1767216600000+0230)/", date(2026, 1, 1)),
        ("/Date(1767234540000-0230)/", date(2025, 12, 31)),
        ("/Date(1767234600000-0230)/", date(2026, 1, 1)),
        ("2026-01-01", date(2026, 1, 1)),
        ("2026-01-01T23:30:00", date(2026, 1, 1)),
        ("2026-01-01T23:30:00+02:00", date(2026, 1, 1)),
    ],
)
def test_a_calendar_date_is_never_moved_by_a_zone(text: str, expected: date) -> None:
    assert read_date(text) == expected


@pytest.mark.parametrize("text", ["/Date(1782397520000+0200)/", "/Date(1782397520000-0500)/"])
def test_milliseconds_with_an_offset_are_true_utc(text: str) -> None:
    assert read_moment(text) == datetime(2026, 6, 25, 14, 25, 20, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-06-25T14:25:20Z", "2026-06-25T16:25:20+02:00"])
def test_an_iso_text_with_an_offset_is_an_instant(text: str) -> None:
    assert read_moment(text) == datetime(2026, 6, 25, 14, 25, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/Date()/",
        "/Date(1)",
        "/Date(1.5)/",
        "/Date(١)/",
        "x/Date(1)/",
        "/Date(1)/\n",
        "25-06-2026",
        "0000-00-00",
        "/Date(253402300800000)/",
        "/Date(-62135596800001)/",
        "/Date(999999999999999999)/",
    ],
)
@pytest.mark.parametrize("read", [read_moment, read_date])
def test_what_is_no_date_is_refused(read: object, text: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        read(text)  # type: ignore[operator]


@pytest.mark.parametrize(
    "value", [None, 5, "", "2026-06-25", "/Date(1+0200)/", "/Date(999999999999999999)/", ["/Date(1)/"]]
)
def test_a_cursor_is_only_read_from_a_plain_wall_clock_value(value: object) -> None:
    assert read_wall(value) is None


@given(st.integers(-62135596800000, 253402300799999))
def test_milliseconds_are_kept_exactly(value: int) -> None:
    assert milliseconds(from_milliseconds(value)) == value


@given(st.datetimes(datetime(1900, 1, 1), datetime(9999, 1, 1)))
def test_a_filter_literal_is_never_later_than_what_it_stands_for(wall: datetime) -> None:
    text = literal(wall)
    shown = datetime.fromisoformat(text.removeprefix("datetime'").removesuffix("'"))
    assert shown <= wall < shown + timedelta(seconds=1)
    assert len(text) == len("datetime'2026-06-25T12:00:00'")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Thu, 25 Jun 2026 14:14:12 GMT", datetime(2026, 6, 25, 14, 14, 12, tzinfo=UTC)),
        ("Thu, 25 Jun 2026 16:14:12 +0200", datetime(2026, 6, 25, 14, 14, 12, tzinfo=UTC)),
        ("Thu, 25 Jun 2026 14:14:12 -0000", datetime(2026, 6, 25, 14, 14, 12, tzinfo=UTC)),
        ("yesterday", None),
        ("Thu, 99 Jun 2026 14:14:12 GMT", None),
        ("Mon, 1 Jan 99999999999 00:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("", None),
        (None, None),
    ],
)
def test_the_date_header_is_read_or_is_unknown(header: str | None, expected: datetime | None) -> None:
    assert http_date(header) == expected
