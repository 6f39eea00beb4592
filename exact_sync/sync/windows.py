"""Date windows: history in parts of whole months, newest first, each with its own checkpoint.

After the first reading a run asks two things: what was changed (one query on Modified), and how
many records there are (see ``window_counts``). The windows that differ are read again, the recent
ones every few hours anyway.
"""

import contextlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from exact_sync.catalog import Strategy
from exact_sync.errors import BadConfiguration, Refused, Unavailable
from exact_sync.exact.odata import Query, Record
from exact_sync.exact.wallclock import read_date, read_wall, to_wall
from exact_sync.store import checkpoints, quarantine
from exact_sync.sync import cursors, missed, modified, whole
from exact_sync.sync.backfill import Backfill
from exact_sync.sync.cursors import Window, is_recent, is_suspect
from exact_sync.sync.findings import Suspect
from exact_sync.sync.lessons import ModifiedRefused
from exact_sync.sync.questions import Questions
from exact_sync.sync.rows import Batch
from exact_sync.sync.task import Task
from exact_sync.sync.window_counts import Gone, differing


def read(task: Task) -> None:
    questions = Questions(task)
    before = cursors.parse(task.checkpoint.cursor, task.resource.name, task.division)
    begun = _begun(task)
    today = to_wall(task.clock.now()).date()
    is_first = task.checkpoint.complete_at is None or task.full
    filling = Backfill(task, questions, goes_on=bool(begun), is_on=is_first and not task.full)
    records: int | None = None
    is_news = False
    if begun:
        if not questions.knows("no modified filter"):
            with filling, contextlib.suppress(ModifiedRefused):
                modified.read_changes(task, questions, before)
            is_news = questions.knows("no modified filter")
        task.strategy = Strategy.DATE_WINDOWS
        windows = cursors.windows(begun, today, task.start)
    else:
        task.strategy = Strategy.DATE_WINDOWS
        windows, records = _begin(task, questions, today)
    waiting = [window for window in windows if begun.get(window.starts, {}) is not None]
    done = [window for window in windows if window not in waiting]
    gone = Gone()
    filling.expect(records)
    if waiting:  # nothing in them is known yet, so what looks newer here is not
        task.read_since = task.began_at
    with filling:
        for window in waiting:
            _read_window(task, questions, window, gone, begun.get(window.starts) or {}, filling)
    if is_first and not questions.knows("no count"):
        recent = []  # the changes and the count tell what happened to what was read in earlier runs
    else:
        recent = _read_recent(task, questions, done, gone, today, is_due=is_news)
    if done:
        for window in differing(task, questions, windows, gone):
            if window not in recent:
                _read_window(task, questions, window, gone)
    _check(task, gone)
    missed.ask_for(task, questions, gone)
    _finish(task, gone, is_whole=bool(recent) or is_first)


def _begun(task: Task) -> dict[date, dict[str, Any] | None]:
    """The windows that earlier runs began, and where their reading goes on; none where all is read anew."""
    is_ours = task.checkpoint.cursor_of == Strategy.DATE_WINDOWS  # else they tell how far another one reaches
    if task.full or not is_ours:
        return {}
    with task.database.begin() as connection:
        return checkpoints.windows(connection, task.division, task.resource.name)


def _begin(task: Task, questions: Questions, today: date) -> tuple[list[Window], int | None]:
    """Cut history into windows, newest first, and note where changes are counted from; also how many
    records there are, where Exact says so."""
    name = str(task.resource.date)
    oldest: date | None = today - timedelta(days=task.options.recent_days)
    highest: datetime | None = None
    records: int | None = None
    try:
        first, _ = _extreme(task, questions, name, "asc")
        if first and first.get(name) is None:
            raise BadConfiguration(
                f"{task.resource.name} can't be read by date_windows: Exact has records without a {name}",
                f"choose another strategy or date in [resources.{task.resource.name}]",
            )
        value = first.get(name) if first else None
        oldest = read_date(value) if isinstance(value, str) else None
        latest, ceiling = _extreme(task, questions, "Modified", "desc")
        highest = read_wall(latest.get("Modified")) if latest else None
        if highest is not None and ceiling is not None:  # a Modified in the future must not carry it along
            highest = min(highest, to_wall(ceiling))
    except (Refused, ValueError, OverflowError):
        # Ordering is not possible here, or the first date is unreadable: all that is older becomes one
        # window without a beginning, and the first look for changes reads everything once.
        pass
    if oldest is None:
        if task.rows_here == 0:
            return [], 0
        oldest = today  # what is here did not come: one window will tell, for all of it
    with contextlib.suppress(Refused, Unavailable):
        records = task.client.count(task.asked, questions.dated(task.start, None))
    starts = cursors.window_starts(oldest, today, records)

    def begin(connection: Connection) -> None:
        checkpoints.forget_windows(connection, task.division, task.resource.name)
        for start in starts:
            checkpoints.save_window(connection, task.division, task.resource.name, start, {})
        task.save(cursor=highest.isoformat() if highest else None, resume=None)

    task.transact(begin)
    return cursors.windows(starts, today, task.start), records


