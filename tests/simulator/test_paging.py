"""Pages: what $top means, where __next leads, and what changes while one pages."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

import pytest

from exact_sync.simulator import Books
from tests.simulator.conftest import DIVISION, Client, guid

ACCOUNTS = f"{DIVISION}/crm/Accounts"
BULK = f"{DIVISION}/bulk/CRM/Accounts"


def numbers(rows: list[dict[str, Any]]) -> list[int]:
    return [int(row["Code"]) for row in rows]


def test_pages_of_sixty_in_key_order(client: Client) -> None:
    page = client.d(ACCOUNTS, {"$select": "ID,Code"})
    assert numbers(page["results"]) == list(range(1, 61))
    assert page["__next"] == (
        f"{client.sim.base_url}/api/v1/{ACCOUNTS}?$select=ID,Code&$skiptoken=guid'{guid(60)}'"
    )
    assert numbers(client.everything(ACCOUNTS, {"$select": "ID,Code"})) == list(range(1, 151))


def test_exact_full_last_page_has_no_next(client: Client, books: Books) -> None:
    for number in range(121, 151):
        books.table(DIVISION, "crm/Accounts").delete(guid(number))
    first = client.d(ACCOUNTS, {"$select": "Code"})
    assert "__next" not in client.d(first["__next"])


def test_top_is_a_total(client: Client) -> None:
    """Recorded: $top=100 on pages of 60 gives 60 rows and a __next with $top=40; $skip goes."""
    page = client.d(ACCOUNTS, {"$select": "Code", "$skip": "0", "$top": "100"})
    assert len(page["results"]) == 60
    assert "?$select=Code&$top=40&$skiptoken=guid'" in page["__next"]
    rest = client.d(page["__next"])
    assert isinstance(rest, list)
    assert len(rest) == 40


def test_top_within_a_page_is_a_bare_list(client: Client) -> None:
    assert len(client.d(ACCOUNTS, {"$select": "Code", "$top": "60"})) == 60
    assert client.d(ACCOUNTS, {"$select": "Code", "$top": "5", "$filter": "Name eq 'nobody'"}) == []
    assert "results" in client.d(ACCOUNTS, {"$select": "Code", "$top": "61"})
    assert len(client.d(BULK, {"$select": "Code", "$top": "100"})) == 100


def test_sales_invoices_never_answer_a_bare_list(client: Client) -> None:
    page = client.d(f"{DIVISION}/salesinvoice/SalesInvoices", {"$select": "InvoiceID", "$top": "60"})
    assert len(page["results"]) == 3


def test_top_one_needs_no_select(client: Client) -> None:
    (row,) = client.d(ACCOUNTS, {"$top": "1"})
    assert row["Code"] == "1".rjust(18)
    assert len(row) == 163  # 161 properties, __metadata and the deferred BankAccounts


def test_skip_and_filter_and_count(client: Client) -> None:
    page = client.d(
        ACCOUNTS, {"$select": "Code", "$filter": "Blocked eq true", "$inlinecount": "allpages", "$skip": "28"}
    )
    assert page["__count"] == "30"
    assert numbers(page["results"]) == [145, 150]
    empty = client.d(ACCOUNTS, {"$select": "Code", "$top": "0", "$inlinecount": "allpages"})
    assert empty == {"__count": "150", "results": []}
    counted = client.get(f"{ACCOUNTS}/$count", {"$filter": "Blocked eq true"})
    assert (counted.text, counted.headers["content-type"]) == ("30", "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    "orderby", ["Modified", "Modified desc", "City,Name desc", "Blocked desc, Code", "ID desc"]
)
def test_ordered_pages_are_whole_and_in_order(client: Client, orderby: str) -> None:
    rows = client.everything(ACCOUNTS, {"$select": "Code,Modified", "$orderby": orderby})
    assert sorted(numbers(rows)) == list(range(1, 151))
    stamps = [row["Modified"] for row in rows]
    if orderby.startswith("Modified"):
        assert stamps == sorted(stamps, reverse="desc" in orderby)


def test_skiptoken_of_an_ordered_list_is_value_and_key(client: Client) -> None:
    page = client.d(
        ACCOUNTS, {"$select": "Code", "$orderby": "Modified", "$filter": "City eq null or City ne ''"}
    )
    assert page["__next"].endswith(f"$skiptoken=datetime'2026-01-01T18:00:00',guid'{guid(60)}'")
    assert "$filter=City%20eq%20null%20or%20City%20ne%20''" in page["__next"]


def test_padded_codes_sort_as_padded(client: Client) -> None:
    rows = client.d(ACCOUNTS, {"$select": "Code", "$orderby": "Code", "$top": "12"})
    assert numbers(rows) == list(range(1, 13))


def test_pages_are_read_live(client: Client, books: Books) -> None:
    accounts = books.table(DIVISION, "crm/Accounts")
    page = client.d(ACCOUNTS, {"$select": "Code"})
    accounts.delete(guid(60))  # the very row of the skiptoken
    accounts.delete(guid(61))
    accounts.insert({"ID": guid(0), "Code": "0"})  # before the position: missed
    accounts.insert({"ID": guid(999), "Code": "999"})
    rest = client.d(page["__next"])["results"]
    assert numbers(rest) == list(range(62, 122))
    assert numbers(client.everything(ACCOUNTS, {"$select": "Code"}))[-1] == 999


def test_a_changed_row_comes_again_behind_the_position(client: Client, books: Books) -> None:
    page = client.d(ACCOUNTS, {"$select": "Code,Name", "$orderby": "Modified"})
    books.table(DIVISION, "crm/Accounts").change(guid(1), Name="New")
    rows = page["results"]
    while "__next" in page:
        page = client.d(page["__next"])
        rows += page["results"]
    assert [row["Name"] for row in rows if int(row["Code"]) == 1] == ["Customer 001", "New"]


def test_views_stay_right_through_many_edits(books: Books) -> None:
    accounts = books.table(DIVISION, "crm/Accounts")
    rng = random.Random(1)
    orders = ((), (("Modified", True),), (("City", False), ("CreditLineSales", True)))
    for order in orders:
        accounts.view(order)
    for number in range(300):
        key = rng.choice(list(accounts.rows))
        match number % 3:
            case 0:
                accounts.change(key, City=rng.choice([None, "A", "B"]), CreditLineSales=None)
            case 1:
                accounts.delete(key)
            case _:
                accounts.insert({"ID": guid(1000 + number), "City": "C"})
    for order in orders:
        kept = [record["ID"] for record in accounts.ordered(order)]
        accounts.view(order)
        fresh = Books(books.clock)
        fresh.add_division(DIVISION)
        table = fresh.table(DIVISION, "crm/Accounts")
        table.load(accounts.rows.values())
        assert kept == [record["ID"] for record in table.ordered(order)]
        assert len(kept) == len(accounts)


def test_bulk_pages_of_a_thousand(client: Client, books: Books) -> None:
    books.table(DIVISION, "crm/Accounts").load({"ID": guid(n), "Code": str(n)} for n in range(200, 1100))
    page = client.d(BULK, {"$select": "Code"})
    assert len(page["results"]) == 1000
    assert "/bulk/CRM/Accounts?" in page["__next"]
    assert "/bulk/CRM/Accounts(guid'" in page["results"][0]["__metadata"]["uri"]


@pytest.mark.parametrize(
    "token", ["", "5", "guid'1'", f"guid'{guid(1)}',5", f"datetime'2026-01-01',guid'{guid(1)}'", "'x'", ","]
)
def test_bad_skiptokens(client: Client, token: str) -> None:
    assert client.get(ACCOUNTS, {"$select": "Code", "$skiptoken": token}).status_code == 400


def test_divisions_page_by_number(client: Client, books: Books) -> None:
    for code in range(200_000, 200_070):
        books.add_division(code)
    page = client.d("1/system/Divisions")
    assert len(page["results"]) == 60
    assert page["__next"].endswith("/api/v1/1/system/Divisions?$skiptoken=200056")
    assert len(client.d(page["__next"])["results"]) == 13


def test_late_commit_has_an_older_modified(client: Client, books: Books) -> None:
    key = books.table(DIVISION, "crm/Accounts").insert(
        {"Code": "late"}, modified=datetime(2026, 1, 1, 13, 30)
    )
    since = "Modified ge datetime'2026-01-01T13:20:00' and Modified lt datetime'2026-01-01T14:00:00'"
    (row,) = client.d(ACCOUNTS, {"$select": "ID,Modified", "$filter": since})["results"]
    assert row["ID"] == str(key)
