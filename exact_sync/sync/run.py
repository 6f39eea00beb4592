"""One run: one resource of one division, from its checkpoint to its next.

Read the checkpoint from PostgreSQL (never from memory); let the resource's cursor turn it into
questions; turn each page into rows; merge the rows and move the checkpoint in one transaction;
close the run's record, with a hint for the operator where it failed.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from exact_sync.catalog import Resource, Strategy
from exact_sync.clock import Clock
from exact_sync.errors import DatabaseAway, DivisionLost, ExactSyncError, TryLater, Unavailable
from exact_sync.exact.client import Client
from exact_sync.store import checkpoints, divisions, runs
from exact_sync.store.database import Database
from exact_sync.store.runs import Tally
from exact_sync.sync import modified, snapshot, windows
from exact_sync.sync.task import CONNECTION_WIDE, Options, Suspect, Task

log = logging.getLogger(__name__)

READERS: Mapping[Strategy, Callable[[Task], None]] = {
    Strategy.MODIFIED: modified.read,
    Strategy.DATE_WINDOWS: windows.read,
    Strategy.SNAPSHOT: snapshot.read,
}

UNAVAILABLE_FOR = timedelta(days=1)
SUSPENDED_FOR = timedelta(minutes=20)
"""How long a lost division is left alone: three errors an hour, where ten block the app."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    division: int
    resource: str
    status: str
    """ok, unavailable, suspect, quarantine, later, stopped or failed."""
    tally: Tally = field(default_factory=Tally)
    message: str | None = None
    hint: str | None = None
    exit_code: int = 0
    until: datetime | None = None
    """When it is worth trying again."""
    error: ExactSyncError | None = None


class Runner:
    """Runs resources of divisions; may be used by several threads, for different divisions."""

    def __init__(self, client: Client, database: Database, clock: Clock, options: Options) -> None:
        self._client = client
        self._database = database
        self._clock = clock
        self._options = options

    def run(
        self,
        resource: Resource,
        division: int,
        *,
        full: bool = False,
        insist: bool = False,
        on_page: Callable[[int], None] = lambda records: None,
    ) -> Outcome:
        """One attempt. ``insist``: also where it was found unavailable within the last day."""
        try:
            task = self._begin(resource, division, full, on_page)
        except ExactSyncError as error:
            return _not_begun(resource, division, error)
        try:
            if not insist and _is_unavailable(task, self._clock.now()):
                return self._close(task, "unavailable", task.checkpoint.message)
            READERS[resource.strategy](task)
        except ExactSyncError as error:
            return self._failed(task, error)
        return self._done(task)

    def _begin(self, resource: Resource, division: int, full: bool, on_page: Callable[[int], None]) -> Task:
        where = division if resource.per_division else CONNECTION_WIDE
        with self._database.begin() as connection:
            checkpoint = checkpoints.read(connection, where, resource.name)
            self._client.budget(division, divisions.known_budget(connection, division))
            run_id = runs.open_run(connection, where, resource.name, resource.strategy, full)
            began_at = connection.execute(select(func.now())).scalar_one()
            checkpoints.save(connection, where, resource.name, attempted_at=began_at)
        return Task(
            resource=resource,
            division=where,
            asked=division,
            full=full,
            client=self._client,
            database=self._database,
            clock=self._clock,
            options=self._options,
            checkpoint=checkpoint,
            run_id=run_id,
            began_at=began_at,
            on_page=on_page,
            strategy=resource.strategy,
        )

    def _done(self, task: Task) -> Outcome:
        message = "; ".join(task.notes) or None
        if task.tally.quarantined:
            text = f"{task.resource.name} of division {task.division}: "
            text += f"{task.tally.quarantined} records could not be converted and are in quarantine"
            hint = "see: SELECT * FROM exact_sync.quarantine"
            return self._close(task, "quarantine", text, hint, exit_code=1, succeeded=True)
        return self._close(task, "ok", message, succeeded=True)

    def _failed(self, task: Task, error: ExactSyncError) -> Outcome:
        status, exit_code, until = "failed", error.exit_code, getattr(error, "until", None)
        if isinstance(error, TryLater):
            status = "later"
        elif isinstance(error, Unavailable) and task.resource.per_division:
            status, exit_code, until = "unavailable", 0, self._clock.now() + UNAVAILABLE_FOR
        elif isinstance(error, Suspect):
            status = "suspect"
            exit_code = 0 if task.checkpoint.outcome == "suspect" else 1
        elif isinstance(error, DivisionLost):
            until = self._clock.now() + SUSPENDED_FOR
        return self._close(task, status, error.message, error.hint, exit_code, until=until, error=error)

    def _close(
        self,
        task: Task,
        status: str,
        message: str | None,
        hint: str | None = None,
        exit_code: int = 0,
        *,
        succeeded: bool = False,
        until: datetime | None = None,
        error: ExactSyncError | None = None,
    ) -> Outcome:
        task.tally.calls = task.calls()

        def work(connection: Connection) -> None:
            runs.close_run(connection, task.run_id, task.tally, status, message, hint)
            values: dict[str, object] = {"outcome": status, "message": message, "hint": hint}
            values["strategy"] = task.strategy
            if succeeded:
                values |= {"succeeded_at": func.now(), "retry_at": None, "suspect_rows": None}
            elif until is not None:
                values["retry_at"] = until
            if isinstance(error, Suspect):
                values["suspect_rows"] = error.seen
            task.save(connection, **values)
            divisions.save_budget(connection, task.asked, task.budget.as_json())
            if isinstance(error, DivisionLost) and until is not None:
                divisions.suspend(connection, task.asked, error.message, until)
            elif succeeded and task.resource.per_division:
                divisions.resume(connection, task.asked)

        try:
            self._database.transact(work)
        except DatabaseAway as away:
            log.warning("the end of a run could not be recorded: %s", away)
            if error is None:
                return Outcome(
                    task.division,
                    task.resource.name,
                    "later",
                    task.tally,
                    away.message,
                    away.hint,
                    4,
                    error=away,
                )
        return Outcome(
            task.division, task.resource.name, status, task.tally, message, hint, exit_code, until, error
        )


def _not_begun(resource: Resource, division: int, error: ExactSyncError) -> Outcome:
    return Outcome(
        division if resource.per_division else CONNECTION_WIDE,
        resource.name,
        "later" if isinstance(error, TryLater) else "failed",
        message=error.message,
        hint=error.hint,
        exit_code=error.exit_code,
        until=getattr(error, "until", None),
        error=error,
    )


def _is_unavailable(task: Task, now: datetime) -> bool:
    point = task.checkpoint
    return point.outcome == "unavailable" and point.retry_at is not None and now < point.retry_at
