"""Rows into a resource's table: COPY into staging, then one set-based merge.

Unchanged rows are not written again, duplicates resolve to the newest, an older version never
overwrites a newer one, and rows are merged in key order, so that writers can't deadlock. Of a first
load, rows are copied straight into the table.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

import psycopg
from sqlalchemy import Connection, CursorResult, Table, text

from exact_sync.catalog import Resource
from exact_sync.store import changes
from exact_sync.store.lines import COPY_OPTIONS, Lines
from exact_sync.store.merging import bury_sql, merge_sql, quote
from exact_sync.store.planning import without_loops
from exact_sync.store.schemas import of as schemas_of
from exact_sync.store.schemas import sql, translated_sql
from exact_sync.store.tables import SCHEMA, row_columns, sql_type
from exact_sync.store.tables import table as table_of

Row = tuple[Any, ...]

_FEW = 500
"""Rows that the usual room is enough to sort."""
_ROOM_TO_SORT = text("SET LOCAL work_mem TO '32MB'")
"""Some thousand rows of a hundred columns are more than the usual 4 MB, and would go by way of the disk."""


@dataclass(frozen=True)
class Written:
    """What a merge changed."""

    inserted: int
    updated: int


class Writer:
    """Writes one resource; holds SQL text only, so any thread may use it."""

    def __init__(self, resource: Resource) -> None:
        table: Table = table_of(resource)
        names = row_columns(resource)
        keys = resource.primary_key
        self.resource = resource
        self._table = f"{quote(table.schema or SCHEMA)}.{quote(table.name)}"
        self._key = quote(resource.key_column.name)
        self._division = "division = :division" if resource.per_division else "true"
        self._live = f"{self._division} AND _deleted_at IS NULL"
        # What is gone at Exact is marked, or removed where the settings say so.
        self._bury = bury_sql(resource, self._table)
        self._match = " AND ".join(f"s.{quote(key)} = t.{quote(key)}" for key in keys)
        dated_by = resource.dated_by
        self._date = quote(resource.by_property[dated_by].name) if dated_by else None
        self._columns = ", ".join(map(quote, names))
        types = {column.name: sql_type(column.type) for column in table.columns}
        self._stage_columns = ", ".join(f"{quote(name)} {types[name]}" for name in names)
        digest = hashlib.sha256(self._stage_columns.encode()).hexdigest()[:8]
        self._stage_name = f"{resource.name[:45]}_{digest}"
        self._merges: dict[tuple[bool, bool, bool], str] = {}  # made when needed: most runs bring nothing

    # Staging: one temporary table per connection and resource. A new one per page would bloat
    # PostgreSQL's catalog.

    def stage(self, connection: Connection, rows: Iterable[Row], *, keep: bool = False) -> None:
        """Copy rows into staging; with ``keep`` they outlive the transaction (until ``unstage``)."""
        stage = self._made(connection, keep)
        with _copy(connection, f"COPY {stage} ({self._columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def stage_lines(self, connection: Connection, pages: Iterable[Lines], *, keep: bool = False) -> None:
        """The same for rows that are lines already."""
        _copy_lines(connection, self._made(connection, keep), pages)

    def _made(self, connection: Connection, keep: bool) -> str:
        """The name of the staging table, which is there now."""
        stage = self._stage(keep)
        is_there = text("SELECT to_regclass(:name) IS NOT NULL")
        if not connection.execute(is_there, {"name": f"pg_temp.{stage}"}).scalar_one():
            ends = "PRESERVE" if keep else "DELETE"
            # In the order in which rows come.
            columns = f"{self._stage_columns}, _ordinal bigint GENERATED ALWAYS AS IDENTITY"
            _execute(connection, f"CREATE TEMP TABLE {stage} ({columns}) ON COMMIT {ends} ROWS")
        return stage

    def unstage(self, connection: Connection) -> None:
        """Drop what ``stage(keep=True)`` left."""
        connection.execute(text(f"DROP TABLE IF EXISTS pg_temp.{self._stage(keep=True)}"))

    def staged(self, connection: Connection) -> int:
        """How many different keys ``stage(keep=True)`` holds."""
        query = f"SELECT count(DISTINCT {self._key}) FROM {self._stage(keep=True)}"  # noqa: S608
        return int(connection.execute(sql(connection, query)).scalar_one())

    @changes.told
    def write_lines(
        self,
        connection: Connection,
        pages: Sequence[Lines],
        *,
        is_unique: bool,
        read_since: datetime | None = None,
        expects_new: bool = False,
    ) -> Written:
        """Stage and merge these. ``is_unique``: no two of them have the same key. ``expects_new``:
        probably none of them is in the table yet.
        """
        rows = sum(page.rows for page in pages)
        # A division is read by one process at a time, so nobody else brings the same keys meanwhile.
        if expects_new and is_unique and self.resource.per_division:
            noted = changes.of(connection)
            is_free = noted is None or not noted.names_keys(self.resource.name)
            if is_free and self._load(connection, pages):
                return Written(rows, 0)
        self.stage_lines(connection, pages)
        return self._merged(connection, read_since, is_unique=is_unique, rows=rows)

    def _load(self, connection: Connection, pages: Sequence[Lines]) -> bool:
        """Copy rows straight into the table, at two thirds of the cost; False, and nothing is done,
        where one of them is there already.
        """
        try:
            with connection.begin_nested():
                _copy_lines(connection, translated_sql(self._table, schemas_of(connection)), pages)
        except psycopg.errors.UniqueViolation:
            return False
        return True

    @changes.told
    def merge(
        self,
        connection: Connection,
        *,
        kept: bool = False,
        read_since: datetime | None = None,
        spares_seen: bool = True,
        rows: int | None = None,
    ) -> Written:
        """Merge what is staged. Counts are of rows that really changed.

        ``rows``: so many are staged, where that is known.
        ``read_since``: this is a reading of everything that began then; what it brings replaces
        any row that was last written before, even by an older version (a restored backup), but for those
        that it has seen (where ``spares_seen``).
        """
        return self._merged(connection, read_since, kept=kept, spares_seen=spares_seen, rows=rows)

    def _merged(
        self,
        connection: Connection,
        read_since: datetime | None,
        *,
        kept: bool = False,
        is_unique: bool = False,
        spares_seen: bool = True,
        rows: int | None,
    ) -> Written:
        kind = is_unique, read_since is not None, spares_seen
        if kind not in self._merges:
            self._merges[kind] = merge_sql(
                self.resource,
                self._table,
                is_unique=is_unique,
                takes_older=read_since is not None,
                spares_seen=spares_seen,
            )
        if rows is None or rows > _FEW:
            connection.execute(_ROOM_TO_SORT)
        statement = translated_sql(self._merges[kind], schemas_of(connection))
        statement = statement.replace("{stage}", self._stage(kept))
        if read_since is not None:
            statement = statement.replace("{read_since}", f"'{read_since.isoformat()}'")
        row = _execute(connection, statement).one()
        return Written(row.inserted, row.updated)

    def changed_sql(self, kept: bool) -> str:
        """A query for the keys of what a merge in this transaction has changed."""
        return changes.changed_sql(self._table, self._stage(kept), self._key, self._match)

    def live(self, connection: Connection, division: int, since: date | None = None) -> int:
        """How many rows of a division (dated ``since`` or later) are not marked as deleted."""
        query = f"SELECT count(*) FROM {self._table} WHERE {self._live} {self._dated(since)}"  # noqa: S608
        values = {"division": division} | ({"since": since} if since else {})
        return int(connection.execute(sql(connection, query), values).scalar_one())

    def _dated(self, since: date | None) -> str:
        return f"AND {self._date} >= :since" if since else ""

    def delete_missing(
        self,
        connection: Connection,
        division: int,
        spared: Sequence[str],
        *,
        since: date | None = None,
        kept: bool = True,
    ) -> int:
        """Bury the live rows (dated ``since`` or later) that are not staged (``kept``: with ``keep``) and not
        spared; counts them.
        """
        statement = f"""
            {self._bury}
            WHERE {self._live} {self._dated(since)} AND NOT t.{self._key}::text = ANY(:spared)
              AND NOT EXISTS (SELECT FROM {self._stage(kept)} s WHERE {self._match})
        """
        values = {"division": division, "spared": list(spared)} | ({"since": since} if since else {})
        with without_loops(connection):
            return self._buried(connection, statement, values)

    def delete_keys(self, connection: Connection, division: int, keys: Sequence[object]) -> int:
        """Bury live rows by key; counts them."""
        statement = f"""
            {self._bury}
            WHERE {self._live} AND {self._key} = ANY(:keys)
        """
        return self._buried(connection, statement, {"division": division, "keys": list(keys)})

    def leave_out(self, connection: Connection, division: int, keys: Sequence[object]) -> int:
        """The same for rows of which an earlier page of this transaction may have staged a version."""
        gone = self.delete_keys(connection, division, keys)
        if gone:  # else what comes next would bring them back
            statement = f"DELETE FROM {self._made(connection, False)} WHERE {self._key} = ANY(:keys)"  # noqa: S608
            connection.execute(text(statement), {"keys": list(keys)})
        return gone

    def _buried(self, connection: Connection, statement: str, values: dict[str, Any]) -> int:
        return changes.bury(connection, self.resource.name, self._key, statement, values)

    # For resources that are read in date windows.

    def live_keys(
        self, connection: Connection, division: int, since: date | None, before: date | None
    ) -> set[object]:
        """Keys of the live rows whose date lies in [since, before)."""
        query = f"SELECT {self._key} FROM {self._table} WHERE {self._live} AND {self._between()}"  # noqa: S608
        values = {"division": division, "since": since, "before": before}
        return set(connection.execute(sql(connection, query), values).scalars())

    def live_between(
        self, connection: Connection, division: int, since: date | None, before: date | None
    ) -> int:
        """How many live rows have their date in [since, before)."""
        query = f"SELECT count(*) FROM {self._table} WHERE {self._live} AND {self._between()}"  # noqa: S608
        values = {"division": division, "since": since, "before": before}
        return int(connection.execute(sql(connection, query), values).scalar_one())

    def _between(self) -> str:
        return (
            f"(CAST(:since AS date) IS NULL OR {self._date} >= :since) "
            f"AND (CAST(:before AS date) IS NULL OR {self._date} < :before)"
        )

    def _stage(self, keep: bool) -> str:
        return quote(f"{'snapshot' if keep else 'stage'}_{self._stage_name}")


@contextmanager
def _copy(connection: Connection, statement: str) -> Iterator[psycopg.Copy]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - the URL's driver is fixed
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        yield copy


def _copy_lines(connection: Connection, table: str, pages: Iterable[Lines]) -> None:
    for columns, alike in groupby(pages, lambda page: page.columns):
        names = ", ".join(map(quote, columns))
        with _copy(connection, f"COPY {table} ({names}) FROM STDIN ({COPY_OPTIONS})") as copy:
            for page in alike:
                copy.write(page.text)


def _execute(connection: Connection, statement: str) -> CursorResult[Any]:
    """Without parameters to look for: in a statement that names each column of a hundred several times,
    that costs as much as all the rest that we do for a page.
    """
    return connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
