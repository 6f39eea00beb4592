"""The sample companies that stories read: made once in a test process, then copied into each one's books.

The simulator makes the same company of the same seed every time, so whoever gets a copy gets what he
would have got; no record in the books is ever changed in place, and `load` copies them besides.
"""

from datetime import date
from functools import lru_cache, partial

from exact_sync.simulator.books import Books
from exact_sync.simulator.company import found_company
from exact_sync.simulator.divisions import division_values, homes
from exact_sync.simulator.schema import KNOWN
from exact_sync.simulator.setting import Record, Setting
from exact_sync.simulator.table import Table

Counts = dict[str, int]

TINY: Counts = {
    "crm/Accounts": 40,
    "crm/Contacts": 30,
    "logistics/Items": 25,
    "salesinvoice/SalesInvoices": 60,
    "documents/Documents": 30,
    "documents/DocumentAttachments": 25,
    "cashflow/Payments": 40,
    "financialtransaction/Transactions": 150,
}
"""Rows of a company that is founded in no time."""


def found(books: Books, division: int, today: date, *, seed: int = 1, counts: Counts | None = None) -> None:
    """What ``found_company`` would put into these books."""
    values, tables = _made(division, today, seed, tuple((counts or TINY).items()))
    books.add_division(division, **values)
    with books.lock:
        for path, records in tables.items():
            if path in KNOWN:
                _load(books.table(division, path), records)
            else:  # most stories never look at these
                books.load_later(division, path, len(records), partial(list, records))


def _load(table: Table, records: list[Record]) -> None:
    """The same as ``table.load``, which completes and checks each record first: these went through it."""
    table._complete = lambda record: dict(record)  # type: ignore[method-assign, assignment]
    try:
        table.load(records)
    finally:
        del table._complete


@lru_cache(maxsize=8)
def _made(
    division: int, today: date, seed: int, counts: tuple[tuple[str, int], ...]
) -> tuple[Record, dict[str, list[Record]]]:
    """What to open the division with, and the rows of its tables, in the order in which they were made."""
    books = Books()
    values = division_values(
        Setting(division, "NL", seed, today, (books.user_id, books.user_name)), homes("NL")
    )
    paths = found_company(books, division, size="small", seed=seed, today=today, counts=dict(counts))
    return values, {path: list(books.table(division, path).rows.values()) for path in paths}
