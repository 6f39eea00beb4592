"""Columns of values become texts at once, each as if it were made by itself."""

from datetime import datetime

import pytest

from exact_sync.catalog import Column, Edm
from exact_sync.exact.wallclock import read_moment
from exact_sync.sync.texts import converter

MOMENTS = converter(Column("Modified", Edm.DATETIME))
SECONDS = [
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
