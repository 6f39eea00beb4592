"""sync/…: one counter of row versions, and streams that bring every row's newest state."""

from __future__ import annotations

import random
import uuid
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from exact_sync.simulator import Books, Clock, Simulator
from exact_sync.simulator.company import found_company
from exact_sync.simulator.deleted import ENTITY_TYPES
from exact_sync.simulator.edits import random_edits
from exact_sync.simulator.schema_sync import TWINS
from exact_sync.simulator.versions import FIRST
from tests.simulator.conftest import DIVISION, NOW, Client, guid

ACCOUNTS = f"{DIVISION}/sync/CRM/Accounts"
INVOICES = "sync/SalesInvoice/SalesInvoices"
LINES = "sync/Financial/TransactionLines"
TINY = {"crm/Accounts": 40, "salesinvoice/SalesInvoices": 30, "financialtransaction/Transactions": 80}


@pytest.fixture(scope="module")
def company() -> Iterator[Client]:
    """A signed-in client of a small company that nobody changes."""
    with Simulator(a_company(), minute_limit=10_000, error_limit=10_000) as sim:
        client = Client(sim)
        with client.http:
            yield client


def a_company() -> Books:
    books = Books(Clock(NOW, frozen=True))
    found_company(books, DIVISION, seed=3, today=date(2026, 6, 25), counts=TINY)
    return books


def versions(rows: list[dict[str, Any]]) -> list[int]:
    assert all(isinstance(row["Timestamp"], str) for row in rows)
    return [int(row["Timestamp"]) for row in rows]


# the counter


def test_every_write_of_any_row_in_any_division_takes_the_next_version(books: Books) -> None:
    accounts = books.table(DIVISION, "crm/Accounts")
    journals = books.table(124133, "financial/Journals")
    before = books.row_versions.last
    key = accounts.insert({"Name": "first"})
    other = journals.insert({"Code": "90"})
    accounts.change(guid(7), Name="changed")
    accounts.change(key, Name="changed too")
    assert accounts.versions[key] == before + 4
    assert journals.versions[other] == before + 2
    assert accounts.versions[guid(7)] == before + 3
    assert books.row_versions.last == before + 4
    accounts.delete(key)
    assert key not in accounts.versions


def test_loading_gives_versions_in_the_order_of_modified() -> None:
    books = Books(Clock(NOW, frozen=True))
    books.add_division(DIVISION)
    accounts = books.table(DIVISION, "crm/Accounts")
    first = books.row_versions.last + 1
    days = [datetime(2026, 1, 3), None, datetime(2026, 1, 1), datetime(2026, 1, 3)]
    accounts.load({"ID": guid(n), "Modified": day} for n, day in enumerate(days))
    assert books.row_versions.last == first + 3  # taken at once, whenever they are looked at
    accounts.insert({"ID": guid(9)})
    given = [accounts.versions[guid(n)] - first for n in (1, 2, 0, 3, 9)]
    assert given == [0, 1, 2, 3, 4]
    accounts.load([{"ID": guid(2), "Modified": datetime(2020, 1, 1)}])
    assert accounts.versions[guid(2)] == books.row_versions.last


def test_the_same_company_has_the_same_versions() -> None:
    one, two = a_company(), a_company()
    for path in ("crm/Accounts", "financialtransaction/TransactionLines"):
        assert one.table(DIVISION, path).versions == two.table(DIVISION, path).versions
        assert min(one.table(DIVISION, path).versions.values()) >= FIRST


def test_the_counter_only_goes_up(books: Books, client: Client) -> None:
    books.row_versions.jump(2**53)
    key = books.table(DIVISION, "crm/Accounts").insert({"Name": "big"})
    (row,) = client.d(ACCOUNTS, {"$select": "ID,Timestamp", "$filter": f"Timestamp gt {2**53}"})["results"]
    assert row["ID"] == str(key)
    assert row["Timestamp"] == "9007199254740993"
    with pytest.raises(ValueError, match="never goes back"):
        books.row_versions.jump(5)


