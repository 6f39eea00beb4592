"""The ledger as it is here, against the balance that Exact reports."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection

from exact_sync.store.schemas import sql

# Both sides are mirrored rows; a period in which Exact reports nothing must add up to nothing here.
_COMPARE = """
    WITH lines AS (
        SELECT gl_account, financial_year AS year, financial_period AS period, sum(amount_dc) AS amount
        FROM exact.transaction_lines
        WHERE division = :division AND _deleted_at IS NULL AND gl_account IS NOT NULL
          AND financial_year IS NOT NULL AND financial_period IS NOT NULL
        GROUP BY 1, 2, 3
    ), reported AS (
        SELECT gl_account, reporting_year AS year, reporting_period AS period, sum(amount) AS amount
        FROM exact.reporting_balance
        WHERE division = :division AND _deleted_at IS NULL AND gl_account IS NOT NULL
        GROUP BY 1, 2, 3
    )
    SELECT gl_account, year, period, coalesce(lines.amount, 0) AS ours,
           coalesce(reported.amount, 0) AS theirs,
           abs(coalesce(lines.amount, 0) - coalesce(reported.amount, 0)) >= :half_a_cent AS differs
    FROM lines FULL JOIN reported USING (gl_account, year, period)
    WHERE CAST(:first_year AS integer) IS NULL OR year >= :first_year
    ORDER BY year, period, gl_account
"""

_HALF_A_CENT = Decimal("0.005")
"""Less is no difference: Exact's sums are binary floats, of which something like 5.55E-17 may be left."""


@dataclass(frozen=True)
class Cell:
    """One ledger account in one period."""

    gl_account: UUID
    year: int
    period: int
    ours: Decimal
    theirs: Decimal

    def __str__(self) -> str:
        return f"{self.gl_account} {self.year}/{self.period}"


def compare(connection: Connection, division: int, start_date: date | None) -> tuple[int, list[Cell]]:
    """How many ledger accounts and periods there are, and those whose sums differ.

    With a start date the year it lies in is left out, unless it begins with it.
    """
    first_year = None
    if start_date is not None:
        first_year = start_date.year + (start_date > date(start_date.year, 1, 1))
    # PostgreSQL tells what differs: to it, unlike to Python, NaN is more than any number.
    values = {"division": division, "first_year": first_year, "half_a_cent": _HALF_A_CENT}
    rows = connection.execute(sql(connection, _COMPARE), values).all()
    return len(rows), [Cell(*row[:-1]) for row in rows if row.differs]


def keys(connection: Connection, division: int, cell: Cell) -> set[object]:
    """The ledger lines here of one account in one period."""
    query = """
        SELECT id FROM exact.transaction_lines WHERE division = :division AND _deleted_at IS NULL
        AND gl_account = :gl_account AND financial_year = :year AND financial_period = :period
    """
    values = {"division": division, "gl_account": cell.gl_account, "year": cell.year, "period": cell.period}
    return set(connection.execute(sql(connection, query), values).scalars())
