"""COPY into staging, then one merge: counted, the newest wins, and what is unchanged is let be."""

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from exact_sync.catalog import RESOURCES
from exact_sync.store import seen
from exact_sync.store.database import Database
from exact_sync.store.writer import Writer, Written
from tests.store.rows import DIVISION, EARLY, LATE, key, row, stored

ITEMS, ATTACHMENTS = Writer(RESOURCES["items"]), Writer(RESOURCES["document_attachments"])
ENTRIES = Writer(RESOURCES["financial_transactions"])


def write(database: Database, *rows: tuple[Any, ...], writer: Writer = ITEMS, **options: Any) -> Written:
    with database.begin() as connection:
        writer.stage(connection, rows)
        return writer.merge(connection, **options)


def items(database: Database, *columns: str) -> dict[int, tuple[Any, ...]]:
    with database.begin() as connection:
        return stored(connection, "items", *columns)


def test_inserted_updated_and_unchanged_rows_are_told_apart(database: Database) -> None:
    first = write(database, row("items", 1, code="a"), row("items", 2, code="b"), row("items", 3))
    assert first == Written(inserted=3, updated=0)
    second = write(database, row("items", 1, code="a"), row("items", 2, code="B"), row("items", 4))
    assert second == Written(inserted=1, updated=1)
    assert items(database, "code") == {1: ("a",), 2: ("B",), 3: (None,), 4: (None,)}


def test_an_unchanged_row_is_not_touched_and_a_changed_one_is_stamped(database: Database) -> None:
    write(database, row("items", 1, code="a", modified=EARLY), row("items", 2, code="b", modified=EARLY))
    before = items(database, "_synced_at", "xmin::text", "ctid::text")
    write(database, row("items", 1, code="a", modified=EARLY), row("items", 2, code="b", modified=LATE))
    after = items(database, "_synced_at", "xmin::text", "ctid::text")
    assert after[1] == before[1]
    assert after[2][0] > before[2][0]


def test_null_and_the_empty_text_are_different_values(database: Database) -> None:
    write(database, row("items", 1, code=None), row("items", 2, code=""))
    assert write(database, row("items", 1, code=""), row("items", 2, code=None)).updated == 2
    assert items(database, "code") == {1: ("",), 2: (None,)}


def test_of_a_record_that_came_twice_the_newest_stays(database: Database) -> None:
    newest = row("items", 1, code="new", modified=LATE)
    written = write(database, newest, row("items", 1, code="old", modified=EARLY), row("items", 1, code="no"))
    assert written == Written(1, 0)
    assert items(database, "code") == {1: ("new",)}


def test_of_two_records_of_one_version_the_one_read_last_stays(database: Database) -> None:
    write(database, *(row("items", 1, code=code, modified=EARLY) for code in "abc"))
    assert items(database, "code") == {1: ("c",)}
    write(database, *(row("document_attachments", 1, file_name=name) for name in "abc"), writer=ATTACHMENTS)
    with database.begin() as connection:
        assert stored(connection, "document_attachments", "file_name") == {1: ("c",)}


def test_an_older_version_never_overwrites_a_newer_one(database: Database) -> None:
    write(database, row("items", 1, code="new", modified=LATE))
    assert write(database, row("items", 1, code="old", modified=EARLY)) == Written(0, 0)
    assert items(database, "code") == {1: ("new",)}
    assert write(database, row("items", 1, code="same", modified=LATE)) == Written(0, 1)


def test_a_full_reading_brings_back_an_older_version_unless_it_was_overtaken(database: Database) -> None:
    """Or had come in it already, so that it moved on to an older page; what is dead here has not."""
    write(database, *(row("items", number, code="new", modified=LATE) for number in (1, 3, 4)))
    with database.begin() as connection:
        ITEMS.delete_keys(connection, DIVISION, [key(4)])
    with database.begin() as connection:
        began_at = connection.execute(text("SELECT now()")).scalar_one()
        seen.note(connection, DIVISION, "items", [key(3), key(4)])
        seen.note(connection, 8, "items", [key(1)])
        seen.note(connection, DIVISION, "contacts", [key(1)])
    write(database, row("items", 2, code="overtook", modified=LATE))
    older = [row("items", number, code="restored", modified=EARLY) for number in (1, 2, 3, 4)]
    assert write(database, *older, read_since=began_at) == Written(0, 2)
    assert items(database, "code") == {1: ("restored",), 2: ("overtook",), 3: ("new",), 4: ("restored",)}


def test_in_the_hour_that_autumn_repeats_the_version_read_last_wins(database: Database) -> None:
    half_past = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
    for first, second in ((0, -25), (0, 25)):
        write(database, row("items", 1, code="first pass", modified=half_past + timedelta(minutes=first)))
        write(database, row("items", 1, code="second", modified=half_past + timedelta(minutes=second)))
        assert items(database, "code") == {1: ("second",)}
    hour_before, hour_after = half_past - timedelta(hours=1), half_past + timedelta(hours=1)
    write(database, row("items", 1, code="after", modified=hour_after))
    write(database, row("items", 1, code="too old", modified=half_past))
    write(database, row("items", 2, code="inside", modified=half_past))
    write(database, row("items", 2, code="too old", modified=hour_before))
    assert items(database, "code") == {1: ("after",), 2: ("inside",)}