def test_few_rows_that_change_all_the_time(books: Books) -> None:
    """Outdated places in the log are swept away, and nothing else."""
    journals = books.table(DIVISION, "financial/Journals")
    keys = [journals.insert({}) for _ in range(5)]
    rng = random.Random(2)
    for number in range(600):
        journals.change(rng.choice(keys), Description=str(number))
        stamps = [version for version, _ in journals.changed_after(0)]
        assert stamps == sorted(journals.versions.values())
    newest = [record["Description"] for _, record in journals.changed_after(books.row_versions.last - 1)]
    assert newest == ["599"]
    assert len(journals.log) < 300


def test_cleared_before_anyone_looked(books: Books) -> None:
    journals = books.table(DIVISION, "financial/Journals")
    journals.load({"ID": guid(number)} for number in range(3))
    journals.clear()
    journals.load([{"ID": guid(7)}])
    assert list(journals.versions) == [guid(7)]
    assert journals.versions[guid(7)] == books.row_versions.last


# pages


def test_a_row_as_the_twin_shows_it(client: Client, books: Books) -> None:
    version = books.table(DIVISION, "crm/Accounts").versions[guid(3)]
    page = client.d(ACCOUNTS, {"$select": "Code,Timestamp,ID,City", "$filter": f"Timestamp gt {version - 1}"})
    assert page["results"][0] == {
        "__metadata": {
            "uri": f"{client.sim.base_url}/api/v1/{ACCOUNTS}({version}L)",
            "type": "Exact.Web.Api.Models.Sync.Accounts",
        },
        "Timestamp": str(version),
        "City": "Óss",
        "Code": "3".rjust(18),
        "ID": str(guid(3)),
    }


def test_pages_of_a_thousand_in_the_order_of_versions(client: Client, books: Books) -> None:
    accounts = books.table(DIVISION, "crm/Accounts")
    accounts.load({"ID": guid(n), "Code": str(n)} for n in range(1000, 3300))
    accounts.change(guid(5), Name="again")
    accounts.delete(guid(6))
    page = client.d(ACCOUNTS, {"$select": "ID,Timestamp", "$filter": "Timestamp gt 1"})
    assert len(page["results"]) == 1000
    last = page["results"][-1]["Timestamp"]
    assert page["__next"] == (
        f"{client.sim.base_url}/api/v1/{ACCOUNTS}?$select=ID,Timestamp"
        f"&$filter=Timestamp%20gt%201&$skiptoken={last}L"
    )
    rows = client.everything(ACCOUNTS, {"$select": "ID,Timestamp"})
    assert len(rows) == len(accounts) == 2449
    assert versions(rows) == sorted(accounts.versions.values())
    assert rows[-1]["ID"] == str(guid(5))
    assert len(client.sim.stats.calls(path="sync/")) == 1 + 3


@pytest.mark.parametrize("form", ["Timestamp gt {}L", "Timestamp gt {}", " Timestamp  gt {}l "])
def test_only_what_is_newer(client: Client, books: Books, form: str) -> None:
    accounts = books.table(DIVISION, "crm/Accounts")
    last = books.row_versions.last
    question = {"$select": "ID,Timestamp", "$filter": form.format(last)}
    assert client.d(ACCOUNTS, question) == {"results": []}
    key = accounts.insert({"Name": "new"})
    accounts.change(guid(150), Name="changed")
    assert [row["ID"] for row in client.d(ACCOUNTS, question)["results"]] == [str(key), str(guid(150))]


