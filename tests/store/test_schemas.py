"""Two connections in one database: the same tables twice, and nothing of one in the other."""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from sqlalchemy import select, text

from exact_sync.catalog import RESOURCES
from exact_sync.catalog.custom import custom
from exact_sync.credentials import Cipher, Tokens
from exact_sync.errors import BadConfiguration
from exact_sync.store import checkpoints, divisions, migrate, ownership, provision, schemas, seen
from exact_sync.store.credentials import StoredSignIn
from exact_sync.store.database import Database
from exact_sync.store.schemas import Schemas
from exact_sync.store.tables import row_columns
from exact_sync.store.writer import Writer
from tests.deployment import START, SharedClock

BE = Schemas("exact_be", "exact_be_sync")
JOURNALS = Writer(RESOURCES["journals"])


@pytest.fixture
def be(database: Database) -> Database:
    other = database.within(BE)
    assert migrate.upgrade(other)
    return other


@pytest.fixture
def both(database: Database, be: Database) -> Iterator[tuple[Database, Database]]:
    return database, be


def shape(database: Database, schema: str) -> list[tuple[object, ...]]:
    """All columns, indexes and comments of a schema, without its name."""
    query = """
        SELECT table_name, column_name, data_type, is_nullable, column_default
        FROM information_schema.columns WHERE table_schema = :schema
        UNION ALL SELECT tablename, indexname, replace(indexdef, :schema || '.', ''), '', '' FROM pg_indexes
        WHERE schemaname = :schema
        UNION ALL SELECT relname, objsubid::text, description, '', ''
        FROM pg_description JOIN pg_class c ON c.oid = objoid AND classoid = CAST('pg_class' AS regclass)
        WHERE relnamespace = CAST(:schema AS regnamespace) ORDER BY 1, 2
    """
    with database.begin() as connection:
        return [tuple(row) for row in connection.execute(text(query), {"schema": schema})]


def test_migrations_make_the_same_tables_in_each(both: tuple[Database, Database]) -> None:
    database, be = both
    assert len(shape(database, "exact")) > 500
    assert shape(database, BE.data) == shape(database, "exact")
    assert shape(database, BE.state) == shape(database, "exact_sync")
    assert not migrate.upgrade(be)
    with be.begin() as connection:
        assert migrate.current(connection) == migrate.head()


def test_the_others_may_be_there_before_the_first(empty_database_url: str, clock: SharedClock) -> None:
    database = Database(empty_database_url, clock)
    migrate.upgrade(database.within(BE))
    with database.begin() as connection:
        assert migrate.current(connection) is None
        found = connection.execute(text("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'exact%'"))
        assert set(found.scalars()) == {BE.data, BE.state}
    database.close()


def test_one_pool_serves_both(both: tuple[Database, Database]) -> None:
    database, be = both
    assert be.engine.pool is database.engine.pool
    assert (database.schemas, be.schemas) == (Schemas(), BE)
    assert be.within(Schemas()).schemas == database.schemas
    with be.within(Schemas()).begin() as connection:
        assert schemas.of(connection) == Schemas()
    for connect in (be.connect, be.begin, be.pinned):
        with connect() as connection:
            assert schemas.of(connection) == BE


def test_the_same_division_in_both_keeps_its_rows_and_state_apart(both: tuple[Database, Database]) -> None:
    row = dict.fromkeys(row_columns(RESOURCES["journals"]))
    for database, code in zip(both, ("A", "B"), strict=True):
        values = row | {"division": 1, "id": f"00000000-0000-0000-0000-00000000000{code}", "code": code}
        with database.begin() as connection:
            JOURNALS.stage(connection, [tuple(values.values())])
            assert JOURNALS.merge(connection).inserted == 1
            checkpoints.save(connection, 1, "journals", cursor=code)
            seen.note(connection, 1, "journals", [code, code + "2"] if code == "A" else [code])
            divisions.suspend(connection, 1, f"because of {code}", START)
            divisions.suspend(connection, 1, f"still because of {code}", START)
    for database, code, number in zip(both, ("A", "B"), (2, 1), strict=True):
        with database.begin() as connection:
            assert JOURNALS.live(connection, 1) == 1
            name = f"{database.schemas.data}.journals"
            assert connection.execute(text(f"SELECT code FROM {name}")).scalars().all() == [code]
            assert checkpoints.read(connection, 1, "journals").cursor == code
            noted = text(f"SELECT cardinality(keys) FROM {database.schemas.state}.seen")
            assert connection.execute(noted).scalars().all() == [number]
            access = divisions.access(connection)[1]
            assert access.suspended_because == f"still because of {code}"
            assert access.suspended_since is not None


