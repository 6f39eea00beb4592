"""The endpoints out of endpoints.txt: each answers as strictly as those that were made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from exact_sync.simulator import Books, Clock, Simulator
from exact_sync.simulator.company import found_company
from exact_sync.simulator.deleted import ENTITY_TYPES
from exact_sync.simulator.endpoints import ENDPOINTS, parse
from exact_sync.simulator.odata.query import SELECT_WANTED
from exact_sync.simulator.render import date_text
from exact_sync.simulator.schema import BULK, ENTITIES
from tests.simulator.conftest import DIVISION, NOW, Client

COUNTS = {
    "crm/Accounts": 20, "salesinvoice/SalesInvoices": 5, "financialtransaction/Transactions": 30,
    "general/Currencies": 130, "documents/DocumentTypes": 130, "financial/GLTransactionTypes": 130,
    "crm/Addresses": 1010,
}  # fmt: skip
PLAIN = sorted(path for path, endpoint in ENDPOINTS.items() if not endpoint.only_feed)
BULKS = sorted(endpoint.bulk.bulk for endpoint in ENDPOINTS.values() if endpoint.bulk and endpoint.bulk.bulk)


@pytest.fixture(scope="module")
def company() -> Iterator[Client]:
    """A signed-in client of a company whose rows nobody changes."""
    books = Books(Clock(NOW, frozen=True))
    found_company(books, DIVISION, seed=3, today=date(2026, 6, 25), counts=COUNTS)
    with Simulator(books, minute_limit=100_000, error_limit=100_000) as sim:
        client = Client(sim)
        with client.http:
            yield client


def refusal(client: Client, path: str, **options: str) -> str:
    response = client.get(f"{DIVISION}/{path}", {f"${name}": text for name, text in options.items()})
    assert response.status_code == 400, response.text
    text: str = response.json()["error"]["message"]["value"]
    return text


def key_literal(key: Any) -> str:
    return f"guid'{key}'" if isinstance(key, UUID) else f"'{key}'" if isinstance(key, str) else str(key)


def test_as_many_as_were_asked_for() -> None:
    assert len(ENDPOINTS) == 93
    assert sum(endpoint.bulk is not None for endpoint in ENDPOINTS.values()) == 10
    assert sum(endpoint.feed is not None for endpoint in ENDPOINTS.values()) == 29
    assert [path for path, endpoint in ENDPOINTS.items() if endpoint.only_feed] == [
        "sync/Logistics/PurchaseItemPrices",
        "sync/Inventory/StockPositions",
        "sync/Inventory/StorageLocationStockPositions",
        "sync/Project/ProjectWBS",
        "sync/Cashflow/PaymentTerms",
    ]
    assert ENTITY_TYPES.items() >= {
        "project/TimeTransactions": 14, "project/CostTransactions": 14,
        "purchaseorder/PurchaseOrderLines": 22, "sync/Inventory/StockPositions": 15,
        "crm/Quotations": 34, "hrm/LeaveRegistrations": 56,
    }.items()  # fmt: skip
    assert "sync/Logistics/PurchaseItemPrices" not in ENTITY_TYPES


@pytest.mark.parametrize("path", PLAIN)
def test_every_endpoint_is_read_strictly(company: Client, path: str) -> None:
    entity, table = ENTITIES[path], company.sim.books.table(DIVISION, path)
    assert next(iter(entity.properties)) == entity.key
    assert refusal(company, path) == SELECT_WANTED
    assert "does not exist" in refusal(company, path, select=f"{entity.key},Nonsense")
    assert company.get(f"{DIVISION}/{path.lower()}", {"$top": "1"}).status_code == 404
    names = ",".join(entity.properties)
    options = {"$select": names, "$inlinecount": "allpages", "$orderby": f"{entity.key} desc"}
    page = company.d(f"{DIVISION}/{path}", options)
    assert page["__count"] == str(len(table))
    assert list(page["results"][0])[1:] == list(entity.properties)
    (row,) = company.d(f"{DIVISION}/{path}", {"$top": "1", "$select": entity.key})
    record = next(table.ordered())
    assert row[entity.key] == (str(record[entity.key]) if entity.key_type == "Guid" else record[entity.key])
    one = company.d(row["__metadata"]["uri"], {"$select": entity.key})
    assert one[entity.key] == row[entity.key]
    literal = key_literal(record[entity.key])
    assert company.get(f"{DIVISION}/{path}/$count", {"$filter": f"{entity.key} eq {literal}"}).text == "1"
    wrong = "5" if entity.key_type != "Int32" else "'x'"
    assert company.get(f"{DIVISION}/{path}({wrong})", {"$select": entity.key}).status_code == 400


@pytest.mark.parametrize(
    ("path", "last"),
    [
        ("general/Currencies", "060"),
        ("documents/DocumentTypes", 1059),
        ("financial/GLTransactionTypes", 1059),
    ],
)
def test_pages_of_texts_and_numbers(company: Client, path: str, last: str | int) -> None:
    key = ENTITIES[path].key
    rows = company.everything(f"{DIVISION}/{path}", {"$select": key})
    truth = sorted(company.sim.books.table(DIVISION, path).rows)
    assert [row[key] for row in rows] == truth
    behind = company.d(f"{DIVISION}/{path}", {"$select": key, "$skiptoken": key_literal(last)})["results"]
    assert [row[key] for row in behind] == truth[truth.index(last) + 1 :][:60]
    by_text = {"$select": key, "$orderby": "Description"}
    assert sorted(row[key] for row in company.everything(f"{DIVISION}/{path}", by_text)) == truth
    assert "not valid" in refusal(company, path, select=key, skiptoken="guid'" + str(UUID(int=1)) + "'")


@pytest.mark.parametrize("path", BULKS)
def test_bulk_twins(company: Client, path: str) -> None:
    twin = BULK[path]
    base = ENTITIES[twin.path]
    names = ",".join(twin.properties)
    page = company.d(f"{DIVISION}/{path}", {"$select": names})
    rows = page["results"]
    assert list(rows[0])[1:] == list(twin.properties)
    assert len(rows) == min(1000, len(company.sim.books.table(DIVISION, twin.path)))
    assert ("__next" in page) == (path == "bulk/CRM/Addresses")
    for name in base.properties.keys() - twin.properties.keys():
        assert name in refusal(company, path, select=name)
        assert name in refusal(company, path, select=twin.key, filter=f"{name} ne null")
        assert company.get(f"{DIVISION}/{twin.path}", {"$select": name}).status_code == 200


def test_what_bulk_twins_lack_and_want(company: Client) -> None:
    lines = f"{DIVISION}/bulk/SalesOrder/SalesOrderLines"
    assert "Margin" not in company.d(lines)["results"][0]  # no $select wanted
    assert "Margin" in company.d(f"{DIVISION}/salesorder/SalesOrderLines", {"$top": "1"})[0]
    assert refusal(company, "bulk/CRM/Quotations") == SELECT_WANTED
    since = "Modified ge datetime'2020-01-01'"
    for path in BULKS:
        response = company.get(f"{DIVISION}/{path}", {"$select": BULK[path].key, "$filter": since})
        # Neither those where the reference says so, nor those that have no such property.
        assert (response.status_code == 200) == (
            path in ("bulk/Financial/GLClassifications", "bulk/SalesOrder/SalesOrders")
        ), path
        base = ENTITIES[BULK[path].path]
        plain = company.get(f"{DIVISION}/{base.path}", {"$select": base.key, "$filter": since})
        assert (plain.status_code == 200) == ("Modified" in base.properties)


def test_collections_are_links(company: Client) -> None:
    path = f"{DIVISION}/salesorder/SalesOrders"
    (row,) = company.d(path, {"$top": "1"})
    assert row["SalesOrderLines"] == {"__deferred": {"uri": f"{row['__metadata']['uri']}/SalesOrderLines"}}
    assert "cannot be expanded" in refusal(
        company, "salesorder/SalesOrders", top="1", expand="SalesOrderLines"
    )


def test_users_are_listed_per_division(company: Client) -> None:
    users = company.everything(f"{DIVISION}/system/Users", {"$select": "UserID,FullName"})
    assert str(company.sim.books.user_id) in {row["UserID"] for row in users}
    assert "Division" not in ENTITIES["system/Users"].properties
    assert company.get("1/system/Users", {"$select": "UserID"}).status_code == 403


def test_values_are_written_as_exact_writes_them(company: Client) -> None:
    table = company.sim.books.table(DIVISION, "budget/Budgets")
    names = "ID,HID,AmountDC,Created"
    for row in company.everything(f"{DIVISION}/budget/Budgets", {"$select": names}):
        record = table.rows[UUID(row["ID"])]
        assert row["HID"] == str(record["HID"])  # Edm.Int64
        assert row["Created"] == date_text(record["Created"])


@pytest.mark.parametrize(
    "path",
    ["vat/VATCodes", "crm/Addresses", "bulk/CRM/Addresses", "sync/CRM/Addresses", "sync/Project/ProjectWBS"],
)
def test_rights(company: Client, path: str) -> None:
    rights = company.sim.rights
    of = "crm/Addresses" if path.endswith("CRM/Addresses") else path
    rights.hide(of, DIVISION)
    assert company.d(f"{DIVISION}/{path}", {"$select": "ID"}) == {"results": []}
    rights.forbid(of, DIVISION)
    assert company.get(f"{DIVISION}/{path}", {"$select": "ID"}).status_code == 403
    rights.clear()
    assert company.d(f"{DIVISION}/{path}", {"$select": "ID"})["results"]


def test_an_opened_division_has_nothing_in_them(books: Books) -> None:
    assert not [path for path in ENDPOINTS if len(books.table(DIVISION, path))]
    with pytest.raises(KeyError):
        books.table(DIVISION, "vat/Vatcodes")
    with pytest.raises(ValueError, match="needs its Code"):
        books.table(DIVISION, "general/Currencies").insert({"Description": "Gulden"})


@pytest.mark.parametrize("text", ["a/B ID:Guid Name:Text", "a/B ID:Guid ID:Int32"])
def test_bad_facts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="bad property"):
        list(parse([text]))


def test_codes_have_the_width_that_they_have_elsewhere(sim: Simulator, client: Client) -> None:
    """As in recorded answers: '0  ' is a VAT code, and an account's code ends at the 18th place."""
    code = sim.books.table(DIVISION, "vat/VATCodes").insert({"Code": "0", "AccountCode": "0000000"})
    row = client.d(f"{DIVISION}/vat/VATCodes(guid'{code}')")
    assert (row["Code"], row["AccountCode"]) == ("0  ", "0000000".rjust(18))
    assert [
        len(client.d(f"{DIVISION}/vat/VATCodes", {"$select": "ID", "$filter": text})["results"])
        for text in ("AccountCode eq '0000000'", "trim(AccountCode) eq '0000000'")
    ] == [0, 1]
    sim.books.table(DIVISION, "crm/Addresses").insert({"Country": "FR"})
    for path in ("crm/Addresses", "bulk/CRM/Addresses", "sync/CRM/Addresses"):
        [row] = client.d(f"{DIVISION}/{path}", {"$select": "ID,Country"})["results"]
        assert row["Country"] == "FR "
    sim.books.table(DIVISION, "cashflow/Receivables").insert({"GLAccountCode": "1300", "AccountCode": "7"})
    [row] = client.d(f"{DIVISION}/cashflow/Receivables", {"$select": "GLAccountCode,AccountCode"})["results"]
    assert (row["GLAccountCode"], row["AccountCode"]) == ("1300", "7".rjust(18))