def test_what_is_written_while_one_pages_comes_further_on(client: Client, books: Books) -> None:
    accounts = books.table(DIVISION, "crm/Accounts")
    accounts.load({"ID": guid(n), "Name": "old"} for n in range(1000, 2000))
    page = client.d(ACCOUNTS, {"$select": "ID,Name,Timestamp"})
    early, late = guid(1), guid(1999)
    accounts.change(early, Name="read, then changed")
    accounts.change(late, Name="not yet read, then changed")
    accounts.insert({"ID": guid(9000), "Name": "came in"})
    accounts.delete(guid(1990))
    rest = client.d(page["__next"])
    assert "__next" not in rest
    names = [row["Name"] for row in rest["results"][-3:]]
    assert names == ["read, then changed", "not yet read, then changed", "came in"]
    assert [row["ID"] for row in page["results"] + rest["results"]].count(str(early)) == 2
    assert [row["ID"] for row in rest["results"]].count(str(late)) == 1
    assert str(guid(1990)) not in [row["ID"] for row in rest["results"]]


def test_top_is_a_total_here_too(client: Client, books: Books) -> None:
    assert len(client.d(ACCOUNTS, {"$select": "ID", "$top": "7"})) == 7
    (row,) = client.d(ACCOUNTS, {"$top": "1"})
    assert len(row) == 164  # 162 properties, __metadata and the deferred BankAccounts
    books.table(DIVISION, "crm/Accounts").load({"ID": guid(n)} for n in range(1000, 3000))
    page = client.d(ACCOUNTS, {"$select": "ID", "$top": "1200"})
    assert len(page["results"]) == 1000
    assert len(client.d(page["__next"])) == 200


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ("", 400, "Please add a $select"),
        ("?$top=2", 400, "Please add a $select"),
        ("?$select=*", 400, "Please add a $select"),
        ("?$select=ID,*&$top=1", 400, "Please add a $select"),
        ("?$select=ID,Naam", 400, "'Naam' does not exist"),
        ("?$select=ID&$filter=Modified ge datetime'2026-01-01'", 400, "'Modified'"),
        ("?$select=ID&$filter=Timestamp ge 5L", 400, "Timestamp gt"),
        ("?$select=ID&$filter=Timestamp gt 5L and Timestamp gt 6L", 400, "Only one"),
        ("?$select=ID&$filter=Timestamp gt 5L or Timestamp gt 6L", 400, "Syntax error"),
        ("?$select=ID&$filter=Timestamp gt '5'", 400, "whole number"),
        ("?$select=ID&$filter=Timestamp gt 5.5", 400, "whole number"),
        ("?$select=ID&$filter=Timestamp gt 9223372036854775808", 400, "Edm.Int64"),
        ("?$select=ID&$filter=Timestamp gt", 400, "Syntax error"),
        ("?$select=ID&$filter=EntityType eq 2", 400, "No property 'EntityType'"),
        ("?$select=ID&$orderby=Timestamp", 400, "$orderby"),
        ("?$select=ID&$skip=1", 400, "$skip"),
        ("?$select=ID&$expand=BankAccounts", 400, "$expand"),
        ("?$select=ID&$inlinecount=allpages", 400, "$inlinecount"),
        ("?$select=ID&$skiptoken=guid'00000000-0000-0000-0000-000000000000'", 400, "Skip token"),
        ("?$select=ID&$skiptoken=5L,6L", 400, "Skip token"),
        ("/$count", 404, "not found"),
        ("(5L)?$select=ID", 404, "not found"),
    ],
)
def test_refusals(company: Client, query: str, status: int, text: str) -> None:
    response = company.get(ACCOUNTS + query)
    assert response.status_code == status, response.text
    assert text in response.json()["error"]["message"]["value"]


@pytest.mark.parametrize(
    "path", ["sync/crm/Accounts", "sync/Financial/Journals", "sync/Accounts", "sync/CRM/Accounts/"]
)
def test_there_are_no_other_twins(company: Client, path: str) -> None:
    assert company.get(f"{DIVISION}/{path}?$select=ID").status_code == 404


def test_only_reading_and_only_in_granted_divisions(client: Client) -> None:
    url = f"/api/v1/{ACCOUNTS}?$select=ID"
    assert client.http.post(url, headers=client.headers).status_code == 405
    response = client.get("999/sync/CRM/Accounts?$select=ID")
    assert (response.status_code, response.headers["Reason"]) == (403, "NoDivisionAccess")