def test_tables_that_settings_switch_on_are_made_in_their_own_schema(both: tuple[Database, Database]) -> None:
    database, be = both
    provision.make(be, [RESOURCES["warehouses"]])
    provision.make(be, [RESOURCES["warehouses"]])
    with database.begin() as connection:
        assert "warehouses" not in provision.columns_there(connection)
    with be.begin() as connection:
        assert "warehouses" in provision.columns_there(connection)
        connection.execute(text("ALTER TABLE exact_be.warehouses DROP COLUMN code"))
    provision.make(be, [RESOURCES["warehouses"]])
    with be.begin() as connection:
        assert "code" in provision.columns_there(connection)["warehouses"]
    provision.make(be, [custom("mine", "crm/Quotations", None, None)])
    with pytest.raises(BadConfiguration, match=r"DROP TABLE exact_be\.mine"):
        provision.make(be, [custom("mine", "crm/Quotations", "QuotationNumber", None)])


def test_only_names_of_schemas_are_translated() -> None:
    statement = 'SELECT exact.a."exact.b", t.exact, inexact.c FROM exact."user" t JOIN exact_sync.run'
    assert schemas.translated_sql(statement, Schemas()) is statement
    assert (
        schemas.translated_sql("SELECT t.x FROM exact.items t, exact_sync.seen s, not_exact.x, 'exact. '", BE)
        == "SELECT t.x FROM exact_be.items t, exact_be_sync.seen s, not_exact.x, 'exact. '"
    )


def test_schemas_belong_to_the_connection_that_came_first(both: tuple[Database, Database]) -> None:
    database, be = both
    for _ in range(2):
        ownership.claim(database, "default")
        ownership.claim(be, "be")
    with pytest.raises(
        BadConfiguration, match="schema exact_be holds the rows of the connection be, not of de"
    ):
        ownership.claim(be, "de")
    with be.begin() as connection:
        found = connection.execute(select(text("name, calls FROM exact_be_sync.connection"))).all()
        assert found == [("be", 0)]
        # The row may be there before the name: it also counts calls.
        connection.execute(text("UPDATE exact_be_sync.connection SET name = NULL, calls = 5"))
    ownership.claim(be, "de")
    with be.begin() as connection:
        found = connection.execute(select(text("name, calls FROM exact_be_sync.connection"))).all()
        assert found == [("de", 5)]


def test_of_two_that_claim_schemas_at_once_one_gets_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.connect() as before:
        before.execute(text("DELETE FROM exact_sync.connection"))
        nobody = before.execute(text("SELECT name FROM exact_sync.connection"))
    ownership.claim(database, "nl")
    before = MagicMock()
    before.return_value.__enter__.return_value.execute.return_value = nobody
    monkeypatch.setattr(database, "connect", before)
    with pytest.raises(BadConfiguration, match="the rows of the connection nl, not of be"):
        ownership.claim(database, "be")


def test_a_token_that_could_not_be_stored_waits_in_a_file_of_its_own(
    both: tuple[Database, Database], tmp_path: Path
) -> None:
    stores = [StoredSignIn(database, Cipher("key"), tmp_path) for database in both]
    for name, store in zip("ab", stores, strict=True):
        tokens = Tokens(f"access {name}", f"refresh {name}", START, START)
        store.sign_in(tokens)
        store._unsaved.keep(tokens, Tokens(f"next {name}", f"later {name}", START, START))
    for name, store in zip("ab", stores, strict=True):
        with store.locked() as slot:
            found = slot.read().tokens
        assert found is not None
        assert found.access == f"next {name}"
