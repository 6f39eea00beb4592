"""The row version cursor: what was written behind a version, through Exact's Sync API.

Each reading begins below the highest version that we hold, so that it must bring that row again.
Where it does not, Exact numbers its rows anew (it moved the division), shows us nothing any more, or
has lost just that row: a look at the lowest row tells which.
"""

from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto
from functools import partial
from typing import Any

from sqlalchemy import Connection

from exact_sync.catalog import DELETIONS, Strategy
from exact_sync.errors import Refused, Unavailable
from exact_sync.exact.client import Page
from exact_sync.exact.odata import Query
from exact_sync.store.keys import Stamp
from exact_sync.sync import cursors, deletions, modified, snapshot, whole
from exact_sync.sync.backfill import Backfill
from exact_sync.sync.findings import Suspect
from exact_sync.sync.questions import Questions
from exact_sync.sync.rows import Batch, read_version
from exact_sync.sync.standing import BEGINNING, Brought, Standing
from exact_sync.sync.task import Task
from exact_sync.sync.whole import Whole


def strategy_here(task: Task) -> Strategy:
    """How a resource is read in this division: as it is meant to be, where that was not refused lately."""
    if task.resource.strategy is Strategy.ROW_VERSION and Questions(task).knows("no sync"):
        return _otherwise(task)
    return task.resource.strategy


def _otherwise(task: Task) -> Strategy:
    return Strategy.MODIFIED if task.resource.has_modified else Strategy.SNAPSHOT


def read(task: Task) -> None:
    questions = Questions(task)
    try:
        _read_feed(task, questions)
    except (Refused, Unavailable) as refusal:
        if task.tally.records or task.resource.endpoint.startswith("sync/"):
            raise
        task.note(f"{questions.feed.endpoint} is refused here ({refusal.message})")
        _read_otherwise(task)
        questions.learn("no sync")


def _read_otherwise(task: Task) -> None:
    """Through the resource's own endpoint; what that refuses too is refused for good."""
    task.claim(_otherwise(task))
    if task.cursor_of is Strategy.MODIFIED:
        modified.read(task)
    else:
        snapshot.read(task)


def _read_feed(task: Task, questions: Questions) -> None:
    resume = task.checkpoint.resume or {}
    stood = Standing.from_json(resume.get("standing"))
    unfinished = None
    if not task.full and resume.get("moved_at") == _text(task.moved_at):
        unfinished = Whole.from_json(resume.get("whole"))
    reason = None if unfinished else _why_everything(task, stood)
    if reason:
        _distrust(task, reason)
    if task.full or stood is None or reason or unfinished:
        _read_everything(task, questions, unfinished, stood)
        return
    with task.database.begin() as connection:
        last = task.keys.last(connection, task.division, stood.highest if task.resource.is_log else None)
    begin = stood.settled if last is None or last.version is None else min(stood.settled, last.version - 1)
    found = _read_on(task, questions, stood, last, begin)
    if found is _Last.IS_THERE:
        return
    if found is _Last.HAS_FALLEN or _is_numbered_anew(task, questions, begin):
        if not (task.resource.is_log and stood.has_expired(task.clock.now())):
            _distrust(task, "Exact numbers its rows anew: everything is read again")
        _read_everything(task, questions, None, stood)
    else:
        # It was removed, and no log told us; or it has an older version again.
        task.checkpoint = replace(task.checkpoint, sweep_wanted=True)


def _distrust(task: Task, reason: str) -> None:
    task.note(reason)
    if task.resource.name == DELETIONS.name:
        deletions.mistrust(task)


def _why_everything(task: Task, stood: Standing | None) -> str | None:
    """Why a position is none any more."""
    if stood is None:
        return None
    if stood.moved_at != _text(task.moved_at):
        return "the division was moved to another database at Exact: everything is read again"
    if stood.is_too_old(task.clock.now()):
        return "the last reading is older than Exact's log of deletions: everything is read again"
    return None


class _Last(Enum):
    """What became of the row that we hold last."""

    IS_THERE = auto()
    IS_ABSENT = auto()
    HAS_FALLEN = auto()
    """It came with a lower version than it had: Exact numbers its rows anew."""


def _read_on(task: Task, questions: Questions, stood: Standing, last: Stamp | None, begin: int) -> _Last:
    """What was written since ``begin``, and what we hold last."""
    link = cursors.position(task.checkpoint.resume, questions.feed_digest).get("link")
    brought, is_there = Brought(), last is None
    met: list[int] = []
    with Backfill(task, questions, goes_on=False, is_on=False) as filling:
        for page in filling.pages(questions.pages(lambda: questions.behind(begin), link, as_rows=True)):
            batch = _take(task, page, brought)
            versions, has_unreadable = _versions_of(task, last, page)
            is_there = is_there or bool(versions) or has_unreadable
            met += [version for version in versions if version is not None]
            if page.next_link is None:
                stands = stood.after(brought, task.clock.now())
                standing = {"standing": stands.as_json()}
                task.keep(batch, _also(task, batch), cursor=str(stands.highest), resume=standing)
            else:
                position = _position(questions, page.next_link, stood)
                task.hold(batch, _also(task, batch), resume=position)
    if met and last is not None and last.version is not None and max(met) < last.version:
        return _Last.HAS_FALLEN
    return _Last.IS_THERE if is_there else _Last.IS_ABSENT