def _extreme(
    task: Task, questions: Questions, name: str, direction: str
) -> tuple[Record | None, datetime | None]:
    """The first or last record by a property, and Exact's clock then; None where there is none."""
    scope = questions.dated(task.start, None)
    query = Query(scope.endpoint, [name], scope.filter, orderby=f"{name} {direction}", top=1)
    page = next(task.client.pages(task.asked, query, task.resource.key))
    return (page.records[0] if page.records else None), page.server_time


def _read_window(
    task: Task,
    questions: Questions,
    window: Window,
    gone: Gone,
    resume: dict[str, Any] | None = None,
    filling: Backfill | None = None,
) -> None:
    """Read one window whole. ``resume``: where its first reading goes on; None: it was done before."""
    first_time = resume is not None
    link = cursors.position(resume, questions.digest).get("link")
    with task.database.begin() as connection:
        held = task.writer.live_keys(connection, task.division, window.since, window.ends)
    if link is not None:
        held = set()  # what came before the link is not known any more; a later look will tell
    gone.known += len(held)
    pages = questions.pages(lambda: questions.dated(window.since, window.ends), link, as_rows=True)
    for page in filling.pages(pages) if filling else pages:
        batch = task.intake.take(page)
        there = gone.came(batch)
        gone.seen += sum(str(key) in there for key in held)
        if None in there:
            held = set()  # a record without a readable key may be any of them
        held = {key for key in held if str(key) not in there}
        is_followed = page.next_link is not None
        is_done = first_time and not is_followed and not held
        position = (
            {"link": page.next_link, "select": questions.digest} if first_time and is_followed else None
        )
        progress = filling.after(page.count) if filling else {}
        _keep(task, window, batch, position, progress, is_done=is_done, is_followed=is_followed)
        if filling and is_done:
            filling.offer_way()
    if held:
        gone.keys[window] = held


def _keep(
    task: Task,
    window: Window,
    batch: Batch,
    position: dict[str, Any] | None,
    progress: dict[str, Any],
    *,
    is_done: bool,
    is_followed: bool,
) -> None:
    def work(connection: Connection) -> None:
        if position is not None or is_done:
            checkpoints.save_window(connection, task.division, task.resource.name, window.starts, position)

    # A window's end is written at once: the next one looks at what is here, and a record may have moved.
    (task.hold if is_followed else task.keep)(batch, work, **progress)


def _read_recent(
    task: Task, questions: Questions, done: Sequence[Window], gone: Gone, today: date, *, is_due: bool
) -> list[Window]:
    """Every few hours, or where Exact does not count: read the recent windows again.

    ``is_due``: at once: Exact has just refused to tell changes, and only an answer shows that it was that.
    """
    whole_at = task.checkpoint.complete_at
    age = task.clock.now() - whole_at if whole_at else None
    is_recent_enough = age is not None and timedelta(0) <= age < task.options.recheck
    if is_recent_enough and not is_due and not questions.knows("no count"):
        return []
    recent = [window for window in done if is_recent(window, today, task.options.recent_days)]
    for window in recent:
        _read_window(task, questions, window, gone)
    return recent


def _check(task: Task, gone: Gone) -> None:
    """Raises Suspect where more is gone than Exact's count tells, and suspiciously much of what was read."""
    number = sum(map(len, gone.keys.values()))
    if number > gone.counted and is_suspect(gone.seen, gone.known, task.checkpoint.accepted_rows):
        raise Suspect(task.resource.name, task.division, gone.seen, gone.known)


def _finish(task: Task, gone: Gone, *, is_whole: bool) -> None:
    """Mark what is gone."""

    def work(connection: Connection) -> None:
        for window, keys in gone.keys.items():
            task.tally.deleted += task.writer.delete_keys(connection, task.division, list(keys))
            checkpoints.save_window(connection, task.division, task.resource.name, window.starts, None)
        if over := gone.over.difference(gone.rejected):
            quarantine.release(connection, task.division, task.resource.name, over)
        if task.full:
            quarantine.release_others(connection, task.division, task.resource.name, gone.rejected)
        task.save(
            accepted_rows=None,
            progress=None,
            **_whole_at(task) if is_whole else {},
        )

    task.transact(work)


def _whole_at(task: Task) -> dict[str, Any]:
    """The week until all keys are compared is counted from the first time on: readings come more often."""
    point, now = task.checkpoint, task.clock.now()
    if task.full:  # all keys have come
        task.is_swept = True
        return {"complete_at": now, **whole.done(now)}
    is_first = point.complete_at is None or point.swept_at is None
    return {"complete_at": now} | ({"swept_at": now} if is_first else {})
