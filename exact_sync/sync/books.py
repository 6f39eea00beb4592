"""Do the books tie? The mirrored ledger per account, year and period against Exact's own balance."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from sqlalchemy import Connection

from exact_sync.store import books
from exact_sync.store.books import Cell
from exact_sync.sync.questions import Questions
from exact_sync.sync.task import Task

LEDGER = "transaction_lines"
BALANCE = "reporting_balance"

FETCH_AT_MOST = 100
"""Where more accounts and periods differ, reading the whole ledger costs less."""


def compare(task: Task, refresh: Callable[[str], None]) -> tuple[int, list[Cell]]:
    """How many sums there are, and those that differ. ``refresh`` brings a resource up to date."""
    for _ in range(2):  # what is booked between the two readings looks like a difference, once
        refresh(LEDGER)
        refresh(BALANCE)
        with task.database.begin() as connection:
            number, cells = books.compare(connection, task.division, task.options.start_date)
        if not cells:
            break
    return number, cells


def repair(task: Task, cells: Iterable[Cell]) -> None:
    """Fetch the lines of some accounts and periods, and bury those that are not at Exact."""
    questions = Questions(task)
    task.read_since = task.began_at
    for cell in cells:
        condition = (
            f"GLAccount eq guid'{cell.gl_account}' and FinancialYear eq {cell.year} "
            f"and FinancialPeriod eq {cell.period}"
        )
        here = set()
        with task.database.begin() as connection:
            here = books.keys(connection, task.division, cell)
        query = replace(questions.by_key([]), filter=condition)
        for page in questions.pages(lambda query=query: query):  # type: ignore[misc]
            batch = task.shape(task.wanted(page.records))
            here.difference_update(batch.keys)
            task.keep(batch)

        def bury(connection: Connection, keys: set[object] = here) -> None:
            task.tally.deleted += task.writer.delete_keys(connection, task.division, list(keys))

        if here:
            task.transact(bury)
