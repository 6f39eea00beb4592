"""Migrations: the same schema as the tables in the code, forward whole or not at all."""

import contextlib
import io
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, text

from exact_sync.catalog import RESOURCES
from exact_sync.errors import BadConfiguration, DatabaseAway, SchemaAhead
from exact_sync.store import migrate, provision
from exact_sync.store.database import Database
from exact_sync.store.schemas import FIRST, Schemas, everything_translated
from exact_sync.store.tables import migrated
from tests.deployment import SharedClock


@pytest.fixture
def empty(empty_database_url: str, clock: SharedClock) -> Iterator[Database]:
    database = Database(empty_database_url, clock)
    yield database
    database.close()


def schemas(database: Database) -> set[str]:
    query = text("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'exact%'")
    with database.begin() as connection:
        return set(connection.execute(query).scalars())


def alembic(connection: Connection, what: str, *args: Any) -> None:
    config = migrate.alembic_config()
    config.attributes["connection"] = connection
    with contextlib.redirect_stdout(io.StringIO()):
        getattr(command, what)(config, *args)


def test_the_migrations_make_exactly_the_schema_in_the_code(database: Database) -> None:
    with database.begin() as connection:
        alembic(connection, "check")


def test_a_schema_that_differs_from_the_code_would_be_noticed(database: Database) -> None:
    for change in ("ADD COLUMN extra text", "DROP COLUMN code", "ALTER COLUMN code TYPE varchar(9)"):
        with (
            pytest.raises(Exception, match="New upgrade operations detected"),
            database.begin() as connection,
        ):
            changed(connection, change)


def changed(connection: Connection, change: str) -> None:
    connection.execute(text(f"ALTER TABLE exact.items {change}"))
    alembic(connection, "check")


def test_upgrading_twice_does_something_once(empty: Database) -> None:
    assert migrate.upgrade(empty) is True
    assert migrate.upgrade(empty) is False
    with empty.begin() as connection:
        assert migrate.is_current(connection)
        assert migrate.current(connection) == migrate.head()


def test_an_empty_database_is_at_no_revision(empty: Database) -> None:
    with empty.begin() as connection:
        assert migrate.current(connection) is None
        assert not migrate.is_current(connection)


