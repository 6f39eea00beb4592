"""A row is known by the fingerprint of its record for as long as nobody changes it otherwise."""

import pytest
from sqlalchemy import text

from exact_sync.catalog import RESOURCES
from exact_sync.store import migrate, provision
from exact_sync.store.database import Database
from exact_sync.store.fingerprints import FUNCTION, Fingerprints
from exact_sync.store.schemas import Schemas
from exact_sync.store.tables import FINGERPRINT, migrated
from exact_sync.store.writer import Writer
from tests.store.rows import DIVISION, EARLY, LATE, key, row

ITEMS = RESOURCES["items"]
WRITER = Writer(ITEMS)
PRINTS = [-(2**63), 2**63 - 1, -5, 0, 7]


def write(database: Database, *numbers: int, **values: object) -> None:
    rows = [row("items", n, _fingerprint=PRINTS[n], **{"modified": EARLY} | values) for n in numbers]
    with database.begin() as connection:
        WRITER.stage(connection, rows)
        WRITER.merge(connection)


def unknown(database: Database, *numbers: int, division: int = DIVISION) -> list[int]:
    with database.connect() as connection:
        keys, prints = [str(key(n)) for n in numbers], [PRINTS[n] for n in numbers]
        return Fingerprints(ITEMS).unknown(connection, division, keys, prints)


def test_what_was_written_is_known_and_nothing_else(database: Database) -> None:
    assert unknown(database, 0, 1) == [0, 1]
    write(database, 0, 1, 2)
    assert unknown(database, 0, 1, 2) == []
    assert unknown(database, 3, 0, 4, 1) == [0, 2]
    assert unknown(database) == []
    assert unknown(database, 0, 1, division=8) == [0, 1]


def test_of_another_record_it_is_not_known(database: Database) -> None:
    write(database, 0)
    with database.connect() as connection:
        assert Fingerprints(ITEMS).unknown(connection, DIVISION, [str(key(0))], [PRINTS[1]]) == [0]


@pytest.mark.parametrize(
    "change", ["code = 'x'", "_deleted_at = now()", "_synced_at = now()", "notes = NULL"]
)
def test_whoever_changes_a_row_takes_its_fingerprint_away(database: Database, change: str) -> None:
    write(database, 0, 1)
    with database.begin() as connection:
        connection.execute(text(f"UPDATE exact.items SET {change} WHERE id = :key"), {"key": key(0)})
    assert unknown(database, 0, 1) == [0]


def test_a_row_that_was_removed_or_put_in_by_hand_is_not_known(database: Database) -> None:
    write(database, 0, 1)
    with database.begin() as connection:
        connection.execute(text("DELETE FROM exact.items WHERE id = :key"), {"key": key(0)})
        values = {"key": key(2), "division": DIVISION}
        connection.execute(text("INSERT INTO exact.items (division, id) VALUES (:division, :key)"), values)
    assert unknown(database, 0, 1, 2) == [0, 2]


def test_a_merge_brings_the_new_one_or_none(database: Database) -> None:
    write(database, 0, 1)
    with database.begin() as connection:
        changed = row("items", 0, modified=LATE, code="new", _fingerprint=PRINTS[3])
        WRITER.stage(connection, [changed, row("items", 1, modified=LATE, code="new")])
        WRITER.merge(connection)
    with database.begin() as connection:
        found = connection.execute(text(f"SELECT {FINGERPRINT} FROM exact.items ORDER BY id")).scalars().all()
    assert found == [PRINTS[3], None]


@pytest.mark.parametrize("name", ["items", "journals"])
@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        (None, 0x101, 0x101),
        (0x101, 0x202, 0x202),
        (-0x1FF, 0x202, 0x202),
        (0x101, 0x301, 0x101),
        (-0xFF, 0x301, -0xFF),
        (0x101, None, 0x101),
    ],
)
def test_an_unchanged_row_gets_one_where_it_has_none_that_still_holds(
    database: Database, name: str, before: int | None, after: int | None, kept: int
) -> None:
    """And is not taken for changed."""
    writer, told = Writer(RESOURCES[name]), []
    for fingerprint in (before, after):
        with database.begin() as connection:
            writer.stage(connection, [row(name, 0, code="a", _fingerprint=fingerprint)])
            writer.merge(connection)
        with database.begin() as connection:
            query = text(f"SELECT {FINGERPRINT}, _synced_at, xmin::text FROM exact.{name}")
            told.append(connection.execute(query).one())
    assert told[1][0] == kept
    assert told[1][1] == told[0][1]
    assert (told[1][2] == told[0][2]) is (kept == before)


def test_what_is_buried_and_comes_back_is_known_again(database: Database) -> None:
    write(database, 0)
    with database.begin() as connection:
        WRITER.delete_keys(connection, DIVISION, [key(0)])
    assert unknown(database, 0) == [0]
    write(database, 0)
    assert unknown(database, 0) == []


def test_keys_that_are_numbers_do_as_well(database: Database) -> None:
    resource = RESOURCES["document_types"]
    provision.make(database, [resource])
    with database.begin() as connection:
        into = f"exact.document_types (division, id, {FINGERPRINT})"
        connection.execute(text(f"INSERT INTO {into} VALUES (7, 5, :print)"), {"print": PRINTS[0]})
        assert Fingerprints(resource).unknown(connection, 7, ["4", "5"], [PRINTS[0]] * 2) == [0]


def test_every_table_that_has_them_is_guarded_in_every_schema(database: Database) -> None:
    be = database.within(Schemas("exact_be", "exact_be_sync"))
    migrate.upgrade(be)
    query = text(
        "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "JOIN pg_proc p ON p.oid = t.tgfoid WHERE c.relnamespace = CAST(:data AS regnamespace) "
        "AND p.pronamespace = CAST(:state AS regnamespace) AND t.tgname = :name AND p.proname = :name"
    )
    for each in (database, be):
        provision.make(each, [RESOURCES["warehouses"]])
        with each.begin() as connection:
            values = {"data": each.schemas.data, "state": each.schemas.state, "name": FUNCTION}
            guarded = set(connection.execute(query, values).scalars())
        assert guarded == {name for name in migrated() if RESOURCES[name].is_fingerprinted} | {"warehouses"}


def test_a_table_that_gets_them_later_is_guarded_too(database: Database) -> None:
    warehouses = RESOURCES["warehouses"]
    provision.make(database, [warehouses])
    with database.begin() as connection:
        connection.execute(text(f"DROP TRIGGER {FUNCTION} ON exact.warehouses"))
        connection.execute(text(f"ALTER TABLE exact.warehouses DROP COLUMN {FINGERPRINT}"))
    provision.make(database, [warehouses])
    with database.begin() as connection:
        values = {"key": key(0), "print": PRINTS[0]}
        connection.execute(
            text(f"INSERT INTO exact.warehouses (division, id, {FINGERPRINT}) VALUES (7, :key, :print)"),
            values,
        )
        connection.execute(text("UPDATE exact.warehouses SET code = 'x'"))
        assert connection.execute(text(f"SELECT {FINGERPRINT} FROM exact.warehouses")).scalar_one() is None