def test_a_row_that_comes_back_is_undeleted(database: Database) -> None:
    write(database, row("items", 1, code="a", modified=EARLY))
    with database.begin() as connection:
        assert ITEMS.delete_keys(connection, DIVISION, [key(1), key(99)]) == 1
        assert ITEMS.delete_keys(connection, DIVISION, [key(1)]) == 0
        assert ITEMS.live(connection, DIVISION) == 0
    deleted = items(database, "_deleted_at", "_synced_at")[1]
    assert deleted[0] is not None
    assert write(database, row("items", 1, code="a", modified=EARLY)) == Written(0, 1)
    back = items(database, "_deleted_at", "_synced_at")[1]
    assert back[0] is None
    assert back[1] > deleted[1]


def test_the_same_key_in_two_divisions_is_two_rows(database: Database) -> None:
    write(database, row("items", 1, code="a"), row("items", 1, division=8, code="b"))
    with database.begin() as connection:
        assert ITEMS.live(connection, DIVISION) == ITEMS.live(connection, 8) == 1
        assert ITEMS.delete_keys(connection, 8, [key(1)]) == 1
        assert ITEMS.live(connection, DIVISION) == 1


def swap(connection: Connection, rows: Iterable[tuple[Any, ...]], spared: list[str]) -> tuple[int, int]:
    """As a snapshot does it: how many were staged, and how many were marked as deleted."""
    ITEMS.unstage(connection)
    ITEMS.stage(connection, rows, keep=True)
    connection.commit()
    staged = ITEMS.staged(connection)
    ITEMS.merge(connection, kept=True)
    return staged, ITEMS.delete_missing(connection, DIVISION, spared)


def test_a_snapshot_marks_what_did_not_come_back(database: Database) -> None:
    write(database, *(row("items", number) for number in range(1, 6)), row("items", 9, division=8))
    with database.pinned() as connection:
        brought = [row("items", number) for number in (1, 2, 2)]
        assert swap(connection, brought, [str(key(3))]) == (2, 2)
        connection.commit()
    gone = {number for number, (deleted,) in items(database, "_deleted_at").items() if deleted}
    assert gone == {4, 5}


def test_of_a_snapshot_the_record_read_last_stays_also_across_pages(database: Database) -> None:
    with database.pinned() as connection:
        ITEMS.stage(connection, [row("items", 1, code="first page")], keep=True)
        ITEMS.stage(connection, [row("items", 1, code="second page")], keep=True)
        connection.commit()
        ITEMS.merge(connection, kept=True)
        connection.commit()
    assert items(database, "code") == {1: ("second page",)}


def test_staging_is_empty_again_after_the_transaction(database: Database) -> None:
    with database.pinned() as connection:
        for number in (1, 2):
            ITEMS.stage(connection, [row("items", number)])
            assert ITEMS.merge(connection) == Written(1, 0)
            connection.commit()
        tables = text("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'stage_items_%'")
        assert connection.execute(tables).scalar_one() == 1


def test_nothing_of_a_page_stays_if_its_transaction_fails(database: Database) -> None:
    def work(connection: Connection) -> None:
        ITEMS.stage(connection, [row("items", 1)])
        ITEMS.merge(connection)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.transact(work)
    assert items(database, "code") == {}


@pytest.mark.parametrize(
    ("since", "before", "expected"),
    [
        (None, None, {1, 2, 3}),
        (date(2026, 2, 1), None, {2, 3}),
        (None, date(2026, 3, 1), {1, 2}),
        (date(2026, 2, 1), date(2026, 3, 1), {2}),
        (date(2026, 2, 2), date(2026, 2, 2), set()),
    ],
)
def test_a_window_holds_the_rows_dated_from_its_first_day_to_before_its_end(
    database: Database, since: date | None, before: date | None, expected: set[int]
) -> None:
    days = {1: date(2026, 1, 31), 2: date(2026, 2, 1), 3: date(2026, 3, 1), 4: date(2026, 2, 1)}
    write(database, *(row("financial_transactions", n, date=day) for n, day in days.items()), writer=ENTRIES)
    with database.begin() as connection:
        ENTRIES.delete_keys(connection, DIVISION, [key(4)])
        found = ENTRIES.live_keys(connection, DIVISION, since, before)
        assert found == {key(number) for number in expected}
        assert ENTRIES.live_between(connection, DIVISION, since, before) == len(expected)
        assert ENTRIES.live_between(connection, 8, since, before) == 0


def test_two_writers_of_the_same_rows_never_deadlock(database: Database) -> None:
    """Rows are merged in the order of their keys, in whatever order they came."""
    numbers = list(range(1, 301))
    write(database, *(row("items", number) for number in numbers))
    start = threading.Barrier(2)

    def work(order: list[int], code: str) -> None:
        for attempt in range(8):
            start.wait(20)
            write(database, *(row("items", number, code=f"{code}{attempt}") for number in order))

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(work, (numbers, numbers[::-1]), ("up", "down")))
    assert len(set(items(database, "code").values())) == 1


def test_divisions_are_merged_by_their_code_alone(database: Database) -> None:
    writer = Writer(RESOURCES["divisions"])
    rows = [
        tuple({"code": code, "description": name}.get(column) for column in _division_columns())
        for code, name in ((1, "one"), (2, "two"))
    ]
    assert write(database, *rows, writer=writer) == Written(2, 0)
    assert write(database, *rows, writer=writer) == Written(0, 0)
    with database.begin() as connection:
        assert writer.live(connection, 0) == 2


def _division_columns() -> list[str]:
    return [column.name for column in RESOURCES["divisions"].columns]
