"""The full snapshot: read everything aside, then swap it in with one transaction.

The first one, and one that is too long for a day, are taken over page by page instead, so that they may
take several runs.
"""

from collections.abc import Iterator
from functools import partial
from itertools import chain
from math import ceil

from sqlalchemy import Connection

from exact_sync.catalog import Strategy
from exact_sync.exact.client import Page
from exact_sync.store import counts
from exact_sync.store.trouble import translated
from exact_sync.store.writer import Written
from exact_sync.sync import cursors, whole
from exact_sync.sync.backfill import DAY_LIMIT, Backfill
from exact_sync.sync.cursors import is_suspect
from exact_sync.sync.findings import Suspect
from exact_sync.sync.questions import Questions
from exact_sync.sync.rows import Batch
from exact_sync.sync.task import Task
from exact_sync.sync.whole import Whole

_SMALL = 5
"""Pages that any day has room for."""


def read(task: Task, questions: Questions | None = None) -> None:
    """Mirror a whole list, removals included. Raises Suspect where that would delete on silence."""
    questions = questions or Questions(task)
    task.strategy = Strategy.SNAPSHOT
    calls = _calls(task, questions)
    if task.resource.per_division and _takes_runs(task, questions, calls):
        _read_in_parts(task, questions)
        return
    if calls > _SMALL and not task.full:
        task.budget.check_room(calls)  # a list of many pages can't stop in the middle
    pages = questions.pages(questions.whole, as_rows=True)
    first = next(pages)
    if first.next_link is not None:
        suspect = _aside(task, questions, first, pages)
    elif _leaves_all(task, first):
        suspect = None
    else:
        suspect = _swap(task, task.intake.take(first, is_whole=True))
    if suspect is not None:
        raise suspect


def _leaves_all(task: Task, page: Page) -> bool:
    """Be done with a list that came on one page and is what is here, row for row; False where it is not."""
    if task.full or not page.has_body:  # else it was not only glanced at
        return False
    with task.database.connect() as connection:
        live = task.writer.live(connection, task.division)
    if live != page.count or not task.intake.takes_as_known(page):
        return False

    def work(connection: Connection) -> None:
        task.aside.release_others(connection, [])
        whole.purge(task, connection)
        task.save(resume=None, complete_at=task.clock.now(), accepted_rows=None)

    task.transact(work)
    return True


def _aside(task: Task, questions: Questions, first: Page, others: Iterator[Page]) -> Suspect | None:
    """Read many pages aside, then swap them in."""
    total = Batch()
    with task.database.pinned() as connection:
        with connection.begin():
            task.writer.unstage(connection)
        with Backfill(task, questions, goes_on=False, is_on=False) as filling:
            for page in filling.pages(chain([first], others)):
                batch = task.intake.take(page, is_whole=True)
                with translated(), connection.begin():
                    _stage(task, connection, batch, keep=True)
                total.rejects += batch.rejects
        suspect = _swap(task, total, connection)
        with translated(), connection.begin():
            task.writer.unstage(connection)
    return suspect


def _calls(task: Task, questions: Questions) -> int:
    """How many calls a list of many pages takes, by the rows that are here."""
    if task.rows_here is not None and task.rows_here <= _SMALL * questions.page_size:
        return 0
    with task.database.begin() as connection:
        return ceil(task.writer.live(connection, task.division) / questions.page_size)


def _takes_runs(task: Task, questions: Questions, calls: int) -> bool:
    """Whether the list is read in as many runs as it takes: else one that is too long would never end."""
    if calls > (task.budget.day.limit or DAY_LIMIT) // 2:
        return True
    is_under_way = "whole" in cursors.position(task.checkpoint.resume, questions.digest)
    return not task.full and (task.checkpoint.complete_at is None or is_under_way)


def _read_in_parts(task: Task, questions: Questions) -> None:
    """What was there before, if anything, stays until the end."""
    state = {} if task.full else cursors.position(task.checkpoint.resume, questions.digest)
    unfinished = Whole.from_json(state.get("whole"))
    link = state["link"] if unfinished else None
    reading = unfinished or whole.begin(task)
    task.read_since = reading.began
    ending = whole.Ending(task, is_all=link is None)
    with Backfill(task, questions, goes_on=link is not None) as filling:
        for page in filling.pages(questions.pages(questions.whole, resume=link, as_rows=True)):
            batch = task.intake.take(page)
            reading = ending.page(reading, batch)
            progress = filling.after(page.count, is_last=page.next_link is None)
            if page.next_link is not None:
                position = {"link": page.next_link, "select": questions.digest, "whole": reading.as_json()}
                task.hold(batch, ending.note, resume=position, **progress)
            else:
                task.keep(batch, ending.end, resume=None, **progress)
    ending.speak()
    task.database.transact(partial(whole.purge, task))


def _stage(task: Task, connection: Connection, batch: Batch, *, keep: bool) -> None:
    if batch.lines is not None:
        task.writer.stage_lines(connection, [batch.lines], keep=keep)
    else:
        task.writer.stage(connection, batch.rows, keep=keep)


def _swap(task: Task, total: Batch, staged_on: Connection | None = None) -> Suspect | None:
    """What came is all there is; or why nothing was buried, because that would be deleting on silence.

    ``staged_on``: the rows are staged on this connection; None: they are those of ``total``.
    """
    kept = staged_on is not None
    suspect: Suspect | None = None

    def work(connection: Connection) -> None:
        nonlocal suspect
        suspect = None
        if not kept:
            _stage(task, connection, total, keep=False)
        known = task.writer.live(connection, task.division, task.start)
        rejected = [reject.key for reject in total.rejects if reject.key is not None]
        came = task.writer.staged(connection) if kept else len({*total.keys})
        rows = None if kept else len(total.keys)
        written = task.writer.merge(connection, kept=kept, read_since=task.began_at, rows=rows)
        task.count(written)
        task.put_aside(connection, total)
        if task.full:  # somebody may have changed rows by hand
            counts.forget(connection, task.division, task.resource.name)
        seen = came + len(set(rejected))
        if is_suspect(seen, known, task.checkpoint.accepted_rows):
            suspect = Suspect(task.resource.name, task.division, seen, known)
            return
        task.aside.release_others(connection, [reject.name for reject in total.rejects])
        if len(rejected) < len(total.rejects):
            task.note("nothing was deleted, because a record's key is unreadable")
            return
        # Where nothing was written, each row that came was here; so many were here, so none is missing.
        if rejected or came != known or written != Written(0, 0):
            task.tally.deleted += task.writer.delete_missing(
                connection, task.division, rejected, since=task.start, kept=kept
            )
        whole.purge(task, connection)
        task.save(resume=None, complete_at=task.clock.now(), accepted_rows=None)

    task.transact(work, staged_on)
    return suspect
