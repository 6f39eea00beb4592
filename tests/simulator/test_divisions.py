"""Many small divisions: all different, and cheap."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from exact_sync.simulator.books import Books
from exact_sync.simulator.clock import Clock
from exact_sync.simulator.company import SIZES, found_company, found_group
from exact_sync.simulator.divisions import homes

TODAY = date(2026, 6, 25)
EXACTLY = (
    "crm/Accounts", "crm/Contacts", "logistics/Items", "salesinvoice/SalesInvoices", "documents/Documents",
    "documents/DocumentAttachments", "cashflow/Payments", "financialtransaction/Transactions",
)  # fmt: skip


@pytest.fixture(scope="module")
def books() -> Books:
    books = Books(Clock(datetime(2026, 6, 25, 10, tzinfo=UTC), frozen=True))
    found_group(books, divisions=24, size="tiny", today=TODAY)
    return books


def rows(books: Books, path: str, division: int) -> list[dict[str, Any]]:
    return list(books.table(division, path).rows.values())


def test_tiny_has_the_size_it_promises(books: Books) -> None:
    for code in books.divisions[:-1]:
        made = {path: books.count(code, path) for path in EXACTLY}
        assert made == {path: SIZES["tiny"][path] for path in EXACTLY}
        assert books.count(code, "financial/GLAccounts") < 80


def test_in_a_tiny_company_some_sell_and_most_buy(books: Books) -> None:
    accounts = rows(books, "crm/Accounts", books.divisions[0])
    assert sum(account["IsSales"] for account in accounts) == 7
    assert sum(account["IsSupplier"] for account in accounts) == 4


def test_codes_and_names_are_all_different(books: Books) -> None:
    active = books.divisions[:-1]
    assert active == [124132 + 97 * n for n in range(24)]
    countries = [books.division(code)["Country"] for code in active]
    assert countries == ["NL", "BE", "DE", "NL"] * 6
    names = {books.division(code)["Description"] for code in books.divisions}
    assert len(names) == 25
    assert len({homes(("NL", "BE", "DE", "NL")[n % 4], n) for n in range(2000)}) == 2000


@pytest.mark.parametrize("path", [*EXACTLY, "salesinvoice/SalesInvoiceLines", "salesorder/SalesOrders"])
def test_no_two_divisions_have_a_key_in_common(books: Books, path: str) -> None:
    keys = [key for code in books.divisions for key in books.table(code, path).rows]
    assert len(keys) == len(set(keys)) >= 24 * 5


def test_each_is_the_same_company_in_a_group_of_any_size(books: Books) -> None:
    alone = Books(Clock(datetime(2026, 6, 25, 10, tzinfo=UTC), frozen=True))
    code = books.divisions[5]
    found_company(alone, code, size="tiny", today=TODAY, country="BE", name=homes("BE", 5))
    for path in ("crm/Accounts", "financialtransaction/TransactionLines", "salesorder/SalesOrders"):
        assert rows(alone, path, code) == rows(books, path, code)
    hidden = {"Hid", "Current", "IsMainDivision"}  # its place in the group
    assert {k: v for k, v in alone.division(code).items() if k not in hidden} == {
        k: v for k, v in books.division(code).items() if k not in hidden
    }


def test_counting_rows_makes_none() -> None:
    def never() -> list[dict[str, Any]]:
        raise AssertionError("nobody needs them")

    books = Books()
    books.add_division(7)
    books.load_later(7, "crm/Addresses", 3, never)
    assert books.count(7, "crm/Addresses") == 3
    assert books.count(7, "salesorder/SalesOrders") == 0
