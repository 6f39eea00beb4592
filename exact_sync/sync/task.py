"""One attempt for one resource in one division, and the one transaction that moves it on."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from exact_sync import telemetry
from exact_sync.catalog import Resource, Strategy
from exact_sync.catalog.inference import Learned
from exact_sync.clock import Clock
from exact_sync.errors import GivesWay, one_line
from exact_sync.exact.client import Client
from exact_sync.exact.odata import Record
from exact_sync.store import counts, outbox
from exact_sync.store.attempts import Attempt
from exact_sync.store.checkpoints import Checkpoint
from exact_sync.store.database import Database
from exact_sync.store.fingerprints import Fingerprints
from exact_sync.store.keys import Keys
from exact_sync.store.runs import Tally
from exact_sync.store.writer import Writer
from exact_sync.sync import start_date
from exact_sync.sync.aside import Aside
from exact_sync.sync.holding import Held, Holding
from exact_sync.sync.intake import Intake
from exact_sync.sync.options import Options
from exact_sync.sync.rows import Batch, Shaper

log = logging.getLogger(__name__)

CONNECTION_WIDE = 0
"""Stands for the division in the checkpoint of what belongs to no division."""


_made: dict[str, tuple[Resource, Writer, Keys, Fingerprints]] = {}


def _tools(resource: Resource) -> tuple[Writer, Keys, Fingerprints]:
    """They hold SQL text only, which takes as long to make as a call without news takes in all the rest."""
    known = _made.get(resource.name)
    if known is None or known[0] is not resource:
        made = (Writer(resource), Keys(resource), Fingerprints(resource))
        known = _made[resource.name] = (resource, *made)
    return known[1:]


@dataclass
class Task:
    """Everything a reading needs to know."""

    resource: Resource
    division: int
    asked: int
    """The division whose number goes into the requests."""
    full: bool
    client: Client
    database: Database
    clock: Clock
    options: Options
    checkpoint: Checkpoint
    began_at: datetime
    """By the database's clock."""
    on_page: Callable[[int], None]
    run_id: int = 0
    attempted_at: datetime | None = None
    """When it was noted in the checkpoint; None for what only looks."""
    tally: Tally = field(default_factory=Tally)
    notes: list[str] = field(default_factory=list)
    learned: Learned | None = None
    """What is known of the columns, where they are learned from what comes."""
    gives_way: Callable[[int | None], bool] = lambda pages: False
    """Whether a long reading gives way to other work, after so many pages; None: while it only waits."""
    rows_here: int | None = None
    """Rows of the table when it began, the deleted ones included; None where nobody has counted them."""
    moved_at: datetime | None = None
    """When Exact last moved the division to another database."""
    reaches: date | None = None
    """Where the oldest part of history begins that was read, or is to be; None where nobody noted that."""
    is_suspended: bool = False
    """The division is left alone, as far as its beginning knew."""
    strategy: Strategy = Strategy.SNAPSHOT
    """What is really done; differs from the resource's own where a site refuses that."""
    cursor_of: Strategy = Strategy.SNAPSHOT
    """The strategy that keeps its cursor in the checkpoint."""

    def __post_init__(self) -> None:
        if self.learned is None:
            self.use(self.resource)
        self.budget = self.client.budget(self.asked)
        self._calls_before = self.budget.calls
        self.stored_budget: dict[str, Any] | None = None
        """What was committed of the budget last."""
        self._to_save: dict[str, Any] | None = None
        """What the transaction that is under way leaves in the checkpoint."""
        self.aside = Aside(self.division, self.resource.name)
        self._holding = Holding(self.clock)
        self.intake = Intake(self, self._holding)
        self._brings_new = False
        """What came last was mostly new."""
        self.is_read = False
        """What is new has been taken over; what follows only compares."""
        self.is_swept = False
        """All keys were seen in this run."""
        self.read_since = self.began_at if self.full else None
        """Everything is being read since then, so even an older version replaces what was here."""
        self.spares_seen = True
        """But for what that has seen, which may move to an older page. What is asked for by key does not."""

    def use(self, resource: Resource) -> None:
        """Read this: the resource, with all its columns."""
        self.resource = resource
        self.writer, self.keys, self.fingerprints = _tools(resource)
        self.shaper = Shaper(resource)

    def claim(self, strategy: Strategy) -> None:
        """The checkpoint is this strategy's from now on; what another one left in it is no position."""
        point = self.checkpoint
        self.strategy = self.cursor_of = strategy
        if point.cursor_of not in (None, strategy):
            self.note(f"the strategy was changed from {point.cursor_of}: everything is read once")
            self.checkpoint = replace(point, cursor=None, resume=None, complete_at=None)
            self.read_since = self.began_at

    @property
    def trusts_nothing(self) -> bool:
        """Somebody wants everything to be read, so nothing here may be taken for what it was made of."""
        return self.full or self.checkpoint.complete_at is None

    def wanted(self, records: Sequence[Record]) -> list[Record]:
        """Without what is dated before the start date, where Exact can't be asked to leave that out."""
        return start_date.wanted(records, self.resource.dated_by, self.start)

    @property
    def start(self) -> date | None:
        """What is dated before that day is left out."""
        resource = self.resource
        return resource.start_date or (self.options.start_date if resource.date else None)

    def note(self, text: str) -> None:
        text = one_line(text)
        if text not in self.notes:
            self.notes.append(text)

    def keep(self, batch: Batch, also: Callable[[Connection], None] | None = None, **checkpoint: Any) -> None:
        """A page's rows (and what ``also`` does) and the checkpoint after it, in one transaction; what
        was held before goes along.
        """
        self._holding.add(Held(batch, also, checkpoint))
        self.settle()

    def hold(self, batch: Batch, also: Callable[[Connection], None] | None = None, **checkpoint: Any) -> None:
        """The same, but it may wait for the pages that follow, for as long as `holding` allows."""
        self._holding.add(Held(batch, also, checkpoint))
        if self._holding.is_full:
            self.settle()

    @property
    def patience(self) -> float:
        """How many seconds what is held may wait for the page that comes next."""
        return self._holding.patience

    def settle(self) -> None:
        """Write what is held, in one transaction."""
        pages = self._holding.take()
        if not pages:
            return

        def work(connection: Connection) -> None:
            self.write(connection, [page.batch for page in pages])
            checkpoint: dict[str, Any] = {}
            for page in pages:
                self.put_aside(connection, page.batch)
                if page.also is not None:
                    page.also(connection)
                checkpoint |= page.checkpoint
            self.save(**checkpoint)

        self.transact(work)

    def transact(self, work: Callable[[Connection], None], connection: Connection | None = None) -> None:
        """Run ``work`` in one transaction; the counts move only if it commits.

        ``connection``: one to use instead of any from the pool, because of what is staged on it.
        """
        before = self.tally.counts()
        budget: dict[str, Any] = {}

        def attempt(connection: Connection) -> None:
            nonlocal budget
            self.tally.become(before)
            to_save = self._to_save = {}
            with self._heard(connection):
                work(connection)
            self.tally.calls = self.budget.calls - self._calls_before
            budget = self.budget.as_json()
            run_log = self.tally.counts() if self.tally.records else {}
            if not self.attempt.note(connection, run_log, to_save, budget):
                raise GivesWay("it was reset, or begun by another run, while it was read", "it is read again")
            self._count_rows(connection, before)

        try:
            self.database.transact(attempt, connection)
            self.stored_budget = budget
        except BaseException:
            self.tally.become(before)
            raise
        finally:
            self._to_save = None
        telemetry.step_ends()

    def _count_rows(self, connection: Connection, before: Mapping[str, int]) -> None:
        """The number of rows moves on with them."""
        if self.resource.hard_deletes and self.tally.deleted > before["deleted"]:
            counts.forget(connection, self.division, self.resource.name)
        elif self.tally.inserted > before["inserted"]:
            more = self.tally.inserted - before["inserted"]
            counts.add(connection, self.division, self.resource.name, more)

    def _heard(self, connection: Connection) -> AbstractContextManager[None]:
        telling = self.options.telling
        return nullcontext() if telling is None else telling.hears(self, connection)

    @property
    def is_told(self) -> bool:
        """Whether others are told what this run has changed."""
        return self.options.telling is not None and self.tally.written > 0

    def is_over(self, connection: Connection) -> None:
        """The run has ended: who is to be told what it changed may be told now."""
        if self.is_told:
            outbox.close(connection, self.run_id)

    def wake(self) -> None:
        """Once that is committed: whoever sends it need not find it by himself."""
        if self.options.telling is not None and self.is_told:
            self.options.telling.wake()

    def write(self, connection: Connection, batches: Sequence[Batch]) -> None:
        """Rows of some pages, in their order; lines of pages that follow each other at once."""
        is_first = True
        for are_lines, alike in groupby(batches, lambda batch: batch.lines is not None):
            was_first, is_first = is_first, False
            if are_lines:
                self._write_lines(connection, list(alike), is_first=was_first)
                continue
            for batch in alike:
                if batch.left_out:
                    self.tally.deleted += self.writer.leave_out(connection, self.division, batch.left_out)
                if batch.rows:
                    self.writer.stage(connection, batch.rows)
                    rows = len(batch.rows)
                    since, spares = self.read_since, self.spares_seen
                    self.count(self.writer.merge(connection, read_since=since, spares_seen=spares, rows=rows))

    def _write_lines(self, connection: Connection, batches: Sequence[Batch], *, is_first: bool) -> None:
        """``is_first``: nothing is staged in this transaction yet."""
        keys = [key for batch in batches for key in batch.keys]
        written = self.writer.write_lines(
            connection,
            [batch.lines for batch in batches if batch.lines is not None],
            is_unique=is_first and len({*keys}) == len(keys),
            read_since=self.read_since,
            expects_new=self._brings_new,
        )
        self._brings_new = 2 * written.inserted > len(keys)
        self.count(written)

    def count(self, written: Any) -> None:
        self.tally.inserted += written.inserted
        self.tally.updated += written.updated

    def put_aside(self, connection: Connection, batch: Batch) -> None:
        """Quarantine what could not become a row, and release what now could, or is not wanted any more."""
        readable = [*batch.keys, *batch.left_out] if batch.left_out else batch.keys
        self.tally.quarantined += self.aside.put(connection, batch.rejects, readable)

    def save(self, **checkpoint: Any) -> None:
        """Put this into the checkpoint, at the end of the transaction that is under way."""
        assert self._to_save is not None, "no transaction is under way"  # noqa: S101
        if "cursor" in checkpoint or "resume" in checkpoint:
            checkpoint["cursor_of"] = self.cursor_of
            if self.cursor_of is Strategy.SNAPSHOT:
                # It has none, and what another strategy left tells nothing any more.
                checkpoint.setdefault("cursor", self._to_save.get("cursor"))
        self._to_save |= checkpoint

    @property
    def attempt(self) -> Attempt:
        """Where what it does is noted."""
        return Attempt(self.run_id, self.division, self.resource.name, self.asked, self.attempted_at)

    def calls(self) -> int:
        """Calls made so far, the failed ones included."""
        return self.budget.calls - self._calls_before
