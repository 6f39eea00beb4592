"""What a first load may use of the calls, and when it lets others go first."""

import threading
from datetime import timedelta

import pytest

from exact_sync.errors import BackfillSpent, BudgetSpent, GivesWay
from exact_sync.exact.budget import Budget
from tests.deployment import START, SharedClock
from tests.exact.budgets import DAY, ENDPOINT, MIDNIGHT, budget, day, minute
from tests.exact.scripted import epoch_ms


def for_first_loads(clock: SharedClock, **options: object) -> Budget:
    """The budget while a first load calls, with nobody waiting."""
    known = budget(clock, **options)
    known.gives_way = lambda: False
    return known


def test_a_first_load_leaves_what_small_reads_need_until_the_day_ends(clock: SharedClock) -> None:
    """At noon, with 10 calls an hour: 120, and the tenth for people."""
    known = for_first_loads(clock, calls_an_hour=10.0)
    known.heard(day(621))
    known.before_call(ENDPOINT)
    known.heard(day(620))
    with pytest.raises(BackfillSpent, match="the 620 calls that are left until 2026-06-26") as caught:
        known.before_call(ENDPOINT)
    assert caught.value.until == MIDNIGHT
    known.gives_way = None
    known.before_call(ENDPOINT)
    clock.advance(hours=11)
    known.gives_way = lambda: False
    known.before_call(ENDPOINT)


def test_small_reads_never_get_all_so_that_first_loads_end_some_day(clock: SharedClock) -> None:
    known = for_first_loads(clock, calls_an_hour=1000.0)
    known.heard(day(4101))  # 500 for people, 3,600 for small reads
    known.before_call(ENDPOINT)
    known.heard(day(4100))
    with pytest.raises(BackfillSpent):
        known.before_call(ENDPOINT)


def test_a_list_of_many_pages_begins_only_where_all_of_it_fits(clock: SharedClock) -> None:
    known = budget(clock)
    known.check_room(100)
    known.heard(day(601))
    known.check_room(100)
    with pytest.raises(BackfillSpent):
        known.check_room(101)


def test_a_429_that_tells_only_the_reset_tells_nothing_of_what_fits(clock: SharedClock) -> None:
    known = budget(clock)
    with pytest.raises(BudgetSpent):
        known.limited({f"{DAY}Reset": epoch_ms(MIDNIGHT)})
    known.check_room(100)


def test_a_list_that_fits_into_no_day_begins_with_a_fresh_one(clock: SharedClock) -> None:
    known = budget(clock)
    known.heard(day(4999))
    known.check_room(100_000)
    known.heard(day(2000))
    with pytest.raises(BackfillSpent):
        known.check_room(100_000)


def test_a_first_load_gives_way_instead_of_waiting_for_the_minute(clock: SharedClock) -> None:
    known = budget(clock)
    known.heard(minute(0))
    known.gives_way = lambda: True
    with pytest.raises(GivesWay) as caught:
        known.before_call(ENDPOINT)
    assert caught.value.until == START + timedelta(seconds=40)
    assert (clock.slept, known.calls) == ([], 0)
    known.gives_way = lambda: False
    known.before_call(ENDPOINT)
    assert clock.slept == [40.5]


def test_only_the_thread_that_loads_gives_way(clock: SharedClock) -> None:
    known = budget(clock, calls_an_hour=10.0)
    known.heard(day(600))
    known.gives_way = lambda: True
    other = threading.Thread(target=known.before_call, args=(ENDPOINT,))
    other.start()
    other.join()
    assert known.calls == 1
    with pytest.raises(BackfillSpent):
        known.before_call(ENDPOINT)