# the twins


@pytest.mark.parametrize("path", [path for path in TWINS if path != "sync/Deleted"])
def test_every_twin_shows_every_row_with_all_its_properties(company: Client, path: str) -> None:
    books, twin = company.sim.books, TWINS[path]
    rows = company.everything(f"{DIVISION}/{path}", {"$select": ",".join(twin.entity.properties)})
    assert [list(row)[1:] for row in rows[:1]] == [list(twin.entity.properties)]
    truth = books.feeds(DIVISION).rows(path)
    key = twin.entity.identity
    assert [row[key] for row in rows] == [str(row[key]) for row in truth]
    assert versions(rows) == [row["Timestamp"] for row in truth]
    if not twin.mixed:
        assert twin.source is not None
        table = books.table(DIVISION, twin.source)
        assert len(rows) == len(table)
        for row in truth:
            record = table.rows[row[key]]
            assert row["Timestamp"] == table.versions[row[key]]
            assert all(record[name] == value for name, value in row.items() if name in record)


def test_twins_are_not_quite_the_plain_entities() -> None:
    """As the reference lists them."""
    items, lines = TWINS["sync/Logistics/Items"].entity, TWINS[LINES].entity
    assert "StandardSalesPrice" not in items.properties
    assert "ShopOrder" not in lines.properties
    assert "ItemMaterial" in TWINS["sync/Documents/Documents"].entity.properties
    assert "ShippingMethod" not in TWINS[INVOICES].entity.properties
    for twin in TWINS.values():
        first, *others = twin.entity.properties
        assert (first, others) == ("Timestamp", sorted(others))
    counts = {"sync/CRM/Accounts": 162, LINES: 72, INVOICES: 112, "sync/Deleted": 7}
    assert {path: len(TWINS[path].entity.properties) for path in counts} == counts


def test_transaction_lines_hold_headers_and_lines(company: Client) -> None:
    names = "ID,EntryID,LineNumber,AmountDC"
    entries = defaultdict(list)
    for row in company.everything(f"{DIVISION}/{LINES}", {"$select": names}):
        entries[row["EntryID"]].append(row)
    transactions = company.sim.books.table(DIVISION, "financialtransaction/Transactions")
    assert len(entries) == len(transactions)
    for rows in entries.values():
        assert [row["LineNumber"] for row in rows].count(0) == 1
        assert sum(Decimal(str(row["AmountDC"])) for row in rows) == 0


def test_invoices_add_up_to_nothing_with_header_lines_and_vat(company: Client) -> None:
    """Real rows: 600 on line 0, -500 on line 1, -100 on line 9999."""
    books = company.sim.books
    headers = books.table(DIVISION, "salesinvoice/SalesInvoices").rows
    lines = books.table(DIVISION, "salesinvoice/SalesInvoiceLines").rows
    invoices = defaultdict(list)
    rows = books.feeds(DIVISION).rows(INVOICES)
    assert len({row["ID"] for row in rows}) == len(rows)
    for row in rows:
        invoices[row["InvoiceID"]].append(row)
    assert invoices.keys() == headers.keys()
    with_vat = 0
    for key, stream in invoices.items():
        header, *others = stream
        assert (header["LineNumber"], header["AmountDC"]) == (0, headers[key]["AmountDC"])
        assert (header["Item"], header["OrderedBy"]) == (None, headers[key]["OrderedBy"])
        assert sum(row["AmountDC"] for row in stream) == 0
        assert sum(row["AmountFC"] for row in stream) == 0
        for row in others:
            assert row["InvoiceNumber"] == header["InvoiceNumber"]
            assert row["AmountFCExclVat"] is None
            if row["LineNumber"] == 9999:
                with_vat += 1
                assert row["AmountDC"] == -headers[key]["VATAmountDC"]
            else:
                assert row["AmountDC"] == -lines[row["ID"]]["AmountDC"]
                assert row["Quantity"] == lines[row["ID"]]["Quantity"]
    assert len(rows) == len(headers) + len(lines) + with_vat
    assert 0 < with_vat < len(headers)


