"""Tables that migrations know nothing of: of resources that the settings switch on or define.

They are made when they are first needed; later they only grow: a new property becomes a new
column, and a type may widen, never narrow.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, Connection, Index, Table, text
from sqlalchemy.schema import CreateColumn

from exact_sync.catalog import Resource
from exact_sync.errors import BadConfiguration
from exact_sync.store import checkpoints, comments, fingerprints, migrate, schemas
from exact_sync.store.database import Database
from exact_sync.store.merging import quote
from exact_sync.store.tables import FINGERPRINT, sql_type
from exact_sync.store.tables import table as table_of


def make(database: Database, resources: Iterable[Resource]) -> None:
    """A table with every column for each of these; nothing where all is there."""
    resources = list(resources)
    if not resources:
        return
    wanted = [resource for resource in resources if not resource.is_inferred]
    with database.begin() as connection:
        there, indexes, keys = columns_there(connection), _indexes_there(connection), _keys_there(connection)
        for resource in resources:
            _check_key(connection, keys, table_of(resource))
        fits = all(_fits(there, table_of(resource)) for resource in wanted)
        indexed = not any(_unmade(there, indexes, table_of(resource)) for resource in resources)
        if fits and indexed and not comments.missing(connection, resources):
            return
        migrate.wait_briefly(connection)
        migrate.claim(connection)
        there = columns_there(connection)  # another process may just have made some
        for resource in wanted:
            if resource.name not in there:  # where it was dropped, a position tells of rows that are gone
                checkpoints.reset(connection, resource.name)
            fit(connection, table_of(resource), there)
        comments.make(connection, resources)
    with database.begin() as connection:  # apart: readers wait for a new column until it is committed
        migrate.wait_briefly(connection)
        migrate.claim(connection)
        index(connection, [table_of(resource) for resource in resources])


def columns_there(connection: Connection) -> dict[str, dict[str, str]]:
    """Column names and PostgreSQL types of every table in the readers' schema."""
    query = text("""
        SELECT c.relname AS name, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = :schema AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
    """)
    found: dict[str, dict[str, str]] = {}
    for row in connection.execute(query, {"schema": schemas.of(connection).data}):
        found.setdefault(row.name, {})[row.column] = row.type
    return found


def fit(connection: Connection, table: Table, there: dict[str, dict[str, str]]) -> None:
    """Make a table, or its missing columns, or widen its types."""
    dialect = connection.dialect
    known = there.get(table.name)
    if known is None:
        table.create(connection)
        if FINGERPRINT in table.columns:
            fingerprints.protect(connection, table)
        return
    _check_key(connection, _keys_there(connection), table)
    name = f"{schemas.of(connection).data}.{quote(table.name)}"
    for column in table.columns:
        wanted = _type(column)
        if column.name not in known:
            definition = CreateColumn(column).compile(dialect=dialect)
            connection.execute(text(f"ALTER TABLE {name} ADD COLUMN {definition}"))
            if column.name == FINGERPRINT:
                fingerprints.protect(connection, table)
        elif _widens(known[column.name], wanted):
            connection.execute(
                text(
                    f"ALTER TABLE {name} ALTER COLUMN {quote(column.name)} TYPE {wanted} "
                    f"USING {quote(column.name)}::{wanted}"
                )
            )


def index(connection: Connection, tables: Iterable[Table]) -> None:
    """Make the missing indexes, for which only writers wait."""
    there, made = columns_there(connection), _indexes_there(connection)
    for table in tables:
        for missing in _unmade(there, made, table):
            missing.create(connection)


def _unmade(there: dict[str, dict[str, str]], made: set[str], table: Table) -> list[Index]:
    """Of a table that is there; what is not learned yet has no columns for some."""
    known = there.get(table.name, {})
    return [
        index
        for index in table.indexes
        if index.name not in made and all(column.name in known for column in index.columns)
    ]


def _indexes_there(connection: Connection) -> set[str]:
    query = text("SELECT indexname FROM pg_indexes WHERE schemaname = :schema")
    return set(connection.execute(query, {"schema": schemas.of(connection).data}).scalars())


def _keys_there(connection: Connection) -> dict[str, list[str]]:
    query = text("""
        SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum) AS columns
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(k.conkey)
        WHERE k.contype = 'p' AND k.connamespace = CAST(:schema AS regnamespace) GROUP BY 1
    """)
    found = connection.execute(query, {"schema": schemas.of(connection).data})
    return {row.relname: row.columns for row in found}


def _check_key(connection: Connection, keys: dict[str, list[str]], table: Table) -> None:
    """Raises BadConfiguration for a table that was made with another key."""
    made = keys.get(table.name)
    wanted = [column.name for column in table.primary_key.columns]
    if made is not None and set(made) != set(wanted):
        name = f"{schemas.of(connection).data}.{quote(table.name)}"
        raise BadConfiguration(
            f"setting resources.{table.name}.key: the table was made with the key {', '.join(made)}",
            f"set that key again, or drop the table: DROP TABLE {name}",
        )


def _fits(there: dict[str, dict[str, str]], table: Table) -> bool:
    known = there.get(table.name)
    if known is None:
        return False
    types = {column.name: _type(column) for column in table.columns}
    return all(name in known and not _widens(known[name], kind) for name, kind in types.items())


def _type(column: Column[Any]) -> str:
    return sql_type(column.type).lower()


_WIDER = {
    "smallint": ("integer", "bigint", "numeric", "text"),
    "integer": ("bigint", "numeric", "text"),
    "bigint": ("numeric", "text"),
    "date": ("timestamp with time zone", "text"),
}


def _widens(there: str, wanted: str) -> bool:
    """Whether a column's type must change; never to a narrower one."""
    if there == wanted or there == "text":
        return False
    return wanted in _WIDER.get(there, ("text",))
