"""The tables for readers, made from the catalog: schema ``exact``."""

import threading
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from exact_sync import catalog
from exact_sync.catalog import RESOURCES, Edm, Resource

POSTGRES = postgresql.dialect()  # type: ignore[no-untyped-call]
SCHEMA = "exact"

metadata = MetaData()
"""Everything Alembic compares the database with, the state tables included."""

_TYPES: dict[Edm, TypeEngine[Any]] = {
    Edm.GUID: Uuid(),
    Edm.STRING: Text(),
    Edm.BOOLEAN: Boolean(),
    Edm.BYTE: SmallInteger(),
    Edm.INT16: SmallInteger(),
    Edm.INT32: Integer(),
    Edm.INT64: BigInteger(),
    Edm.DOUBLE: Numeric(),
}


def column_type(column: catalog.Column) -> TypeEngine[Any]:
    """The PostgreSQL type of a property, as the contract lists them."""
    if column.edm is Edm.DATETIME:
        return Date() if column.is_date else DateTime(timezone=True)
    return _TYPES[column.edm]


def sql_type(kind: TypeEngine[Any]) -> str:
    """A type as PostgreSQL calls it."""
    return str(kind.compile(POSTGRES))


VERSION = "_version"
"""Exact's row version of a row; empty where it was not read through the Sync API."""

FINGERPRINT = "_fingerprint"
"""Of the record that a row was made of (`exact_sync/exact/fingerprints.py`); empty where nobody knows."""

MEANINGS = {
    "_synced_at": "when this row last changed here; an unchanged row keeps its time",
    "_deleted_at": "empty, or when the row was found to be gone at Exact",
    VERSION: "Exact's row version, where the row came through the Sync API",
    FINGERPRINT: "by which the record is known when it comes again; nothing for reports",
}
"""The columns that are ours, and what they tell: comments in the database, which BI tools show."""


def data_columns(resource: Resource) -> list[str]:
    """Names of the columns that come from Exact, in the order in which rows carry them."""
    names = [column.name for column in resource.columns if column.name != "division"]
    return ["division", *names] if resource.per_division else names


def row_columns(resource: Resource) -> list[str]:
    """Names of all that a row carries: the data, and its version and fingerprint where it can have one."""
    version = [VERSION] if resource.is_versioned else []
    return [*data_columns(resource), *version, *([FINGERPRINT] if resource.is_fingerprinted else [])]


def comment(resource: Resource) -> str:
    """What the table says of itself in the database."""
    return f"a copy of {resource.endpoint} at Exact Online"


def _ours(name: str, kind: TypeEngine[Any], **how: Any) -> Column[Any]:
    return Column(name, kind, comment=MEANINGS[name], **how)


def _table(resource: Resource) -> Table:
    types = {column.name: column_type(column) for column in resource.columns} | {"division": Integer()}
    primary_key = resource.primary_key
    columns = [
        Column(name, types[name], primary_key=name in primary_key, nullable=name not in primary_key)
        for name in data_columns(resource)
    ]
    table = Table(
        resource.name,
        metadata if resource.is_migrated else MetaData(),
        *columns,
        *([_ours(VERSION, BigInteger())] if resource.is_versioned else []),
        *([_ours(FINGERPRINT, BigInteger())] if resource.is_fingerprinted else []),
        _ours("_synced_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        _ours("_deleted_at", DateTime(timezone=True)),
        schema=SCHEMA,
        comment=comment(resource),
    )
    for column in table.primary_key.columns:
        column.autoincrement = False
    if resource.date is not None:
        Index(
            f"{resource.name}_division_date",
            table.c.division,
            table.c[resource.by_property[resource.date].name],
        )
    for name in resource.joined_by:
        column = table.c[resource.by_property[name].name]
        Index(f"{resource.name}_division_{column.name}", table.c.division, column)
    # Holds only deleted rows, so it costs the others nothing.
    owner = table.c.division if resource.per_division else table.primary_key.columns[0]
    Index(f"{resource.name[:45]}_deleted", owner, postgresql_where=table.c._deleted_at.is_not(None))
    if resource.is_versioned:
        # Holds only what was read through the Sync API: the highest version is looked up each run.
        Index(
            f"{resource.name[:40]}_division_version",
            table.c.division,
            table.c[VERSION],
            postgresql_where=table.c[VERSION].is_not(None),
        )
    return table


_made: dict[str, tuple[object, Table]] = {}
_making = threading.Lock()
"""Workers ask for the same table at the same time; ``metadata`` takes each only once."""


def table(resource: Resource) -> Table:
    """A resource's table; made when it is first asked for."""
    known = _made.get(resource.name)
    shape = (resource.endpoint, resource.columns, resource.key, resource.date, resource.is_versioned)
    if known is None or known[0] != shape:
        with _making:
            known = _made.get(resource.name)
            if known is None or known[0] != shape:
                known = _made[resource.name] = (shape, _table(resource))
    return known[1]


def migrated() -> dict[str, Table]:
    """The tables that migrations make, by name; afterwards ``metadata`` has them all."""
    return {name: table(resource) for name, resource in RESOURCES.items() if resource.is_migrated}