def test_whatever_changes_in_an_invoice_all_its_rows_come_again(client: Client, books: Books) -> None:
    invoices = books.table(DIVISION, "salesinvoice/SalesInvoices")
    lines = books.table(DIVISION, "salesinvoice/SalesInvoiceLines")
    path = f"{DIVISION}/{INVOICES}"

    def news(after: int) -> list[tuple[int, str]]:
        question = {"$select": "LineNumber,InvoiceID", "$filter": f"Timestamp gt {after}L"}
        return [(row["LineNumber"], row["InvoiceID"]) for row in client.d(path, question)["results"]]

    one, two = str(guid(1)), str(guid(2))
    assert len(news(1)) == 9  # no VAT yet
    last = books.row_versions.last
    lines.change(guid(12), Notes="x")
    assert news(last) == [(0, one), (1, one), (2, one)]
    assert news(last) == news(last)
    last = books.row_versions.last
    assert news(last) == []
    invoices.change(guid(2), VATAmountDC=Decimal("21"), Remarks="now with VAT")
    assert news(last) == [(0, two), (1, two), (2, two), (9999, two)]
    last = books.row_versions.last
    lines.delete(guid(22))
    assert news(last) == [(0, two), (1, two), (9999, two)]
    last = books.row_versions.last
    invoices.change(guid(1), Remarks="gets a line from another one")
    lines.change(guid(21), InvoiceID=guid(1))
    assert sorted(news(last)) == sorted([(0, one), (1, one), (1, one), (2, one), (0, two), (9999, two)])
    lines.insert({"InvoiceID": uuid.uuid4(), "LineNumber": 1})  # of no invoice there is
    invoices.delete(guid(1))
    assert all(invoice != one for _, invoice in news(1))


def test_headers_may_have_ids_of_their_own(books: Books, client: Client) -> None:
    path, question = f"{DIVISION}/{INVOICES}", {"$select": "ID,InvoiceID,LineNumber"}
    headers = [row for row in client.everything(path, question) if row["LineNumber"] == 0]
    assert all(row["ID"] == row["InvoiceID"] for row in headers)
    books.own_header_ids = True
    key = books.table(DIVISION, "salesinvoice/SalesInvoices").insert({"InvoiceNumber": 9})
    (row,) = (row for row in client.everything(path, question) if row["InvoiceID"] == str(key))
    assert row["ID"] != row["InvoiceID"]


class Follower:
    """The least that a reader has to do: newest row by ID, and what the log says is gone."""

    def __init__(self, books: Books) -> None:
        self.feeds = books.feeds(DIVISION)
        self.seen: dict[str, int] = dict.fromkeys(TWINS, 0)
        self.rows: dict[str, dict[Any, dict[str, Any]]] = {path: {} for path in TWINS}

    def read(self) -> None:
        for path, twin in TWINS.items():
            for version, record in self.feeds.changed_after(path, self.seen[path]):
                self.seen[path] = version
                if twin.source is not None:
                    self.rows[path][record[twin.entity.identity]] = {**record, "Timestamp": version}
                    continue
                for other, of in TWINS.items():
                    if of.source and ENTITY_TYPES.get(of.source) == record["EntityType"]:
                        row = self.rows[other].get(record["EntityKey"])
                        if row is not None and row["Timestamp"] < version:
                            del self.rows[other][record["EntityKey"]]


