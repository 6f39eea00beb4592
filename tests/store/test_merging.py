"""Of two versions of a row: the row version decides, else Modified; a version alone is no change."""

import pytest
from sqlalchemy import text

from exact_sync.catalog import RESOURCES, Edm
from exact_sync.catalog.custom import custom
from exact_sync.catalog.inference import resolved
from exact_sync.store.database import Database
from exact_sync.store.merging import quote
from exact_sync.store.tables import table
from exact_sync.store.writer import Writer, Written
from tests.store.rows import EARLY, LATE, row, stored

CONTACTS = Writer(RESOURCES["contacts"])


def write(database: Database, *versions: tuple[str, int | None, object]) -> Written:
    with database.begin() as connection:
        rows = [row("contacts", 1, notes=notes, _version=v, modified=m) for notes, v, m in versions]
        CONTACTS.stage(connection, rows)
        return CONTACTS.merge(connection)


def here(database: Database) -> tuple[object, ...]:
    with database.begin() as connection:
        return stored(connection, "contacts", "notes", "_version")[1]


@pytest.mark.parametrize(
    ("before", "then", "wins"),
    [
        ((10, LATE), (11, EARLY), True),  # versions decide, whatever Modified says
        ((10, EARLY), (9, LATE), False),
        ((10, EARLY), (10, EARLY), True),
        ((None, LATE), (10, EARLY), False),  # only one has a version: Modified decides
        ((10, LATE), (None, EARLY), False),
        ((10, EARLY), (None, LATE), True),
        ((10, None), (None, EARLY), True),
        ((10, LATE), (None, None), True),
    ],
)
def test_which_version_of_a_row_stays(
    database: Database, before: tuple[int | None, object], then: tuple[int | None, object], wins: bool
) -> None:
    write(database, ("first", *before))
    assert write(database, ("second", *then)) == Written(0, int(wins))
    version = then[0] if wins and then[0] is not None else before[0]
    assert here(database) == ("second" if wins else "first", version)


def test_of_several_at_once_the_highest_version_stays(database: Database) -> None:
    write(database, ("b", 11, EARLY), ("c", 12, EARLY), ("a", 10, LATE), ("none", None, LATE))
    assert here(database) == ("c", 12)


def test_a_new_version_of_the_same_data_moves_no_time(database: Database) -> None:
    write(database, ("same", 10, EARLY))
    with database.begin() as connection:
        before = connection.execute(text("SELECT _synced_at FROM exact.contacts")).scalar_one()
    assert write(database, ("same", 11, EARLY)) == Written(0, 0)
    assert here(database) == ("same", 11)
    with database.begin() as connection:
        assert connection.execute(text("SELECT _synced_at FROM exact.contacts")).scalar_one() == before


def test_a_resource_of_which_only_the_key_is_known_is_written_like_others(database: Database) -> None:
    """So is an endpoint of one's own whose first record has no other value."""
    resource = resolved(custom("bare", "some/Thing", None, None), {"ID": Edm.STRING, "Name": None})
    bare = Writer(resource)
    with database.begin() as connection:
        table(resource).create(connection)
    for expected in (Written(1, 0), Written(0, 0), Written(0, 1)):
        with database.begin() as connection:
            bare.stage(connection, [(7, "one")])
            assert bare.merge(connection) == expected
        with database.begin() as connection:
            if expected == Written(0, 0):
                assert bare.delete_keys(connection, 7, ["one"]) == 1


def test_names_that_need_it_are_quoted() -> None:
    assert (quote("order"), quote("items")) == ('"order"', "items")
