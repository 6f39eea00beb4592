"""The sweep: every key that Exact has against every key that is here, once a week.

It finds what no cursor shows: rows that are gone and that no log names, and rows that were never
brought. Each resource of each division has a time of its own in the week. A sweep that breaks off
goes on in the next run.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from exact_sync.catalog import Strategy
from exact_sync.catalog.resource import ROW_VERSION
from exact_sync.exact.client import Page
from exact_sync.exact.odata import Record
from exact_sync.store import quarantine
from exact_sync.store.keys import Stamp
from exact_sync.sync import cursors, whole
from exact_sync.sync.backfill import Backfill
from exact_sync.sync.questions import LARGE_PAGE, PAGE, Questions
from exact_sync.sync.rows import Batch, read_version
from exact_sync.sync.task import Task
from exact_sync.sync.whole import Whole

SUSPECT_FOR = timedelta(days=1)
"""How soon all keys are compared again after that was suspect."""
_SKEW = timedelta(hours=1)
"""At most so far apart are the clocks of two machines."""
_URL_LENGTH = 5_500
"""Exact takes 6,000 characters."""
_KEYS_A_CALL = 40
"""About so many keys fit into a URL."""


@dataclass(frozen=True)
class Compared:
    """A page of keys, and those that are not here as Exact has them."""

    page: Page
    batch: Batch
    different: list[Stamp]


def is_due(task: Task) -> bool:
    """Whether all keys of this resource are to be compared now."""
    point, now = task.checkpoint, task.clock.now()
    if task.is_swept or task.resource.is_log or not task.resource.per_division:
        return False
    if task.strategy is Strategy.SNAPSHOT:
        return False  # reads all there is each time
    if point.sweep_wanted or point.sweep or point.accepted_rows is not None:
        return True
    last = point.swept_at or point.complete_at
    if last is None:
        return False
    age = now - last
    if age < -_SKEW:  # by a clock that was set back
        return True
    if point.suspect_rows is not None:
        return age >= SUSPECT_FOR
    every = task.options.sweep_every
    return age >= every / 7 and last < _slot(task.division, task.resource.name, every, now)


def _slot(division: int, resource: str, every: timedelta, now: datetime) -> datetime:
    """The last moment at which this one's turn was."""
    seconds = int(every.total_seconds())
    offset = zlib.crc32(f"{division} {resource}".encode()) % seconds
    turns = (int(now.timestamp()) - offset) // seconds
    return datetime.fromtimestamp(turns * seconds + offset, UTC)


def run(task: Task) -> bool:
    """Compare, fetch and bury. False: so much is missing that reading everything costs less.

    Raises Suspect where burying would be deleting on silence.
    """
    questions = Questions(task)
    state = cursors.position(task.checkpoint.sweep, _digest(questions))
    reading = Whole.from_json(state.get("whole")) if state else None
    link = state["link"] if reading else None
    reading = reading or replace(whole.begin(task), is_noted=True)
    task.read_since = task.began_at
    ending = whole.Ending(task, is_all=False, is_sweep=True)
    deleted, different = task.tally.deleted, 0
    with Backfill(task, questions, goes_on=link is not None) as filling:
        for compared in compare(task, questions, link):
            reading = ending.page(reading, compared.batch)
            different += len(compared.different)
            if is_cheaper_whole(task, questions, different):
                return False
            fetch(task, questions, compared.different)
            if compared.page.next_link is not None:
                position = {"link": compared.page.next_link, "select": _digest(questions)}
                task.keep(Batch(), ending.note, sweep=position | {"whole": reading.as_json()})
                filling.offer_way()
            else:
                task.keep(Batch(), ending.end)
    ending.speak()
    unnamed = task.tally.deleted - deleted
    if unnamed and task.resource.entity_type is not None:
        task.note(
            f"{unnamed} rows were gone that Exact's log of deletions did not name; "
            "it may need the right to retrieve deleted records"
        )
    task.database.transact(partial(whole.purge, task))
    return True


def compare(task: Task, questions: Questions, link: str | None = None) -> Iterator[Compared]:
    """All keys of Exact, a page at a time, each with those that are not here as they are there."""
    with task.database.begin() as connection:
        aside = quarantine.keys(connection, task.division, task.resource.name)
    for page in questions.pages(questions.keys, resume=link):
        wanted = task.wanted(page.records)
        batch = task.shaper.keys(wanted)
        found = [stamp for stamp in stamps(task, wanted) if str(stamp.key) not in aside]
        with task.database.begin() as connection:
            different = task.keys.different(connection, task.division, found)
        yield Compared(page, batch, different)


def fetch(task: Task, questions: Questions, stamps: Sequence[Stamp]) -> None:
    """Bring the whole records of some keys."""
    versions = {stamp.key: stamp.version for stamp in stamps if stamp.version is not None}
    for part in parts(task, questions, [stamp.key for stamp in stamps]):
        for page in questions.pages(partial(questions.by_key, part)):
            for record in page.records:
                version = versions.get(task.shaper.value(task.resource.key, record))
                if version is not None:
                    record[ROW_VERSION] = version
            task.keep(task.intake.wanted(page))


def parts(task: Task, questions: Questions, keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Parts of a list of keys whose questions fit into a URL."""
    base = len(questions.by_key([]).url("", task.asked))
    part: list[Any] = []
    length = base
    for key in keys:
        # Alone it takes up a little more than among others.
        more = len(questions.by_key([key]).url("", task.asked)) - base
        if part and length + more > _URL_LENGTH:
            yield part
            part, length = [], base
        part.append(key)
        length += more
    if part:
        yield part


def is_cheaper_whole(task: Task, questions: Questions, different: int) -> bool:
    """Whether reading everything costs fewer calls than fetching so many records by key."""
    if different and task.resource.endpoint.startswith("sync/"):
        return True  # a feed can't be asked for keys
    if different < 2 * PAGE:
        return False
    with task.database.begin() as connection:
        rows = task.writer.live(connection, task.division) + different
    is_large = questions.whole().endpoint != task.resource.endpoint or task.cursor_of is Strategy.ROW_VERSION
    return different / _KEYS_A_CALL > rows / (LARGE_PAGE if is_large else PAGE) + 2


def _digest(questions: Questions) -> str:
    query = questions.keys()
    return f"{query.endpoint} {','.join(query.select)}"


def stamps(task: Task, records: Sequence[Record]) -> Iterator[Stamp]:
    """What tells whether records changed; of those whose key is readable."""
    by_version = task.cursor_of is Strategy.ROW_VERSION
    for record in records:
        key = task.shaper.value(task.resource.key, record)
        if key is not None:
            modified = task.shaper.value("Modified", record)
            yield Stamp(key, modified, read_version(record) if by_version else None)
