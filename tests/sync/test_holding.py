"""Pages are held for a moment, so that several are written at once; how many, is bounded three times."""

import uuid

import pytest

from exact_sync.store.lines import Lines
from exact_sync.sync.holding import LONGEST, MOST_ROWS, Held, Holding
from exact_sync.sync.rows import Batch
from tests.deployment import SharedClock


def page(rows: int = 60) -> Held:
    return Held(Batch(lines=Lines(("id",), b"", rows), keys=[""] * rows), None, {})


def written(clock: SharedClock, pages: int, rows: int = 60, seconds: float = 0.0) -> list[int]:
    """How many pages are written at once, while so many come."""
    holding, sizes = Holding(clock), []
    for _ in range(pages):
        holding.add(page(rows))
        clock.advance(seconds=seconds)
        if holding.is_full:
            sizes.append(len(holding.take()))
    return sizes


def test_the_first_page_is_written_at_once_and_then_twice_as_many_each_time(clock: SharedClock) -> None:
    assert written(clock, 65) == [1, 2, 4, 8, 16, 17, 17]


@pytest.mark.parametrize(("rows", "pages"), [(1000, 3), (MOST_ROWS, 1), (MOST_ROWS // 4, 4)])
def test_large_pages_are_not_piled_up(clock: SharedClock, rows: int, pages: int) -> None:
    assert max(written(clock, 60, rows)) == pages


def test_no_page_is_held_for_long(clock: SharedClock) -> None:
    assert max(written(clock, 60, seconds=LONGEST / 3)) == 3


def test_rows_that_are_here_already_count_too(clock: SharedClock) -> None:
    holding = Holding(clock)
    holding.add(Held(Batch(), None, {}))
    holding.take()
    holding.add(Held(Batch(keys=[""] * MOST_ROWS), None, {}))
    assert holding.is_full


def test_it_tells_whether_a_key_is_among_what_is_held(clock: SharedClock) -> None:
    holding, guid = Holding(clock), uuid.uuid4()
    holding.add(Held(Batch(keys=["a"]), None, {}))
    holding.add(Held(Batch(keys=[guid]), None, {}))
    assert holding.brings({"a", "b"})
    assert holding.brings({str(guid)})
    assert not holding.brings({"b"})
    holding.take()
    assert not holding.brings({"a"})
