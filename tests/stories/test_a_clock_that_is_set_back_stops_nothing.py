"""The machine's clock is set back while the daemon runs, or between two of its lives (F25)."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from time import monotonic

import apscheduler.schedulers.base
import apscheduler.triggers.interval
import pytest
from sqlalchemy import update

from exact_sync.outbox_settings import OutboxSettings
from exact_sync.scheduler.daemon import Daemon
from exact_sync.scheduler.plan import Schedule
from exact_sync.scheduler.timetable import Timetable
from exact_sync.store.state import checkpoint
from tests.at_work import AtWork
from tests.deployment import DIVISION, Deployment, SharedClock, Silent
from tests.facts import OTHER, division_line, found_other, only, restart, sql
from tests.processes import until
from tests.target import Reply, a_target

AHEAD = timedelta(hours=2)


def a_clock_that_was_ahead(clock: SharedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is set back; no second passes."""
    passed = clock.monotonic()
    clock.advance(seconds=-AHEAD.total_seconds())
    ahead = passed - clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: clock.now().timestamp() + ahead)


def test_the_daemon_goes_on_where_the_clock_is_set_back_under_it(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In real time: it is APScheduler that would wait."""
    back = [timedelta(0)]

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) - back[0]

    deployment.sync_well()
    for module in (apscheduler.schedulers.base, apscheduler.triggers.interval):
        monkeypatch.setattr(module, "datetime", Shifted)
    crew, heard, beats = deployment.service.crew, Silent(), list[float]()
    monkeypatch.setattr(crew.clock, "now", lambda: Shifted.now(UTC))
    monkeypatch.setattr(crew.clock, "monotonic", monotonic)
    items = replace(deployment.service.schedules()["items"], every=timedelta(seconds=1))
    stop = threading.Event()
    daemon = Daemon(
        crew,
        {"items": items},
        heard,
        lambda: None,
        timedelta(hours=6),
        beat=lambda: beats.append(monotonic()),
    )
    thread = threading.Thread(target=daemon.run, args=[stop])
    thread.start()
    try:
        until(lambda: heard.outcomes, "a reading before")
        back[0] = AHEAD
        done = len(beats), len(heard.outcomes)
        until(lambda: len(beats) > done[0] + 2 and len(heard.outcomes) > done[1] + 1, "all of it after")
    finally:
        stop.set()
        thread.join(30)


def test_jobs_are_brought_forward_by_as_much_as_the_clock_was_ahead(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, schedules = deployment.clock, deployment.service.schedules()
    timetable, now = Timetable(clock), clock.now()
    daily = Schedule(schedules["contacts"].resource, timedelta(0), cron="30 10 * * *")
    timetable.add(schedules["items"], [now], lambda name: None)
    timetable.add(daily, [now], lambda name: None)
    timetable.add_every("look", timedelta(minutes=1), lambda: None)
    clock.advance(minutes=30)
    assert timetable.follow_clock() == timedelta(0)

    a_clock_that_was_ahead(clock, monkeypatch)
    now = clock.now()
    assert timetable.follow_clock() == AHEAD
    assert {name: job.next_run_time for name, job in timetable.jobs().items()} == {
        "items": now + timedelta(minutes=30),
        "contacts": now.replace(hour=10, minute=30),
        "look": now - timedelta(minutes=29),
    }
    clock.advance(seconds=-0.5)  # as time servers do it
    assert timetable.follow_clock() == timedelta(0)


def test_what_waited_for_another_try_waits_no_longer_for_that(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with AtWork(deployment) as at_work:
        at_work.looks()
        stumbles = deployment.simulator.faults.add("status", path="Items", status=503, times=None)
        at_work.daemon._fire("items")
        assert at_work.daemon._pool.wait(60)
        assert at_work.had("later") == ["items"]
        deployment.simulator.faults.remove(stumbles)
        a_clock_that_was_ahead(deployment.clock, monkeypatch)
        at_work.looks(4)
        assert "items" in at_work.had()


def test_a_success_that_lies_ahead_keeps_nothing_from_being_read(deployment: Deployment) -> None:
    """The clock that noted it was set back before the daemon started."""
    deployment.sync_well()
    service, now = deployment.service, deployment.clock.now()
    with service.database.begin() as connection:
        connection.execute(update(checkpoint).values(succeeded_at=now + timedelta(days=400)))
    schedules = service.schedules()
    ones_own = replace(schedules["items"].resource, name="look")
    schedules["look"] = replace(schedules["items"], resource=ones_own)
    crew, looks = service.crew, timedelta(minutes=1)
    daemon = Daemon(crew, schedules, Silent(), lambda: None, timedelta(hours=6), look=lambda: None)
    daemon._schedule()
    begins = [job.next_run_time for job in daemon._timetable.jobs().values()]
    assert sorted(begins) == sorted([now + looks, *(now + schedule.every for schedule in schedules.values())])


def test_what_was_refused_while_the_clock_was_ahead_is_asked_for_again(deployment: Deployment) -> None:
    found_other(deployment)
    deployment.sync_well()
    faults = deployment.simulator.faults
    faults.add("status", path="Journals", division=DIVISION, status=403, times=None)
    faults.add("division_lost", division=OTHER, times=None)
    outcomes = deployment.sync()
    assert only(outcomes, "journals").status == "unavailable"
    faults.clear()
    assert only(deployment.sync(), "journals").status == "unavailable", "nobody asked"
    assert division_line(deployment, OTHER).suspended_because
    for table in ("checkpoint", "division"):
        sql(deployment, f"UPDATE exact_sync.{table} SET retry_at = retry_at + interval '400 days'")
    quirks = "jsonb_build_object('without Description', now() + interval '400 days')"
    sql(deployment, f"UPDATE exact_sync.checkpoint SET quirks = {quirks} WHERE resource = 'journals'")
    assert only(deployment.sync_well(), "journals").status == "ok"
    assert division_line(deployment, OTHER).suspended_because is None
    assert deployment.differences("journals") == []


def test_keys_that_were_compared_while_the_clock_was_ahead_are_compared_again(deployment: Deployment) -> None:
    deployment.sync_well("customers")
    deployment.clock.advance(hours=1)
    sql(
        deployment,
        "DELETE FROM exact.customers WHERE id = (SELECT id FROM exact.customers ORDER BY modified LIMIT 1)",
    )
    sql(deployment, "UPDATE exact_sync.checkpoint SET swept_at = now() + interval '400 days'")
    deployment.sync_well("customers")
    assert deployment.differences("customers") == []


def test_a_target_that_was_away_is_told_as_soon_as_it_is_back(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_target() as target:
        deployment.sync_well("items", "journals")
        restart(deployment, outbox=OutboxSettings(targets={"one": target.settings()}))  # type: ignore[dict-item]
        target.replies = [Reply(503, times=1)]
        items, journals = deployment.table("logistics/Items"), deployment.table("financial/Journals")
        items.change(next(iter(items.rows)), Description="changed before")
        deployment.sync_well("items", "journals")
        assert target.refused == 1

        a_clock_that_was_ahead(deployment.clock, monkeypatch)
        deployment.clock.advance(minutes=6)
        journals.change(next(iter(journals.rows)), Description="changed after")  # a list without Modified
        deployment.sync_well("journals")
        assert {data["resource"] for data in target.told()} == {"items", "journals"}
