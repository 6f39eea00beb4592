"""When each resource is due."""

from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from hypothesis import given
from hypothesis import strategies as st

from exact_sync.catalog import RESOURCES
from exact_sync.config import Settings
from exact_sync.errors import BadConfiguration
from exact_sync.scheduler.plan import Schedule, schedules, shown

THURSDAY = datetime(2026, 6, 25, 12, tzinfo=UTC)
HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)


def cron(expression: str) -> Schedule:
    return Schedule(RESOURCES["items"], HOUR, expression)


def test_snapshots_and_the_rest_have_intervals_of_their_own() -> None:
    plan = schedules(list(RESOURCES.values()), QUARTER, HOUR, {})
    assert plan["items"].every == plan["financial_transactions"].every == QUARTER
    assert plan["gl_accounts"].every == plan["divisions"].every == HOUR
    assert set(plan) == set(RESOURCES)


def test_a_resource_keeps_to_its_own_schedule() -> None:
    chosen = {"items": (QUARTER, None), "contacts": (None, "15 6 * * *"), "journals": (QUARTER, "0 0 * * *")}
    plan = schedules(list(RESOURCES.values()), HOUR, HOUR, chosen)
    assert (plan["items"].every, plan["items"].cron) == (QUARTER, None)
    assert plan["contacts"].cron == "15 6 * * *"
    assert (plan["journals"].every, plan["journals"].cron) == (QUARTER, None)


def test_what_never_worked_is_due_at_once() -> None:
    assert Schedule(RESOURCES["items"], HOUR).next_due(None, THURSDAY) == THURSDAY
    assert cron("0 0 * * *").next_due(None, THURSDAY) == THURSDAY


def test_what_worked_is_due_an_interval_later_even_if_that_is_past() -> None:
    due = Schedule(RESOURCES["items"], HOUR).next_due(THURSDAY - timedelta(days=3), THURSDAY)
    assert due == THURSDAY - timedelta(days=3) + HOUR


@pytest.mark.parametrize(
    ("expression", "after", "due"),
    [
        ("15 6 * * *", THURSDAY, datetime(2026, 6, 26, 6, 15, tzinfo=UTC)),
        ("*/20 * * * *", THURSDAY, THURSDAY + timedelta(minutes=20)),
        ("*/20 * * * *", THURSDAY + timedelta(minutes=1), THURSDAY + timedelta(minutes=20)),
        ("0 0 1 * *", THURSDAY, datetime(2026, 7, 1, tzinfo=UTC)),
        ("0 0 29 2 *", THURSDAY, datetime(2028, 2, 29, tzinfo=UTC)),
    ],
)
def test_a_cron_expression_is_due_at_its_next_time_in_utc(
    expression: str, after: datetime, due: datetime
) -> None:
    assert cron(expression).next_due(after, after) == due


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("0", "Sun"),
        ("7", "Sun"),
        ("1", "Mon"),
        ("6", "Sat"),
        ("1-5", "Mon Tue Wed Thu Fri"),
        ("0-2", "Mon Tue Sun"),
        ("5-7", "Fri Sat Sun"),
        ("0,3", "Wed Sun"),
        ("*/2", "Tue Thu Sat Sun"),
        ("1-5/2", "Mon Wed Fri"),
        ("mon-fri", "Mon Tue Wed Thu Fri"),
        ("sun", "Sun"),
        ("*", "Mon Tue Wed Thu Fri Sat Sun"),
    ],
)
def test_days_of_the_week_are_counted_as_cron_counts_them(days: str, expected: str) -> None:
    """From Sunday; the scheduler's own library counts from Monday."""
    schedule, moment, found = cron(f"30 4 * * {days}"), datetime(2026, 6, 21, 23, tzinfo=UTC), set()
    for _ in range(7):
        moment = schedule.next_due(moment, moment)
        found.add(f"{moment:%a}")
    assert found == set(expected.split())


@pytest.mark.parametrize(
    ("expression", "days"),
    [
        ("0 6 1,15 * 1", [29, 1, 6, 13, 15, 20]),
        ("0 6 1,15 * mon", [29, 1, 6, 13, 15, 20]),
        ("0 6 1,15 * 0,7", [28, 1, 5, 12, 15, 19]),
        ("0 6 1,15 * *", [1, 15, 1, 15, 1, 15]),
        ("0 6 * * 1", [29, 6, 13, 20, 27, 3]),
        ("0 6 31 6 1", [29, 7, 14, 21, 28, 5]),
    ],
)
def test_days_of_the_month_and_of_the_week_are_taken_together_as_cron_takes_them(
    expression: str, days: list[int]
) -> None:
    """From Thursday, 25 June; in June there is no 31st."""
    schedule, moment, found = cron(expression), THURSDAY, []
    for _ in days:
        moment = schedule.next_due(moment, moment)
        found.append(moment.day)
    assert found == days


@pytest.mark.parametrize(
    ("expression", "day"), [("0 6 */2 * 2", 7), ("0 6 8,9 * */3", 8), ("0 6 8,9 * *", 8)]
)
def test_every_second_day_is_no_restriction_for_cron(expression: str, day: int) -> None:
    """A field that begins with an asterisk: then both must hold. The 8th of July is a Wednesday."""
    due = cron(expression).next_due(THURSDAY, THURSDAY)
    assert due == datetime(2026, 7, day, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "x",
        "60 * * * *",
        "* 24 * * *",
        "* * * *",
        "* * * * * *",
        "0 0 * * 8",
        "0 0 * * x",
        "0 0 32 * 1",
        "0 0 1 * x",
        "0 0 30 2 *",
        "0 0 * * 5-1",
    ],
)
def test_what_is_no_cron_expression_is_refused_and_named(expression: str) -> None:
    with pytest.raises(BadConfiguration, match=r"setting resources\.items\.cron") as caught:
        schedules([RESOURCES["items"]], HOUR, HOUR, {"items": (None, expression)})
    assert caught.value.exit_code == 2


def test_jobs_do_not_all_start_at_the_same_moment() -> None:
    for every, jitter in (
        (timedelta(days=1), 60.0),
        (timedelta(minutes=5), 30.0),
        (timedelta(seconds=5), None),
    ):
        trigger = Schedule(RESOURCES["items"], every).trigger()
        assert isinstance(trigger, IntervalTrigger)
        assert (trigger.interval, trigger.jitter) == (every, jitter)
    assert isinstance(cron("15 6 * * *").trigger(), CronTrigger)


@given(st.integers(1, 3660), st.sampled_from("smhd"))
def test_a_duration_is_shown_as_settings_write_it(number: int, unit: str) -> None:
    duration = Settings(interval=f"{number}{unit}").interval
    assert Settings(interval=shown(duration)).interval == duration
    assert str(Schedule(RESOURCES["items"], duration)) == f"every {shown(duration)}"


def test_a_cron_schedule_is_shown_as_it_was_written() -> None:
    assert str(cron("15 6 * * 1-5")) == "cron 15 6 * * 1-5"
