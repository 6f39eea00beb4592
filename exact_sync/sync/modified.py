"""The Modified cursor: what changed since the checkpoint, a page at a time.

The pages come unordered (ordering is slow at Exact), so the checkpoint keeps the link to the next
page while a reading is under way - a skiptoken is a position in the keys, not in time - and the
cursor moves when the last page is in.
"""

from datetime import datetime

from exact_sync.catalog import Strategy
from exact_sync.exact.odata import Query
from exact_sync.sync import cursors, snapshot, whole
from exact_sync.sync.backfill import Backfill
from exact_sync.sync.lessons import ModifiedRefused
from exact_sync.sync.questions import Questions
from exact_sync.sync.task import Task
from exact_sync.sync.whole import Whole


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

    link, reading, everything = _unfinished(task, questions, before)
    if before is None and everything is None:
        everything = whole.begin(task)
    if everything is not None:
        task.read_since = everything.began
    ending = whole.Ending(task, is_all=link is None)
    with Backfill(task, questions, goes_on=link is not None, is_on=everything is not None) as filling:
        for page in filling.pages(questions.pages(ask, resume=link, as_rows=True)):
            if before is not None:
                cursors.check_not_ahead(before, page.server_time, task.resource.name, task.division)
            reading = reading.saw_up_to(task.intake.highest(page), page.server_time, task.clock.now())
            batch = task.intake.take(page)
            progress = filling.after(page.count, is_last=page.next_link is None)
            if everything is not None:
                everything = ending.page(everything, batch)
            if page.next_link is not None:
                position = {"link": page.next_link, "select": questions.digest, "since": _text(before)}
                state = position | reading.as_json() | ({"whole": everything.as_json()} if everything else {})
                task.hold(batch, ending.note, cursor=_text(before), resume=state, **progress)
            else:
                after = _text(reading.cursor_after(before))
                end = ending.end if everything else None
                task.keep(batch, end, cursor=after, resume=None, **progress)
    ending.speak()


def _unfinished(
    task: Task, questions: Questions, before: datetime | None
) -> tuple[str | None, cursors.Reading, Whole | None]:
    """Where an interrupted reading of the same question goes on, and what it has seen."""
    state = {} if task.full else cursors.position(task.checkpoint.resume, questions.digest)
    everything = Whole.from_json(state.get("whole"))
    if state and state.get("since") == _text(before) and (before is not None or everything is not None):
        reading = cursors.Reading.from_json(state)
        if reading is not None:
            return state["link"], reading, everything
    return None, cursors.Reading(), None


def _cursor(task: Task) -> datetime | None:
    if task.full:
        return None
    return cursors.parse(task.checkpoint.cursor, task.resource.name, task.division)


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
