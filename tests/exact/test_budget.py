"""Exact's limits: waited out, never overdrawn, whatever its headers say."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact_sync.errors import BudgetSpent, ExactAway, Refused
from exact_sync.exact.breaker import ERRORS_AN_HOUR, ERRORS_WITH_OVERCOME
from exact_sync.exact.budget import Budget
from exact_sync.exact.limit import DAY_BOUND, MINUTE_BOUND, Limit
from tests.deployment import START, SharedClock
from tests.exact.budgets import DAY, ENDPOINT, MIDNIGHT, MINUTE, budget, day, minute
from tests.exact.scripted import epoch_ms


def test_calls_are_made_at_once_while_nothing_is_known(clock: SharedClock) -> None:
    known = budget(clock)
    for _ in range(100):
        known.before_call(ENDPOINT)
    assert clock.slept == []
    assert known.calls == 100


def test_the_last_call_of_a_minute_is_followed_by_a_wait_for_its_reset(clock: SharedClock) -> None:
    known = budget(clock)
    known.heard(minute(1))
    known.before_call(ENDPOINT)
    assert clock.slept == []
    known.heard(minute(0))
    known.before_call(ENDPOINT)
    assert clock.slept == [40.5]


def test_a_reset_hours_away_is_waited_for_a_minute_at_most(clock: SharedClock) -> None:
    known = budget(clock)
    known.heard(minute(0, reset=epoch_ms(START + timedelta(hours=3))))
    known.before_call(ENDPOINT)
    assert clock.slept == [65.5]


def test_a_part_of_the_day_is_left_for_people(clock: SharedClock) -> None:
    known = budget(clock, day_reserve=0.1)
    known.heard(day(501))
    known.before_call(ENDPOINT)
    known.heard(day(500))
    with pytest.raises(BudgetSpent) as caught:
        known.before_call(ENDPOINT)
    assert caught.value.until == MIDNIGHT
    assert caught.value.exit_code == 4
    assert known.calls == 1
    clock.advance(hours=12, seconds=1)
    known.before_call(ENDPOINT)


def test_limits_come_from_the_headers_and_not_from_us(clock: SharedClock) -> None:
    known = budget(clock)
    known.heard(minute(3, limit=100) | day(8000, limit=9000))
    assert (known.minute.limit, known.minute.remaining, known.day.limit, known.day.remaining) == (
        100,
        3,
        9000,
        8000,
    )


def test_an_answer_with_one_set_of_headers_leaves_the_other_figures_alone(clock: SharedClock) -> None:
    known = budget(clock)
    known.heard(minute(30) | day(4000))
    known.heard(minute(29))
    assert (known.minute.remaining, known.day.remaining) == (29, 4000)
    known.heard({f"{MINUTE}Remaining": "28"})
    known.heard({})
    assert (known.minute.limit, known.minute.remaining, known.day.remaining) == (60, 28, 4000)


def test_after_a_429_by_the_minute_nothing_is_called_before_its_reset(clock: SharedClock) -> None:
    known = budget(clock)
    known.heard(day(4000))
    refused = minute(0)
    known.heard(refused)
    known.limited(refused)
    known.before_call(ENDPOINT)
    assert clock.now() >= START + timedelta(seconds=40)
    assert clock.slept == [40.5]
    assert known.day.remaining == 4000


@pytest.mark.parametrize(
    ("headers", "until"),
    [
        (day(0), MIDNIGHT),
        ({}, MIDNIGHT),
        (day(0, reset="soon"), MIDNIGHT),
        (day(0, reset="-5"), MIDNIGHT),
        (day(0, reset=epoch_ms(START + timedelta(hours=5))), START + timedelta(hours=5)),
        (day(0, reset="1782406800"), datetime(2026, 6, 25, 17, tzinfo=UTC)),
        (day(0, reset=epoch_ms(START - timedelta(hours=5))), START + timedelta(minutes=15)),
        (day(0, reset=epoch_ms(START)), START + timedelta(minutes=15)),
        (day(0, reset=epoch_ms(START + timedelta(days=40))), MIDNIGHT),
        (day(0, reset=epoch_ms(START - timedelta(days=40))), MIDNIGHT),
        (day(0, reset="99999999999999999999"), MIDNIGHT),
        (day(0, reset=epoch_ms(START + timedelta(hours=30))), MIDNIGHT),
        (day(0) | minute(30), MIDNIGHT),
        (day(0) | {"Retry-After": "20"}, MIDNIGHT),
        (day(3000), MIDNIGHT),
        ({f"{DAY}Remaining": "0"}, MIDNIGHT),
        ({f"{DAY}Reset": epoch_ms(START + timedelta(hours=5))}, START + timedelta(hours=5)),
        ({"Retry-After": "7200"}, START + timedelta(hours=2)),
    ],
)
def test_a_429_by_the_day_parks_the_division(
    clock: SharedClock, headers: dict[str, str], until: datetime
) -> None:
    known = budget(clock)
    known.heard(headers)
    with pytest.raises(BudgetSpent) as caught:
        known.limited(headers)
    assert caught.value.until == until
    with pytest.raises(BudgetSpent):
        known.before_call(ENDPOINT)
    assert known.calls == 0
    clock.advance(seconds=(until - START).total_seconds())
    known.before_call(ENDPOINT)
    assert clock.slept == []


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        (minute(0), 40),
        (minute(0, reset="30"), 30),
        (minute(0, reset="1782388830"), 30),
        (minute(0, reset="soon"), 60),
        (minute(0, reset="-30"), 60),
        (minute(0, reset="86400"), 60),
        (minute(0, reset=epoch_ms(START + timedelta(hours=3))), 60),
        (minute(0, reset=epoch_ms(START - timedelta(hours=3))), 1),
        (minute(0, reset=epoch_ms(START)), 1),
        (minute(0) | day(4000), 40),
        (minute(0) | {"Retry-After": "7200"}, 40),
        ({f"{MINUTE}Reset": epoch_ms(START + timedelta(seconds=40))}, 40),
        ({"Retry-After": "20"}, 20),
        ({f"{MINUTE}Remaining": "0"}, 60),
        ({f"{MINUTE}Remaining": "0", "Retry-After": "20"}, 20),
    ],
)
def test_a_429_by_the_minute_is_waited_out_within_bounds(
    clock: SharedClock, headers: dict[str, str], wait: float
) -> None:
    known = budget(clock)
    known.heard(headers)
    known.limited(headers)
    known.before_call(ENDPOINT)
    assert clock.slept == [wait + 0.5]


NUMBERS = st.none() | st.text(max_size=5) | st.integers(-(10**20), 10**20).map(str)


NAMES = [f"{prefix}{name}" for prefix in (MINUTE, DAY) for name in ("Limit", "Remaining", "Reset")]


@given(st.dictionaries(st.sampled_from([*NAMES, "Retry-After", "Date"]), NUMBERS.filter(bool)), st.booleans())
def test_no_header_makes_a_wait_negative_or_endless(headers: dict[str, str], refused: bool) -> None:
    clock = SharedClock()
    known = budget(clock)
    known.heard(headers)
    try:
        if refused:
            known.limited(headers)
        known.before_call(ENDPOINT)
    except BudgetSpent as error:
        spent = error.until
    else:
        spent = MIDNIGHT
    assert spent is not None
    assert START < spent <= START + DAY_BOUND
    assert all(0 < wait <= MINUTE_BOUND.total_seconds() + 2 for wait in clock.slept)
    assert len(clock.slept) <= 2


def test_exacts_clock_counts_and_not_ours(clock: SharedClock) -> None:
    """Ours is a day off; the reset is 40 seconds after the moment that the answer names."""
    known = budget(clock)
    theirs = START - timedelta(days=1)
    known.limited(
        minute(0, reset=epoch_ms(theirs + timedelta(seconds=40))) | {"Date": "Wed, 24 Jun 2026 12:00:00 GMT"}
    )
    known.before_call(ENDPOINT)
    assert clock.slept == [40.5]


def test_errors_on_one_endpoint_stop_it_well_before_ten_an_hour(clock: SharedClock) -> None:
    known = budget(clock)
    for _ in range(ERRORS_AN_HOUR):
        known.before_call(ENDPOINT)
        known.breaker.failed(ENDPOINT, "HTTP 400")
        clock.advance(minutes=5)
    with pytest.raises(Refused):
        known.before_call(ENDPOINT)
    known.before_call("crm/Contacts")
    clock.advance(minutes=36)
    known.before_call(ENDPOINT)
    assert ERRORS_AN_HOUR < 10


def test_the_next_process_knows_what_this_one_learned(clock: SharedClock) -> None:
    first = budget(clock)
    first.heard(minute(0) | day(4000))
    first.limited(minute(0))
    for _ in range(ERRORS_AN_HOUR):
        first.breaker.failed("crm/Contacts", "HTTP 400")
    second = budget(clock, state=first.as_json())
    assert second.as_json() == first.as_json()
    assert (second.day, second.minute.limit) == (Limit(5000, 4000, MIDNIGHT), 60)
    with pytest.raises(Refused):
        second.before_call("crm/Contacts")
    second.before_call(ENDPOINT)
    assert clock.slept == [40.5]


@pytest.mark.parametrize("here", [10, 30, None])
def test_of_two_resets_that_are_known_the_later_one_counts(clock: SharedClock, here: int | None) -> None:
    """One that could not be stored, and one that another process met."""

    def parked(minutes: int) -> Budget:
        return budget(clock, state={"parked_until": (START + timedelta(minutes=minutes)).isoformat()})

    known = parked(here) if here else budget(clock)
    known.stay_parked(parked(40 - here if here else 30))
    assert known.parked_until == START + timedelta(minutes=30)


def test_nothing_is_waited_for_that_a_clock_set_back_put_a_day_ahead() -> None:
    clock = SharedClock(START)
    known = budget(clock)
    known.before_call(ENDPOINT)
    known.heard(minute(0) | day(0))
    known.limited(minute(49))
    clock.advance(days=-2)
    for _ in range(5):
        known.before_call(ENDPOINT)
    assert clock.slept == []


def test_a_minute_is_not_waited_for_by_the_hours_that_a_clock_was_set_back(clock: SharedClock) -> None:
    known = budget(clock)
    known.limited(minute(0))
    clock.advance(hours=-2)
    budget(clock, state=known.as_json()).before_call(ENDPOINT)
    assert clock.slept == []


def test_the_breaker_says_what_exact_said_also_to_the_next_process(clock: SharedClock) -> None:
    first = budget(clock)
    for _ in range(ERRORS_AN_HOUR):
        first.breaker.failed(ENDPOINT, "HTTP 400: no property Nonsense")
    for known in (first, budget(clock, state=first.as_json())):
        with pytest.raises(Refused, match="last with: HTTP 400: no property Nonsense") as caught:
            known.before_call(ENDPOINT)
        assert "13:00 UTC" in caught.value.hint
        known.before_call("crm/Contacts")
    clock.advance(hours=1)
    first.before_call(ENDPOINT)


def test_refused_tokens_whose_successor_was_taken_are_nothing_to_mend(clock: SharedClock) -> None:
    """Exact counts them all the same."""
    first = budget(clock)
    for _ in range(ERRORS_WITH_OVERCOME):
        first.before_call(ENDPOINT)
        first.breaker.overcome(ENDPOINT)
        clock.advance(minutes=5)
    for known in (first, budget(clock, state=first.as_json())):
        with pytest.raises(ExactAway, match="refused the access token 9 times") as caught:
            known.before_call(ENDPOINT)
        assert caught.value.until == START + timedelta(hours=1)
        known.before_call("crm/Contacts")
    clock.advance(minutes=16)
    first.before_call(ENDPOINT)
    assert ERRORS_WITH_OVERCOME < 10
