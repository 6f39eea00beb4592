"""Rows for tables, made by column name."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from exact_sync.catalog import RESOURCES
from exact_sync.store.tables import row_columns

DIVISION = 7
EARLY = datetime(2026, 6, 1, 12, tzinfo=UTC)
LATE = EARLY + timedelta(days=1)


def key(number: int) -> uuid.UUID:
    return uuid.UUID(int=number)


def row(name: str, number: int, **values: Any) -> tuple[Any, ...]:
    """A row of a resource with this number as its key; what is not named is NULL."""
    resource = RESOURCES[name]
    values = {"division": DIVISION, resource.key_column.name: key(number)} | values
    names = row_columns(resource)
    assert set(values) <= {*names, "division"}
    return tuple(values.get(column) for column in names)


def stored(connection: Connection, name: str, *columns: str) -> dict[int, tuple[Any, ...]]:
    """Some columns of all rows of a table, by the number of their key."""
    key_column = RESOURCES[name].key_column.name
    found = connection.execute(text(f"SELECT {key_column}, {', '.join(columns)} FROM exact.{name}"))
    return {number.int: tuple(rest) for number, *rest in found}
