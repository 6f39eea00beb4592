"""The daemon: one scheduled job per resource, until it is asked to stop.

It lives through what passes by itself: no sign-in, no database, no Exact. What failed for such a
reason is tried again as soon as it can work, without waiting for the next scheduled time.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import copy_context
from datetime import timedelta

from exact_sync.alerts.watch import LOOK_EVERY
from exact_sync.catalog import DIVISIONS, Strategy
from exact_sync.errors import DatabaseAway, ExactAway, ExactSyncError, SignInNeeded, TryLater
from exact_sync.scheduler.granting import AGAIN, Granting
from exact_sync.scheduler.plan import Schedule
from exact_sync.scheduler.retries import Place, Retries
from exact_sync.scheduler.timetable import Timetable
from exact_sync.scheduler.verifying import Verification, Verifying
from exact_sync.store.checkpoints import Standing
from exact_sync.store.pauses import Pauses
from exact_sync.sync.audience import Audience
from exact_sync.sync.crew import Crew
from exact_sync.sync.line import job
from exact_sync.sync.outcome import Outcome
from exact_sync.sync.task import CONNECTION_WIDE
from exact_sync.sync.wishes import Wishes

log = logging.getLogger(__name__)

_LOOK = "a look at what people should know"
"""The name of that job: of no resource, not even of one's own."""
GRACE = 7.0
"""Seconds that running work has to end after the daemon was asked to stop."""


