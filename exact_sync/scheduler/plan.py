"""When each resource is due."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from exact_sync.catalog import Resource, Strategy
from exact_sync.errors import BadConfiguration

_JITTER_SHARE = 0.1
_MOST_JITTER = 60.0
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LEAP_YEAR = datetime(2028, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Schedule:
    """How often one resource is run: an interval, or a cron expression in UTC."""

    resource: Resource
    every: timedelta
    cron: str | None = None

    def trigger(self) -> BaseTrigger:
        """The scheduler's trigger, spread a little so that not everything starts at once."""
        if self.cron is not None:
            return self._cron_trigger()
        seconds = self.every.total_seconds()
        jitter = min(_MOST_JITTER, seconds * _JITTER_SHARE)
        return IntervalTrigger(seconds=seconds, jitter=jitter if jitter >= 1 else None, timezone="UTC")

    def next_due(self, succeeded_at: datetime | None, now: datetime) -> datetime:
        """When it is to run next, given when it last worked."""
        if succeeded_at is None:
            return now
        if self.cron is None:
            return succeeded_at + self.every
        following: datetime = self._cron_trigger().get_next_fire_time(succeeded_at, succeeded_at)
        return following

    def __str__(self) -> str:
        return f"cron {self.cron}" if self.cron else f"every {shown(self.every)}"

    def _cron_trigger(self) -> BaseTrigger:
        try:
            return _trigger(str(self.cron))
        except ValueError as error:
            raise BadConfiguration(
                f"setting resources.{self.resource.name}.cron: {self.cron!r} is no cron expression: {error}"
            ) from None


@cache
def _trigger(cron: str) -> BaseTrigger:
    """Cron takes the days of the month and those of the week together where both are restricted;
    APScheduler takes only what is both. Kept, because it takes long to find that a day never comes.
    """
    either, fields = [_with_named_days(cron)], cron.split()
    if len(fields) == 5 and not fields[2].startswith("*") and not fields[4].startswith("*"):
        minute, hour, day, month, weekday = either[0].split()
        either = [f"{minute} {hour} {day} {month} *", f"{minute} {hour} * {month} {weekday}"]
    triggers = [CronTrigger.from_crontab(each, timezone="UTC") for each in either]
    coming = [each for each in triggers if each.get_next_fire_time(None, _LEAP_YEAR) is not None]
    if not coming:
        raise ValueError("that day never comes")
    return coming[0] if len(coming) == 1 else OrTrigger(coming)


def _with_named_days(cron: str) -> str:
    """Cron counts the days of the week from Sunday, APScheduler from Monday: names are safe."""
    *others, days = cron.split()
    return " ".join([*others, ",".join(map(_named_days, days.split(",")))])


def _named_days(part: str) -> str:
    match = re.fullmatch(r"(?:\*|([0-7])(?:-([0-7]))?)(?:/([1-7]))?", part)
    if match is None or part == "*":
        return part
    first, last, step = match.groups()
    until = int(last or (first if first and not step else 6))
    return ",".join(_WEEKDAYS[int(first or 0) : until + 1 : int(step or 1)]) or part


def shown(duration: timedelta) -> str:
    """A duration as settings write it."""
    seconds = int(duration.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def schedules(
    resources: Sequence[Resource],
    interval: timedelta,
    snapshot_interval: timedelta,
    chosen: Mapping[str, tuple[timedelta | None, str | None]],
) -> dict[str, Schedule]:
    """The schedule of every resource; ``chosen`` holds (every, cron) where the settings say so."""
    result = {}
    for resource in resources:
        every, cron = chosen.get(resource.name, (None, None))
        default = snapshot_interval if resource.strategy is Strategy.SNAPSHOT else interval
        if resource.daily:
            default = max(default, timedelta(days=1))
        result[resource.name] = Schedule(resource, every or default, cron if every is None else None)
        if cron is not None:
            result[resource.name].trigger()
    return result
