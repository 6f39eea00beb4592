"""Tables that settings ask for: made, grown and widened; never narrowed, never emptied."""

from dataclasses import replace

import pytest
from sqlalchemy import Connection, event, text

from exact_sync.catalog import RESOURCES, Resource
from exact_sync.catalog.custom import _unknown
from exact_sync.catalog.resource import columns
from exact_sync.errors import BadConfiguration
from exact_sync.store import provision
from exact_sync.store.database import Database

MINE = replace(_unknown("mine", "beta/Things", "ID", None), is_inferred=False)


def shaped(words: str, **changes: object) -> Resource:
    return replace(MINE, columns=columns(words), **changes)  # type: ignore[arg-type]


def types(database: Database) -> dict[str, str]:
    with database.begin() as connection:
        return provision.columns_there(connection).get("mine", {})


def indexes(database: Database) -> set[str]:
    with database.begin() as connection:
        query = text("SELECT indexname FROM pg_indexes WHERE tablename = 'mine'")
        return set(connection.execute(query).scalars())


def test_a_table_is_made_with_every_column_and_its_key(database: Database) -> None:
    provision.make(database, [shaped("ID:Guid Name Amount:Double"), RESOURCES["warehouses"]])
    assert types(database) == {
        "division": "integer",
        "id": "uuid",
        "name": "text",
        "amount": "numeric",
        "_fingerprint": "bigint",
        "_synced_at": "timestamp with time zone",
        "_deleted_at": "timestamp with time zone",
    }
    with database.begin() as connection:
        assert "warehouses" in provision.columns_there(connection)
    assert indexes(database) == {"mine_pkey", "mine_deleted"}


def test_a_new_property_becomes_a_column_and_rows_stay(database: Database) -> None:
    """And nobody is kept from reading for longer than two seconds: F40."""
    patience = set()

    def look(connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        if "ALTER TABLE" in statement:
            patience.add(connection.exec_driver_sql("SHOW lock_timeout").scalar_one())

    provision.make(database, [shaped("ID:Guid Name")])
    with database.begin() as connection:
        connection.execute(text("INSERT INTO exact.mine VALUES (1, gen_random_uuid(), 'a')"))
    event.listen(database.engine, "before_cursor_execute", look)
    provision.make(database, [shaped("ID:Guid Name More:Int32 Date:DateTime", date="Date")])
    assert types(database)["more"] == "integer"
    assert patience == {"2s"}
    with database.begin() as connection:
        assert connection.execute(text("SELECT name, more FROM exact.mine")).all() == [("a", None)]


def comments(database: Database, table: str) -> dict[str, str]:
    """Of the table (under its name) and of its columns."""
    query = text("""
        SELECT coalesce(attname, :name), description FROM pg_description
        LEFT JOIN pg_attribute ON attrelid = objoid AND attnum = objsubid AND attnum > 0
        WHERE objoid = CAST('exact.' || :name AS regclass) AND classoid = CAST('pg_class' AS regclass)
    """)
    with database.begin() as connection:
        return {row[0]: row[1] for row in connection.execute(query, {"name": table})}


@pytest.mark.parametrize("is_inferred", [False, True])
def test_a_table_says_what_it_is_and_a_persons_own_words_stay(database: Database, is_inferred: bool) -> None:
    resource = shaped("ID:Guid Name")
    provision.make(database, [resource])
    said = comments(database, "mine")
    assert said["mine"] == "a copy of beta/Things at Exact Online"
    assert said.keys() == {"mine", "_fingerprint", "_synced_at", "_deleted_at"}
    with database.begin() as connection:  # as an earlier version made it
        connection.execute(text("COMMENT ON TABLE exact.mine IS NULL"))
        connection.execute(text("COMMENT ON COLUMN exact.mine._synced_at IS NULL"))
        connection.execute(text("COMMENT ON COLUMN exact.mine._deleted_at IS 'it''s 100 % gone'"))
    provision.make(database, [replace(resource, is_inferred=is_inferred)])
    assert comments(database, "mine") == said | {"_deleted_at": "it's 100 % gone"}


@pytest.mark.parametrize("is_inferred", [False, True])
def test_an_index_is_made_when_it_is_first_wanted(database: Database, is_inferred: bool) -> None:
    provision.make(database, [shaped("ID:Guid Date:DateTime")])
    with database.begin() as connection:  # as an earlier version made it
        connection.execute(text("DROP INDEX exact.mine_deleted"))
    provision.make(database, [shaped("ID:Guid Date:DateTime", date="Date", is_inferred=is_inferred)])
    assert indexes(database) == {"mine_pkey", "mine_deleted", "mine_division_date"}


def test_readers_wait_for_a_new_column_but_not_for_an_index(database: Database) -> None:
    makes_index = []

    def look(connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        if "CREATE INDEX" in statement:
            held = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation IS NOT NULL"
            makes_index.append(connection.exec_driver_sql(f"{held} AND pid = pg_backend_pid()").scalar_one())

    provision.make(database, [shaped("ID:Guid")])
    event.listen(database.engine, "before_cursor_execute", look)
    provision.make(database, [shaped("ID:Guid Date:DateTime", date="Date")])
    assert makes_index == [0]


@pytest.mark.parametrize(
    ("first", "then", "result"),
    [
        ("Int16", "Int32", "integer"),
        ("Int32", "Int64", "bigint"),
        ("Int64", "Double", "numeric"),
        ("Double", "String", "text"),
        ("Guid", "String", "text"),
        ("DateTime", "String", "text"),
        ("Boolean", "String", "text"),
        ("Int64", "Int32", "bigint"),
        ("Double", "Int64", "numeric"),
        ("String", "Guid", "text"),
        ("Guid", "Int64", "uuid"),
        ("Boolean", "Double", "boolean"),
    ],
)
def test_types_widen_and_never_narrow(database: Database, first: str, then: str, result: str) -> None:
    provision.make(database, [shaped(f"ID:Guid X:{first}")])
    provision.make(database, [shaped(f"ID:Guid X:{then}")])
    assert types(database)["x"] == result


def test_values_come_through_a_wider_type(database: Database) -> None:
    provision.make(database, [shaped("ID:Guid N:Int64 G:Guid D:DateTime ADate:DateTime B:Boolean")])
    values = "'2026-01-02 03:04:05.5+00', '2026-01-02', true"
    with database.begin() as connection:
        connection.execute(
            text(f"INSERT INTO exact.mine VALUES (1, gen_random_uuid(), 5, CAST(:g AS uuid), {values})"),
            {"g": "5b1e5a3c-77f4-4c0e-9d0a-6f2f8f0f7a11"},
        )
    provision.make(database, [shaped("ID:Guid N G D ADate B")])
    with database.begin() as connection:
        assert connection.execute(text("SELECT n, g, d, a_date, b FROM exact.mine")).one() == (
            "5",
            "5b1e5a3c-77f4-4c0e-9d0a-6f2f8f0f7a11",
            "2026-01-02 03:04:05.5+00",
            "2026-01-02",
            "true",
        )


def test_another_key_is_refused(database: Database) -> None:
    provision.make(database, [shaped("ID:Guid Code")])
    with pytest.raises(BadConfiguration, match="was made with the key division, id"):
        provision.make(database, [shaped("ID:Guid Code", key="Code")])


def test_nothing_is_made_before_its_columns_are_known(database: Database) -> None:
    provision.make(database, [_unknown("mine", "beta/Things", "ID", None)])
    assert types(database) == {}
