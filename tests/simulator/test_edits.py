"""Random edits: the shares promised, visible, stamped, and still adding up."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from exact_sync.simulator.books import Books
from exact_sync.simulator.clock import Clock
from exact_sync.simulator.company import found_company
from exact_sync.simulator.editable import FREE
from exact_sync.simulator.edits import (
    change_record,
    insert_record,
    new_record,
    random_edits,
    remove_record,
)
from exact_sync.simulator.schema import ENTITIES, KNOWN

DIVISION = 124132
NOW = datetime(2026, 6, 25, 12)  # wall clock, at 10:00 UTC
TRANSACTIONS = "financialtransaction/Transactions"
LINES = "financialtransaction/TransactionLines"
Snapshot = dict[str, dict[Any, dict[str, Any]]]


def new_books() -> Books:
    return Books(Clock(datetime(2026, 6, 25, 10, tzinfo=UTC), frozen=True))


@pytest.fixture(scope="module")
def founded() -> Snapshot:
    books = new_books()
    found_company(books, DIVISION, today=date(2026, 6, 25))
    return snapshot(books)


@pytest.fixture
def books(founded: Snapshot) -> Books:
    return copied(founded)


def copied(founded: Snapshot) -> Books:
    books = new_books()
    books.add_division(DIVISION)
    for path, records in founded.items():
        books.table(DIVISION, path).rows.update(records)
    return books


def snapshot(books: Books) -> Snapshot:
    return {path: dict(books.table(DIVISION, path).rows) for path, e in KNOWN.items() if not e.shared}


def difference(before: Snapshot, after: Snapshot, path: str) -> dict[str, int]:
    old, new = before[path], after[path]
    return {
        "changed": sum(1 for key in old.keys() & new.keys() if old[key] != new[key]),
        "inserted": len(new.keys() - old.keys()),
        "removed": len(old.keys() - new.keys()),
    }


def balances(books: Books) -> set[Decimal]:
    sums: dict[Any, Decimal] = defaultdict(Decimal)
    for line in books.table(DIVISION, LINES).rows.values():
        sums[line["EntryID"]] += line["AmountDC"]
    return set(sums.values())


def test_the_counts_are_what_really_happened(books: Books) -> None:
    before = snapshot(books)
    done = random_edits(books, DIVISION, Random(1), share=0.2)
    after = snapshot(books)
    for path in FREE:
        if path != "documents/DocumentAttachments":  # some that were changed went with their documents
            assert done[path] == difference(before, after, path), path
    moved = difference(before, after, LINES)
    assert done[LINES]["inserted"] >= moved["inserted"] > 0
    assert done[LINES]["removed"] >= moved["removed"] > 0


@pytest.mark.parametrize("share", [0.05, 0.1, 0.5])
def test_the_share_is_kept(books: Books, share: float) -> None:
    sizes = {path: len(rows) for path, rows in snapshot(books).items()}
    done = random_edits(books, DIVISION, Random(2), share=share)
    for path in FREE.keys() - {"documents/DocumentAttachments"}:
        total = sum(done[path].values())
        wanted = max(1, round(sizes[path] * share))
        assert total <= wanted
        assert total >= wanted * 0.75, path  # ledger accounts in use stay
    assert done["crm/Accounts"]["inserted"] == done["crm/Accounts"]["removed"] > 0


def test_the_same_chance_gives_the_same_edits(books: Books, founded: Snapshot) -> None:
    other = copied(founded)
    assert random_edits(books, DIVISION, Random(3)) == random_edits(other, DIVISION, Random(3))
    assert snapshot(books) == snapshot(other)


def test_changed_and_new_rows_are_stamped_now(books: Books) -> None:
    before = snapshot(books)
    random_edits(books, DIVISION, Random(4), share=0.3)
    after = snapshot(books)
    for path in FREE:
        for key, record in after[path].items():
            if "Modified" in record and before[path].get(key) != record:
                assert record["Modified"] == NOW, path
                if key not in before[path]:
                    assert record["Created"] == NOW


def test_entries_still_balance_and_lines_follow_their_header(books: Books) -> None:
    random_edits(books, DIVISION, Random(5), share=0.6)
    assert balances(books) == {Decimal("0.00")}
    headers = books.table(DIVISION, TRANSACTIONS).rows
    seen = set()
    for line in books.table(DIVISION, LINES).rows.values():
        header = headers[line["EntryID"]]
        seen.add(line["EntryID"])
        for name in ("Date", "FinancialYear", "FinancialPeriod", "EntryNumber"):
            assert line[name] == header[name]
    assert seen == headers.keys()


def test_dates_of_entries_move_within_the_three_years(books: Books) -> None:
    before = snapshot(books)[TRANSACTIONS]
    random_edits(books, DIVISION, Random(6), share=0.6, paths=[TRANSACTIONS])
    after = books.table(DIVISION, TRANSACTIONS).rows
    moved = [
        after[key]["Date"]
        for key in before.keys() & after.keys()
        if before[key]["Date"] != after[key]["Date"]
    ]
    added = [after[key]["Date"] for key in after.keys() - before.keys()]
    assert len(moved) > 50
    assert len(added) > 50
    assert all(datetime(2023, 6, 26) <= day < datetime(2026, 6, 25) for day in (*moved, *added))


def test_values_become_null_and_come_back(books: Books) -> None:
    before = snapshot(books)
    random_edits(books, DIVISION, Random(7), share=0.9)
    after = snapshot(books)
    kinds: dict[str, set[str]] = defaultdict(set)
    for path in FREE:
        for key in before[path].keys() & after[path].keys():
            for name, old in before[path][key].items():
                new = after[path][key][name]
                if old != new and name in FREE[path]:
                    edm = ENTITIES[path].properties[name]
                    kinds[edm].add("to null" if new is None else "from null" if old is None else "other")
    assert kinds.keys() == {"String", "Double", "DateTime", "Byte", "Int16", "Int32", "Boolean"}
    for edm in ("String", "Double", "DateTime"):
        assert kinds[edm] == {"to null", "from null", "other"}
    for edm in ("Byte", "Int16", "Int32"):
        assert kinds[edm] >= {"to null", "other"}


def test_what_is_in_use_stays(books: Books) -> None:
    random_edits(books, DIVISION, Random(8), share=1.0)
    codes = {r["Code"] for r in books.table(DIVISION, "financial/GLAccounts").rows.values()}
    assert {r["GLAccountCode"] for r in books.table(DIVISION, LINES).rows.values()} <= codes
    groups = {r["Code"] for r in books.table(DIVISION, "logistics/ItemGroups").rows.values()}
    assert {r["ItemGroupCode"] for r in books.table(DIVISION, "logistics/Items").rows.values()} <= groups


def test_only_the_named_paths_are_edited(books: Books) -> None:
    before = snapshot(books)
    assert random_edits(books, DIVISION, Random(9), paths=["logistics/Items"]).keys() == {"logistics/Items"}
    after = snapshot(books)
    assert {p for p in before if before[p] != after[p]} == {"logistics/Items"}
    with pytest.raises(KeyError, match="not edited"):
        random_edits(books, DIVISION, Random(9), paths=["system/Divisions"])


@pytest.mark.parametrize("path", sorted(FREE))
def test_one_row_at_a_time(books: Books, path: str) -> None:
    table, rng = books.table(DIVISION, path), Random(10)
    before = len(table.rows)
    values = new_record(books, DIVISION, path, rng)
    assert len(table.rows) == before
    assert values.keys() == ENTITIES[path].properties.keys()
    assert values[table.entity.key] not in table.rows
    for name in {"Code", "InvoiceNumber", "EntryNumber", "HID"} & values.keys() - {None}:
        if path not in ("crm/Contacts", "cashflow/Payments") or name == "HID":
            assert values[name] is None or values[name] not in {r[name] for r in table.rows.values()}
    key = insert_record(books, DIVISION, path, rng)
    old = table.rows[key]
    assert change_record(books, DIVISION, path, key, rng) != old
    remove_record(books, DIVISION, path, key)
    assert len(table.rows) == before


def test_an_entry_goes_with_its_lines(books: Books) -> None:
    before = len(books.table(DIVISION, LINES).rows)
    key = insert_record(books, DIVISION, TRANSACTIONS, Random(11))
    assert len(books.table(DIVISION, LINES).rows) >= before + 2
    remove_record(books, DIVISION, TRANSACTIONS, key)
    assert len(books.table(DIVISION, LINES).rows) == before


def test_an_empty_table_is_left_alone() -> None:
    books = new_books()
    books.add_division(DIVISION)
    done = random_edits(books, DIVISION, Random(12))
    assert done == {path: {"changed": 0, "inserted": 0, "removed": 0} for path in FREE}
    with pytest.raises(KeyError, match="no row"):
        new_record(books, DIVISION, "crm/Accounts", Random(12))
