"""Divisions that move to another database: every row version is another one from then on."""

from __future__ import annotations

from decimal import Decimal

import pytest

from exact_sync.simulator import Books
from exact_sync.simulator.schema_sync import TWINS
from tests.simulator.conftest import DIVISION, Client, guid

OTHER = 124133
ACCOUNTS = f"{DIVISION}/sync/CRM/Accounts"
DIVISIONS = f"{DIVISION}/system/Divisions"


def move_date(client: Client, division: int = DIVISION) -> str | None:
    rows = client.d(DIVISIONS, {"$select": "DivisionMoveDate", "$filter": f"Code eq {division}"})["results"]
    found: str | None = rows[0]["DivisionMoveDate"]
    return found


def streams(books: Books) -> dict[str, list[tuple[int, str]]]:
    feeds = books.feeds(DIVISION)
    return {
        path: [(row["Timestamp"], str(row[twin.entity.identity])) for row in feeds.rows(path)]
        for path, twin in TWINS.items()
    }


def test_all_versions_are_new_and_lower(client: Client, books: Books) -> None:
    books.table(DIVISION, "salesinvoice/SalesInvoices").change(guid(2), VATAmountDC=Decimal(1))
    books.table(DIVISION, "crm/Accounts").delete(guid(9))
    before = streams(books)
    assert before["sync/Deleted"]
    last = books.row_versions.last
    contents = dict(books.table(DIVISION, "crm/Accounts").rows)
    assert move_date(client) is None

    counter = books.move_division(DIVISION)

    after = streams(books)
    assert after.pop("sync/Deleted") == []
    numbers = [version for rows in after.values() for version, _ in rows]
    assert len(numbers) == 149 + 10
    assert len(set(numbers)) == len(numbers)
    assert max(numbers) <= counter.last < min(version for rows in before.values() for version, _ in rows)
    for path, rows in after.items():  # the same rows, in the order they had
        assert [key for _, key in rows] == [key for _, key in before[path]]
    assert books.table(DIVISION, "crm/Accounts").rows == contents  # Modified and all
    assert move_date(client) == "/Date(1782404005000)/"
    assert client.d(ACCOUNTS, {"$select": "ID", "$filter": f"Timestamp gt {last}L"}) == {"results": []}
    assert len(client.d(ACCOUNTS, {"$select": "ID", "$filter": "Timestamp gt 1"})["results"]) == 149


def test_each_database_counts_for_itself(client: Client, books: Books) -> None:
    counter = books.move_division(DIVISION)
    here, there = counter.last, books.row_versions.last
    accounts, others = books.table(DIVISION, "crm/Accounts"), books.table(OTHER, "crm/Accounts")
    key, other = accounts.insert({"Name": "here"}), others.insert({"Name": "there"})
    assert accounts.versions[key] == here + 1
    assert others.versions[other] == there + 1
    accounts.delete(key)
    (row,) = client.d(f"{DIVISION}/sync/Deleted", {"$select": "EntityKey,Timestamp"})["results"]
    assert (row["EntityKey"], row["Timestamp"]) == (str(key), str(here + 2))
    invoices = books.table(DIVISION, "salesinvoice/SalesInvoices")
    invoices.change(guid(1), Remarks="x")
    path, question = f"{DIVISION}/sync/SalesInvoice/SalesInvoices", f"Timestamp gt {here + 2}"
    rows = client.d(path, {"$select": "LineNumber,Timestamp", "$filter": question})["results"]
    assert [row["LineNumber"] for row in rows] == [0, 1, 2]
    assert int(rows[-1]["Timestamp"]) == counter.last == here + 2 + 1 + 3
    assert books.row_versions.last == there + 1


def test_other_divisions_stay_where_they_are(client: Client, books: Books) -> None:
    others = books.table(OTHER, "crm/Accounts")
    others.delete(others.insert({}))
    others.insert({"Name": "stays"})
    before = dict(others.versions)
    books.move_division(DIVISION)
    assert others.versions == before
    assert len(client.d(f"{OTHER}/sync/Deleted", {"$select": "ID"})["results"]) == 1
    assert move_date(client, OTHER) is None


def test_versions_may_be_any_numbers(books: Books) -> None:
    accounts = books.table(DIVISION, "crm/Accounts")
    books.move_division(DIVISION, first=2**60)
    assert min(accounts.versions.values()) >= 2**60
    books.move_division(DIVISION, first=2)
    assert max(accounts.versions.values()) < 2000
    with pytest.raises(ValueError, match="above 1"):
        books.move_division(DIVISION, first=1)
    assert max(accounts.versions.values()) < 2000  # a refused move moves nothing


def test_moving_again_and_again_goes_on_downwards(client: Client, books: Books) -> None:
    highest = books.row_versions.last
    for _ in range(8):
        client.sim.clock.advance(60)
        books.table(DIVISION, "crm/Accounts").change(guid(1), Name="still here")
        last = books.move_division(DIVISION).last
        assert last < highest
        highest = last
        assert len(books.feeds(DIVISION).rows("sync/CRM/Accounts")) == 150
    assert move_date(client) == "/Date(1782404485000)/"


def test_a_move_that_nobody_announces_is_seen_in_the_versions_alone(client: Client, books: Books) -> None:
    last = books.row_versions.last
    books.move_division(DIVISION, announced=False)
    assert move_date(client) is None
    assert max(books.table(DIVISION, "crm/Accounts").versions.values()) < last


def test_a_page_of_before_leads_nowhere_after(client: Client, books: Books) -> None:
    books.table(DIVISION, "crm/Accounts").load({"ID": guid(n)} for n in range(1000, 2200))
    page = client.d(ACCOUNTS, {"$select": "ID"})
    books.move_division(DIVISION)
    assert client.d(page["__next"]) == {"results": []}
