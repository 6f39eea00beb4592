"""What a transaction changes, as it is noted."""

import pytest

from exact_sync.catalog import RESOURCES
from exact_sync.store import changes
from exact_sync.store.changes import Change, Changes
from exact_sync.store.database import Database
from exact_sync.store.writer import Writer
from tests.store.rows import DIVISION, key, row

ITEMS = Writer(RESOURCES["items"])


def keys(*numbers: int) -> list[str]:
    return [str(key(number)) for number in numbers]


def test_only_what_really_changes_is_noted_and_only_where_it_is_wanted(database: Database) -> None:
    with database.begin() as connection:
        ITEMS.stage(connection, [row("items", 1, code="a"), row("items", 2, code="b"), row("items", 4)])
        ITEMS.merge(connection)
        assert changes.of(connection) is None
    noted = Changes({"items": 5, "contacts": 5}.get)
    with database.begin() as connection, changes.noting(connection, noted):
        ITEMS.stage(connection, [row("items", 1, code="a"), row("items", 2, code="B"), row("items", 3)])
        ITEMS.merge(connection)
        assert ITEMS.delete_keys(connection, DIVISION, [key(4), key(9)]) == 1
    assert noted.by_resource == {"items": Change(1, 1, 1, keys(2, 3), keys(4))}
    with database.begin() as connection:
        assert changes.of(connection) is None, "connections of the pool forget it"
    nothing = Changes(lambda resource: 5)
    with database.begin() as connection, changes.noting(connection, nothing):
        ITEMS.stage(connection, [row("items", 2, code="B")])
        ITEMS.merge(connection)
    assert nothing.by_resource == {}
    nobody = Changes(lambda resource: None)
    with database.begin() as connection, changes.noting(connection, nobody):
        assert ITEMS.delete_keys(connection, DIVISION, [key(2)]) == 1
    assert nobody.by_resource == {}


def test_no_more_keys_are_named_than_are_wanted(database: Database) -> None:
    noted = Changes(lambda resource: 3)
    with database.begin() as connection, changes.noting(connection, noted):
        ITEMS.stage(connection, [row("items", number) for number in range(1, 4)])
        ITEMS.merge(connection)
        assert noted.by_resource["items"].keys_complete
    with database.begin() as connection, changes.noting(connection, noted):
        ITEMS.stage(connection, [row("items", 4)])
        ITEMS.merge(connection)
    assert noted.by_resource == {"items": Change(4, 0, 0, keys(1, 2, 3), keys_complete=False)}
    buried = Changes(lambda resource: 3)
    with database.begin() as connection, changes.noting(connection, buried):
        assert ITEMS.delete_keys(connection, DIVISION, [key(number) for number in (1, 2, 3, 4)]) == 4
    [change] = buried.by_resource.values()
    assert (change.deleted, len(change.deleted_keys), change.keys_complete) == (4, 3, False)
    at_once = Changes(lambda resource: 3)
    with database.begin() as connection, changes.noting(connection, at_once):
        ITEMS.stage(connection, [row("items", number) for number in range(5, 9)])
        ITEMS.merge(connection)
    assert not at_once.by_resource["items"].keys_complete


@pytest.mark.parametrize("kept", [False, True])
def test_what_several_pages_change_in_one_transaction_is_named_once_and_stands_where_it_was_last(
    database: Database, kept: bool
) -> None:
    noted = Changes(lambda resource: 3)
    with database.begin() as connection, changes.noting(connection, noted):
        for number in (1, 2, 3):
            ITEMS.stage(connection, [row("items", number)], keep=kept)
            ITEMS.merge(connection, kept=kept)
        assert noted.by_resource == {"items": Change(3, 0, 0, keys(1, 2, 3))}
        assert ITEMS.delete_keys(connection, DIVISION, [key(1)]) == 1
    assert noted.by_resource == {"items": Change(3, 0, 1, keys(2, 3), keys(1))}


def test_of_a_first_load_only_the_number_is_noted(database: Database) -> None:
    noted = Changes(lambda resource: 3, first_load="items")
    with database.begin() as connection, changes.noting(connection, noted):
        ITEMS.stage(connection, [row("items", 1)])
        ITEMS.merge(connection)
    assert noted.by_resource == {"items": Change(inserted=1, keys_complete=False, first_load=True)}


def test_two_changes_are_one_in_which_a_key_stands_where_it_was_last() -> None:
    first = Change(1, 2, 1, ["a", "b", "c"], ["d"])
    second = Change(1, 1, 1, ["d", "a"], ["b"])
    assert first.then(second, 10) == Change(2, 3, 2, ["c", "d", "a"], ["b"])
    assert first.then(second, 3) == Change(2, 3, 2, ["c", "d"], ["b"], keys_complete=False)
    for one, other in ((Change(), Change(keys_complete=False, first_load=True)), (Change(), Change())):
        for both in (one.then(other, 3), other.then(one, 3)):
            assert (both.keys_complete, both.first_load) == (other.keys_complete, other.first_load)
