"""When the daemon holds the mirror against Exact, and what of that is done again.

It is looked at again and again instead of being planned: a time that comes while nothing can be done
would be missed, and the next one is a week later.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from exact_sync.catalog import Strategy
from exact_sync.errors import BudgetSpent, SignInNeeded, TryLater
from exact_sync.scheduler.plan import Schedule
from exact_sync.scheduler.retries import Place, Retries
from exact_sync.store import runs
from exact_sync.store.checkpoints import Standing
from exact_sync.sync.crew import Crew
from exact_sync.sync.line import Job
from exact_sync.sync.opening import VERIFY
from exact_sync.sync.outcome import Outcome
from exact_sync.sync.pool import Pool
from exact_sync.sync.verify import Checks

_NOTHING_READ = timedelta(hours=1)
"""How soon a mirror is looked at again that has nothing yet to be held against Exact."""
_FIRST_AGAIN = timedelta(minutes=15)
_LAST_AGAIN = timedelta(days=1)
"""A verification begins anew each time, so what stops it in the middle again and again must not cost much."""


@dataclass(frozen=True)
class Verification:
    """How often the mirror is held against Exact, and how."""

    every: timedelta
    checks: Checks


class Verifying:
    """Puts verifications into the pool when they are due; only the daemon's watch calls ``go_on``."""

    def __init__(
        self, verification: Verification, crew: Crew, schedules: Mapping[str, Schedule], pool: Pool
    ) -> None:
        self._verification = verification
        self._crew = crew
        self._pool = pool
        self._schedules = {
            name: schedule
            for name, schedule in schedules.items()
            if schedule.resource.per_division and not schedule.resource.is_log
        }
        self._due: datetime | None = None
        """None: only the run log knows."""
        self._under_way: set[Place] = set()
        self._again = Retries(_FIRST_AGAIN, _LAST_AGAIN)

    def go_on(self, divisions: Callable[[], Iterator[int]]) -> None:
        """Begin what is due. Raises DatabaseAway: then it is as due as before."""
        now = self._crew.clock.now()
        if self._is_due(now):
            number = self._add_all(divisions())
            self._due = now + (self._verification.every if number else _NOTHING_READ)
        elif again := self._again.due(now):
            here, paused = set(divisions()), self._crew.paused()
            for division, name in again:
                self._again.begins((division, name))
                if division in here and (division, name) not in paused:
                    self._add(division, name)

    def ends(self, outcome: Outcome) -> None:
        """Hears of every run. What something came in the way of is done again, but not what a day's
        calls did not suffice for: that would use up each day's.
        """
        place = (outcome.division, outcome.resource)
        if place not in self._under_way or not (outcome.is_verification or outcome.status == "skipped"):
            return
        passes = isinstance(outcome.error, TryLater | SignInNeeded)
        if passes and not isinstance(outcome.error, BudgetSpent):
            self._again.put_off(place, self._crew.clock.now())
        else:
            self._under_way.discard(place)
            self._again.forget(place)

    def _is_due(self, now: datetime) -> bool:
        """Counted from the last time, whoever did it."""
        # What is further ahead than that was reckoned by a clock that has been set back since.
        every = self._verification.every
        known = self._due if self._due is not None and self._due <= now + every else None
        if known is not None and now < known:
            return False
        with self._crew.database.begin() as connection:
            last = runs.last_of(connection, VERIFY)
        if last is None:
            self._due = now
        elif last <= now:
            self._due = last + every
        else:  # noted by such a clock: it says nothing
            self._due = known or now + every
        return self._due <= now

    def _add_all(self, divisions: Iterable[int]) -> int:
        """How many were added: what was never read has nothing to compare, and what is paused is not read."""
        points: Mapping[Place, Standing] = self._crew.standings()
        paused = self._crew.paused()
        read = [
            (division, name)
            for division in divisions
            for name in self._schedules
            if (point := points.get((division, name))) is not None
            and point.succeeded_at is not None
            and (division, name) not in paused
        ]
        self._under_way = set(read)
        for place in read:
            self._again.forget(place)
            self._add(*place)
        return len(read)

    def _add(self, division: int, name: str) -> None:
        resource = self._schedules[name].resource
        if resource.strategy is Strategy.SNAPSHOT:
            # Of a list without Modified nobody can tell what is young and what is wrong.
            self._pool.add(Job(division, resource))
        self._pool.add(Job(division, resource, checks=self._verification.checks))
