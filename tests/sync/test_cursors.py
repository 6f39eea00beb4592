"""Cursors: nothing is ever passed over, whatever the clocks do."""

import itertools
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exact_sync.errors import NeedsPerson
from exact_sync.exact.wallclock import to_wall
from exact_sync.sync import cursors
from exact_sync.sync.cursors import (
    OVERLAP,
    Reading,
    check_not_ahead,
    highest_modified,
    is_recent,
    is_suspect,
    parse,
    read_from,
    window_starts,
    windows,
)

NOON = datetime(2026, 6, 25, 12)
AUTUMN, SPRING = datetime(2025, 10, 26, 1, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC)


def record(wall: datetime) -> dict[str, Any]:
    return {"Modified": f"/Date({(wall - datetime(1970, 1, 1)) // timedelta(milliseconds=1)})/"}


def saw(
    reading: Reading, records: Iterable[dict[str, Any]], server_time: datetime | None, now: datetime
) -> Reading:
    """The reading after a page with these records."""
    return reading.saw_up_to(highest_modified(records), server_time, now)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[tuple[datetime, datetime]], list[datetime]]:
    """Changes (their Modified and when they became visible, up to 15 minutes later) and runs."""
    middle = draw(st.sampled_from([AUTUMN, SPRING, datetime(2026, 6, 25, 12, tzinfo=UTC)]))
    minutes = st.sampled_from([-50, -10, -5, 0, 5, 10, 50]).map(lambda n: timedelta(minutes=n))
    late = st.sampled_from([0, 0, 300, 899]).map(lambda seconds: timedelta(seconds=seconds))
    made = [middle + offset for offset in draw(st.lists(minutes, min_size=2, max_size=8))]
    runs = sorted(middle + offset for offset in draw(st.lists(minutes, min_size=1, max_size=6)))
    return [(moment, moment + draw(late)) for moment in made], [*runs, middle + timedelta(hours=4)]


@settings(max_examples=500)
@given(histories(), st.booleans(), st.integers(-86400, 86400))
def test_every_change_is_read_whatever_the_clocks_do(
    history: tuple[list[tuple[datetime, datetime]], list[datetime]], has_date: bool, our_error: int
) -> None:
    changes, runs = history
    seen: set[int] = set()
    cursor: datetime | None = None
    for now in runs:
        since = read_from(cursor).replace(microsecond=0) if cursor else None
        page = [
            (number, to_wall(made))
            for number, (made, visible) in enumerate(changes)
            if visible <= now and (since is None or to_wall(made) >= since)
        ]
        seen |= {number for number, _ in page}
        ours = now + timedelta(seconds=our_error)
        reading = saw(Reading(), [record(wall) for _, wall in page], now if has_date else None, ours)
        moved = reading.cursor_after(cursor)
        assert cursor is None or (moved is not None and moved >= cursor)
        cursor = moved
    assert seen == set(range(len(changes)))


@pytest.mark.parametrize(
    ("cursor", "since"),
    [
        ("2026-06-25T12:00:00", "2026-06-25T11:45:00"),
        ("2025-10-26T01:59:00", "2025-10-26T01:44:00"),
        ("2025-10-26T02:00:00", "2025-10-26T01:45:00"),
        ("2025-10-26T02:59:59", "2025-10-26T01:45:00"),
        ("2025-10-26T03:05:00", "2025-10-26T02:50:00"),
        ("2026-03-29T03:05:00", "2026-03-29T01:50:00"),
        ("2026-03-29T03:15:00", "2026-03-29T03:00:00"),
        ("2026-03-29T01:59:00", "2026-03-29T01:44:00"),
    ],
)
def test_reading_starts_an_overlap_before_the_cursor(cursor: str, since: str) -> None:
    assert read_from(datetime.fromisoformat(cursor), OVERLAP) == datetime.fromisoformat(since)


def test_a_cursor_does_not_follow_a_modified_in_the_future() -> None:
    server = datetime(2026, 6, 25, 10, tzinfo=UTC)
    reading = saw(Reading(), [record(datetime(2999, 1, 1)), record(NOON)], server, server)
    assert reading.cursor_after(None) == NOON


def test_changes_behind_our_back_while_pages_are_read_are_not_passed_over() -> None:
    first, last = datetime(2026, 6, 25, 10, tzinfo=UTC), datetime(2026, 6, 25, 11, tzinfo=UTC)
    reading = saw(Reading(), [record(NOON - timedelta(hours=1))], first, first)
    reading = saw(reading, [record(NOON + timedelta(minutes=50))], last, last)
    assert reading.cursor_after(None) == NOON


def test_a_quiet_cursor_follows_exacts_clock_an_hour_behind() -> None:
    server = datetime(2026, 6, 25, 10, tzinfo=UTC)
    before = NOON - timedelta(days=3)
    reading = saw(Reading(), [record(before)], server, server)
    assert reading.cursor_after(before) == NOON - timedelta(hours=1)


def test_a_cursor_stays_where_nothing_comes_because_lost_rights_look_the_same() -> None:
    server = datetime(2026, 6, 25, 10, tzinfo=UTC)
    for before in (NOON - timedelta(days=3), None):
        assert saw(Reading(), [], server, server).cursor_after(before) == before


def test_a_quiet_cursor_stays_where_it_is_while_the_clocks_disagree() -> None:
    server, before = datetime(2026, 6, 25, 10, tzinfo=UTC), NOON - timedelta(days=3)
    for ours in (server + timedelta(days=1), server - timedelta(days=1)):
        assert saw(Reading(), [record(before)], server, ours).cursor_after(before) == before
    assert saw(Reading(), [record(before)], None, server).cursor_after(before) == before


