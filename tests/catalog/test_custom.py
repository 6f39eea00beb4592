"""A resource from a path: what the reference knows of it, or only its key."""

import pytest

from exact_sync.catalog import Edm, Strategy
from exact_sync.catalog.custom import custom
from exact_sync.catalog.reference import columns_of, endpoints, feed, key_of, known


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


def test_a_feed_says_what_it_lacks() -> None:
    assert feed("sync/CRM/Accounts", columns_of("crm/Accounts")).lacks == frozenset()
    lacks = feed("sync/Logistics/Items", columns_of("logistics/Items")).lacks
    assert lacks
    assert lacks.isdisjoint({"ID", "Modified", "Code"})
