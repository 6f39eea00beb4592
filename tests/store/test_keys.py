"""Which rows are here, by key and version."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from exact_sync.catalog import RESOURCES
from exact_sync.store import seen
from exact_sync.store.database import Database
from exact_sync.store.keys import Deletion, Keys, Stamp
from exact_sync.store.tables import data_columns
from exact_sync.store.writer import Writer
from tests.store.rows import DIVISION, EARLY, LATE, key, row, stored

CONTACTS, PAYMENTS = RESOURCES["contacts"], RESOURCES["payments"]
KEYS = Keys(CONTACTS)


def write(database: Database, *rows: tuple[Any, ...], name: str = "contacts") -> None:
    writer = Writer(RESOURCES[name])
    with database.begin() as connection:
        writer.stage(connection, rows)
        writer.merge(connection)


def contact(number: int, version: int | None = None, modified: datetime = EARLY) -> tuple[Any, ...]:
    return row("contacts", number, _version=version, modified=modified)


def test_the_first_and_the_last_live_row_by_version(database: Database) -> None:
    write(database, contact(1, 10), contact(2, 30), contact(3, 20), contact(4))
    with database.begin() as connection:
        assert KEYS.first(connection, DIVISION) == Stamp(key(1), None, 10)
        assert KEYS.last(connection, DIVISION) == Stamp(key(2), None, 30)
        assert KEYS.last(connection, DIVISION, 25) == Stamp(key(3), None, 20)
        assert KEYS.last(connection, 99) is None
        connection.execute(text("UPDATE exact.contacts SET _deleted_at = now() WHERE _version = 30"))
        assert KEYS.last(connection, DIVISION) == Stamp(key(3), None, 20)


def test_different_is_what_is_not_live_or_has_another_version(database: Database) -> None:
    write(
        database, contact(1, 10), contact(2, 20), contact(3), contact(4, 40), contact(5, 50), contact(7, 70)
    )
    write(database, *(row("contacts", n, division=8, _version=n, modified=EARLY) for n in (1, 6)))
    with database.begin() as connection:
        connection.execute(text("UPDATE exact.contacts SET _deleted_at = now() WHERE _version = 50"))
        stamps = [
            Stamp(key(1), LATE, 10),  # the version tells
            Stamp(key(2), EARLY, 21),
            Stamp(key(3), EARLY, 30),  # here without one: Modified tells
            Stamp(key(4), LATE, None),
            Stamp(key(5), EARLY, 50),
            Stamp(key(6), EARLY, 6),
            Stamp(key(7), EARLY, 69),  # numbered anew
        ]
        found = KEYS.different(connection, DIVISION, stamps)
        assert [stamp.key.int for stamp in found] == [2, 4, 5, 6, 7]
        assert KEYS.different(connection, DIVISION, []) == []
        assert KEYS.here(connection, DIVISION, [key(1), key(5), key(6)]) == {key(1)}
        assert KEYS.rows(connection, DIVISION, [key(1), key(5), key(6)]).keys() == {key(1)}
        assert len(KEYS.live_keys(connection, DIVISION)) == 5


def test_a_day_that_python_does_not_have_is_read_as_the_nearest_one_that_it_has(database: Database) -> None:
    """Nobody at Exact has one, but a hand may write it, and verify is to say so."""
    by_hand = [
        ("infinity", "20000-01-01"),
        ("0044-03-15 BC", "-infinity"),
        ("9999-12-31", "9999-12-31 23:59:59"),
    ]
    insert = "INSERT INTO exact.payments (division, id, due_date, created) VALUES (:division, :id, "
    insert += "CAST(:due AS date), CAST(:created AS timestamptz))"
    with database.begin() as connection:
        for number, (due, created) in enumerate(by_hand):
            values = {"division": DIVISION, "id": key(number), "due": due, "created": created}
            connection.execute(text(insert), values)
        names = data_columns(PAYMENTS)
        found = Keys(PAYMENTS).rows(connection, DIVISION, [key(number) for number in range(3)])
        read = [
            (row[names.index("due_date")], row[names.index("created")], row[names.index("modified")])
            for row in map(found.__getitem__, map(key, range(3)))
        ]
    last = datetime.max.replace(tzinfo=UTC)
    assert read == [
        (date.max, last, None),
        (date.min, datetime.min.replace(tzinfo=UTC), None),
        (date.max, last.replace(microsecond=0), None),
    ]


def test_keys_are_noted_as_postgresql_writes_them(database: Database) -> None:
    with database.begin() as connection:
        noted = [Decimal("1E+5"), Decimal("1E-7"), Decimal("1.50"), 7, key(1), "a"]
        seen.note(connection, DIVISION, "keyed", noted)
        as_there = connection.execute(
            text(
                "SELECT ARRAY[1E+5::text, 1E-7::text, 1.50::text, '7', :key, 'a'] = keys FROM exact_sync.seen"
            ),
            {"key": str(key(1))},
        )
        assert as_there.scalar_one()


def test_unseen_is_what_a_reading_did_not_bring_and_nobody_wrote_since(database: Database) -> None:
    write(database, contact(1), contact(2), contact(3))
    with database.begin() as connection:
        began = connection.execute(text("SELECT now()")).scalar_one()
        seen.note(connection, DIVISION, "contacts", [key(1)])
        seen.note(connection, DIVISION, "verify contacts", [key(2)])
        seen.note(connection, 8, "contacts", [key(3)])
        seen.forget(connection, DIVISION, "items")
        seen.forget(connection, 8, "verify contacts")
    write(database, contact(4))
    with database.begin() as connection:
        assert KEYS.unseen(connection, DIVISION, began, None) == 2
        names = KEYS.unseen_keys(connection, DIVISION, began, None, "verify contacts")
        assert {found.int for found in names} == {1, 3}
        assert KEYS.bury_unseen(connection, DIVISION, began, None) == 2
        assert {found.int for found in KEYS.live_keys(connection, DIVISION)} == {1, 4}


def buried(
    database: Database, resource: Any, *deletions: Deletion, by_version: bool, until: Any = None
) -> set[int]:
    with database.begin() as connection:
        Keys(resource).bury_logged(connection, DIVISION, deletions, by_version=by_version, known_until=until)
        gone = stored(connection, resource.name, "_deleted_at")
    return {number for number, (at,) in gone.items() if at is not None}


def test_a_deletion_does_not_reach_a_row_that_came_again_later_by_version(database: Database) -> None:
    write(database, contact(1, 10), contact(2, 30), contact(3, 10))
    gone = [Deletion(key(1), 20, EARLY), Deletion(key(2), 20, LATE), Deletion(key(9), 20, LATE)]
    assert buried(database, CONTACTS, *gone, by_version=True) == {1}


def test_or_by_time_where_there_are_no_versions(database: Database) -> None:
    rows = [row("payments", number, modified=EARLY) for number in (1, 2, 3)]
    write(database, *rows, name="payments")
    gone = [
        Deletion(key(1), 20, EARLY),
        Deletion(key(2), 20, EARLY - timedelta(minutes=1)),
        Deletion(key(3), 20, None),
    ]
    assert buried(database, PAYMENTS, *gone, by_version=False) == {1, 3}
    write(database, contact(1, 10), contact(2, 10))  # versions of when they were read by them
    assert buried(database, CONTACTS, *gone, by_version=False) == {1}


def test_or_by_the_last_whole_reading_where_rows_have_no_time_either(database: Database) -> None:
    write(database, *(row("document_attachments", number) for number in (1, 2)), name="document_attachments")
    gone = [Deletion(key(1), 20, EARLY), Deletion(key(2), 20, LATE)]
    attachments = RESOURCES["document_attachments"]
    assert buried(database, attachments, *gone, by_version=False, until=EARLY) == {2}
    assert buried(database, attachments, *gone, by_version=False) == {1, 2}


def test_what_did_not_come_is_found_quickly_although_nothing_is_known_of_what_came(
    database: Database,
) -> None:
    """PostgreSQL takes the table of keys that came for empty: each row against each takes minutes."""
    with database.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout TO '10s'"))
        for table, columns, values in (
            ("exact.items", "division, id, _synced_at", "7, md5(n::text)::uuid, now() - interval '1 day'"),
            (
                "exact_sync.seen",
                "division, resource, keys",
                "7, 'items', array_agg(md5(n::text)::uuid::text)",
            ),
        ):
            query = f"SELECT {values} FROM generate_series(1, 8000) n"
            if "array_agg" in values:
                query += " WHERE md5(n::text) >= '01' GROUP BY n / 1000"
            connection.execute(text(f"INSERT INTO {table} ({columns}) {query}"))
        began = connection.execute(text("SELECT now()")).scalar_one()
        keys = Keys(RESOURCES["items"])
        gone = keys.unseen(connection, 7, began, None)
        assert gone == len(keys.unseen_keys(connection, 7, began, None, "items")) > 0
        assert keys.bury_unseen(connection, 7, began, None) == gone
