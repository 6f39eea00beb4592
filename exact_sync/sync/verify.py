"""Is the mirror true? Holds one resource of one division against Exact, and mends what differs.

Counts first, because they cost a call; where they differ, or on demand, all keys with their change
stamps; on demand whole records. What Exact changed after our last reading is no difference: the
next run brings it.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import Connection

from exact_sync.catalog import Strategy
from exact_sync.catalog.resource import ROW_VERSION
from exact_sync.errors import Refused, Unavailable
from exact_sync.exact.odata import Query, Record
from exact_sync.exact.wallclock import to_instant
from exact_sync.store import counts, quarantine, seen
from exact_sync.store.database import moment
from exact_sync.store.keys import Stamp
from exact_sync.store.tables import data_columns
from exact_sync.sync import cursors, sweep
from exact_sync.sync.cursors import is_suspect
from exact_sync.sync.findings import Suspect
from exact_sync.sync.lessons import ALWAYS
from exact_sync.sync.outcome import Difference
from exact_sync.sync.questions import Questions
from exact_sync.sync.rows import Batch
from exact_sync.sync.standing import Standing
from exact_sync.sync.task import Task


@dataclass(frozen=True)
class Checks:
    """What is to be compared."""

    keys: bool = False
    rows: int | Literal["all"] = 0
    """So many records are compared column by column; they are drawn by chance."""
    books: bool = True
    repair: bool = False


@dataclass
class Findings:
    """What a comparison found."""

    checked: list[str] = field(default_factory=list)
    """What was compared, in words."""
    missing: dict[Any, Stamp] = field(default_factory=dict)
    changed: dict[Any, str] = field(default_factory=dict)
    """Key to the columns that differ."""
    extra: list[Any] = field(default_factory=list)
    counts: tuple[int, int] | None = None
    """Ours and Exact's, where they differ."""
    pending: int = 0
    """Records that changed at Exact after our last reading."""

    @property
    def differences(self) -> list[Difference]:
        found = [Difference("missing", str(key)) for key in self.missing]
        found += [Difference("changed", str(key), detail) for key, detail in self.changed.items()]
        found += [Difference("extra", str(key)) for key in self.extra]
        if not found and self.counts is not None:
            ours, theirs = self.counts
            if abs(ours - theirs) > self.pending:
                found.append(Difference("count", "rows", f"here {ours}, at Exact {theirs}"))
        return found


def compare(task: Task, checks: Checks) -> Findings:
    """What differs now."""
    questions = Questions(task)
    findings = Findings()
    if not _counts_agree(task, questions, findings) or checks.keys:
        _compare_keys(task, questions, findings)
    if checks.rows:
        _compare_rows(task, questions, findings, checks.rows)
    return findings


def is_cheaper_whole(task: Task, findings: Findings) -> bool:
    """Whether reading everything costs fewer calls than fetching what differs."""
    return sweep.is_cheaper_whole(task, Questions(task), len(findings.changed) + len(findings.missing))


def repair(task: Task, findings: Findings) -> None:
    """Fetch what is missing or changed, bury what is extra. Raises Suspect for too much of that."""
    task.read_since = task.began_at
    task.spares_seen = False  # by a reading that broke off
    wanted = {key: Stamp(key) for key in findings.changed} | findings.missing
    sweep.fetch(task, Questions(task), list(wanted.values()))
    if findings.extra:
        with task.database.begin() as connection:
            known = task.writer.live(connection, task.division, task.start)
        kept = known - len(findings.extra)
        if is_suspect(kept, known, task.checkpoint.accepted_rows):
            raise Suspect(task.resource.name, task.division, kept, known)

        def work(connection: Connection) -> None:
            task.tally.deleted += task.writer.delete_keys(connection, task.division, findings.extra)

        task.transact(work)
    # Whoever had a hand in it changed the number of rows too.
    task.transact(lambda connection: counts.forget(connection, task.division, task.resource.name))


def _counts_agree(task: Task, questions: Questions, findings: Findings) -> bool:
    """True where Exact counts as many records as are here."""
    if task.resource.endpoint.startswith("sync/") or questions.knows("no count"):
        return False
    since = task.start
    query = questions.dated(since, None) if since else questions.whole()
    try:  # a bulk twin does not count
        theirs = _count(task, replace(query, endpoint=task.resource.endpoint))
    except Refused:
        questions.learn("no count")
        return False
    except Unavailable:
        return False  # whether that is so of the count alone, the keys will tell
    with task.database.begin() as connection:
        if since:
            ours = task.writer.live_between(connection, task.division, since, None)
        else:
            ours = task.writer.live(connection, task.division)
        ours += len(quarantine.without_row(connection, task.division, task.resource))
    findings.checked.append(f"{theirs:,} counted")
    findings.counts = (ours, theirs) if ours != theirs else None
    return ours == theirs


def _count(task: Task, query: Query) -> int:
    try:
        return task.client.count(task.asked, query)
    except Refused:
        if query.filter != ALWAYS:
            raise
    # It may be that filter alone; a site that counts is to be asked next time, too.
    return task.client.count(task.asked, replace(query, filter=None))


