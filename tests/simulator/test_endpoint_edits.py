"""Rows of plain endpoints, and single lines, can be edited as well, when they are asked for by name."""

from __future__ import annotations

from random import Random

import pytest

from exact_sync.simulator import Books
from exact_sync.simulator.deleted import ENTITY_TYPES
from exact_sync.simulator.editable import FREE
from exact_sync.simulator.edits import change_record, insert_record, new_record, random_edits, remove_record
from exact_sync.simulator.endpoints import ENDPOINTS
from exact_sync.simulator.schema import TABLES
from tests.simulator.conftest import DIVISION
from tests.simulator.test_samples import found

OWN = {
    "crm/Quotations": ["QuotationNumber"],
    "salesentry/SalesEntries": ["EntryNumber"],
    "purchaseorder/PurchaseOrders": ["OrderNumber"],
    "subscription/Subscriptions": ["Number"],
    "manufacturing/ShopOrders": ["ShopOrderNumber"],
    "inventory/WarehouseTransfers": ["TransferNumber"],
}
LINES = ("salesinvoice/SalesInvoiceLines", "financialtransaction/TransactionLines")


@pytest.fixture(scope="module")
def books() -> Books:
    return found()


@pytest.mark.parametrize("path", [*ENDPOINTS, *LINES])
def test_every_endpoint_can_be_edited(books: Books, path: str) -> None:
    table, rng, log = books.table(DIVISION, path), Random(4), books.feeds(DIVISION).deleted
    before, key_name = dict(table.rows), TABLES[path].key
    draft = new_record(books, DIVISION, path, rng)
    assert table.rows == before
    assert draft.keys() == TABLES[path].properties.keys()
    key = insert_record(books, DIVISION, path, rng)
    assert key not in before
    for name in {"Code", "HID", *OWN.get(path, ())} & draft.keys():
        assert table.rows[key][name] not in {row[name] for row in before.values()}
    old = table.rows[key]
    new = change_record(books, DIVISION, path, key, rng)
    changed = {name for name in new if new[name] != old[name]}
    assert changed - {"Modified", "Modifier", "ModifierFullName"}
    assert not changed & {key_name, "Division", "Created", "Code", "HID"}
    gone = len(log.entries())
    remove_record(books, DIVISION, path, key)
    assert table.rows == before
    assert [entry["EntityKey"] for entry in log.entries()[gone:]] == ([key] if path in ENTITY_TYPES else [])


def test_many_at_once() -> None:
    books = found()
    paths = [*ENDPOINTS, *LINES]
    before = {path: dict(books.table(DIVISION, path).rows) for path in paths}
    done = random_edits(books, DIVISION, Random(1), 1.0, paths=paths)
    assert list(done) == paths
    for path, counts in done.items():
        rows, old = books.table(DIVISION, path).rows, before[path]
        assert counts["removed"] == len(old.keys() - rows.keys()), path
        assert counts["inserted"] == len(rows.keys() - old.keys())
        assert counts["changed"] == sum(rows[key] != old[key] for key in rows.keys() & old.keys())
        assert all(counts.values()) or len(old) < 5


def test_nobody_edits_them_unasked() -> None:
    books = found()
    assert set(random_edits(books, DIVISION, Random(2))) - set(LINES) == set(FREE)
    for path in ("financial/ReportingBalance", "sync/Deleted", "vat/vatcodes"):
        with pytest.raises(KeyError):
            random_edits(books, DIVISION, Random(2), paths=[path])
