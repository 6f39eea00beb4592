"""Columns of values become texts at once, each as if it were made by itself."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from exact_sync.catalog import Column, Edm
from exact_sync.exact.wallclock import EPOCH, ahead, read_moment
from exact_sync.store.lines import BETWEEN, NULL
from exact_sync.sync.texts import converter, highest

MOMENTS = converter(Column("Modified", Edm.DATETIME))
SECONDS = [
    -27_805_520_080,
    86_400,
    2**20 + 1,
    999_999_999,
    1_782_388_800,
    2**31 - 1,
    2**31,
    4_102_444_799,
    2**32 - 1,
    2**32,
    2**35 + 1,
]


@pytest.mark.parametrize("second", SECONDS)
def test_no_millisecond_is_lost(second: int) -> None:
    """They are read as fractions of seconds, in binary."""
    values = [f"/Date({second * 1000 + millisecond})/" for millisecond in range(1000)]
    assert list(map(datetime.fromisoformat, MOMENTS(values))) == list(map(read_moment, values))


def test_a_column_of_days_of_all_years_is_read_day_by_day() -> None:
    """More of them than are kept in mind, with the days on which the clock changes."""
    values = [f"/Date({day * 86_400_000 + 9_000_000})/" for day in range(1, 49_000)]
    assert list(map(datetime.fromisoformat, MOMENTS(values))) == list(map(read_moment, values))


def test_when_the_clock_changes_is_known_to_the_millisecond() -> None:
    """The first and the last one of each hour of the days on which it does."""
    hour = 3_600_000
    until = (date(2106, 1, 1) - date(1970, 1, 1)).days
    edges = [
        day * 24 * hour + edge
        for day in range(1, until)
        if not _is_even(day)
        for each in range(24)
        for edge in (each * hour, (each + 1) * hour - 1)
    ]
    values = [f"/Date({edge})/" for edge in edges]
    assert len(values) > 10_000
    assert list(map(datetime.fromisoformat, MOMENTS(values))) == list(map(read_moment, values))


def _is_even(day: int) -> bool:
    """Whether the clock is as far ahead at a day's end as at its beginning."""
    begins = EPOCH + timedelta(days=day)
    return ahead(begins) == ahead(begins + timedelta(days=1))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["/Date(1000000000000)/", "/Date(1000000000009)/", "/Date(1000000000001)/"], 1_000_000_000_009),
        (["/Date(999999999999)/", None, "/Date(1000000000000)/"], 1_000_000_000_000),
        (["/Date(-9)/", "/Date(-1)/"], -1),
        (["/Date(-9)/", "/Date(10)/"], 10),
        (["/Date(-9000)/", None], -9000),
    ],
)
def test_the_highest_moment_is_found_however_long_its_number_is(
    values: list[str | None], expected: int
) -> None:
    assert highest(values) == EPOCH + timedelta(milliseconds=expected)


@pytest.mark.parametrize(
    ("edm", "value"),
    [
        (Edm.INT64, "٣"),
        (Edm.DATETIME, f"/Date(1000000000000)/{BETWEEN}/Date(1000000000001)/"),
        (Edm.GUID, f"{UUID(int=7)}{BETWEEN}{UUID(int=8)}"),
        (Edm.DATETIME, "/Date(1000000000000,1000000000001)/"),
    ],
)
def test_what_is_no_value_or_two_in_one_is_not_read(edm: Edm, value: str) -> None:
    """Not for the places of those beside it that are empty either."""
    convert = converter(Column("Modified", edm))
    for values in ([value], [value, None]):
        with pytest.raises(ValueError):  # noqa: PT011 - whatever its words
            convert(values)


@pytest.mark.parametrize("edm", [Edm.STRING, Edm.GUID, Edm.DATETIME])
def test_a_column_with_few_values_has_each_in_its_place(edm: Edm) -> None:
    text = {Edm.STRING: "a", Edm.GUID: str(UUID(int=7)), Edm.DATETIME: "/Date(1000000000000)/"}[edm]
    convert = converter(Column("Modified", edm))
    (alone,) = convert([text])
    for place in (0, 1, 6):
        values = [text if each == place else None for each in range(7)]
        assert list(convert(values)) == [alone if each == place else NULL for each in range(7)]


def test_an_empty_text_is_no_missing_one() -> None:
    convert = converter(Column("Name", Edm.STRING))
    assert list(convert(["", None, "a", ""])) == ["", NULL, "a", ""]
    assert list(convert([None, "", None])) == [NULL, "", NULL]
