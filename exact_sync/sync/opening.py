"""Where every run begins: the checkpoint is read from PostgreSQL, never from memory."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from exact_sync.catalog import Resource
from exact_sync.clock import Clock
from exact_sync.exact.client import Client
from exact_sync.store import attempts, counts, learned
from exact_sync.store.attempts import Beginning
from exact_sync.store.checkpoints import Checkpoint
from exact_sync.store.database import Database
from exact_sync.sync.options import Options
from exact_sync.sync.outcome import UNAVAILABLE_FOR
from exact_sync.sync.task import CONNECTION_WIDE, Task

LEFT_ALONE_FOR = timedelta(days=7)
"""After so long without a run all keys are compared."""
VERIFY = "verify"
"""What the run log calls a run that compares and doesn't move the checkpoint."""


class ReadMeanwhile(Exception):
    """Another process has just read it."""


@dataclass(frozen=True)
class Opening:
    """What every run needs."""

    client: Client
    database: Database
    clock: Clock
    options: Options

    def task(
        self,
        resource: Resource,
        division: int,
        on_page: Callable[[int], None],
        *,
        full: bool = False,
        is_verification: bool = False,
        since: datetime | None = None,
    ) -> Task:
        """Begin one attempt, and note that in the run log.

        Raises ReadMeanwhile where it was read well after ``since``.
        """
        where = division if resource.per_division else CONNECTION_WIDE
        with self.database.connect() as connection:  # two statements, which need no transaction
            purpose = VERIFY if is_verification else resource.strategy
            found = attempts.look(connection, where, resource.name, division)
            task = self._task(connection, resource, division, found, on_page, full=full)
            last = task.checkpoint.succeeded_at
            if since is not None and last is not None and last > since:
                raise ReadMeanwhile
            if is_verification:
                task.run_id = attempts.begin_apart(connection, where, resource.name, purpose)
                return task
            rows = found.rows
            if rows is None and not resource.is_inferred:
                rows = counts.count(connection, resource, where)
            task.rows_here = rows
            task.run_id, task.attempted_at = attempts.begin(
                connection, where, resource.name, purpose, full=full, rows=rows
            )
        return task

    def look(self, resource: Resource, division: int) -> Task:
        """The same without a run: to look at where a resource stands."""
        where = division if resource.per_division else CONNECTION_WIDE
        with self.database.begin() as connection:
            found = attempts.look(connection, where, resource.name, division)
            return self._task(connection, resource, division, found, lambda records: None)

    def _task(
        self,
        connection: Connection,
        resource: Resource,
        division: int,
        found: Beginning,
        on_page: Callable[[int], None],
        *,
        full: bool = False,
    ) -> Task:
        checkpoint = found.point
        self.client.budget(division, found.budget)
        if _was_left_alone(checkpoint, found.now):
            checkpoint = replace(checkpoint, sweep_wanted=True)
        columns = learned.read(connection, resource) if resource.is_inferred else None
        return Task(
            resource=resource,
            division=division if resource.per_division else CONNECTION_WIDE,
            asked=division,
            full=full,
            client=self.client.asking_for(resource.name),
            database=self.database,
            clock=self.clock,
            options=self.options,
            checkpoint=checkpoint,
            began_at=found.now,
            on_page=on_page,
            moved_at=found.moved_at if resource.is_versioned else None,
            reaches=found.reaches,
            is_suspended=found.is_suspended,
            learned=columns,
        )


def _was_left_alone(point: Checkpoint, now: datetime) -> bool:
    """Nobody told this table of deletions for a while."""
    return (
        point.swept_at is not None
        and point.attempted_at is not None
        and now - point.attempted_at > LEFT_ALONE_FOR
    )


def is_unavailable(task: Task) -> bool:
    """True where Exact refused the resource within the last day."""
    point = task.checkpoint
    if point.outcome != "unavailable" or point.retry_at is None:
        return False
    now = task.clock.now()
    return now < point.retry_at <= now + UNAVAILABLE_FOR  # beyond: by a clock that was set back
