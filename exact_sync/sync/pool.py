"""Several divisions at a time, each one resource after another; nothing is ever queued twice.

Small reads go first, the one that is longest due before the others. Long readings (first loads) give
way to them between two pages, and to whatever can go on while they would wait for the minute.
"""

import logging
import threading
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from exact_sync.clock import Clock
from exact_sync.errors import (
    BackfillSpent,
    BudgetSpent,
    DatabaseAway,
    DivisionLost,
    ExactAway,
    ExactSyncError,
    GivesWay,
    SignInNeeded,
    Stopped,
    WorkHeld,
)
from exact_sync.sync.audience import Audience, Claims
from exact_sync.sync.line import Job, Line, Waiting
from exact_sync.sync.outcome import Outcome, failure, unexpected
from exact_sync.sync.run import Runner

if TYPE_CHECKING:
    from exact_sync.sync.verifier import Verifier

log = logging.getLogger(__name__)

_ENDS_DIVISION = (BudgetSpent, DatabaseAway, DivisionLost, SignInNeeded, Stopped)
"""After one of these the division's other resources could only fail the same way."""

_HELD_TRIES = 4
_HELD_FOR = timedelta(seconds=0.5)
"""How often, and how soon again, a division is tried that another process works on, when nothing else
is left to do."""
_FIRST_TURN = 5
"""Pages after which a long reading lets others of its division begin: small lists are done by then."""
_NAP = 1.0
"""Seconds after which who waits for a division's minute to end looks for new work."""


