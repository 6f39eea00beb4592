"""Several divisions at a time, each one resource after another; nothing is ever queued twice."""

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Protocol

from exact_sync import logs
from exact_sync.catalog import Resource
from exact_sync.errors import (
    BudgetSpent,
    DatabaseAway,
    DivisionLost,
    ExactAway,
    ExactSyncError,
    SignInNeeded,
    Stopped,
)
from exact_sync.sync.outcome import Outcome
from exact_sync.sync.run import Runner
from exact_sync.sync.verifier import Verifier
from exact_sync.sync.verify import Checks

log = logging.getLogger(__name__)

_ENDS_DIVISION = (BudgetSpent, DatabaseAway, DivisionLost, SignInNeeded, Stopped)
"""After one of these the division's other resources could only fail the same way."""


class Audience(Protocol):
    """Whoever watches runs go by; called from several threads."""

    def begins(self, division: int, resource: str) -> None: ...

    def page(self, division: int, resource: str, records: int) -> None: ...

    def ends(self, outcome: Outcome) -> None: ...


@dataclass(frozen=True)
class Job:
    """One resource of one division that is to be run."""

    division: int
    resource: Resource
    full: bool = False
    insist: bool = False
    checks: Checks | None = None
    """Verify it, instead of reading it."""

    @property
    def name(self) -> str:
        """What may wait only once."""
        return f"verify {self.resource.name}" if self.checks else self.resource.name


class Pool:
    """A few threads; a division is only ever worked on by one of them."""

    def __init__(self, runner: Runner, verifier: Verifier, workers: int, audience: Audience) -> None:
        self._runner = runner
        self._verifier = verifier
        self._audience = audience
        self._threads = ThreadPoolExecutor(workers, "division", **logs.for_threads())
        self._mutex = threading.Lock()
        self._waiting: dict[int, dict[str, Job]] = {}
        self._busy: dict[int, Future[None]] = {}
        self._closed = False

    def add(self, job: Job) -> None:
        """Queue a job, unless the same one is waiting already."""
        with self._mutex:
            if self._closed:
                return
            waiting = self._waiting.setdefault(job.division, {})
            known = waiting.get(job.name)
            if known is not None:
                job = replace(job, full=job.full or known.full, insist=job.insist or known.insist)
            waiting[job.name] = job
            if job.division not in self._busy:
                self._busy[job.division] = self._threads.submit(self._work_off, job.division)

    def wait(self, timeout: float | None = None) -> bool:
        """Until nothing is left to do, or for ``timeout`` seconds; True if nothing is left."""
        while True:
            with self._mutex:
                busy = list(self._busy.values())
            if not busy:
                return True
            if wait(busy, timeout).not_done:
                return False

    def close(self, timeout: float) -> bool:
        """Take no more work, drop what waits, and let what runs end; True if it did in time."""
        with self._mutex:
            self._closed = True
            self._waiting.clear()
        done = self.wait(timeout)
        self._threads.shutdown(wait=done, cancel_futures=True)
        return done

    def _work_off(self, division: int) -> None:
        fatal: ExactSyncError | None = None
        away = 0
        while True:
            with self._mutex:
                waiting = self._waiting.get(division)
                if not waiting:
                    del self._busy[division]
                    self._waiting.pop(division, None)
                    return
                job = waiting.pop(next(iter(waiting)))
            outcome = self._skipped(job, fatal) if fatal else self._run(job)
            away = away + 1 if isinstance(outcome.error, ExactAway) else 0
            if isinstance(outcome.error, _ENDS_DIVISION) or away >= 2:
                fatal = outcome.error
            self._tell(outcome)

    def _run(self, job: Job) -> Outcome:
        name = job.resource.name
        try:
            self._audience.begins(job.division, name)

            def on_page(records: int) -> None:
                self._audience.page(job.division, name, records)

            if job.checks is not None:
                return self._verifier.verify(job.resource, job.division, job.checks, on_page)
            return self._runner.run(
                job.resource, job.division, full=job.full, insist=job.insist, on_page=on_page
            )
        except Exception as bug:
            # A mistake of ours in one resource must not stop the others.
            log.exception("unexpected error in %s of division %s", name, job.division)
            message = f"{name} of division {job.division}: unexpected {type(bug).__name__}: {bug}"
            return Outcome(job.division, name, "failed", message=message, hint="please report", exit_code=1)

    def _tell(self, outcome: Outcome) -> None:
        try:
            self._audience.ends(outcome)
        except Exception:
            # Nobody can watch any more (a closed pipe); the work goes on.
            log.exception("a run of division %s could not be shown", outcome.division)

    def _skipped(self, job: Job, error: ExactSyncError) -> Outcome:
        return Outcome(
            job.division,
            job.resource.name,
            "skipped",
            message=error.message,
            hint=error.hint,
            exit_code=error.exit_code,
            until=getattr(error, "until", None),
            error=error,
        )
