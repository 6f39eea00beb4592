"""Do the books tie? The mirrored ledger per account, year and period against Exact's own balance."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from exact_sync.store import books
from exact_sync.store.books import Cell
from exact_sync.sync.cursors import is_suspect
from exact_sync.sync.findings import Suspect
from exact_sync.sync.questions import LARGE_PAGE, Questions
from exact_sync.sync.task import Task

LEDGER = "transaction_lines"
BALANCE = "reporting_balance"


def compare(task: Task, refresh: Callable[[str], None]) -> tuple[int, list[Cell]]:
    """How many sums there are, and those that differ. ``refresh`` brings a resource up to date."""
    for _ in range(2):  # what is booked between the two readings looks like a difference, once
        refresh(LEDGER)
        refresh(BALANCE)
        with task.database.begin() as connection:
            number, cells = books.compare(connection, task.division, task.start)
        if not cells:
            break
    return number, cells


def is_cheaper_whole(task: Task, cells: Sequence[Cell]) -> bool:
    """Whether reading the whole ledger costs fewer calls than a question for each of some cells."""
    with task.database.begin() as connection:
        return len(cells) > task.writer.live(connection, task.division) / LARGE_PAGE + 2


def repair(task: Task, cells: Sequence[Cell]) -> None:
    """Fetch the lines of some accounts and periods, and bury those that are not at Exact.

    Raises Suspect for too many of those.
    """
    questions = Questions(task)
    task.read_since = task.began_at
    brought: set[object] = set()
    rejected: set[str | None] = set()
    for cell in cells:
        condition = (
            f"GLAccount eq guid'{cell.gl_account}' and FinancialYear eq {cell.year} "
            f"and FinancialPeriod eq {cell.period}"
        )
        query = replace(questions.by_key([]), filter=condition)
        for page in questions.pages(lambda query=query: query):  # type: ignore[misc]
            batch = task.intake.shape(task.wanted(page.records))
            brought.update(batch.keys)
            rejected.update(reject.key for reject in batch.rejects)
            task.keep(batch)
    with task.database.begin() as connection:
        here = {key for cell in cells for key in books.keys(connection, task.division, cell)}
        known = task.writer.live(connection, task.division)
    # What came and could not become a row is at Exact; without a readable key it may be any of them.
    gone = [] if None in rejected else [key for key in here - brought if str(key) not in rejected]
    if gone and is_suspect(known - len(gone), known, task.checkpoint.accepted_rows):
        raise Suspect(task.resource.name, task.division, known - len(gone), known)

    def bury(connection: Connection) -> None:
        task.tally.deleted += task.writer.delete_keys(connection, task.division, gone)

    if gone:
        task.transact(bury)
