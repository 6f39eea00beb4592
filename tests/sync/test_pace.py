"""Whether a day's cycles fit the limits, and the interval that does."""

from datetime import timedelta

import pytest

from exact_sync.sync.pace import Pace, Rhythm, pace

HOUR = timedelta(hours=1)
RHYTHMS = {"items": Rhythm(HOUR, True), "journals": Rhythm(6 * HOUR, False)}


def a_pace(divisions: int, items: int, journals: int, limit: int, connection: int | None = None) -> Pace:
    cycles = [
        (code, name, calls)
        for code in range(divisions)
        for name, calls in (("items", items), ("journals", journals))
    ]
    return pace(cycles, RHYTHMS, HOUR, dict.fromkeys(range(divisions), limit), connection)


def test_cycles_that_fit_keep_their_interval() -> None:
    result = a_pace(2, 10, 5, 260)
    assert result.fits
    assert (result.calls_a_day, result.too_many, result.fitting) == (2 * (240 + 20), [], HOUR)


@pytest.mark.parametrize(
    ("divisions", "limit", "connection", "too_many", "fitting"),
    [
        (2, 259, None, [0, 1], timedelta(minutes=65)),
        (1, 140, None, [0], timedelta(minutes=120)),
        (1, 100, None, [0], 3 * HOUR),
        (300, 5_000, 20_000, [], 6 * HOUR),
        (300, 5_000, 6_000, [], None),
        (1, 20, None, [0], None),
    ],
)
def test_cycles_that_cost_too_much_say_what_would_fit(
    divisions: int, limit: int, connection: int | None, too_many: list[int], fitting: timedelta | None
) -> None:
    result = a_pace(divisions, 10, 5, limit, connection)
    assert not result.fits
    assert (result.too_many, result.fitting) == (too_many, fitting)


def test_what_is_called_in_each_cycle_but_was_never_limited_is_only_counted() -> None:
    result = pace([(1, "items", 10)], RHYTHMS, HOUR, {}, None)
    assert (result.fits, result.calls_a_day) == (True, 240)
