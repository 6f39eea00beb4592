"""Properties that a site did not know a month ago: where it knows them now, everything is read once.

They were left empty, and a cursor only brings what changes.
"""

from collections.abc import Iterator
from dataclasses import replace

from exact_sync.catalog import Strategy
from exact_sync.errors import Refused, Unavailable
from exact_sync.exact.odata import Query
from exact_sync.store import checkpoints
from exact_sync.sync.questions import Questions
from exact_sync.sync.standing import BEGINNING
from exact_sync.sync.task import Task


def follow(task: Task) -> None:
    """Forget a position whose rows lack what Exact can tell now."""
    if task.cursor_of is Strategy.SNAPSHOT:
        return
    questions = Questions(task)
    lacked = list(_lacked(task, questions))
    if not lacked:
        return

    def ask() -> Query:
        query = questions.behind(BEGINNING) if _is_fed(task) else questions.whole()
        select = [task.resource.key, *(name for name in query.select if name in lacked)]
        return replace(query, select=select, top=1)

    try:
        next(questions.pages(ask))
    except (Refused, Unavailable):
        return  # the reading itself will ask, and learn
    known = [name for name in lacked if not questions.knows(_quirk(task, name))]
    if not known:
        return
    quirks = {name: since for name, since in task.checkpoint.quirks.items() if questions.knows(name)}
    with task.database.begin() as connection:
        checkpoints.reset(connection, task.resource.name, [task.division], under_way=True)
        checkpoints.save(connection, task.division, task.resource.name, quirks=quirks)
        task.checkpoint = checkpoints.read(connection, task.division, task.resource.name)
    task.note(f"Exact knows {', '.join(known)} now: everything is read once")


def _lacked(task: Task, questions: Questions) -> Iterator[str]:
    """What was left out of the questions until the month was over."""
    for name in [*task.resource.by_property, *task.resource.untyped]:
        quirk = _quirk(task, name)
        if quirk in task.checkpoint.quirks and not questions.knows(quirk):
            yield name


def _is_fed(task: Task) -> bool:
    return task.cursor_of is Strategy.ROW_VERSION


def _quirk(task: Task, name: str) -> str:
    return f"sync without {name}" if _is_fed(task) else f"without {name}"
