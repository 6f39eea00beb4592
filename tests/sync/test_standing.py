"""Where a reading by row version stands: what counts as settled, and how long that is good for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact_sync.sync.cursors import OVERLAP
from exact_sync.sync.standing import BEGINNING, KEPT_FOR, READ_AGAIN, Brought, Standing

NOON = datetime(2026, 6, 25, 12, tzinfo=UTC)


def brought(*versions: int) -> Brought:
    result = Brought()
    result.add(versions)
    return result


def test_the_first_reading_settles_nothing_but_its_highest_is_met() -> None:
    stands = Standing().after(brought(5, 9, 7), NOON)
    assert (stands.settled, stands.highest, stands.met_at, stands.read_at) == (BEGINNING, 9, NOON, NOON)


def test_what_was_met_is_settled_when_it_is_read_over_again_after_the_overlap() -> None:
    first = Standing().after(brought(9), NOON)
    soon = first.after(brought(9, 12), NOON + OVERLAP - timedelta(seconds=1))
    assert (soon.settled, soon.highest, soon.met_at) == (BEGINNING, 9, NOON)
    late = soon.after(brought(9, 12), NOON + OVERLAP)
    assert (late.settled, late.highest, late.met_at) == (9, 12, NOON + OVERLAP)
    assert late.after(brought(12), NOON + 2 * OVERLAP).settled == 12


def test_a_long_reading_is_settled_but_for_its_end() -> None:
    stands = Standing().after(brought(*range(10, 10 + READ_AGAIN + 300)), NOON)
    assert stands.settled == 10 + READ_AGAIN + 300 - 1 - READ_AGAIN
    assert Standing().after(brought(*range(10, 10 + READ_AGAIN)), NOON).settled == BEGINNING


def test_an_idle_reading_moves_only_its_time() -> None:
    stands = Standing().after(brought(9), NOON).after(brought(9), NOON + OVERLAP)
    idle = stands.after(brought(9), NOON + 5 * OVERLAP)
    assert (idle.settled, idle.highest, idle.read_at) == (9, 9, NOON + 5 * OVERLAP)


@given(st.lists(st.tuples(st.lists(st.integers(2, 10**9)), st.integers(-60, 10_000)), max_size=8))
def test_it_never_falls_back_and_never_runs_ahead(steps: list[tuple[list[int], int]]) -> None:
    stands, now, seen = Standing(), NOON, BEGINNING
    for versions, minutes in steps:
        now += timedelta(minutes=minutes)
        after = stands.after(brought(*sorted(versions)), now)
        seen = max(seen, *versions, BEGINNING)
        assert stands.settled <= after.settled <= seen
        assert stands.highest <= after.highest <= seen
        stands = after


def test_after_two_months_neither_deletions_nor_rows_of_a_log_can_be_relied_on() -> None:
    stands = Standing().after(brought(9), NOON)
    just, over = NOON + KEPT_FOR, NOON + KEPT_FOR + timedelta(seconds=1)
    assert not stands.is_too_old(just)
    assert stands.is_too_old(over)
    assert not stands.has_expired(just)
    assert stands.has_expired(over)
    assert not Standing().is_too_old(over)
    assert Standing().has_expired(NOON)


def test_it_comes_back_from_the_checkpoint_as_it_was() -> None:
    stands = replace(Standing().after(brought(9), NOON), moved_at="2026-01-01T00:00:00+00:00")
    assert Standing.from_json(stands.as_json()) == stands
    assert Standing.from_json(Standing().as_json()) == Standing()


@pytest.mark.parametrize(
    "state", [None, [], "x", {}, {"settled": "x"}, Standing().as_json() | {"met_at": "yesterday"}]
)
def test_an_unreadable_one_is_none(state: object) -> None:
    assert Standing.from_json(state) is None
