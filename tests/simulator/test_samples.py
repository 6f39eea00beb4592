"""The rows of the plain endpoints: made late, seen as if they had been there from the beginning."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from exact_sync.simulator import Books, Clock
from exact_sync.simulator.company import found_company
from exact_sync.simulator.endpoints import ENDPOINTS
from exact_sync.simulator.samples import Samples
from exact_sync.simulator.setting import Record
from tests.simulator.conftest import DIVISION, NOW

TODAY = date(2026, 6, 25)
SMALL = {
    "crm/Accounts": 20, "crm/Contacts": 10, "logistics/Items": 10, "salesinvoice/SalesInvoices": 5,
    "documents/Documents": 5, "cashflow/Payments": 5, "financialtransaction/Transactions": 30,
}  # fmt: skip


def found(**counts: int) -> Books:
    books = Books(Clock(NOW, frozen=True))
    found_company(books, DIVISION, today=TODAY, counts=SMALL | counts)
    return books


@pytest.fixture(scope="module")
def books() -> Books:
    return found()


def values(books: Books, path: str, name: str) -> list[Any]:
    return [record[name] for record in books.table(DIVISION, path).rows.values()]


def test_they_are_the_same_whenever_they_are_made(books: Books) -> None:
    other = found()
    accounts = other.table(DIVISION, "crm/Accounts")
    for key in list(accounts.rows)[:10]:
        accounts.delete(key)
    for path in ENDPOINTS:
        books.table(DIVISION, path)
    for path in reversed(ENDPOINTS):
        assert other.table(DIVISION, path).rows == books.table(DIVISION, path).rows, path
        assert other.table(DIVISION, path).versions == books.table(DIVISION, path).versions, path


def test_nobody_waits_for_what_nobody_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    rows = Samples.rows

    def watched(samples: Samples, path: str) -> list[Record]:
        made.append(path)
        return rows(samples, path)

    monkeypatch.setattr(Samples, "rows", watched)
    books = found()
    assert made == []
    feeds, last = books.feeds(DIVISION), books.row_versions.last
    addresses = feeds.rows("sync/CRM/Addresses")
    assert made == ["crm/Addresses"]
    assert len(addresses) == len(books.table(DIVISION, "crm/Addresses"))
    assert made == ["crm/Addresses"]
    assert addresses[-1]["Timestamp"] <= last == books.row_versions.last
    books.move_division(DIVISION)
    assert len(made) == len(ENDPOINTS)
    assert books.feeds(DIVISION).rows("sync/CRM/Addresses")[0]["ID"] == addresses[0]["ID"]


def test_versions_follow_modified_and_lie_below_all_that_comes_later() -> None:
    books = found()
    key = books.table(DIVISION, "crm/Accounts").insert({"Name": "later"})
    later = books.table(DIVISION, "crm/Accounts").versions[key]
    everyone: list[int] = []
    for path in ENDPOINTS:
        table = books.table(DIVISION, path)
        everyone += table.versions.values()
        if "Modified" in table.entity.properties:
            stamps = [record["Modified"] for _, record in table.changed_after(0)]
            assert stamps == sorted(stamps)
    assert len(set(everyone)) == len(everyone)
    assert max(everyone) < later


@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_value_in_every_property(books: Books, path: str) -> None:
    table = books.table(DIVISION, path)
    assert 4 <= len(table) <= 48
    for name, edm in table.entity.properties.items():
        some = [value for value in values(books, path, name) if value is not None]
        assert bool(some) == (edm != "Binary"), name
        if edm == "Double":
            assert all(isinstance(value, Decimal) and value == round(value, 5) for value in some)
        elif edm == "DateTime" and name.endswith("Date"):
            assert all(value == datetime.combine(value, datetime.min.time()) for value in some)
        elif edm == "String":
            assert all(value == value.strip() for value in some)
        elif name in ("Created", "Modified"):
            assert all(value.microsecond // 1000 % 10 in (0, 3, 7) for value in some)
            assert max(some) < datetime.combine(TODAY, datetime.min.time())


def test_there_are_nulls_negatives_and_accents(books: Books) -> None:
    everything = [
        v for path in ENDPOINTS for r in books.table(DIVISION, path).rows.values() for v in r.values()
    ]
    assert 0.02 < sum(value is None for value in everything) / len(everything) < 0.3
    assert any(isinstance(value, Decimal) and value < 0 for value in everything)
    assert any(isinstance(value, str) and not value.isascii() for value in everything)


@pytest.mark.parametrize(
    ("path", "name", "to", "key"),
    [
        ("crm/Addresses", "Account", "crm/Accounts", "ID"),
        ("crm/QuotationLines", "QuotationID", "crm/Quotations", "QuotationID"),
        ("salesorder/SalesOrderLines", "Item", "logistics/Items", "ID"),
        ("purchaseentry/PurchaseEntryLines", "EntryID", "purchaseentry/PurchaseEntries", "EntryID"),
        ("budget/Budgets", "GLAccount", "financial/GLAccounts", "ID"),
        ("salesentry/SalesEntries", "Journal", "financial/Journals", "Code"),
        ("sync/Project/ProjectWBS", "Project", "project/Projects", "ID"),
    ],
)
def test_references_lead_somewhere(books: Books, path: str, name: str, to: str, key: str) -> None:
    used = set(values(books, path, name)) - {None}
    assert used
    assert used <= set(values(books, to, key))


def test_names_beside_a_reference_are_its_own(books: Books) -> None:
    accounts = books.table(DIVISION, "crm/Accounts").rows
    for record in books.table(DIVISION, "crm/Opportunities").rows.values():
        account = accounts[record["Account"]]
        assert (record["AccountCode"], record["AccountName"]) == (account["Code"], account["Name"])
        assert record["Division"] == DIVISION


def test_periods_are_the_months_of_the_ledgers_years(books: Books) -> None:
    rows = list(books.table(DIVISION, "financial/FinancialPeriods").rows.values())
    periods = {(row["FinYear"], row["FinPeriod"]): (row["StartDate"], row["EndDate"]) for row in rows}
    assert len(periods) == len(rows) == 48
    assert periods[2024, 2] == (datetime(2024, 2, 1), datetime(2024, 2, 29))
    ends = {end + timedelta(days=1) for _, end in periods.values()}
    assert ends - {start for start, _ in periods.values()} == {datetime(2027, 1, 1)}
    lines = books.table(DIVISION, "financialtransaction/TransactionLines").rows.values()
    assert {(line["FinancialYear"], line["FinancialPeriod"]) for line in lines} <= periods.keys()
    used = {line["VATCode"] for line in lines} - {None}
    assert used <= set(values(books, "vat/VATCodes", "Code"))


def test_how_many_may_be_said() -> None:
    books = found(**{"crm/Addresses": 100, "vat/VATCodes": 0, "general/Currencies": 9})
    assert len(books.table(DIVISION, "crm/Addresses")) == 100
    assert len(books.table(DIVISION, "vat/VATCodes")) == 0
    assert set(values(books, "general/Currencies", "Code")) >= {"EUR", "USD", "009"}


def test_a_table_that_was_looked_at_before_is_filled_too() -> None:
    books = Books(Clock(NOW, frozen=True))
    books.add_division(DIVISION)
    before = books.table(DIVISION, "crm/Addresses")
    mine = before.insert({})
    for seed in (0, 1):
        found_company(books, DIVISION, today=TODAY, seed=seed, counts=SMALL)
    assert books.table(DIVISION, "crm/Addresses") is before
    assert mine in before.rows
    once = len(found().table(DIVISION, "crm/Addresses"))
    assert len(before) == 1 + 2 * once
    assert len(books.table(DIVISION, "crm/BankAccounts")) == 2 * len(
        found().table(DIVISION, "crm/BankAccounts")
    )
