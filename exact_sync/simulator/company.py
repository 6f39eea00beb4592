"""The simulator's sample company: fills a division with three years of a trading company's books.

The same seed, size, division and ``today`` give the same books on every machine and Python version.
"""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import partial
from typing import Literal

from exact_sync.simulator.bank import book_bank, book_memorial
from exact_sync.simulator.books import Books
from exact_sync.simulator.chart import found_chart
from exact_sync.simulator.divisions import division_values, homes
from exact_sync.simulator.endpoints import ENDPOINTS
from exact_sync.simulator.goods import found_goods
from exact_sync.simulator.ledger import Bookkeeper
from exact_sync.simulator.papers import found_attachments, found_papers
from exact_sync.simulator.payables import Payables
from exact_sync.simulator.people import found_people
from exact_sync.simulator.registers import Numbering
from exact_sync.simulator.relations import buyers, found_relations, main_contacts, sellers
from exact_sync.simulator.sales import Sales
from exact_sync.simulator.samples import Samples
from exact_sync.simulator.setting import Record, Setting

Size = Literal["tiny", "small", "medium", "large"]

_ROWS = (
    "crm/Accounts", "crm/Contacts", "logistics/Items", "logistics/ItemGroups", "financial/GLAccounts",
    "financial/Journals", "salesinvoice/SalesInvoices", "documents/Documents",
    "documents/DocumentAttachments", "cashflow/Payments", "financialtransaction/Transactions",
)  # fmt: skip
SIZES: dict[str, dict[str, int]] = {
    "tiny": dict(zip(_ROWS, (10, 8, 8, 5, 60, 8, 12, 10, 6, 10, 40), strict=True)),
    "small": dict(zip(_ROWS, (120, 80, 60, 5, 90, 8, 250, 150, 60, 180, 900), strict=True)),
    "medium": dict(zip(_ROWS, (1200, 800, 600, 20, 150, 10, 2500, 1500, 600, 1800, 9000), strict=True)),
    "large": dict(
        zip(_ROWS, (20000, 12000, 20000, 40, 250, 12, 10000, 8000, 4000, 6000, 30000), strict=True)
    ),
}
"""Rows per division. The chart's core (some 60 ledger accounts, 8 journals, 5 item groups) is always there,
and the ledger has at least one entry for each processed invoice, purchase and payment batch."""


def found_company(
    books: Books,
    division: int,
    *,
    size: Size = "small",
    seed: int = 0,
    today: date,
    name: str | None = None,
    country: str = "NL",
    counts: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """Fill one division (opened here if the books do not have it yet); returns the rows made by path.

    ``counts`` overrides the size's numbers by path, e.g. ``{"crm/Accounts": 20000}``; the plain endpoints,
    which have a few rows whatever the size, may be named too. ``today`` is the day before which everything
    happened, in Amsterdam.
    """
    wanted = _wanted(size, counts or {})
    user = (books.user_id, books.user_name)
    if division not in books.divisions:
        # Chance of its own: the books come out the same when the division was opened before.
        values = division_values(Setting(division, country, seed, today, user), name or homes(country))
        books.add_division(division, **values)
    with _collector_paused():
        setting = Setting(division, country, seed, today, user)
        made = _found(setting, wanted)
        with books.lock:
            for path, records in made.items():
                table = books.table(division, path)
                table.load(records)
                # The samples refer to these until they are made: the table's own rows cost nothing more.
                made[path] = list(table.rows.values())
            samples = Samples(setting, made, wanted)
            for path, count in samples.counts.items():
                books.load_later(division, path, count, partial(samples.rows, path))
    return {path: len(records) for path, records in made.items()} | samples.counts


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Nothing made here is garbage; looking for some takes half of the time of a large company."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _wanted(size: Size, counts: Mapping[str, int]) -> dict[str, int]:
    unknown = counts.keys() - set(_ROWS) - ENDPOINTS.keys()
    if unknown:
        raise KeyError(f"no count can be given for {', '.join(sorted(unknown))}")
    wanted = {**SIZES[size], **counts}
    # Asked for few entries, don't make more invoices and payments than those entries can book.
    entries = wanted["financialtransaction/Transactions"]
    for path, share in (("salesinvoice/SalesInvoices", 250), ("cashflow/Payments", 180)):
        if path not in counts and "financialtransaction/Transactions" in counts:
            wanted[path] = min(wanted[path], entries * share // 900)
    return wanted


def _found(setting: Setting, wanted: dict[str, int]) -> dict[str, list[Record]]:
    chart = found_chart(
        setting, wanted["financial/GLAccounts"], wanted["financial/Journals"], wanted["logistics/ItemGroups"]
    )
    accounts = found_relations(setting, chart, wanted["crm/Accounts"])
    contacts = found_people(setting, accounts, wanted["crm/Contacts"])
    items = found_goods(setting, chart, wanted["logistics/Items"])
    numbering = Numbering(wanted["financialtransaction/Transactions"])
    mains = main_contacts(contacts)
    sales = Sales(setting, chart, buyers(accounts), items, numbering).make(
        mains, wanted["salesinvoice/SalesInvoices"]
    )

    keeper = Bookkeeper(setting, chart, numbering)
    keeper.open()
    for sale in sales:
        if sale.processed:
            keeper.sell(sale)
    payments = Payables(keeper, chart, sellers(accounts), mains).make(items, wanted["cashflow/Payments"])
    rest = max(0, wanted["financialtransaction/Transactions"] - len(keeper.ledger.entries))
    memorial = rest // 8
    book_memorial(keeper, memorial)
    book_bank(keeper, rest - memorial)

    entries = keeper.ledger.entries
    papers = found_papers(setting, wanted["documents/Documents"], accounts, contacts, items, sales, entries)
    return {
        "financial/GLAccounts": chart.accounts,
        "financial/Journals": chart.journals,
        "logistics/ItemGroups": chart.groups,
        "crm/Accounts": accounts,
        "crm/Contacts": contacts,
        "logistics/Items": items,
        "salesinvoice/SalesInvoices": [s.record for s in sales],
        "salesinvoice/SalesInvoiceLines": [line for s in sales for line in s.lines],
        "financialtransaction/Transactions": [e.record for e in entries],
        "financialtransaction/TransactionLines": [line for e in entries for line in e.lines],
        "cashflow/Payments": payments,
        "documents/Documents": papers,
        "documents/DocumentAttachments": found_attachments(
            setting, papers, wanted["documents/DocumentAttachments"]
        ),
    }


def found_group(
    books: Books, *, divisions: int = 2, size: Size = "small", seed: int = 0, today: date,
    counts: Mapping[str, int] | None = None,
) -> list[int]:  # fmt: skip
    """A group of companies: so many active ones, whose codes are returned, and an archived, empty one."""
    codes = [124132 + 97 * n for n in range(divisions)]
    with _collector_paused():
        for n, code in enumerate(codes):
            country = ("NL", "BE", "DE", "NL")[n % 4]
            name = homes(country, n)
            found_company(
                books, code, size=size, seed=seed, today=today, name=name, country=country, counts=counts
            )
    archived = 123_907
    setting = Setting(archived, "NL", seed, today, (books.user_id, books.user_name))
    books.add_division(
        archived, **division_values(setting, "Brouwer Tweewielers B.V. (gestaakt)", archived=True)
    )
    return codes
