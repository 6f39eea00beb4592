"""Rows into a resource's table: COPY into staging, then one set-based merge.

Unchanged rows are not written again, duplicates resolve to the newest, an older version never
overwrites a newer one, and rows are merged in key order, so that writers can't deadlock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import psycopg
from sqlalchemy import Connection, Table, text
from sqlalchemy.dialects import postgresql

from exact_sync.catalog import Resource
from exact_sync.store.tables import SCHEMA, TABLES, data_columns

Row = tuple[Any, ...]

_POSTGRES = postgresql.dialect()  # type: ignore[no-untyped-call]
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def _quote(name: str) -> str:
    return str(_POSTGRES.identifier_preparer.quote(name))


@dataclass(frozen=True)
class Written:
    """What a merge changed."""

    inserted: int
    updated: int


class Writer:
    """Writes one resource; holds SQL text only, so any thread may use it."""

    def __init__(self, resource: Resource) -> None:
        table: Table = TABLES[resource.name]
        names = data_columns(resource)
        keys = resource.primary_key
        self.resource = resource
        self._table = f"{_quote(table.schema or SCHEMA)}.{_quote(table.name)}"
        self._key = _quote(resource.key_column.name)
        self._division = "division = :division" if resource.per_division else "true"
        self._live = f"{self._division} AND _deleted_at IS NULL"
        self._match = " AND ".join(f"s.{_quote(key)} = t.{_quote(key)}" for key in keys)
        self._date = _quote(resource.by_property[resource.date].name) if resource.date else None
        self._columns = ", ".join(map(_quote, names))
        types = {column.name: column.type.compile(_POSTGRES) for column in table.columns}
        self._stage_columns = ", ".join(f"{_quote(name)} {types[name]}" for name in names)
        self._merge = _merge_sql(self._table, names, keys, versioned=resource.has_modified)

    # Staging: one temporary table per connection and resource. A new one per page would bloat
    # PostgreSQL's catalog.

    def stage(
        self, connection: Connection, rows: Iterable[Row], *, first: int = 0, keep: bool = False
    ) -> None:
        """Copy rows into staging; with ``keep`` they outlive the transaction (until ``unstage``)."""
        stage = self._stage(keep)
        connection.execute(
            text(
                f"CREATE TEMP TABLE IF NOT EXISTS {stage} ({self._stage_columns}, _ordinal bigint) "
                f"ON COMMIT {'PRESERVE' if keep else 'DELETE'} ROWS"
            )
        )
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)  # noqa: S101 - the URL's driver is fixed
        with (
            driver.cursor() as cursor,
            cursor.copy(f"COPY {stage} ({self._columns}, _ordinal) FROM STDIN") as copy,
        ):
            for ordinal, row in enumerate(rows, first):
                copy.write_row((*row, ordinal))

    def unstage(self, connection: Connection) -> None:
        """Drop what ``stage(keep=True)`` left."""
        connection.execute(text(f"DROP TABLE IF EXISTS pg_temp.{self._stage(keep=True)}"))

    def staged(self, connection: Connection) -> int:
        """How many different keys ``stage(keep=True)`` holds."""
        query = f"SELECT count(DISTINCT {self._key}) FROM {self._stage(keep=True)}"  # noqa: S608
        return int(connection.execute(text(query)).scalar_one())

    def merge(
        self, connection: Connection, *, kept: bool = False, read_since: datetime | None = None
    ) -> Written:
        """Merge what is staged. Counts are of rows that really changed.

        ``read_since``: this is a reading of everything that began then; what it brings replaces
        any row that was last written before, even by an older version (a restored backup).
        """
        statement = text(self._merge.replace("{stage}", self._stage(kept)))
        values = {"read_since": read_since or _NEVER} if self.resource.has_modified else {}
        row = connection.execute(statement, values).one()
        return Written(row.inserted, row.updated)

    def live(self, connection: Connection, division: int) -> int:
        """How many rows of a division are not marked as deleted."""
        query = text(f"SELECT count(*) FROM {self._table} WHERE {self._live}")  # noqa: S608
        return int(connection.execute(query, {"division": division}).scalar_one())

    def delete_missing(self, connection: Connection, division: int, spared: Sequence[str]) -> int:
        """Mark the live rows that are not staged (``keep``) and not spared; counts them."""
        statement = text(f"""
            UPDATE {self._table} AS t SET _deleted_at = now(), _synced_at = now()
            WHERE {self._live} AND NOT t.{self._key}::text = ANY(:spared)
              AND NOT EXISTS (SELECT FROM {self._stage(keep=True)} s WHERE {self._match})
        """)  # noqa: S608
        return connection.execute(statement, {"division": division, "spared": list(spared)}).rowcount

    def delete_keys(self, connection: Connection, division: int, keys: Sequence[object]) -> int:
        """Mark live rows by key; counts them."""
        statement = text(f"""
            UPDATE {self._table} SET _deleted_at = now(), _synced_at = now()
            WHERE {self._live} AND {self._key} = ANY(:keys)
        """)  # noqa: S608
        return connection.execute(statement, {"division": division, "keys": list(keys)}).rowcount

    # For resources that are read in date windows.

    def live_keys(
        self, connection: Connection, division: int, since: date | None, before: date | None
    ) -> set[object]:
        """Keys of the live rows whose date lies in [since, before)."""
        query = text(f"SELECT {self._key} FROM {self._table} WHERE {self._live} AND {self._between()}")  # noqa: S608
        values = {"division": division, "since": since, "before": before}
        return set(connection.execute(query, values).scalars())

    def live_between(
        self, connection: Connection, division: int, since: date | None, before: date | None
    ) -> int:
        """How many live rows have their date in [since, before)."""
        query = text(f"SELECT count(*) FROM {self._table} WHERE {self._live} AND {self._between()}")  # noqa: S608
        values = {"division": division, "since": since, "before": before}
        return int(connection.execute(query, values).scalar_one())

    def _between(self) -> str:
        return (
            f"(CAST(:since AS date) IS NULL OR {self._date} >= :since) "
            f"AND (CAST(:before AS date) IS NULL OR {self._date} < :before)"
        )

    def _stage(self, keep: bool) -> str:
        return _quote(f"{'snapshot' if keep else 'stage'}_{self.resource.name}")


def _merge_sql(table: str, names: Sequence[str], keys: Sequence[str], *, versioned: bool) -> str:
    columns = ", ".join(map(_quote, names))
    key = ", ".join(map(_quote, keys))
    others = [_quote(name) for name in names if name not in keys]
    newest = f"{_version('modified')} DESC NULLS LAST, " if versioned else ""
    guard = (
        f"AND ({_version('excluded.modified')} >= {_version('t.modified')} "
        "OR t.modified IS NULL OR excluded.modified IS NULL OR t._synced_at < :read_since)"
        if versioned
        else ""
    )
    return f"""
        WITH newest AS (
            SELECT DISTINCT ON ({key}) {columns} FROM {{stage}} ORDER BY {key}, {newest}_ordinal DESC
        ), merged AS (
            INSERT INTO {table} AS t ({columns}) SELECT {columns} FROM newest ORDER BY {key}
            ON CONFLICT ({key}) DO UPDATE
            SET {", ".join(f"{name} = excluded.{name}" for name in others)},
                _synced_at = now(), _deleted_at = NULL
            WHERE (t._deleted_at IS NOT NULL
                OR ({", ".join(f"t.{name}" for name in others)})
                    IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in others)}))
            {guard}
            RETURNING xmax = 0 AS fresh
        )
        SELECT count(*) FILTER (WHERE fresh) AS inserted, count(*) FILTER (WHERE NOT fresh) AS updated
        FROM merged
    """  # noqa: S608 - identifiers come from the catalog, quoted


def _version(modified: str) -> str:
    """Modified as an order of versions: inside the autumn hour that a wall clock shows twice, all
    times count as equal (they are stored as the earlier ones), so the one read last wins."""
    wall = "AT TIME ZONE 'Europe/Amsterdam'"
    return (
        f"(CASE WHEN {modified} {wall} = ({modified} + interval '1 hour') {wall} "
        f"THEN date_trunc('hour', {modified}) ELSE {modified} END)"
    )
