"""Exact's limits by the minute and by the day: F10, F11, F12, F13."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from exact_sync.simulator import Simulator
from exact_sync.sync.once import exit_code
from tests.deployment import DIVISION, TINY, Deployment, SharedClock
from tests.facts import OTHER, division_line, found_other, only, restart, sql

SMALL = ("journals", "item_groups", "gl_accounts", "items", "contacts", "customers")
MIDNIGHT = datetime(2026, 6, 26, tzinfo=UTC)


def refused(deployment: Deployment) -> int:
    return sum(call.status == 429 for call in deployment.simulator.stats.calls())


def test_a_minute_that_is_used_up_is_waited_out_without_ever_being_refused(deployment: Deployment) -> None:
    """F10, from the headers alone."""
    deployment.simulator.limits.minute_limit = 3
    deployment.sync_well(*SMALL)
    assert refused(deployment) == 0
    assert sum(deployment.clock.slept) > 60
    assert deployment.differences(*SMALL) == []
    assert deployment.violations() == {}


def test_a_refusal_by_the_minute_is_waited_out(deployment: Deployment) -> None:
    """F10: no call before the reset, and then the same page."""
    deployment.simulator.faults.add("minute_429", path="/Accounts", division=DIVISION)
    begun = deployment.clock.now()
    deployment.sync_well("customers")
    assert deployment.clock.now() >= begun + timedelta(minutes=1)
    assert deployment.differences("customers") == []
    assert deployment.violations() == {}


@pytest.mark.parametrize("reset", ["absent", "absurd", "negative", "seconds", "0", "3600", "rubbish"])
def test_whatever_the_minutes_reset_says_the_wait_is_bounded(deployment: Deployment, reset: str) -> None:
    """F13: at most 65 s (and our jitter), never negative, and not a storm of calls either."""
    deployment.simulator.faults.add("minute_429", path="/Accounts", reset=reset, times=2)
    deployment.sync_well("customers")
    assert len(deployment.clock.slept) == 2
    assert all(1 <= seconds <= 68 for seconds in deployment.clock.slept)
    assert deployment.differences("customers") == []


@pytest.mark.parametrize("retry_after", ["7", "0", "-5", "99999999999999999999", "soon"])
def test_a_retry_after_is_only_believed_within_bounds(deployment: Deployment, retry_after: str) -> None:
    """F13, for the minute: with a reset that is absent, Retry-After decides."""
    deployment.simulator.faults.add("minute_429", path="/Accounts", reset="absent", retry_after=retry_after)
    deployment.sync_well("customers")
    assert len(deployment.clock.slept) == 1
    assert 1 <= deployment.clock.slept[0] <= 68


def test_a_minute_that_never_ends_is_given_up_and_the_days_figures_are_kept(deployment: Deployment) -> None:
    """F10 without an end: exit 4 after a handful of calls; a 429 with only the minute's headers
    leaves what we know of the day."""
    deployment.sync_well("divisions")
    known = division_line(deployment).day_left
    deployment.simulator.faults.add("minute_429", path="/Accounts", times=None)
    deployment.simulator.stats.reset()
    assert exit_code(deployment.sync("customers")) == 4
    assert deployment.calls() <= 7
    assert division_line(deployment).day_left == known
    assert known == 4999
    deployment.simulator.faults.clear()
    deployment.sync_well("customers")
    assert deployment.differences("customers") == []
    assert deployment.violations() == {}


def test_a_minute_that_is_waited_out_is_known_to_whoever_comes_next(deployment: Deployment) -> None:
    """F10, F01: also where this process is killed while it waits."""
    deployment.sync_well("divisions")
    parked = []
    known = f"SELECT budget ->> 'parked_until' FROM exact_sync.division WHERE division = {DIVISION}"
    deployment.clock.wakes = lambda: parked.append(sql(deployment, known)[0][0])
    deployment.simulator.faults.add("minute_429", path="/Accounts", division=DIVISION)
    deployment.sync_well("customers")
    assert parked
    assert None not in parked


@pytest.mark.parametrize("kind", ["day_429", "bare_429"])
def test_a_division_whose_day_is_used_up_is_parked_and_the_others_go_on(
    deployment: Deployment, kind: str
) -> None:
    """F11, also across processes: no call before the reset, then it catches up."""
    found_other(deployment)
    deployment.simulator.faults.add(kind, path="CRM/", division=DIVISION)
    outcomes = deployment.sync("customers", "contacts")
    assert exit_code(outcomes) == 4
    assert only(outcomes, "customers").until == MIDNIGHT
    assert only(outcomes, "contacts").status == "skipped"
    assert only(outcomes, "customers", OTHER).status == "ok"
    assert only(outcomes, "contacts", OTHER).status == "ok"

    restart(deployment)
    deployment.clock.theirs.set(MIDNIGHT - timedelta(minutes=2))
    deployment.simulator.stats.reset()
    assert exit_code(deployment.sync("customers", "contacts")) == 4
    assert deployment.simulator.stats.calls(DIVISION) == []
    assert division_line(deployment).parked_until is not None

    deployment.clock.theirs.set(MIDNIGHT)
    deployment.sync_well("customers", "contacts")
    assert deployment.differences("customers", "contacts") == []
    assert division_line(deployment).parked_until is None
    assert deployment.violations() == {}


@pytest.mark.parametrize("reset", ["absent", "absurd", "negative", "in 47 hours", "rubbish"])
def test_whatever_the_days_reset_says_the_division_works_again_within_25_hours(
    deployment: Deployment, reset: str
) -> None:
    """F13, for the day."""
    if reset == "in 47 hours":
        reset = str(int((deployment.clock.now() + timedelta(hours=47)).timestamp() * 1000))
    deployment.simulator.faults.add("day_429", path="/Accounts", reset=reset)
    (outcome,) = [o for o in deployment.sync("customers") if o.resource == "customers"]
    assert outcome.exit_code == 4
    assert outcome.until is not None
    assert timedelta() < outcome.until - deployment.clock.now() <= timedelta(hours=25)
    deployment.clock.theirs.set(outcome.until)
    deployment.sync_well("customers")
    assert deployment.differences("customers") == []


def test_a_small_day_is_spread_over_days_and_a_part_of_it_is_left_for_people(
    simulator: Simulator, database_url: str, clock: SharedClock, tmp_path: Path
) -> None:
    """F11 from the headers alone: the reserve is never touched, and every day gets three calls
    further. Where small reads are rare, nothing is left to them."""
    counts = TINY | {"crm/Accounts": 400}
    with Deployment(
        simulator,
        database_url,
        clock,
        tmp_path,
        counts=counts,
        day_reserve=0.5,
        interval="30d",
        snapshot_interval="30d",
    ) as deployment:
        simulator.faults.add("refuse_bulk", times=None)
        deployment.sync_well("divisions")
        simulator.limits.day_limit = 6
        codes = []
        for day in range(1, 8):
            codes.append(exit_code(deployment.sync("customers")))
            assert simulator.limits.used(DIVISION)[1] <= 3
            if codes[-1] == 0:
                break
            restart(deployment)
            clock.theirs.set(MIDNIGHT + timedelta(days=day, hours=-12))
        assert codes == [4, 4, 4, 0]
        assert refused(deployment) == 0
        assert deployment.differences("customers") == []
        assert deployment.violations() == {}


def test_a_limit_that_lies_makes_us_slower(deployment: Deployment) -> None:
    """F12: "49 left", and yet 429."""
    deployment.sync_well(*SMALL)
    deployment.clock.advance(minutes=2)
    deployment.simulator.stats.reset()
    deployment.simulator.limits.minute_limit = 16
    deployment.simulator.faults.add("lying_429", after=8)
    for _ in range(4):
        deployment.sync_well(*SMALL)
    calls = [call.at for call in deployment.simulator.stats.calls(DIVISION)]
    refusal = next(c.at for c in deployment.simulator.stats.calls() if c.status == 429)
    later = [moment for moment in calls if moment > refusal]
    assert len([moment for moment in calls if moment <= refusal]) == 9
    busiest = max(sum(m <= other < m + timedelta(seconds=60) for other in later) for m in later)
    assert busiest == 8
    assert deployment.differences(*SMALL) == []
    assert deployment.violations() == {}
