"""The sample companies that stories read: made once in a test process, then copied into each one's books.

The simulator makes the same company of the same seed every time, so whoever gets a copy gets what he
would have got; no record in the books is ever changed in place, and `load` copies them besides.
"""

from dataclasses import dataclass
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
    made = _made(division, today, seed, tuple((counts or TINY).items()))
    books.add_division(division, **made.values)
    with books.lock:
        for path, count in made.counts.items():
            if path in KNOWN:
                _load(books.table(division, path), made.rows(path))
            else:  # most stories never look at these
                books.load_later(division, path, count, partial(made.rows, path))


def _load(table: Table, records: list[Record]) -> None:
    """The same as ``table.load``, which completes and checks each record first: these went through it."""
    table._complete = lambda record: dict(record)  # type: ignore[method-assign, assignment]
    try:
        table.load(records)
    finally:
        del table._complete


@dataclass(frozen=True)
class Made:
    """A company in books of its own, that only copies are made of."""

    books: Books
    division: int
    values: Record
    """What to open the division with."""
    counts: Counts
    """Rows of its tables, in the order in which they were made."""

    def rows(self, path: str) -> list[Record]:
        return list(self.books.table(self.division, path).rows.values())


@lru_cache(maxsize=64)
def _made(division: int, today: date, seed: int, counts: tuple[tuple[str, int], ...]) -> Made:
    books = Books()
    values = division_values(
        Setting(division, "NL", seed, today, (books.user_id, books.user_name)), homes("NL")
    )
    made = found_company(books, division, size="small", seed=seed, today=today, counts=dict(counts))
    return Made(books, division, values, made)
