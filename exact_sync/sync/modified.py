"""The Modified cursor: what changed since the checkpoint, a page at a time.

The pages come unordered (ordering is slow at Exact), so the checkpoint keeps the link to the next
page while a reading is under way - a skiptoken is a position in the keys, not in time - and the
cursor moves when the last page is in.
"""

from datetime import datetime

from exact_sync.catalog import Strategy
from exact_sync.exact.odata import Query
from exact_sync.store import quarantine
from exact_sync.sync import cursors, snapshot
from exact_sync.sync.questions import ModifiedRefused, Questions
from exact_sync.sync.task import Task


def read(task: Task) -> None:
    questions = Questions(task)
    before = _cursor(task)
    if questions.knows("no modified filter"):
        snapshot.read(task, questions)
        return
    try:
        read_changes(task, questions, before)
    except ModifiedRefused:
        snapshot.read(task, questions)


def read_changes(task: Task, questions: Questions, before: datetime | None) -> None:
    """Everything (no cursor yet) or what changed since; moves the cursor at the end."""
    task.strategy = Strategy.MODIFIED

    def ask() -> Query:
        if before is None:
            return questions.whole()
        return questions.changed_since(cursors.read_from(before, task.options.overlap))

    link, reading = _unfinished(task, questions, before)
    rejected: list[str] = []
    for page in questions.pages(ask, resume=link):
        if before is not None:
            cursors.check_not_ahead(before, page.server_time, task.resource.name, task.division)
        reading = reading.saw(page.records, page.server_time, task.clock.now())
        batch = task.shape(page.records)
        rejected += [reject.name for reject in batch.rejects]
        if page.next_link is not None:
            position = {"link": page.next_link, "select": questions.digest, "since": _text(before)}
            task.keep(batch, cursor=_text(before), resume=position | reading.as_json())
        else:
            done = {"complete_at": task.clock.now()} if before is None else {}
            task.keep(batch, cursor=_text(reading.cursor_after(before)), resume=None, **done)
    if before is None and link is None:
        task.transact(
            lambda connection: quarantine.release_others(
                connection, task.division, task.resource.name, rejected
            )
        )


def _unfinished(
    task: Task, questions: Questions, before: datetime | None
) -> tuple[str | None, cursors.Reading]:
    """Where an interrupted reading of the same question goes on, and what it has seen."""
    state = {} if task.full else cursors.position(task.checkpoint.resume, questions.digest)
    if state and state.get("since") == _text(before):
        reading = cursors.Reading.from_json(state)
        if reading is not None:
            return state["link"], reading
    return None, cursors.Reading()


def _cursor(task: Task) -> datetime | None:
    if task.full:
        return None
    return cursors.parse(task.checkpoint.cursor, task.resource.name, task.division)


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