def test_any_history_of_edits_can_be_followed() -> None:
    """Whatever changes, comes or goes: versions and deletions alone lead to the same rows."""
    books = a_company()
    follower, rng = Follower(books), random.Random(5)
    for _ in range(6):
        follower.read()
        random_edits(books, DIVISION, rng, 0.1)
        lines = books.table(DIVISION, "financialtransaction/TransactionLines")
        again = lines.delete(rng.choice(list(lines.rows)))
        lines.insert(again)  # the same ID is there again
        books.table(DIVISION, "crm/Accounts").delete(books.table(DIVISION, "crm/Accounts").insert({}))
    follower.read()
    for path, twin in TWINS.items():
        if twin.source is not None:
            key = twin.entity.identity
            truth = {row[key]: row["Timestamp"] for row in books.feeds(DIVISION).rows(path)}
            assert {key: row["Timestamp"] for key, row in follower.rows[path].items()} == truth, path


# SyncTimestamp


def test_sync_timestamp_leads_from_a_date_to_a_version(company: Client) -> None:
    books = company.sim.books
    for name, path in (("TransactionLines", LINES), ("SalesInvoices", INVOICES)):
        rows = books.feeds(DIVISION).rows(path)
        since = sorted(row["Modified"] for row in rows)[len(rows) // 2]
        question = {"modified": f"datetime'{since.isoformat()}'", "endPoint": f"'{name}'"}
        (row,) = company.d(f"{DIVISION}/read/sync/Sync/SyncTimestamp", question)["results"]
        found = int(row["TimeStampAsBigInt"])
        assert row["API"] == name
        assert found == min(row["Timestamp"] for row in rows if row["Modified"] == since)
        assert all(row["Modified"] < since for row in rows if row["Timestamp"] < found)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("modified=datetime'2026-01-01'&endPoint='MaterialIssues'", 200),
        ("modified=datetime'2999-01-01'&endPoint='TransactionLines'", 200),
        ("modified=datetime'2026-01-01'", 400),
        ("endPoint='TransactionLines'", 400),
        ("modified='2026-01-01'&endPoint='TransactionLines'", 400),
        ("modified=datetime'2026-01-01'&endPoint=TransactionLines", 400),
        ("modified=datetime'2026-01-01'&endPoint='Accounts'", 400),
        ("$filter=modified eq datetime'2026-01-01' and endPoint eq 'TransactionLines'", 400),
    ],
)
def test_sync_timestamp_wants_both_and_knows_few(company: Client, query: str, status: int) -> None:
    response = company.get(f"{DIVISION}/read/sync/Sync/SyncTimestamp?{query}")
    assert response.status_code == status
    if status == 200:
        assert response.json() == {"d": {"results": []}}


# faults


def test_a_duplicate_on_a_page_is_older_by_its_version(client: Client) -> None:
    client.sim.faults.add("duplicate_in_page", path="sync/CRM/Accounts")
    rows = client.d(ACCOUNTS, {"$select": "ID,Name,Timestamp"})["results"]
    assert rows[-1]["ID"] == rows[0]["ID"]
    assert int(rows[-1]["Timestamp"]) == int(rows[0]["Timestamp"]) - 1
    assert rows[-1]["Name"].endswith("(old)")


def test_a_null_key_is_a_null_id(client: Client) -> None:
    client.sim.faults.add("null_key")
    assert client.d(ACCOUNTS, {"$select": "ID,Timestamp"})["results"][0]["ID"] is None


def test_without_accept_json_comes_atom(client: Client) -> None:
    text = client.get(f"{ACCOUNTS}?$select=ID&$top=5", Accept="*/*").text
    assert text.startswith("<?xml")
    assert text.count("<entry>") == 5
    assert "next" not in text


def test_the_control_page_tells_of_the_streams(client: Client) -> None:
    url = f"{client.sim.base_url}/_simulator/sync?division={DIVISION}&path={INVOICES}"
    rows = client.http.get(url).json()["rows"]
    assert [row["LineNumber"] for row in rows] == [0, 1, 2] * 3
    client.http.post(f"{client.sim.base_url}/_simulator/move", json={"division": DIVISION, "first": 5})
    assert client.http.get(url).json()["rows"][0]["Timestamp"] < 1000