class Daemon:
    """Keeps every resource of every division fresh."""

    def __init__(
        self,
        crew: Crew,
        schedules: Mapping[str, Schedule],
        audience: Audience,
        keep_signed_in: Callable[[], None],
        snapshot_interval: timedelta,
        verification: Verification | None = None,
        describe: Callable[[ExactSyncError], str] = str,
        look: Callable[[], None] | None = None,
        beat: Callable[[], None] = lambda: None,
        wishes: Wishes | None = None,
    ) -> None:
        self._wishes = wishes or Wishes(crew.clock)
        self._crew = crew
        self._schedules = schedules
        self._audience = audience
        self._keep_signed_in = keep_signed_in
        self._snapshot_interval = snapshot_interval
        self._describe = describe
        self._look = look
        self._beat = beat
        self._timetable = Timetable(crew.clock)
        self._pool = crew.pool(self)
        self._retries = Retries()
        self._verifying = Verifying(verification, crew, schedules, self._pool) if verification else None
        self._missed: set[str] = set()
        self._paused = Pauses()
        self._told: dict[int, str] = {}
        self.begins, self.page = audience.begins, audience.page

    def run(self, stop: threading.Event) -> None:
        """Until ``stop`` is set. Raises WorkHeld if another process does this already, and DatabaseAway
        where it goes away before all is arranged: a new daemon may begin then.
        """
        # A copy of the context: its log lines name the connection, as the others do.
        target, args = copy_context().run, (self._keep_watching, stop)
        watch = threading.Thread(target=target, args=args, name="watch", daemon=True)
        try:
            self._crew.take_over()
            log.info("the daemon has started", extra={"resources": len(self._schedules)})
            self._schedule()
            self._timetable.start()
            self._wishes.open()
            granting = Granting(
                self._wishes, self._crew, self._schedules, self._pool,
                self._divisions, self._read_divisions, self._stands_still,
            )  # fmt: skip
            granting.start()
            watch.start()
            stop.wait()
        finally:
            ends_at = time.monotonic() + GRACE
            self._wishes.trouble = "the daemon has stopped"
            self._wishes.close()
            self._timetable.close()
            self._pool.close(GRACE)
            if watch.is_alive():
                watch.join(max(0.0, ends_at - time.monotonic()))
            self._crew.lock.free()
        log.info("the daemon has stopped")

    def ends(self, outcome: Outcome) -> None:
        """Hears of every run, and arranges for it to be tried again where that helps."""
        self._audience.ends(outcome)
        if self._verifying is not None:
            self._verifying.ends(outcome)
        if not outcome.is_verification:
            self._was_read((outcome.division, outcome.resource), outcome)
        if isinstance(outcome.error, DatabaseAway | SignInNeeded):
            self._stands_still(outcome.error)

    def _was_read(self, place: Place, outcome: Outcome) -> None:
        self._wishes.took(*place, outcome.tally.calls)
        if isinstance(outcome.error, TryLater | SignInNeeded):
            at_once = isinstance(outcome.error, DatabaseAway | SignInNeeded)
            self._retries.put_off(place, self._crew.clock.now(), until=outcome.until, at_once=at_once)
        else:
            self._retries.forget(place)

    def _schedule(self) -> None:
        """A job per resource; what is overdue already is left to the watch."""
        points = self._crew.standings().values()
        for name, schedule in self._schedules.items():
            succeeded = [point.succeeded_at for point in points if point.resource == name]
            self._timetable.add(schedule, succeeded, self._fire)
        if self._look is not None:
            # A thread of its own: neither the jobs nor the work wait until somebody has been told. What
            # was overdue at the start may be read by then.
            self._timetable.add_every(_LOOK, LOOK_EVERY, self._look)

    def _keep_watching(self, stop: threading.Event) -> None:
        """The watch is no job: it goes on whatever happens to the machine's clock, which jobs go by."""
        # Whoever wants data more often than we watch need not wait longer for trouble to go.
        every = min([AGAIN, *(s.every.total_seconds() for s in self._schedules.values())])
        while not stop.is_set():
            try:
                self._watch()
            except Exception:
                log.exception("the daemon's watch met a mistake of ours")
            stop.wait(every)

    # The jobs. Each ends quietly where nothing can be done now: _watch catches up later.

    def _fire(self, name: str) -> None:
        """A resource's time has come."""
        if self._wishes.trouble is not None:
            self._missed.add(name)
            return
        try:
            paused = self._crew.paused()
            if name == DIVISIONS.name:
                if (CONNECTION_WIDE, name) not in paused:
                    self._read_divisions()
            else:
                points = self._crew.standings(name)
                for division in self._divisions():
                    point = points.get((division, name))
                    if (division, name) not in paused and not self._was_just_read_whole(name, point):
                        self._add(division, name, point)
        except ExactSyncError as error:
            self._missed.add(name)
            self._stands_still(error)

    def _watch(self) -> None:
        """Every few seconds: is anything in the way, has it gone, is a retry due?"""
        self._beat()
        self._crew.request_log.flush()
        if back := self._timetable.follow_clock():
            log.warning("the machine's clock was set back", extra={"seconds": round(back.total_seconds())})
            self._retries.come_earlier(back)
        try:
            self._crew.keep_lock()
            before, self._paused = self._paused, self._crew.paused()  # what is under way gives way to it
            self._crew.check_signed_in()
            trouble = self._wishes.trouble
            if trouble is not None or self._missed or before.places - self._paused.places:
                self._catch_up()
                if self._wishes.trouble is trouble:  # else something else got in the way meanwhile
                    self._wishes.trouble = None
            self._retry_what_is_due()
            if self._verifying is not None and self._wishes.trouble is None:
                self._verifying.go_on(self._divisions)
            self._keep_signed_in()
        except ExactAway as error:
            log.warning("%s", self._describe(error))
        except ExactSyncError as error:
            self._stands_still(error)

    def _catch_up(self) -> None:
        """Run everything that is due, or whose time came during trouble: at the start, after that, and
        where a person has resumed something.
        """
        now, missed = self._crew.clock.now(), set(self._missed)
        points, paused = self._crew.standings(), self._crew.paused()

        def is_due(division: int, name: str) -> bool:
            point = points.get((division, name))
            if (division, name) in paused or self._retries.waits((division, name), now):
                return False
            if name in missed and not self._was_just_read_whole(name, point):
                return True
            since = point.succeeded_at if point else None
            return self._schedules[name].next_due(since, now) <= now

        is_listed = self._crew.has_divisions()
        if not is_listed or (DIVISIONS.name in self._schedules and is_due(CONNECTION_WIDE, DIVISIONS.name)):
            self._retries.begins((CONNECTION_WIDE, DIVISIONS.name))
            self._crew.read_divisions(self)
        for division in self._divisions():
            for name, schedule in self._schedules.items():
                if schedule.resource.per_division and is_due(division, name):
                    self._add(division, name, points.get((division, name)))
        self._missed -= missed

    def _retry_what_is_due(self) -> None:
        due = self._retries.due(self._crew.clock.now())
        if not due:
            return
        divisions, points, paused = set(self._divisions()), self._crew.standings(), self._crew.paused()
        for place in due:
            division, name = place
            if division == CONNECTION_WIDE and place not in paused:
                self._read_divisions()
            elif name in self._schedules and division in divisions and place not in paused:
                self._add(division, name, points.get(place))
            else:
                self._retries.forget(place)

    def _add(self, division: int, name: str, point: Standing | None) -> None:
        self._retries.begins((division, name))
        self._pool.add(job(division, self._schedules[name].resource, point))

    def _read_divisions(self) -> None:
        self._retries.begins((CONNECTION_WIDE, DIVISIONS.name))
        if self._crew.read_divisions(self).tally.written:
            self._catch_up()  # a new division need not wait for the next scheduled time

    def _divisions(self) -> Iterator[int]:
        selection = self._crew.selection()
        for code, error in selection.failures.items():
            if self._told.get(code) != error.message:
                self._told[code] = error.message
                log.warning("%s", self._describe(error))
        for code in selection.divisions:
            self._told.pop(code, None)
            yield code

    def _was_just_read_whole(self, name: str, point: Standing | None) -> bool:
        """Where a site refuses to be asked for changes, everything is read, at a snapshot's pace."""
        if point is None or not self._schedules[name].resource.is_incremental:
            return False
        if point.strategy != Strategy.SNAPSHOT or point.complete_at is None:
            return False
        age = self._crew.clock.now() - point.complete_at
        return timedelta(0) <= age < self._snapshot_interval * 0.9  # below: by a clock that was set back

    def _stands_still(self, error: ExactSyncError) -> None:
        if self._wishes.trouble != error.message:
            log.error("%s", self._describe(error))
        self._wishes.trouble = error.message
