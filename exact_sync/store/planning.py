"""What PostgreSQL's planner can't know: how much is in a table that has just been filled."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text


@contextmanager
def without_loops(connection: Connection) -> Iterator[None]:
    """Meanwhile no row is held against each row of another table, which takes minutes for some ten
    thousand of them; PostgreSQL chooses that where it takes a table for empty.
    """
    connection.execute(text("SET LOCAL enable_nestloop TO off"))
    yield
    connection.execute(text("SET LOCAL enable_nestloop TO DEFAULT"))
