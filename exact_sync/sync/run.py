"""One run: one resource of one division, from its checkpoint to its next.

Read the checkpoint from PostgreSQL (never from memory); let the resource's cursor turn it into
questions; turn each page into rows; merge the rows and move the checkpoint in one transaction;
close the run's record, with a hint for the operator where it failed.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from exact_sync.catalog import Resource, Strategy
from exact_sync.errors import (
    BackfillSpent,
    DatabaseAway,
    DivisionLost,
    ExactSyncError,
    GivesWay,
    Stopped,
    TryLater,
    Unavailable,
)
from exact_sync.store import divisions, runs
from exact_sync.sync import (
    aside,
    inference,
    modified,
    reach,
    returned,
    row_versions,
    snapshot,
    sweep,
    windows,
)
from exact_sync.sync.again import ask_again
from exact_sync.sync.findings import Suspect, Widened
from exact_sync.sync.opening import Opening, ReadMeanwhile, is_unavailable
from exact_sync.sync.outcome import (
    FIRST_UNAVAILABLE_FOR,
    SUSPENDED_FOR,
    UNAVAILABLE_FOR,
    Outcome,
    failure,
    not_begun,
    unexpected,
)
from exact_sync.sync.task import CONNECTION_WIDE, Task
from exact_sync.sync.traced import traced

log = logging.getLogger(__name__)

READERS: Mapping[Strategy, Callable[[Task], None]] = {
    Strategy.MODIFIED: modified.read,
    Strategy.DATE_WINDOWS: windows.read,
    Strategy.SNAPSHOT: snapshot.read,
    Strategy.ROW_VERSION: row_versions.read,
}


class Runner:
    """Runs resources of divisions; may be used by several threads, for different divisions."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._database = opening.database
        self._clock = opening.clock

    @traced("run")
    def run(
        self,
        resource: Resource,
        division: int,
        *,
        full: bool = False,
        insist: bool = False,
        again: bool = False,
        on_page: Callable[[int], None] = lambda records: None,
        gives_way: Callable[[int | None], bool] = lambda pages: False,
        since: datetime | None = None,
    ) -> Outcome:
        """One attempt. ``insist``: also where it was found unavailable within the last day. ``again``:
        also what is in quarantine.

        ``gives_way``: whether a long reading lets other work go first, after so many pages (None:
        while it would only wait). ``since``: nothing to do where another process has read it after that.
        """
        while True:
            try:
                task = self._opening.task(
                    resource, division, on_page, full=full, since=None if full else since
                )
            except ReadMeanwhile:
                where = division if resource.per_division else CONNECTION_WIDE
                return Outcome(where, resource.name, "ok", message="another run has read it meanwhile")
            except ExactSyncError as error:
                return not_begun(resource, division, error)
            task.gives_way = gives_way
            if not insist and is_unavailable(task):
                return self._close(task, "unavailable", task.checkpoint.message, task.checkpoint.hint)
            try:
                try:
                    self._read(task, again=again)
                except Widened as widened:
                    inference.widen(task, widened.learned)
                    self._close(task, "widened", "records came that need other columns; read again")
                    continue
                return self._done(task)
            except ExactSyncError as error:
                return self._failed(task, error)
            except Exception as bug:
                # A mistake of ours: who looks at the status must see that nothing is read any more.
                log.exception("unexpected error in %s of division %s", resource.name, division)
                return self._failed(task, unexpected(bug))

    def release(self, division: int) -> None:
        """Another process may call for this division from now on."""
        self._opening.client.release(division)

    def _read(self, task: Task, *, again: bool) -> None:
        """Raises Widened where records came that need other columns."""
        if task.learned is not None and not inference.prepare(task):
            return
        task.claim(row_versions.strategy_here(task))
        returned.follow(task)
        reach.follow(task)
        READERS[task.cursor_of](task)
        if again:
            ask_again(task)
        task.is_read = True
        if sweep.is_due(task):
            self._sweep(task)

    def _sweep(self, task: Task) -> None:
        """Compare all keys; what was read until now counts, even if the day has no calls left for that."""
        try:
            if sweep.run(task):
                return
        except BackfillSpent:
            return  # it goes on in the next run
        # So much is missing that reading everything costs less.
        task.note("much was missing: everything is read again")
        task.full = True
        READERS[task.cursor_of](task)

    def _done(self, task: Task) -> Outcome:
        message = "; ".join(task.notes) or None
        seen = task.checkpoint.suspect_rows
        if seen is not None and task.checkpoint.is_suspect and not _is_settled(task):
            # What comes by itself is taken over; what is gone waits for a person, or for tomorrow.
            exit_code = 1 if task.tally.quarantined else 0
            with self._database.connect() as connection:
                known = task.writer.live(connection, task.division, task.start)
            said = Suspect(task.resource.name, task.division, seen, known)
            return self._close(
                task, "suspect", said.message, said.hint, exit_code, succeeded=True, is_suspect=True
            )
        if task.tally.quarantined:
            return self._close(task, "quarantine", *aside.said(task), exit_code=1, succeeded=True)
        return self._close(task, "ok", message, succeeded=True)

    def _failed(self, task: Task, error: ExactSyncError) -> Outcome:
        status, exit_code, until = "failed", error.exit_code, getattr(error, "until", None)
        if isinstance(error, GivesWay):
            status, exit_code = "waits", 0
        elif isinstance(error, Stopped):
            status = "waits"  # we were asked to: nothing that anybody has to look at
        elif isinstance(error, TryLater):
            status = "later"
        elif isinstance(error, Unavailable) and task.resource.per_division:
            point = task.checkpoint
            is_first = point.succeeded_at is not None and point.outcome != "unavailable"
            status, exit_code = "unavailable", 0
            until = self._clock.now() + (FIRST_UNAVAILABLE_FOR if is_first else UNAVAILABLE_FOR)
        elif isinstance(error, Suspect):
            status = "suspect"
            exit_code = 0 if task.checkpoint.is_suspect and not task.tally.quarantined else 1
        elif isinstance(error, DivisionLost):
            until = self._clock.now() + SUSPENDED_FOR
        is_read = task.is_read and isinstance(error, GivesWay)
        return self._close(
            task, status, error.message, error.hint, exit_code,
            succeeded=is_read, is_suspect=is_read, until=until, error=error,
        )  # fmt: skip

    def _close(
        self,
        task: Task,
        status: str,
        message: str | None,
        hint: str | None = None,
        exit_code: int = 0,
        *,
        succeeded: bool = False,
        is_suspect: bool = False,
        until: datetime | None = None,
        error: ExactSyncError | None = None,
    ) -> Outcome:
        task.tally.calls = task.calls()

        point: dict[str, object] = {"outcome": status, "message": message, "hint": hint}
        point["strategy"] = task.strategy
        if succeeded:
            point |= {"succeeded_at": runs.NOW, "retry_at": None}
            point |= {} if is_suspect else {"suspect_rows": None}
        elif until is not None:
            point["retry_at"] = until
        if isinstance(error, Suspect):
            point["suspect_rows"] = error.seen
        budget = task.budget.as_json()
        run_log = runs.end(task.tally, status, message, hint)
        access = _access(task, succeeded, until, error)

        def work(connection: Connection) -> None:
            task.attempt.note(connection, run_log, point, None if budget == task.stored_budget else budget)
            task.is_over(connection)
            if access is not None:
                access(connection)

        try:
            self._database.transact(work, is_one=access is None and not task.is_told)
        except DatabaseAway as away:
            log.warning("the end of a run could not be recorded: %s", away)
            if error is None:
                return replace(failure(task.division, task.resource.name, away), tally=task.tally)
        task.wake()
        return Outcome(
            task.division, task.resource.name, status, task.tally, message, hint, exit_code, until, error
        )


def _access(
    task: Task, succeeded: bool, until: datetime | None, error: ExactSyncError | None
) -> Callable[[Connection], None] | None:
    """What the outcome tells of our access to the division, where that has changed."""
    if isinstance(error, DivisionLost) and until is not None:
        return partial(divisions.suspend, code=task.asked, reason=error.message, retry_at=until)
    if succeeded and task.resource.per_division and task.is_suspended:
        return partial(divisions.resume, code=task.asked)
    return None


def _is_settled(task: Task) -> bool:
    """True if this run saw all keys, so that it knows what is gone."""
    return task.is_swept or task.strategy in (Strategy.SNAPSHOT, Strategy.DATE_WINDOWS)