def test_our_own_clock_never_becomes_a_cursor() -> None:
    ours = datetime(2031, 1, 1, tzinfo=UTC)
    assert saw(Reading(), [record(NOON)], None, ours).cursor_after(None) == NOON
    assert saw(Reading(), [], None, ours).cursor_after(None) is None


@given(
    st.lists(st.lists(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)), max_size=4), max_size=4),
    st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),
)
def test_a_reading_goes_on_from_json_as_if_it_had_not_been_interrupted(
    pages: list[list[datetime]], server: datetime | None
) -> None:
    there = server.replace(tzinfo=UTC) if server else None
    now = datetime(2026, 6, 25, tzinfo=UTC)
    straight = broken = Reading()
    for page in pages:
        straight = saw(straight, map(record, page), there, now)
        broken = saw(Reading.from_json(broken.as_json()), map(record, page), there, now)
    assert straight == broken


def test_the_highest_modified_ignores_what_is_no_moment() -> None:
    records = [{}, {"Modified": None}, {"Modified": "soon"}, record(NOON), record(NOON - timedelta(1))]
    assert highest_modified(records) == NOON
    assert highest_modified([]) is None


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-06-25T12:00:00+02:00", "0001-01-01T00:00:00", "\0" * 9999]
)
def test_an_unreadable_checkpoint_names_the_command_that_resets_it(text: str) -> None:
    with pytest.raises(NeedsPerson) as caught:
        parse(text, "items", 7)
    assert caught.value.hint == "run: exact-sync reset items --division 7"
    assert len(str(caught.value)) < 300


def test_a_stored_cursor_is_read_as_it_was_written() -> None:
    assert parse(None, "items", 7) is None
    assert parse(NOON.isoformat(), "items", 7) == NOON


def test_a_checkpoint_far_in_the_future_names_the_command_that_resets_it() -> None:
    server = datetime(2026, 6, 25, 10, tzinfo=UTC)
    check_not_ahead(NOON + timedelta(hours=23), server, "items", 7)
    check_not_ahead(datetime(2999, 1, 1), None, "items", 7)
    with pytest.raises(NeedsPerson, match="in the future") as caught:
        check_not_ahead(NOON + timedelta(hours=25), server, "items", 7)
    assert caught.value.hint == "run: exact-sync reset items --division 7"


DAYS = st.dates(date(1995, 1, 1), date(2026, 6, 25))
TODAYS = st.dates(date(2026, 6, 25), date(2029, 12, 31))


@given(
    DAYS,
    TODAYS,
    TODAYS,
    st.none() | st.integers(0, 10**6),
    st.none() | st.dates(date(1990, 1, 1), date(2030, 1, 1)),
)
def test_windows_cut_time_into_pieces_without_a_gap_or_an_overlap(
    oldest: date, began: date, later: date, records: int | None, start: date | None
) -> None:
    cut = windows(window_starts(oldest, began, records), max(began, later), start)
    assert cut[0].ends is None
    assert cut[-1].since == start
    for newer, older in itertools.pairwise(cut):
        assert newer.since is not None
        assert newer.since == older.ends
        assert older.since is None or older.since < older.ends
    assert len({window.starts for window in cut}) == len(cut)


@given(DAYS, TODAYS, st.none() | st.integers(0, 10**6))
def test_windows_begin_on_the_first_of_a_month_and_reach_the_oldest_record(
    oldest: date, today: date, records: int | None
) -> None:
    starts = window_starts(oldest, today, records)
    assert starts == sorted(set(starts), reverse=True)
    assert all(start.day == 1 for start in starts)
    assert starts[0] <= today
    assert starts[-1] <= oldest


def test_a_small_history_is_one_window_and_a_large_one_is_cut_by_the_month() -> None:
    oldest, today = date(2024, 1, 5), date(2026, 6, 25)
    assert len(window_starts(oldest, today, 30)) == 2
    assert len(window_starts(oldest, today, 10**6)) == len(window_starts(oldest, today, None)) == 30


def test_windows_that_reach_into_the_last_days_are_recent() -> None:
    cut = windows(window_starts(date(2026, 1, 1), date(2026, 6, 25), None), date(2026, 6, 25))
    recent = [window.starts for window in cut if is_recent(window, date(2026, 6, 25), 62)]
    assert recent == [date(2026, 6, 1), date(2026, 5, 1), date(2026, 4, 1)]


@pytest.mark.parametrize(
    ("seen", "known", "suspect"),
    [
        (0, 0, False),
        (0, 1, True),
        (0, 10_000, True),
        (1, 20, False),
        (16, 21, True),
        (17, 21, False),
        (79, 100, True),
        (80, 100, False),
        (7_000, 10_000, True),
        (20_000, 10_000, False),
    ],
)
def test_an_empty_or_much_smaller_list_is_suspect(seen: int, known: int, suspect: bool) -> None:
    assert is_suspect(seen, known, None) is suspect


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_an_accepted_size_is_not_suspect_again_but_a_much_smaller_one_is(known: int, accepted: int) -> None:
    assert not is_suspect(accepted, known, accepted)
    smaller = int(accepted * cursors.SUSPECT_SHARE) - 1
    if smaller >= 0:
        assert is_suspect(smaller, known, accepted) == is_suspect(smaller, known, None)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_list_that_is_at_least_as_long_is_never_suspect(known: int, more: int) -> None:
    assert not is_suspect(known + more, known, None)
