"""Rows as lines: the texts that need care get it, and nothing is read or written that need not be."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from exact_sync.catalog import RESOURCES
from exact_sync.store import changes
from exact_sync.store.database import Database
from exact_sync.store.lines import NULL, Lines, escaped, lines
from exact_sync.store.writer import Writer, Written
from tests.store.rows import DIVISION, key, stored

WRITER = Writer(RESOURCES["items"])
MOMENT = "2026-06-01 12:00:00.000+00"


ODD = ["\\N", "a\tb", "\n", "\r\n", NULL, "\\.", f"\\{NULL}1f", "é\\"]


def test_whatever_is_in_a_text_comes_back_from_the_table(database: Database) -> None:
    """Each odd text alone, among plain ones, and with what is dropped from a text around it."""
    with database.begin() as connection:
        for odd in ODD:
            for others in ([], ["a"], [None, "b "], ["\0c"]):
                values = [odd, None, *others, f" {odd}", f"{odd}\0 "]
                pages = [page({"code": escaped(values)}, len(values))]
                WRITER.write_lines(connection, pages, is_unique=True)
                found = [stored(connection, "items", "code")[number][0] for number in range(len(values))]
                assert found == [value and value.replace("\0", "").strip(" ") for value in values]
                connection.execute(text("TRUNCATE exact.items"))
                connection.execute(text(f"TRUNCATE pg_temp.{WRITER._stage(False)}"))


def test_texts_without_anything_odd_are_taken_as_they_are() -> None:
    values = ["a", "b c", "é", ""]
    assert escaped(values) == values
    assert escaped(["a", None]) == ["a", NULL]


def page(columns: dict[str, Any], rows: int, first: int = 0) -> Lines:
    """Items with these columns."""
    ids = {"division": [str(DIVISION)] * rows, "id": [str(key(first + number)) for number in range(rows)]}
    return lines(ids | columns, rows)


def items(rows: int, code: str, first: int = 0) -> Lines:
    return page({"code": [code] * rows, "modified": [MOMENT] * rows}, rows, first)


def merge(
    database: Database,
    rows: int,
    code: str,
    first: int = 0,
    *,
    is_unique: bool = True,
    expects_new: bool = False,
) -> Written:
    with database.begin() as connection:
        pages = [items(rows, code, first)]
        return WRITER.write_lines(connection, pages, is_unique=is_unique, expects_new=expects_new)


@pytest.mark.parametrize("is_unique", [True, False])
def test_lines_are_merged_as_rows_are(database: Database, is_unique: bool) -> None:
    assert merge(database, 3, "a", is_unique=is_unique) == Written(3, 0)
    assert merge(database, 3, "a", is_unique=is_unique) == Written(0, 0)
    assert merge(database, 3, "b", is_unique=is_unique) == Written(0, 3)
    assert merge(database, 3, "b", first=2, is_unique=is_unique) == Written(2, 0)


def test_where_new_rows_are_expected_changed_ones_are_taken_all_the_same(database: Database) -> None:
    assert merge(database, 3, "a", expects_new=True) == Written(3, 0)
    assert merge(database, 3, "b", first=2, expects_new=True) == Written(2, 1)
    assert merge(database, 5, "b", expects_new=True) == Written(0, 2)
    with database.begin() as connection:
        assert set(stored(connection, "items", "code").values()) == {("b",)}


def test_new_rows_are_copied_straight_into_the_table(database: Database) -> None:
    merge(database, 1, "a")  # staging is there now
    with database.begin() as connection:
        pages = [items(3, "b", 1), page({"barcode": ["c", NULL]}, 2, 4)]
        assert WRITER.write_lines(connection, pages, is_unique=True, expects_new=True) == Written(5, 0)
        staged = text(f"SELECT count(*) FROM pg_temp.{WRITER._stage(False)}")
        assert connection.execute(staged).scalar_one() == 0
        assert stored(connection, "items", "code", "barcode")[4] == (None, "c")
        assert all(moment for (moment,) in stored(connection, "items", "_synced_at").values())


def test_where_someone_wants_to_know_their_keys_new_rows_are_named(database: Database) -> None:
    noted = changes.Changes(lambda resource: 10)
    with database.begin() as connection, changes.noting(connection, noted):
        WRITER.write_lines(connection, [items(2, "a")], is_unique=True, expects_new=True)
    assert sorted(noted.by_resource["items"].upserted_keys) == [str(key(0)), str(key(1))]


def test_rows_that_two_processes_may_bring_are_not_copied_straight_into_the_table(database: Database) -> None:
    """They would wait for each other's keys in whatever order they come."""
    writer = Writer(RESOURCES["divisions"])
    columns = {"code": ["1"], "hid": ["1"]}
    with database.begin() as connection:
        assert writer.write_lines(
            connection, [lines(columns, 1)], is_unique=True, expects_new=True
        ) == Written(1, 0)
        staged = text(f"SELECT count(*) FROM pg_temp.{writer._stage(False)}")
        assert connection.execute(staged).scalar_one() == 1


@pytest.mark.parametrize("is_unique", [True, False])
def test_reading_unchanged_rows_again_writes_nothing(database: Database, is_unique: bool) -> None:
    merge(database, 1000, "a", is_unique=is_unique)
    before = written_so_far(database)
    assert merge(database, 1000, "a", is_unique=is_unique) == Written(0, 0)
    after = written_so_far(database)
    assert after[0] == before[0]
    assert after[1] - before[1] < 10_000  # a lock on each row alone takes 56 bytes of it


def written_so_far(database: Database) -> tuple[tuple[int, ...], int]:
    """Rows inserted, updated and deleted in the table, and the server's WAL in bytes."""
    with database.connect() as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
        counts = connection.execute(
            text(
                "SELECT n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables "
                "WHERE schemaname = 'exact' AND relname = 'items'"
            )
        ).one()
        wal = connection.execute(text("SELECT pg_current_wal_insert_lsn() - '0/0'")).scalar_one()
    return tuple(counts), int(wal)


def test_readers_read_while_rows_are_merged(database: Database) -> None:
    merge(database, 100, "a")
    with database.begin() as connection:
        WRITER.write_lines(connection, [items(100, "b")], is_unique=True)
        WRITER.write_lines(connection, [items(100, "b", 100)], is_unique=True, expects_new=True)
        with database.begin() as reader:
            reader.execute(text("SET LOCAL statement_timeout TO '5s'"))
            assert set(stored(reader, "items", "code").values()) == {("a",)}
            # Not even a table that is being locked for an index is kept waiting.
            assert not reader.execute(
                text(
                    "SELECT mode FROM pg_locks WHERE relation = 'exact.items'::regclass AND granted "
                    "AND mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')"
                )
            ).all()


def test_moments_are_read_as_they_are_written(database: Database) -> None:
    merge(database, 1, "a")
    with database.begin() as connection:
        assert stored(connection, "items", "modified") == {0: (datetime(2026, 6, 1, 12, tzinfo=UTC),)}
