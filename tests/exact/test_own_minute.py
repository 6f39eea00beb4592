"""Our own idea of the minute, where Exact refused although calls were left."""

from exact_sync.exact.budget import Budget
from tests.deployment import SharedClock
from tests.exact.budgets import ENDPOINT, budget, minute


def test_a_429_although_calls_were_left_shrinks_our_own_idea_of_the_minute(clock: SharedClock) -> None:
    known = budget(clock)
    lied_to(known, calls=41)
    clock.advance(seconds=65)
    for _ in range(40):
        known.before_call(ENDPOINT)
    assert clock.slept == []
    known.before_call(ENDPOINT)
    assert clock.slept == [60.5]
    assert budget(clock, state=known.as_json()).as_json()["cap"] == 40
    clock.advance(seconds=65)
    lied_to(known, calls=35)
    assert most_in_a_minute(known, clock) == 34


def test_the_minute_shrinks_from_what_exact_states(clock: SharedClock) -> None:
    known = budget(clock)
    for _ in range(81):
        known.before_call(ENDPOINT)
    known.heard(minute(19, limit=100))
    known.limited(minute(19, limit=100))
    clock.advance(seconds=65)
    for _ in range(81):
        known.before_call(ENDPOINT)
    assert clock.slept == [60.5]


def lied_to(known: Budget, calls: int) -> None:
    """So many calls, and a 429 although 49 are left."""
    for _ in range(calls):
        known.before_call(ENDPOINT)
    known.heard(minute(49))
    known.limited(minute(49))


def most_in_a_minute(known: Budget, clock: SharedClock) -> int:
    clock.advance(seconds=65)
    clock.slept.clear()
    for number in range(60):
        known.before_call(ENDPOINT)
        if clock.slept:
            return number
    return 60


def test_a_429_that_was_not_for_our_pace_slows_nothing_down(clock: SharedClock) -> None:
    known = budget(clock)
    lied_to(known, calls=1)
    assert most_in_a_minute(known, clock) == 60
    known.heard(minute(0))
    known.limited(minute(0))
    assert most_in_a_minute(known, clock) == 60, "that one was deserved"


def test_the_minute_grows_again_with_each_hour_without_such_a_429(clock: SharedClock) -> None:
    known = budget(clock)
    lied_to(known, calls=51)
    assert most_in_a_minute(known, clock) == 50
    for hours, most in ((1, 51), (3, 54), (4, 58), (2, 60), (500, 60)):
        clock.advance(hours=hours)
        known = budget(clock, state=known.as_json())
        assert most_in_a_minute(known, clock) == most


def test_a_minute_never_shrinks_below_half_of_what_exact_states(clock: SharedClock) -> None:
    known = budget(clock)
    for calls in range(60, 0, -1):
        lied_to(known, calls)
        clock.advance(seconds=65)
    assert most_in_a_minute(known, clock) == 30
    before = budget(clock, state=known.as_json() | {"cap": 5, "capped_at": None})
    assert most_in_a_minute(before, clock) == 30, "as an earlier version left it"


def test_a_minute_never_shrinks_to_nothing(clock: SharedClock) -> None:
    """Whatever Exact states: then nothing could be asked at all."""
    known = budget(clock)
    known.before_call(ENDPOINT)
    known.heard(minute(49, limit=1))
    known.limited(minute(49, limit=1))
    clock.advance(seconds=65)
    known.before_call(ENDPOINT)
    assert known.calls == 2