class Pool:
    """A few threads; a division is only ever worked on by one of them."""

    def __init__(
        self,
        runner: Runner,
        verifier: "Callable[[], Verifier]",
        workers: int,
        audience: Audience,
        claims: Claims,
        clock: Clock,
        *,
        since: datetime | None = None,
    ) -> None:
        """``since``: what another process has read after that need not be read again."""
        self._runner = runner
        self._verifier = verifier
        self._workers = workers
        self._audience = audience
        self._claims = claims
        self._clock = clock
        self._since = since
        self._changed = threading.Condition()
        self._line = Line()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._is_napping = False
        self._is_closed = False

    def add(self, job: Job) -> None:
        """Queue a job, unless the same one is waiting already."""
        with self._changed:
            if self._is_closed:
                return
            self._line.add(job)
            if self._idle < self._line.ready and len(self._threads) < self._workers:
                name = f"division-{len(self._threads)}"
                # A copy of the context: its log lines name the connection, as the caller's do.
                target = copy_context().run
                thread = threading.Thread(target=target, args=(self._work,), name=name, daemon=True)
                self._threads.append(thread)
                thread.start()
            self._changed.notify()

    def wait(self, timeout: float | None = None) -> bool:
        """Until nothing is left to do, or for ``timeout`` seconds; True if nothing is left."""
        with self._changed:
            return self._changed.wait_for(lambda: self._line.is_done, timeout)

    def close(self, timeout: float) -> bool:
        """Take no more work, drop what waits, and let what runs end; True if it did in time."""
        with self._changed:
            self._is_closed = True
            self._line.clear()
            self._changed.notify_all()
        return self.wait(timeout)

    def _work(self) -> None:
        """What each thread does: a division after the other."""
        while (waiting := self._next()) is not None:
            try:
                self._work_off(waiting)
            except Exception:
                # A mistake of ours in one division must not cost the others a thread.
                log.exception("unexpected error in division %s", waiting.division)
            finally:
                with self._changed:
                    self._line.done(waiting)
                    self._changed.notify_all()

    def _next(self) -> Waiting | None:
        """The division whose turn it is; None when there is no more work for this thread."""
        while True:
            with self._changed:
                if self._is_closed:
                    return None
                waiting = self._line.next(self._clock.now())
                if waiting is not None:
                    if self._line.has_any or self._line.has_parked:
                        # Whoever napped lined up all whose time had come, and takes only one.
                        self._changed.notify_all()
                    return waiting
                naps = self._line.has_parked and not self._is_napping
                if not naps:
                    self._idle += 1
                    self._changed.wait()
                    self._idle -= 1
                    continue
                self._is_napping = True
                until = self._line.next_ready(self._clock.now())
            try:
                self._clock.sleep(min(_NAP, until))
            except Stopped as stopped:
                self._give_up(stopped)
                return None
            finally:
                self._is_napping = False

    def _give_up(self, stopped: Stopped) -> None:
        """What waits for its minute is left undone, and said to be."""
        with self._changed:
            waiting = self._line.parked
        for one in waiting:
            self._skip(one, stopped)
        with self._changed:
            self._line.clear()
            self._changed.notify_all()

    def _work_off(self, waiting: Waiting) -> None:
        division = waiting.division
        try:
            if not self._claims.claim(division):
                self._is_held(waiting)
                return
        except ExactSyncError as error:
            self._skip(waiting, error)
            return
        try:
            self._run_all(waiting)
        finally:
            self._claims.release(division)

    def _run_all(self, waiting: Waiting) -> None:
        away = 0
        waiting.tries = 0
        while True:
            with self._changed:
                if waiting.has_only_backfills and self._others_wait(while_waiting=False):
                    return
                job = waiting.pop()
            if job is None:
                return
            if self._is_paused(job):
                if waiting.began(job):
                    self._tell(waiting.whole(job, Outcome(job.division, job.resource.name, "waits")))
                continue
            outcome = self._run(job, waiting)
            if isinstance(outcome.error, GivesWay):
                # What came is in the checkpoint, from which it goes on; where nothing came, nothing is there.
                full = job.full and not outcome.tally.records
                with self._changed:
                    if not self._is_closed:
                        waiting.put_back(replace(job, full=full, is_backfill=True, has_begun=True), outcome)
                if outcome.until is not None:
                    return
                continue
            self._tell(waiting.whole(job, outcome))
            error = outcome.error
            away = away + 1 if isinstance(error, ExactAway) else 0
            ends = isinstance(error, _ENDS_DIVISION) and not isinstance(error, BackfillSpent)
            if error is not None and (ends or away >= 2):
                self._skip(waiting, error)

    def _others_wait(self, *, while_waiting: bool) -> bool:
        """Whether another division's work needs this thread: small reads, or any if we only wait."""
        if self._idle or len(self._threads) < self._workers:
            return False
        return self._line.has_small_reads or (while_waiting and self._line.has_any)

    def _is_paused(self, job: Job) -> bool:
        """A person has paused it since it was lined up, or while it is read; who insists reads it anyway."""
        return not job.insist and self._claims.is_paused(job.division, job.resource.name)

    def _gives_way(self, job: Job, waiting: Waiting, pages: int | None) -> bool:
        """Whether a long reading gives way, after so many pages (None: while it would only wait)."""
        with self._changed:
            if self._is_closed or self._is_paused(job):
                return True
            if pages is None:
                return self._others_wait(while_waiting=True)
            own = not waiting.has_only_backfills or (pages >= _FIRST_TURN and waiting.has_unbegun)
            return own or self._others_wait(while_waiting=False)

    def _run(self, job: Job, waiting: Waiting) -> Outcome:
        name = job.resource.name
        try:
            goes_on = waiting.began(job)
            if not goes_on:
                self._audience.begins(job.division, name)

            def on_page(records: int) -> None:
                self._audience.page(job.division, name, records)

            if job.checks is not None:
                return self._verifier().verify(job.resource, job.division, job.checks, on_page)
            gives_way: Callable[[int | None], bool] = partial(self._gives_way, job, waiting)
            return self._runner.run(
                job.resource,
                job.division,
                full=job.full,
                insist=job.insist,
                again=job.again,
                on_page=on_page,
                gives_way=gives_way,
                since=None if goes_on else self._since,
            )
        except Exception as bug:
            # A mistake of ours in one resource must not stop the others.
            log.exception("unexpected error in %s of division %s", name, job.division)
            return failure(job.division, name, unexpected(bug))

    def _tell(self, outcome: Outcome) -> None:
        try:
            self._audience.ends(outcome)
        except Exception:
            # Nobody can watch any more (a closed pipe); the work goes on.
            log.exception("a run of division %s could not be shown", outcome.division)

    def _is_held(self, waiting: Waiting) -> None:
        """Another process works on it: other divisions first, then once more, then left to that one."""
        with self._changed:
            if not self._line.has_others:
                waiting.tries += 1
            waiting.ready_at = self._clock.now() + _HELD_FOR
            gives_up = waiting.tries >= _HELD_TRIES
        if gives_up:
            waiting.tries, waiting.ready_at = 0, None
            self._skip(
                waiting,
                WorkHeld(
                    f"division {waiting.division}: another run holds the work "
                    f"({self._claims.held_by(waiting.division)})",
                    "nothing to do: let it finish, or try again later",
                ),
            )

    def _skip(self, waiting: Waiting, error: ExactSyncError) -> None:
        with self._changed:
            jobs = waiting.take_all()
        for job in jobs:
            self._tell(failure(job.division, job.resource.name, error, "skipped"))
