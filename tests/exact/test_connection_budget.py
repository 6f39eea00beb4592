"""The calls that all divisions may make together."""

from datetime import date, timedelta

import pytest

from exact_sync.errors import BackfillSpent, BudgetSpent
from exact_sync.exact.connection_budget import AT_ONCE, ConnectionBudget
from tests.deployment import START, SharedClock


class Ledger:
    """Where all processes count."""

    def __init__(self) -> None:
        self.taken: dict[date, int] = {}
        self.asked = 0

    def take(self, day: date, wanted: int, limit: int) -> tuple[int, int]:
        self.asked += 1
        used = self.taken.get(day, 0)
        granted = max(0, min(wanted, limit - used))
        self.taken[day] = used + granted
        return granted, used + granted


def budget(ledger: Ledger, clock: SharedClock, limit: int = 100, need: float = 0.0) -> ConnectionBudget:
    return ConnectionBudget(limit, clock, ledger.take, day_reserve=0.1, calls_an_hour=lambda: need)


def use(known: ConnectionBudget, calls: int) -> None:
    for _ in range(calls):
        known.take(is_backfill=False)


def test_two_processes_together_make_no_more_calls_than_the_limit_less_the_reserve(
    clock: SharedClock,
) -> None:
    ledger = Ledger()
    one, other = budget(ledger, clock), budget(ledger, clock)
    for known in [one, other] * 40:
        known.take(is_backfill=False)
    use(one, 10)
    for known in (one, other):
        with pytest.raises(BudgetSpent, match="90 calls that all divisions together") as caught:
            use(known, 11)
        assert caught.value.until == START.replace(hour=0) + timedelta(days=1)
    assert ledger.taken == {START.date(): 90}


def test_calls_are_taken_from_the_database_a_few_at_a_time(clock: SharedClock) -> None:
    ledger = Ledger()
    use(budget(ledger, clock), AT_ONCE)
    assert ledger.asked == 1


def test_the_next_day_begins_anew_and_what_was_in_hand_is_gone(clock: SharedClock) -> None:
    ledger = Ledger()
    known = budget(ledger, clock)
    use(known, 1)
    clock.advance(days=1)
    use(known, 1)
    assert ledger.taken == {START.date(): AT_ONCE, START.date() + timedelta(days=1): AT_ONCE}


def test_what_was_not_needed_is_given_back_once(clock: SharedClock) -> None:
    known = budget(Ledger(), clock)
    assert known.rest() is None
    use(known, 3)
    assert known.rest() == (START.date(), AT_ONCE - 3)
    assert known.rest() is None


def test_first_loads_leave_what_the_small_reads_of_all_divisions_need(clock: SharedClock) -> None:
    """At noon, with four calls an hour: 48 of 90."""
    known = budget(Ledger(), clock, need=4.0)
    for _ in range(42):
        known.take(is_backfill=True)
    with pytest.raises(BackfillSpent, match="48 calls"):
        known.take(is_backfill=True)
    use(known, 48)
    with pytest.raises(BudgetSpent):
        known.take(is_backfill=False)
