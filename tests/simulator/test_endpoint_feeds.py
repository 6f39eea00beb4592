"""The twins under sync/ of the endpoints out of endpoints.txt, and those that have no other form."""

from __future__ import annotations

import uuid

import pytest

from exact_sync.simulator import Books
from exact_sync.simulator.odata.query import SELECT_WANTED
from exact_sync.simulator.schema_sync import TWINS
from tests.simulator.conftest import DIVISION, Client, guid

STOCK = "sync/Inventory/StockPositions"


def test_what_they_have_more_and_less() -> None:
    """As the reference lists them; a whole row of each is read in test_sync_feed."""
    properties = {path: TWINS[path].entity.properties for path in TWINS}
    assert "VATAmountFC" not in properties["sync/CRM/QuotationHeaders"]
    assert "AverageCost" not in properties["sync/Manufacturing/BillOfMaterialMaterials"]
    assert properties["sync/Project/Projects"]["EnableWorkInProgress"] == "Boolean"
    assert properties[STOCK]["Timestamp"] == "Int64"
    identities = {path: twin.entity.identity for path, twin in TWINS.items() if twin.entity.identity != "ID"}
    assert identities == {
        "sync/SalesOrder/SalesOrderHeaders": "OrderID",
        "sync/CRM/QuotationHeaders": "QuotationID",
        "sync/SalesOrder/GoodsDeliveries": "EntryID",
        "sync/Subscription/Subscriptions": "EntryID",
    }
    assert {path: twin.key_as_id for path, twin in TWINS.items() if twin.key_as_id} == {
        "sync/SalesOrder/SalesOrderHeaders": "OrderID",
        "sync/CRM/QuotationHeaders": "QuotationID",
    }


def test_the_id_that_the_plain_entity_lacks(client: Client, books: Books) -> None:
    table = books.table(DIVISION, "crm/Quotations")
    key = table.insert({"QuotationNumber": 7, "VATAmountFC": None})
    path = f"{DIVISION}/sync/CRM/QuotationHeaders"
    question = {"$select": "ID,QuotationID,Discount,Timestamp", "$filter": "Timestamp gt 1"}
    (row,) = client.d(path, question)["results"]
    assert row["ID"] == row["QuotationID"] == str(key)
    assert row["Timestamp"] == str(table.versions[key])
    assert row["Discount"] is None  # only the twin has it
    assert client.get(path, {"$select": "VATAmountFC"}).status_code == 400
    assert [row["ID"] for row in books.feeds(DIVISION).rows("sync/CRM/QuotationHeaders")] == [key]


def test_what_is_only_a_feed(client: Client, books: Books) -> None:
    table = books.table(DIVISION, STOCK)
    assert (table.entity.key, "Timestamp" in table.entity.properties) == ("ID", False)
    table.load({"ID": guid(n)} for n in range(1, 1003))
    table.change(guid(5), CurrentStock=None)
    path = f"{DIVISION}/{STOCK}"
    assert client.get(path).json()["error"]["message"]["value"] == SELECT_WANTED
    page = client.d(path, {"$select": "ID"})
    assert [row["ID"] for row in page["results"][:5]] == [str(guid(n)) for n in (1, 2, 3, 4, 6)]
    assert len(page["results"]) == 1000
    assert [row["ID"] for row in client.d(page["__next"])["results"]] == [str(guid(1002)), str(guid(5))]
    for question in ({"$orderby": "ID"}, {"$filter": "CurrentStock gt 1"}):
        assert client.get(path, {"$select": "ID", **question}).status_code == 400
    for elsewhere in ("inventory/StockPositions", "sync/inventory/StockPositions", f"{STOCK}/$count"):
        assert client.get(f"{DIVISION}/{elsewhere}", {"$select": "ID"}).status_code == 404


def test_what_goes_is_in_the_log_with_the_plain_entitys_key(client: Client, books: Books) -> None:
    order = books.table(DIVISION, "salesorder/SalesOrders").insert({})
    books.table(DIVISION, "salesorder/SalesOrders").delete(order)
    strange = uuid.UUID(int=9)
    books.feeds(DIVISION).deleted.add(999, strange)
    rows = client.d(f"{DIVISION}/sync/Deleted", {"$select": "EntityKey,EntityType"})["results"]
    assert [(row["EntityType"], row["EntityKey"]) for row in rows] == [(32, str(order)), (999, str(strange))]


@pytest.mark.parametrize("touched", [True, False])
def test_moving(books: Books, touched: bool) -> None:
    table = books.table(DIVISION, STOCK)
    if touched:
        table.insert({})
    counter = books.move_division(DIVISION)
    versions = table.versions
    assert all(version <= counter.last for version in versions.values())
    late = books.table(DIVISION, "sync/Project/ProjectWBS")  # made after the move
    assert late.versions[late.insert({})] == counter.last


def test_sync_timestamp(client: Client, books: Books) -> None:
    orders = books.table(DIVISION, "salesorder/SalesOrders")
    lines = books.table(DIVISION, "crm/QuotationLines")
    key = orders.insert({})
    lines.insert({})
    question = {"modified": "datetime'2026-01-01'", "endPoint": "'SalesOrderHeaders'"}
    (row,) = client.d(f"{DIVISION}/read/sync/Sync/SyncTimestamp", question)["results"]
    assert row["TimeStampAsBigInt"] == str(orders.versions[key])
    question["endPoint"] = "'QuotationLines'"  # which have no Modified of their own
    assert client.d(f"{DIVISION}/read/sync/Sync/SyncTimestamp", question) == {"results": []}
