"""How many rows there are, without counting them: half a billion take minutes.

A checkpoint keeps the number of rows in its table (`rows`), moved on in the transaction of each page that
brings new ones. A reading of everything, and a comparison of all keys, begin by counting; where rows were
removed or repaired the number is forgotten, and the next run counts. Deleted rows are in an index of their
own, which holds nothing else.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, func, select, true, update

from exact_sync.catalog import Resource
from exact_sync.store.state import checkpoint
from exact_sync.store.tables import table as table_of

WHOLE = 0
"""Stands for the division in the counts of what belongs to no division."""


def count(connection: Connection, resource: Resource, division: int) -> int:
    """The rows of one division (WHOLE: of the table), deleted ones included: by looking at all of them."""
    table = table_of(resource)
    query = select(func.count()).select_from(table)
    if resource.per_division:
        query = query.where(table.c.division == division)
    return int(connection.execute(query).scalar_one())


def add(connection: Connection, division: int, resource: str, number: int) -> None:
    """So many rows are new; in the transaction that brings them."""
    change = update(checkpoint).where(checkpoint.c.division == division, checkpoint.c.resource == resource)
    connection.execute(change.values(rows=checkpoint.c.rows + number))


def forget(connection: Connection, division: int, resource: str) -> None:
    """Nobody knows how many there are now: the next run counts."""
    change = update(checkpoint).where(checkpoint.c.division == division, checkpoint.c.resource == resource)
    connection.execute(change.values(rows=None))


def of_divisions(
    connection: Connection, resource: Resource, known: Iterable[tuple[int, int | None]]
) -> dict[int, tuple[int, int]]:
    """Live and deleted rows of each division. ``known``: what the checkpoints say; only where they say
    nothing is counted.
    """
    totals = dict(known)
    uncounted = [division for division, rows in totals.items() if rows is None]
    table = table_of(resource)
    gone = _by_division(connection, resource, table.c._deleted_at.is_not(None))
    if uncounted:
        is_wanted = table.c.division.in_(uncounted) if resource.per_division else true()
        totals |= dict.fromkeys(uncounted, 0) | _by_division(connection, resource, is_wanted)
    return {code: ((total or 0) - gone.get(code, 0), gone.get(code, 0)) for code, total in totals.items()}


def of_all(connection: Connection, resources: Iterable[Resource]) -> dict[tuple[int, str], tuple[int, int]]:
    """Live and deleted rows, by division (or WHOLE) and resource."""
    known: dict[str, list[tuple[int, int | None]]] = {}
    for name, code, rows in connection.execute(
        select(checkpoint.c.resource, checkpoint.c.division, checkpoint.c.rows)
    ):
        known.setdefault(name, []).append((code, rows))
    return {
        (code, resource.name): numbers
        for resource in resources
        for code, numbers in of_divisions(connection, resource, known.get(resource.name, ())).items()
    }


def _by_division(
    connection: Connection, resource: Resource, condition: ColumnElement[bool]
) -> dict[int, int]:
    table = table_of(resource)
    if not resource.per_division:
        query = select(func.count()).select_from(table).where(condition)
        return {WHOLE: int(connection.execute(query).scalar_one())}
    division = table.c.division
    counted = select(division, func.count()).where(condition).group_by(division)
    return {row[0]: row[1] for row in connection.execute(counted)}