def _versions_of(task: Task, row: Stamp | None, page: Page) -> tuple[list[int | None], bool]:
    """With which versions a row came, and whether a key was unreadable, so that it may have been its."""
    batch: Batch | None = page.batch
    if batch is not None:
        wanted = str(row.key) if row is not None else None
        # Versions are none at all where the page has none: the row came all the same.
        versions = batch.versions or [None] * len(batch.keys)
        pairs = zip(batch.keys, versions, strict=True) if wanted is not None else ()
        return [version for key, version in pairs if key == wanted], False
    came = task.shaper.keys(page.records)  # also what goes to quarantine
    same = (r for r in page.records if row and task.shaper.value(task.resource.key, r) == row.key)
    return [read_version(record) for record in same], bool(came.rejects)


def _read_everything(
    task: Task, questions: Questions, unfinished: Whole | None, stood: Standing | None
) -> None:
    """All rows there are; what does not come is gone."""
    link = None
    if unfinished is not None:
        link = cursors.position(task.checkpoint.resume, questions.feed_digest).get("link")
    reading = unfinished if unfinished is not None and link else whole.begin(task)
    task.read_since = reading.began
    brought = Brought()
    ending = whole.Ending(task, is_all=link is None)
    with Backfill(task, questions, goes_on=link is not None) as filling:
        asked = questions.pages(lambda: questions.behind(BEGINNING), resume=link, as_rows=True)
        for page in filling.pages(asked):
            batch = _take(task, page, brought)
            progress = filling.after(page.count, is_last=page.next_link is None)
            reading = ending.page(reading, batch)
            if page.next_link is not None:
                state = _position(questions, page.next_link, stood)
                state |= {"whole": reading.as_json(), "moved_at": _text(task.moved_at)}
                task.hold(batch, _also(task, batch, ending.note), resume=state, **progress)
            else:
                stands = replace(Standing(), moved_at=_text(task.moved_at)).after(brought, task.clock.now())
                standing = {"standing": stands.as_json()}
                end = partial(_end, task, ending, stands.highest)
                also = _also(task, batch, end)
                task.keep(batch, also, cursor=str(stands.highest), resume=standing, **progress)
    ending.speak()


def _end(task: Task, ending: whole.Ending, highest: int, connection: Connection) -> None:
    ending.end(connection)
    if ending.suspect is None and not task.resource.is_log:
        # What has a higher version did not come; it may come (again) with a lower one that is newer.
        task.keys.forget_versions(connection, task.division, highest)


def _is_numbered_anew(task: Task, questions: Questions, begin: int) -> bool:
    """Look at the lowest row that we hold. Raises Suspect where Exact has no row at all any more.

    ``begin``: behind it everything was just read, so what lies there tells nothing of how it was before.
    """
    with task.database.begin() as connection:
        first = task.keys.first(connection, task.division)
        known = task.writer.live(connection, task.division)
    if first is None or first.version is None:
        return False
    if first.version > begin and task.tally.records:
        return True
    query = questions.behind(first.version - 1)
    found = task.client.first(task.asked, Query(query.endpoint, query.select, query.filter, top=1))
    if found is None:  # or they are numbered lower now
        query = questions.behind(BEGINNING)
        found = task.client.first(task.asked, Query(query.endpoint, query.select, query.filter, top=1))
    if found is not None:
        keys = task.shaper.batch(task.division, [found]).keys
        return keys != [first.key] or read_version(found) != first.version
    if task.resource.is_log or cursors.is_suspect(0, known, task.checkpoint.accepted_rows) is False:
        return True
    raise Suspect(task.resource.name, task.division, 0, known)


def _take(task: Task, page: Page, brought: Brought) -> Batch:
    versions = map(read_version, page.records) if page.batch is None else page.batch.versions
    brought.add([version for version in versions if version is not None])
    return task.intake.take(page)


def _also(
    task: Task, batch: Batch, work: Callable[[Connection], None] | None = None
) -> Callable[[Connection], None]:
    """The deletions that a page tells of, and ``work``; in the transaction of its rows."""

    def both(connection: Connection) -> None:
        if task.resource.name == DELETIONS.name:
            deletions.apply(task, connection, batch)
        if work is not None:
            work(connection)

    return both


def _position(questions: Questions, link: str, stood: Standing | None) -> dict[str, Any]:
    state: dict[str, Any] = {"link": link, "select": questions.feed_digest}
    return state | ({"standing": stood.as_json()} if stood else {})


def _text(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
