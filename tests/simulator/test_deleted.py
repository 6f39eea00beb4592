"""sync/Deleted: what went, for two months, and how it can fail to say so."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from exact_sync.simulator import Books
from exact_sync.simulator.deleted import ENTITY_TYPES, two_months_before
from tests.simulator.conftest import DIVISION, Client, guid

PATH = f"{DIVISION}/sync/Deleted"
NAMES = "Timestamp,ID,EntityKey,EntityType,DeletedDate,DeletedBy,Division"


def read(client: Client, condition: str = "Timestamp gt 1") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.d(PATH, {"$select": NAMES, "$filter": condition})["results"]
    return rows


def gone(client: Client, condition: str = "Timestamp gt 1") -> list[tuple[int, str]]:
    return [(row["EntityType"], row["EntityKey"]) for row in read(client, condition)]


def test_an_entry_says_what_went_when_and_by_whom(client: Client, books: Books) -> None:
    assert read(client) == []
    before = books.row_versions.last
    books.table(DIVISION, "crm/Accounts").delete(guid(7))
    (row,) = read(client)
    uuid.UUID(row.pop("ID"))
    del row["__metadata"]
    assert row == {
        "Timestamp": str(before + 1),
        "DeletedBy": str(books.user_id),
        "DeletedDate": "/Date(1782404005000)/",  # 16:13:25 in Amsterdam, written as if it were UTC
        "Division": DIVISION,
        "EntityKey": str(guid(7)),
        "EntityType": 2,
    }


@pytest.mark.parametrize(("path", "entity_type"), ENTITY_TYPES.items())
def test_the_types_of_the_reference(client: Client, books: Books, path: str, entity_type: int) -> None:
    table = books.table(DIVISION, path)
    key = table.insert({})
    table.delete(key)
    assert gone(client) == [(entity_type, str(key))]


def test_some_deletions_are_told_nowhere(client: Client, books: Books) -> None:
    for path in ("financial/Journals", "cashflow/Payments", "financialtransaction/Transactions"):
        table = books.table(DIVISION, path)
        table.delete(table.insert({}))
    assert read(client) == []


def test_an_invoice_goes_row_by_row(client: Client, books: Books) -> None:
    invoices = books.table(DIVISION, "salesinvoice/SalesInvoices")
    lines = books.table(DIVISION, "salesinvoice/SalesInvoiceLines")
    stream = f"{DIVISION}/sync/SalesInvoice/SalesInvoices"
    invoices.change(guid(1), VATAmountDC=Decimal("2.10"))
    rows = client.everything(stream, {"$select": "ID,InvoiceID,LineNumber"})
    first = {row["LineNumber"]: row["ID"] for row in rows if row["InvoiceID"] == str(guid(1))}
    invoices.change(guid(1), VATAmountDC=Decimal(0))
    assert gone(client) == [(13, first[9999])]
    invoices.change(guid(1), VATAmountDC=Decimal(1))
    for line in lines.where("InvoiceID", guid(1)):
        lines.delete(line["ID"])
    invoices.delete(guid(1))
    assert sorted(gone(client)[1:]) == sorted((13, key) for key in first.values())
    left = client.everything(stream, {"$select": "ID"})
    assert not {row["ID"] for row in left} & set(first.values())


def test_by_version_and_by_type(client: Client, books: Books) -> None:
    accounts, items = books.table(DIVISION, "crm/Accounts"), books.table(DIVISION, "logistics/Items")
    item = items.insert({})
    accounts.delete(guid(1))
    middle = books.row_versions.last
    items.delete(item)
    accounts.delete(guid(2))
    one, two, three = (2, str(guid(1))), (9, str(item)), (2, str(guid(2)))
    assert gone(client) == [one, two, three]
    assert gone(client, f"Timestamp gt {middle}L") == [two, three]
    assert gone(client, f"Timestamp gt {middle}L and EntityType eq 2") == [three]
    assert gone(client, "EntityType eq 2 and Timestamp gt 1") == [one, three]
    assert gone(client, "EntityType eq 99") == []
    assert client.get(PATH, {"$select": "ID", "$filter": "EntityType ne 2"}).status_code == 400
    assert client.get(PATH, {"$select": "ID", "$filter": "EntityKey ne null"}).status_code == 400
    assert client.get(PATH, {"$filter": "Timestamp gt 1"}).status_code == 400


def test_more_than_a_page(client: Client, books: Books) -> None:
    accounts = books.table(DIVISION, "crm/Accounts")
    accounts.load({"ID": guid(n)} for n in range(1000, 2100))
    accounts.clear()
    rows = client.everything(PATH, {"$select": "EntityKey,Timestamp"})
    assert len({row["EntityKey"] for row in rows}) == 1250
    stamps = [int(row["Timestamp"]) for row in rows]
    assert stamps == sorted(stamps)
    assert len(client.sim.stats.calls(path="sync/Deleted")) == 2


def test_what_came_and_went_is_known_only_from_here(client: Client, books: Books) -> None:
    accounts = books.table(DIVISION, "crm/Accounts")
    key = accounts.insert({"Name": "short-lived"})
    accounts.delete(key)
    assert gone(client) == [(2, str(key))]


def test_a_row_that_is_there_again_is_newer_than_its_deletion(client: Client, books: Books) -> None:
    accounts = books.table(DIVISION, "crm/Accounts")
    record = accounts.delete(guid(1))
    accounts.insert(record)
    (entry,) = read(client)
    assert accounts.versions[guid(1)] > int(entry["Timestamp"])
    accounts.delete(guid(1))
    assert gone(client) == [(2, str(guid(1)))] * 2


def test_the_log_is_kept_for_two_months(client: Client, books: Books) -> None:
    accounts = books.table(DIVISION, "crm/Accounts")
    accounts.delete(guid(1))
    client.sim.clock.advance(timedelta(days=60).total_seconds())  # 24 August
    client.sign_in()
    accounts.delete(guid(2))
    assert len(read(client)) == 2
    client.sim.clock.advance(timedelta(days=1, seconds=1).total_seconds())  # a second past two months
    client.sign_in()
    assert gone(client) == [(2, str(guid(2)))]
    assert [entry["EntityKey"] for entry in books.feeds(DIVISION).deleted.entries()] == [guid(2)]


@pytest.mark.parametrize(
    ("now", "then"),
    [((2026, 6, 25), (2026, 4, 25)), ((2026, 1, 31), (2025, 11, 30)), ((2024, 4, 30), (2024, 2, 29))],
)
def test_two_calendar_months(now: tuple[int, int, int], then: tuple[int, int, int]) -> None:
    assert two_months_before(datetime(*now, 12, 30)) == datetime(*then, 12, 30)


def test_gaps(client: Client, books: Books) -> None:
    accounts, log = books.table(DIVISION, "crm/Accounts"), books.feeds(DIVISION).deleted
    for number in range(1, 5):
        log.recording = number != 2
        accounts.delete(guid(number))
    assert gone(client) == [(2, str(guid(number))) for number in (1, 3, 4)]
    assert log.lose({guid(3), guid(77)}) == 1
    assert gone(client) == [(2, str(guid(number))) for number in (1, 4)]
    assert [int(row["Timestamp"]) for row in read(client)] == [e["Timestamp"] for e in log.entries()]
    assert log.lose() == 2
    assert read(client) == []
    accounts.delete(guid(5))
    assert gone(client) == [(2, str(guid(5)))]


def test_each_division_has_its_own_log(client: Client, books: Books) -> None:
    other = books.table(124133, "crm/Accounts")
    other.delete(other.insert({}))
    assert read(client) == []
    assert len(client.d("124133/sync/Deleted", {"$select": "ID"})["results"]) == 1


def test_without_the_right_it_is_empty_and_says_nothing_of_that(client: Client, books: Books) -> None:
    books.table(DIVISION, "crm/Accounts").delete(guid(1))
    client.sim.rights.hide("sync/Deleted", DIVISION)
    assert client.d(PATH, {"$select": NAMES}) == {"results": []}
    assert client.get(f"{DIVISION}/sync/CRM/Accounts?$select=ID&$top=5").json()["d"]
    client.sim.rights.give_back("sync/Deleted", DIVISION)
    assert gone(client) == [(2, str(guid(1)))]
