"""The jobs that come at their times, which are APScheduler's and go by the machine's clock."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.job import Job
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from exact_sync import logs
from exact_sync.clock import Clock
from exact_sync.scheduler.plan import Schedule

_SLACK = timedelta(seconds=1)
"""A clock that is behind by less was only adjusted."""


class Timetable:
    """A job for each schedule, in threads of its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen = clock.now(), clock.monotonic()
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(pool_kwargs=logs.for_threads())},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def add(
        self, schedule: Schedule, succeeded: Iterable[datetime | None], fire: Callable[[str], None]
    ) -> None:
        """``succeeded``: when it last worked, for each division. What is overdue is left to others."""
        now, name = self._clock.now(), schedule.resource.name
        due = [schedule.next_due(moment, now) for moment in succeeded]
        # A success that lies ahead was noted by a clock that was set back since: that must not keep us.
        first = min([schedule.next_due(now, now), *(moment for moment in due if moment > now)])
        self._scheduler.add_job(fire, schedule.trigger(), args=[name], id=name, next_run_time=first)

    def add_every(self, name: str, every: timedelta, do: Callable[[], None]) -> None:
        """Something else, for the first time when that has passed once."""
        first = self._clock.now() + every
        self._scheduler.add_job(do, "interval", seconds=every.total_seconds(), id=name, next_run_time=first)

    def start(self) -> None:
        self._scheduler.start()

    def close(self) -> None:
        """No job begins any more; what runs is not waited for."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def jobs(self) -> dict[str, Job]:
        return {job.id: job for job in self._scheduler.get_jobs()}

    def follow_clock(self) -> timedelta:
        """How far the clock was set back since this was last asked, else nothing; the jobs follow it.

        They would wait for as long as it was ahead. One that is set forward only makes them come early.
        """
        now, passed = self._clock.now(), self._clock.monotonic()
        (was, had_passed), self._seen = self._seen, (now, passed)
        back = was + timedelta(seconds=passed - had_passed) - now
        if back <= _SLACK:
            return timedelta(0)
        for job in self._scheduler.get_jobs():
            if isinstance(job.trigger, IntervalTrigger):
                job.modify(next_run_time=job.next_run_time - back)
            else:
                job.modify(next_run_time=job.trigger.get_next_fire_time(None, now))
        return back
