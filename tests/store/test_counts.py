"""The number of rows that a checkpoint keeps, and what is counted where it keeps none."""

from sqlalchemy import text

from exact_sync.catalog import DIVISIONS, RESOURCES
from exact_sync.store import attempts, checkpoints, counts
from exact_sync.store.database import Database
from exact_sync.store.writer import Writer
from tests.store.rows import DIVISION, LATE, key, row

CUSTOMERS = RESOURCES["customers"]


def fill(database: Database, number: int, *, deleted: int = 0) -> None:
    writer = Writer(CUSTOMERS)
    with database.begin() as connection:
        writer.stage(connection, [row("customers", n, modified=LATE) for n in range(number)])
        writer.merge(connection)
        writer.delete_keys(connection, DIVISION, [key(n) for n in range(deleted)])


def test_what_is_kept_is_believed_and_only_deleted_rows_are_looked_at(database: Database) -> None:
    fill(database, 10, deleted=3)
    with database.begin() as connection:
        assert counts.of_divisions(connection, CUSTOMERS, [(DIVISION, 100), (8, 5)]) == {
            DIVISION: (97, 3),
            8: (5, 0),
        }


def test_where_nothing_is_kept_the_rows_are_counted(database: Database) -> None:
    fill(database, 10, deleted=3)
    with database.begin() as connection:
        assert counts.of_divisions(connection, CUSTOMERS, [(DIVISION, None), (8, None)]) == {
            DIVISION: (7, 3),
            8: (0, 0),
        }
        assert counts.count(connection, CUSTOMERS, DIVISION) == 10
        assert counts.count(connection, CUSTOMERS, 8) == 0


def test_what_belongs_to_no_division_is_counted_whole(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(text("INSERT INTO exact.divisions (code, status) VALUES (1, 1), (2, 1)"))
        assert counts.count(connection, DIVISIONS, counts.WHOLE) == 2
        assert counts.of_divisions(connection, DIVISIONS, [(counts.WHOLE, None)]) == {counts.WHOLE: (2, 0)}


def test_the_number_moves_on_and_is_forgotten(database: Database) -> None:
    with database.begin() as connection:
        checkpoints.save(connection, DIVISION, "customers", rows=10)
        counts.add(connection, DIVISION, "customers", 5)
        assert kept(connection) == 15
        counts.forget(connection, DIVISION, "customers")
        counts.add(connection, DIVISION, "customers", 5)
        assert kept(connection) is None


def test_an_attempt_keeps_the_number_as_it_moved_on_since_that_looked(database: Database) -> None:
    """The page of another process, whose work was cut, is committed in between."""
    with database.begin() as connection:
        for number in (1, 0):
            attempts.begin(connection, DIVISION, "customers", "modified", full=False, rows=1)
            counts.add(connection, DIVISION, "customers", 10 * number)
        assert kept(connection) == 11


def kept(connection: object) -> int | None:
    query = text("SELECT rows FROM exact_sync.checkpoint WHERE division = :code")
    return connection.execute(query, {"code": DIVISION}).scalar()  # type: ignore[attr-defined, no-any-return]