class _Roll:
    """Which keys Exact has, of all that are here.

    Noted under a name of its own: a reading that broke off has notes too, and goes on with them.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._name = f"verify {task.resource.name}"
        self.is_readable = True
        self.number = 0
        with task.database.begin() as connection:
            seen.forget(connection, task.division, self._name)
            self._began = moment(connection)

    def call(self, batch: Batch) -> None:
        task = self._task
        rejected = [reject.key for reject in batch.rejects]
        self.is_readable = self.is_readable and None not in rejected
        self.number += len(batch.keys) + len(rejected)
        with task.database.begin() as connection:
            seen.note(connection, task.division, self._name, [*batch.keys, *filter(None, rejected)])

    def absent(self) -> list[Any]:
        """Keys that are here and not at Exact; none where a record's key was unreadable."""
        task = self._task
        since = task.start
        with task.database.begin() as connection:
            keys = task.keys.unseen_keys(connection, task.division, self._began, since, self._name)
            seen.forget(connection, task.division, self._name)
        return keys if self.is_readable else []


def _compare_keys(task: Task, questions: Questions, findings: Findings) -> None:
    roll = _Roll(task)
    for compared in sweep.compare(task, questions):
        roll.call(compared.batch)
        with task.database.begin() as connection:
            here = task.keys.here(connection, task.division, [stamp.key for stamp in compared.different])
        for stamp in compared.different:
            if _is_pending(task, stamp):
                findings.pending += 1
            elif stamp.key in here:
                findings.changed[stamp.key] = "Modified or version"
            else:
                findings.missing[stamp.key] = stamp
    findings.extra = roll.absent()
    if roll.is_readable:
        findings.counts = None  # the keys have told all there is to tell
    findings.checked.append(f"{roll.number:,} keys")


def _compare_rows(task: Task, questions: Questions, findings: Findings, rows: int | Literal["all"]) -> None:
    roll = _Roll(task)
    names = data_columns(task.resource)
    is_all = rows == "all" or task.resource.endpoint.startswith("sync/")  # a feed can't be asked for keys
    drawn = None if is_all else _draw(task, int(rows))
    came: set[Any] = set()
    unread: set[str] = set()
    for records in _records(task, questions, drawn):
        batch = task.shaper.batch(task.division, records)
        roll.call(batch)
        if drawn is not None:
            came.update(batch.keys)
            unread.update(str(reject.key) for reject in batch.rejects)
        stamps = {stamp.key: stamp for stamp in sweep.stamps(task, records)}
        with task.database.begin() as connection:
            stored = task.keys.rows(connection, task.division, batch.keys)
        for key, row in zip(batch.keys, batch.rows, strict=True):
            ours = stored.get(key)
            if _is_pending(task, stamps[key]):
                continue
            if ours is None:
                findings.missing[key] = stamps[key]
            elif differing := [name for name, a, b in zip(names, row, ours, strict=False) if a != b]:
                findings.changed[key] = ", ".join(differing)
    unseen = roll.absent()
    if drawn is None:
        findings.extra = unseen
        if roll.is_readable:
            findings.counts = None
    else:
        if task.cursor_of is Strategy.ROW_VERSION:
            _leave_out_young(task, questions, findings)
        absent = [key for key in drawn if str(key) not in unread] if roll.is_readable else []
        findings.extra = list({*findings.extra, *absent} - came)
    findings.checked.append(f"{roll.number:,} rows")


def _leave_out_young(task: Task, questions: Questions, findings: Findings) -> None:
    """What Exact wrote after our last reading, of rows that were asked for by key: their records come
    without a version, so only the feed tells.
    """
    if (stands := _stands(task)) is None or not findings.changed:
        return
    query = replace(questions.behind(stands.highest), select=[ROW_VERSION, task.resource.key])
    for page in questions.pages(lambda: query):
        for key in task.shaper.keys(page.records).keys:
            findings.pending += findings.changed.pop(key, None) is not None


def _draw(task: Task, rows: int) -> list[Any]:
    """Some keys that are here, by chance."""
    with task.database.begin() as connection:
        keys = task.keys.live_keys(connection, task.division, task.start)
    return random.sample(keys, min(rows, len(keys)))


def _records(task: Task, questions: Questions, drawn: Sequence[Any] | None) -> Iterator[Sequence[Record]]:
    """Whole records: all of them, or those of some keys."""
    if drawn is None:
        by_feed = task.cursor_of is Strategy.ROW_VERSION
        for page in questions.pages(lambda: questions.behind(1) if by_feed else questions.whole()):
            yield task.wanted(page.records)
        return
    for part in sweep.parts(task, questions, drawn):
        for page in questions.pages(lambda part=part: questions.by_key(part)):  # type: ignore[misc]
            yield page.records


def _stands(task: Task) -> Standing | None:
    return Standing.from_json((task.checkpoint.resume or {}).get("standing"))


def _is_pending(task: Task, stamp: Stamp) -> bool:
    """True for what Exact wrote after our last reading: that is not wrong, only young."""
    point = task.checkpoint
    if task.cursor_of is Strategy.ROW_VERSION:
        stands = _stands(task)
        return stands is not None and stamp.version is not None and stamp.version > stands.highest
    # A snapshot has no cursor, also where a site refuses to be asked for changes.
    has_cursor = Strategy.SNAPSHOT not in (task.cursor_of, point.strategy)
    cursor = cursors.parse(point.cursor, task.resource.name, task.division) if has_cursor else None
    read_up_to = to_instant(cursor) if cursor else point.complete_at
    return stamp.modified is not None and read_up_to is not None and stamp.modified > read_up_to