def test_rows_outlive_an_upgrade(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(text("INSERT INTO exact.divisions (code) VALUES (7)"))
    migrate.upgrade(database)
    with database.begin() as connection:
        assert connection.execute(text("SELECT code FROM exact.divisions")).scalar_one() == 7


def test_what_a_reading_has_met_outlives_an_upgrade(empty: Database) -> None:
    """Else its rows would look gone at its end."""
    key_by_key = "INSERT INTO exact_sync.seen (division, resource, key) VALUES (7, 'a', 'x'), (7, 'a', 'y')"
    with empty.begin() as connection:
        alembic(connection, "upgrade", "0006")
        connection.execute(text(key_by_key))
        alembic(connection, "upgrade", "0007")
        connection.execute(
            text("INSERT INTO exact_sync.seen (division, resource, keys) VALUES (8, 'a', '{z}')")
        )
        page_by_page = text("SELECT division, resource, keys FROM exact_sync.seen ORDER BY 1")
        assert [tuple(row) for row in connection.execute(page_by_page)] == [
            (7, "a", ["x", "y"]),
            (8, "a", ["z"]),
        ]
        alembic(connection, "downgrade", "0006")
        again = text("SELECT division || key FROM exact_sync.seen ORDER BY 1")
        assert list(connection.execute(again).scalars()) == ["7x", "7y", "8z"]


def test_what_is_in_quarantine_is_numbered_as_it_came(empty: Database) -> None:
    keep = (
        "INSERT INTO exact_sync.quarantine (division, resource, key, reason, record, first_seen_at)"
        " SELECT 7, 'a', key, 'odd', '{}', at::timestamptz FROM unnest(CAST(:keys AS text[]),"
        " CAST(:moments AS text[])) AS held(key, at)"
    )
    with empty.begin() as connection:
        alembic(connection, "upgrade", "0007")
        held = {"keys": ["b", "a", "c"], "moments": ["2026-02-01", "2026-03-01", "2026-01-01"]}
        connection.execute(text(keep), held)
        alembic(connection, "upgrade", "0008")
        connection.execute(text(keep), {"keys": ["0"], "moments": ["2026-04-01"]})
        numbered = text("SELECT id, key FROM exact_sync.quarantine ORDER BY id")
        assert [tuple(row) for row in connection.execute(numbered)] == [
            (1, "c"),
            (2, "b"),
            (3, "a"),
            (4, "0"),
        ]
        alembic(connection, "downgrade", "0007")
        assert connection.execute(text("SELECT count(*) FROM exact_sync.quarantine")).scalar_one() == 4


def test_tables_are_described_while_others_read_and_write_and_a_persons_own_words_stay(
    empty: Database,
) -> None:
    with empty.begin() as connection:
        alembic(connection, "upgrade", "0009")
        connection.execute(text("COMMENT ON TABLE exact.items IS 'what we sell'"))
    with empty.begin() as busy, empty.begin() as connection:
        busy.execute(text("INSERT INTO exact.divisions (code) VALUES (7)"))
        busy.execute(text("SELECT FROM exact.items"))
        migrate.wait_briefly(connection)
        alembic(connection, "upgrade", "0010")
        said = "obj_description('exact.items'::regclass), col_description('exact.divisions'::regclass, 58)"
        assert connection.execute(text(f"SELECT {said}")).one() == (
            "what we sell",
            "when this row last changed here; an unchanged row keeps its time",
        )


@pytest.mark.parametrize("where", [FIRST, Schemas("exact_be", "exact_be_sync")])
def test_tables_that_settings_asked_for_keep_no_migration_from_going_back(
    database: Database, where: Schemas
) -> None:
    rows, table = RESOURCES["warehouses"], f"{where.data}.warehouses"
    other = database.within(where)
    migrate.upgrade(other)
    provision.make(other, [rows])
    with other.begin() as connection:
        connection.execute(text(f"INSERT INTO {table} (division, id) VALUES (7, gen_random_uuid())"))
        with everything_translated(connection):
            alembic(connection, "downgrade", "0008")
        there = provision.columns_there(connection)
        assert {name for name, columns in there.items() if "_fingerprint" in columns} == set()
    assert migrate.upgrade(other) is True
    provision.make(other, [rows])
    with other.begin() as connection:
        there = provision.columns_there(connection)
        assert {"warehouses", "customers"} <= {name for name in there if "_fingerprint" in there[name]}
        assert connection.execute(text(f"SELECT division FROM {table}")).scalars().all() == [7]
        connection.execute(text(f"UPDATE {table} SET _fingerprint = 1"))
        connection.execute(text(f"UPDATE {table} SET code = 'mine'"))
        assert connection.execute(text(f"SELECT _fingerprint FROM {table}")).scalars().all() == [None]


def test_readers_wait_for_no_index_and_what_was_done_before_a_lock_stays_done(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "_LOCK_TIMEOUT", "20ms")
    tables = "SELECT oid::regclass::text AS name FROM pg_class WHERE relnamespace::regnamespace::text"
    shut = f"{tables} LIKE 'exact%' AND relkind = 'r' AND EXISTS (SELECT FROM pg_locks WHERE relation = oid"
    shut = f"{shut} AND mode = 'AccessExclusiveLock' AND pid = pg_backend_pid())"
    waited: set[str] = set()

    def look(connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        if statement.startswith(("CREATE INDEX", "CREATE UNIQUE INDEX")):
            itself = statement.partition(" ON ")[2].split()[0]
            waited.update(set(connection.execute(text(shut)).scalars()) - {itself})

    with database.begin() as connection:
        alembic(connection, "downgrade", "0002")
        before = set(connection.execute(text(f"{tables} LIKE 'exact%'")).scalars())
    event.listen(database.engine, "before_cursor_execute", look)
    with database.pinned() as report:
        report.execute(text("SELECT FROM exact.items"))
        with pytest.raises(DatabaseAway, match="lock timeout"):
            migrate.upgrade(database)
    assert waited & before == set()
    with database.begin() as connection:
        assert migrate.current(connection) == "0008"
    assert migrate.upgrade(database) is True


def test_a_newer_schema_is_refused_and_left_alone(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(text("UPDATE exact_sync.alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaAhead, match="9999") as caught:
        migrate.upgrade(database)
    assert caught.value.exit_code == 2
    with database.begin() as connection:
        assert migrate.current(connection) == "9999"


@pytest.mark.parametrize("statements", [1, 5, 12])
def test_a_migration_killed_half_way_leaves_nothing(empty: Database, statements: int) -> None:
    begun = 0

    def kill(connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        nonlocal begun
        begun += "CREATE TABLE" in statement
        if begun == statements:
            begun += 1
            with empty.engine.connect() as other:
                terminate = (
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                )
                other.execute(text(f"{terminate} AND datname = current_database()"))

    event.listen(empty.engine, "before_cursor_execute", kill)
    with pytest.raises(DatabaseAway):
        migrate.upgrade(empty)
    event.remove(empty.engine, "before_cursor_execute", kill)
    assert begun > statements
    assert schemas(empty) == set()
    assert migrate.upgrade(empty) is True


def test_a_migration_that_fails_leaves_nothing(empty: Database) -> None:
    with empty.begin() as connection:
        connection.execute(text("CREATE SCHEMA exact"))
        connection.execute(text("CREATE TABLE exact.items (mine int)"))
    with pytest.raises(Exception, match="already exists"):
        migrate.upgrade(empty)
    assert schemas(empty) == {"exact"}


def test_two_upgrades_at_once_do_it_once(empty_database_url: str, clock: SharedClock) -> None:
    databases = [Database(empty_database_url, clock) for _ in range(3)]
    with ThreadPoolExecutor(3) as threads:
        assert sorted(threads.map(upgraded, databases)) == [False, False, True]
    for database in databases:
        database.close()


def upgraded(database: Database) -> bool:
    """With the patience of a process that is started again until it works."""
    while True:
        try:
            return migrate.upgrade(database)
        except DatabaseAway:
            continue


def test_an_upgrade_that_would_block_readers_gives_up_soon_and_can_be_tried_later(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert migrate._LOCK_TIMEOUT == "2s"
    monkeypatch.setattr(migrate, "_LOCK_TIMEOUT", "20ms")
    with empty.pinned() as reader:
        reader.execute(migrate._LOCK)
        with pytest.raises(DatabaseAway, match="lock timeout") as caught:
            migrate.upgrade(empty)
        assert caught.value.exit_code == 4
    assert schemas(empty) == set()
    assert migrate.upgrade(empty) is True


def test_no_statement_of_a_migration_waits_for_a_lock_longer_than_two_seconds(empty: Database) -> None:
    patience = set()

    def look(connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        if "CREATE TABLE" in statement:
            patience.add(connection.exec_driver_sql("SHOW lock_timeout").scalar_one())

    event.listen(empty.engine, "before_cursor_execute", look)
    migrate.upgrade(empty)
    assert patience == {"2s"}


def test_a_database_without_our_schema_is_told_apart(empty: Database) -> None:
    with (
        pytest.raises(BadConfiguration, match="lacks something of ours") as caught,
        empty.begin() as connection,
    ):
        connection.execute(migrated()["items"].select())
    assert "db upgrade" in caught.value.hint


def test_a_user_who_may_not_create_schemas_can_use_those_that_exist(empty: Database) -> None:
    with empty.begin() as connection:
        role = f"owner_{connection.execute(text('SELECT current_database()')).scalar_one()}"
        connection.execute(text(f"CREATE ROLE {role} LOGIN"))
        for schema in ("exact", "exact_sync"):
            connection.execute(text(f"CREATE SCHEMA {schema} AUTHORIZATION {role}"))
    limited = Database(empty.url.set(username=role).render_as_string(hide_password=False), SharedClock())
    try:
        assert migrate.upgrade(limited) is True
    finally:
        limited.close()
        with empty.begin() as connection:
            connection.execute(text(f"DROP OWNED BY {role} CASCADE"))
            connection.execute(text(f"DROP ROLE {role}"))


def test_the_revisions_are_those_that_alembic_finds() -> None:
    """We tell them by the names of their files, to spare a run the import of alembic."""
    scripts = ScriptDirectory.from_config(migrate.alembic_config())
    assert migrate.head() == scripts.get_current_head()
    assert migrate._revisions(migrate._folder()) == {script.revision for script in scripts.walk_revisions()}


def test_an_idle_run_does_not_load_alembic() -> None:
    code = "import sys, exact_sync.service; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_process_that_knows_nothing_but_migrations_knows_every_table(database: Database) -> None:
    """A table that is not known there would be dropped by the next revision that is generated."""
    code = """
        import sys
        from alembic import command
        from exact_sync.clock import SystemClock
        from exact_sync.store import migrate
        from exact_sync.store.database import Database
        config = migrate.alembic_config()
        with Database(sys.argv[1], SystemClock()).begin() as connection:
            config.attributes["connection"] = connection
            command.check(config)
    """
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    arguments = [sys.executable, "-c", textwrap.dedent(code), url]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
