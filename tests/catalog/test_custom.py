"""A resource from a path: what the reference knows of it, or only its key."""

import json

import pytest

from exact_sync.catalog import Edm, Strategy
from exact_sync.catalog.custom import custom
from exact_sync.catalog.reference import columns_of, endpoints, feed, key_of, known
from exact_sync.catalog.resource import ROW_VERSION
from exact_sync.store.tables import table
from exact_sync.sync.columns import Columns
from exact_sync.sync.rows import Shaper

ONE_A_DIVISION = "manufacturing/ManufacturingSettings"


def test_the_reference_gives_columns_types_and_key() -> None:
    mine = custom("mine", "/project/CostTransactions/", None, None)
    assert (mine.endpoint, mine.key, mine.strategy) == ("project/CostTransactions", "ID", Strategy.MODIFIED)
    assert mine.by_property["Quantity"].edm is Edm.DOUBLE
    assert mine.primary_key == ("division", "id")
    assert not mine.is_inferred
    assert not mine.default
    assert not mine.is_migrated
    assert custom("mine", "project/CostTransactions", "Item", "Date").strategies == (
        Strategy.MODIFIED,
        Strategy.SNAPSHOT,
        Strategy.DATE_WINDOWS,
    )


@pytest.mark.parametrize(
    ("path", "key", "strategy", "can"),
    [
        ("beta/Things", "ID", Strategy.SNAPSHOT, {Strategy.SNAPSHOT, Strategy.MODIFIED}),
        ("sync/Beta/Things", "ID", Strategy.ROW_VERSION, {Strategy.ROW_VERSION}),
        ("beta/Deep/Things2", "Code", Strategy.SNAPSHOT, {Strategy.SNAPSHOT, Strategy.MODIFIED}),
    ],
)
def test_of_an_unknown_one_only_the_key_is_supposed(
    path: str, key: str, strategy: Strategy, can: set[Strategy]
) -> None:
    mine = custom("mine", path, None if key == "ID" else key, None)
    assert mine.is_inferred
    assert [column.property for column in mine.columns] == [key]
    assert (mine.strategy, set(mine.strategies)) == (strategy, can)


@pytest.mark.parametrize(
    ("path", "key", "date", "line"),
    [
        ("crm", None, None, "is no path"),
        ("crm/Accounts?x", None, None, "is no path"),
        ("crm/../x", None, None, "is no path"),
        ("CRM/accounts", None, None, "Exact writes this path crm/Accounts"),
        ("crm/Accounts", "id", None, "did you mean ID"),
        ("crm/Accounts", "Nonsense", None, "has no property Nonsense$"),
        ("crm/Accounts", "ID' or", None, "is no name of a property"),
        ("crm/Accounts", None, "Modified", "Modified is no date"),
        ("crm/Accounts", None, "Name", "Name is no date"),
        ("beta/Things", None, "Moment", "Moment is no date"),
        ("beta/Things", "EndDate", "EndDate", "EndDate can't be both key and date"),
        ("beta/Things", "Division", None, "each row has its division in any case"),
        ("crm/Accounts", "Created", None, "Created can't be the key: it is a moment"),
        ("sync/Beta/Things", "Timestamp", None, "it is a row's version"),
        ("sync/CRM/Accounts", "Timestamp", None, "it is a row's version"),
        (ONE_A_DIVISION, None, None, "set key to any other property, for instance InventoryMainMethod"),
        (ONE_A_DIVISION, "Division", None, "each row has its division in any case"),
    ],
)
def test_what_cannot_be_is_said(path: str, key: str | None, date: str | None, line: str) -> None:
    with pytest.raises(ValueError, match=line):
        custom("mine", path, key, date)


def test_the_reference_knows_each_endpoint_with_its_key() -> None:
    assert len(endpoints()) > 300
    for path in endpoints():
        assert known(path)
        assert columns_of(path)[0].property == key_of(path)
    assert not known("CRM/Accounts")
    with pytest.raises(KeyError):
        columns_of("beta/Things")


def test_each_endpoint_of_the_reference_can_be_a_resource_of_ones_own_or_says_what_to_set() -> None:
    """A table, rows by both ways, and what tells records apart can be made of each."""
    refused = []
    for path in endpoints():
        try:
            mine = custom("mine", path, None, None)
        except ValueError as error:
            assert "set key to" in str(error)  # noqa: PT017 - each is refused in words or not at all
            refused.append(path)
            continue
        assert mine.key_column.name in table(mine).primary_key.columns
        assert mine.key != ROW_VERSION
        record = {mine.key: None}
        assert Shaper(mine).batch(7, [record]).rejects
        assert Columns(mine, 7).read(json.dumps({"d": [record]}).encode()).count == 1
    assert sorted(refused) == [ONE_A_DIVISION, "read/sync/Sync/SyncTimestamp"]
    assert custom("mine", ONE_A_DIVISION, "InventoryMainMethod", None).primary_key == (
        "division",
        "inventory_main_method",
    )


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("sync/Manufacturing/MaterialIssues", "StockTransactionId"),
        ("sync/SalesOrder/GoodsDeliveries", "EntryID"),
        ("sync/Subscription/Subscriptions", "EntryID"),
    ],
)
def test_a_version_is_no_key(path: str, key: str) -> None:
    mine = custom("mine", path, None, None)
    assert (mine.key, mine.strategies) == (key, (Strategy.ROW_VERSION,))


def test_a_feed_says_what_it_lacks() -> None:
    assert feed("sync/CRM/Accounts", columns_of("crm/Accounts")).lacks == frozenset()
    lacks = feed("sync/Logistics/Items", columns_of("logistics/Items")).lacks
    assert lacks
    assert lacks.isdisjoint({"ID", "Modified", "Code"})
