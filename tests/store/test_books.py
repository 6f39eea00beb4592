"""The ledger's sums against Exact's balance, each account and period on its own."""

import uuid
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from exact_sync.store import books
from exact_sync.store.database import Database

CASH, DEBT = uuid.UUID(int=1), uuid.UUID(int=2)

Entry = tuple[uuid.UUID | None, int | None, int, str]


def write(database: Database, lines: Iterable[Entry], balance: Iterable[Entry], division: int = 7) -> None:
    with database.begin() as connection:
        for table, names, entries in (
            ("transaction_lines", "gl_account, financial_year, financial_period, amount_dc", lines),
            ("reporting_balance", "gl_account, reporting_year, reporting_period, amount", balance),
        ):
            key = "gen_random_uuid()" if table == "transaction_lines" else "floor(random() * 1e15)"
            for a, y, p, v in entries:
                connection.execute(
                    text(
                        f"INSERT INTO exact.{table} (division, id, {names}) "
                        f"VALUES (:d, {key}, :a, :y, :p, :v)"
                    ),
                    {"d": division, "a": a, "y": y, "p": p, "v": Decimal(v)},
                )


def compare(database: Database, start: date | None = None, division: int = 7) -> tuple[int, list[Any]]:
    with database.begin() as connection:
        number, cells = books.compare(connection, division, start)
    return number, [(c.gl_account, c.year, c.period, c.ours, c.theirs) for c in cells]


def test_equal_sums_are_no_difference_however_many_lines_they_have(database: Database) -> None:
    write(database, [(CASH, 2026, 1, "0.10"), (CASH, 2026, 1, "0.20"), (DEBT, 2026, 1, "-0.3")], [])
    write(database, [], [(CASH, 2026, 1, "0.3"), (DEBT, 2026, 1, "-0.30")])
    assert compare(database) == (2, [])


def test_what_is_no_amount_is_a_difference(database: Database) -> None:
    """Nothing of the kind comes from Exact, but a hand may write it."""
    write(database, [(CASH, 2026, 1, "NaN"), (DEBT, 2026, 1, "Infinity")], [(DEBT, 2026, 1, "Infinity")])
    with database.begin() as connection:
        assert len(books.compare(connection, 7, None)[1]) == 2


def test_a_cent_in_one_period_and_what_only_one_side_has_is_found(database: Database) -> None:
    write(
        database,
        [(CASH, 2026, 1, "1.01"), (CASH, 2026, 2, "5"), (DEBT, 2025, 1, "7"), (DEBT, 2025, 2, "0")],
        [(CASH, 2026, 1, "1.00"), (CASH, 2026, 2, "5"), (CASH, 2026, 3, "2")],
    )
    assert compare(database) == (
        5,
        [
            (DEBT, 2025, 1, Decimal(7), Decimal(0)),
            (CASH, 2026, 1, Decimal("1.01"), Decimal("1.00")),
            (CASH, 2026, 3, Decimal(0), Decimal(2)),
        ],
    )


def test_deleted_lines_lines_without_a_place_and_other_divisions_do_not_count(database: Database) -> None:
    write(
        database,
        [(CASH, 2026, 1, "1"), (None, 2026, 1, "9"), (CASH, None, 1, "9")],
        [(CASH, 2026, 1, "1"), (None, 2026, 1, "8")],
    )
    write(database, [(CASH, 2026, 1, "3")], [(CASH, 2026, 1, "2")], division=8)
    with database.begin() as connection:
        for table in ("transaction_lines", "reporting_balance"):
            connection.execute(text(f"UPDATE exact.{table} SET _deleted_at = now() WHERE division = 8"))
    assert compare(database) == (1, [])
    assert compare(database, division=8) == (0, [])


def test_the_year_that_a_start_date_cuts_is_left_out(database: Database) -> None:
    write(database, [(CASH, 2025, 1, "1"), (CASH, 2026, 1, "1")], [])
    assert compare(database, date(2025, 1, 1))[0] == 2
    assert compare(database, date(2025, 1, 2))[0] == 1
    assert compare(database, date(2026, 6, 1))[0] == 0


def test_the_lines_of_one_cell_are_found_by_it(database: Database) -> None:
    write(
        database, [(CASH, 2026, 1, "1"), (CASH, 2026, 1, "2"), (CASH, 2026, 2, "1"), (DEBT, 2026, 1, "1")], []
    )
    cell = books.Cell(CASH, 2026, 1, Decimal(3), Decimal(0))
    assert str(cell) == f"{CASH} 2026/1"
    with database.begin() as connection:
        assert len(books.keys(connection, 7, cell)) == 2
        assert books.keys(connection, 8, cell) == set()
