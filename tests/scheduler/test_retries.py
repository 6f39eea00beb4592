"""Retries: soon, then ever later, and never while one is under way."""

from datetime import timedelta

from exact_sync.scheduler.retries import Retries
from tests.deployment import START

PLACE = (7, "items")


def test_the_wait_grows_with_each_failure_up_to_a_quarter_of_an_hour() -> None:
    retries, now, waits = Retries(), START, []
    for _ in range(8):
        retries.put_off(PLACE, now)
        waited = timedelta(0)
        while not retries.due(now + waited):
            assert retries.waits(PLACE, now + waited)
            waited += timedelta(seconds=15)
        waits.append(waited.total_seconds())
        retries.begins(PLACE)
        now += waited
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900]


def test_what_can_be_tried_as_soon_as_trouble_is_over_waits_from_the_second_time_on() -> None:
    retries = Retries()
    retries.put_off(PLACE, START, at_once=True)
    assert retries.due(START) == [PLACE]
    retries.begins(PLACE)
    assert retries.due(START + timedelta(days=1)) == []
    retries.put_off(PLACE, START, at_once=True)
    assert retries.due(START) == []
    assert retries.due(START + timedelta(seconds=30)) == [PLACE]


def test_a_known_moment_stands_above_the_growing_wait() -> None:
    retries, reset = Retries(), START + timedelta(hours=5)
    retries.put_off(PLACE, START, until=reset)
    assert retries.due(reset - timedelta(seconds=1)) == []
    assert retries.due(reset) == [PLACE]


def test_what_went_well_begins_anew() -> None:
    retries = Retries()
    for _ in range(5):
        retries.put_off(PLACE, START)
    retries.forget(PLACE)
    assert not retries.waits(PLACE, START)
    retries.begins(PLACE)
    assert retries.due(START + timedelta(days=1)) == []
    retries.put_off(PLACE, START)
    assert retries.due(START + timedelta(seconds=15)) == [PLACE]
