"""Which rows are here, by key and version: what deletions and comparisons with Exact ask."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Date, DateTime
from sqlalchemy.types import TypeEngine

from exact_sync.catalog import Resource
from exact_sync.store import changes
from exact_sync.store.merging import bury_sql, modified, quote
from exact_sync.store.planning import without_loops
from exact_sync.store.schemas import sql
from exact_sync.store.tables import VERSION, data_columns, sql_type
from exact_sync.store.tables import table as table_of


@dataclass(frozen=True)
class Stamp:
    """A record's key, and what tells whether it changed."""

    key: Any
    modified: datetime | None = None
    version: int | None = None


@dataclass(frozen=True)
class Deletion:
    """An entry of Exact's log of deletions."""

    key: Any
    version: int | None
    moment: datetime | None


class Keys:
    """Questions to one resource's table."""

    def __init__(self, resource: Resource) -> None:
        table = table_of(resource)
        name = resource.key_column.name
        self._resource = resource
        self._table = f"{table.schema}.{quote(table.name)}"
        self._key = quote(name)
        self._type = sql_type(table.c[name].type)
        self._is_one_of = f"t.{self._key} = ANY(CAST(:keys AS {self._type}[]))"
        self._live = "t.division = :division AND t._deleted_at IS NULL"

    def last(self, connection: Connection, division: int, up_to: int | None = None) -> Stamp | None:
        """The live row with the highest version (not above ``up_to``)."""
        return self._at_the_end(connection, division, "DESC", up_to or 2**63 - 1)

    def first(self, connection: Connection, division: int) -> Stamp | None:
        """The live row with the lowest version."""
        return self._at_the_end(connection, division, "ASC", 2**63 - 1)

    def _at_the_end(self, connection: Connection, division: int, order: str, up_to: int) -> Stamp | None:
        query = f"""
            SELECT t.{self._key} AS key, t.{VERSION} AS version FROM {self._table} t
            WHERE {self._live} AND t.{VERSION} <= :up_to ORDER BY t.{VERSION} {order} LIMIT 1
        """  # noqa: S608
        row = connection.execute(sql(connection, query), {"division": division, "up_to": up_to}).first()
        return Stamp(row.key, None, row.version) if row else None

    def forget_versions(self, connection: Connection, division: int, above: int) -> None:
        """Of rows, deleted ones included, that have theirs from another numbering of Exact's."""
        statement = f"""
            UPDATE {self._table} t SET {VERSION} = NULL WHERE t.division = :division AND t.{VERSION} > :above
        """  # noqa: S608
        connection.execute(sql(connection, statement), {"division": division, "above": above})

    def different(self, connection: Connection, division: int, stamps: Sequence[Stamp]) -> list[Stamp]:
        """Those of some keys that are not live here, or here with another Modified or version."""
        differs = ["t.division IS NULL", "t._deleted_at IS NOT NULL"]
        by_modified = "t.modified IS DISTINCT FROM d.modified" if self._resource.has_modified else "false"
        if self._resource.is_versioned:
            differs.append(
                f"CASE WHEN t.{VERSION} IS NOT NULL AND d.version IS NOT NULL "
                f"THEN t.{VERSION} <> d.version ELSE {by_modified} END"
            )
        else:
            differs.append(by_modified)
        query = f"""
            SELECT d.key FROM unnest(CAST(:keys AS {self._type}[]), CAST(:modified AS timestamptz[]),
                CAST(:versions AS bigint[])) AS d (key, modified, version)
            LEFT JOIN {self._table} t ON t.division = :division AND t.{self._key} = d.key
            WHERE {" OR ".join(differs)}
        """  # noqa: S608
        values = {
            "division": division,
            "keys": [stamp.key for stamp in stamps],
            "modified": [stamp.modified for stamp in stamps],
            "versions": [stamp.version for stamp in stamps],
        }
        keys = set(connection.execute(sql(connection, query), values).scalars()) if stamps else set()
        return [stamp for stamp in stamps if stamp.key in keys]

    def here(self, connection: Connection, division: int, keys: Sequence[Any]) -> set[Any]:
        """Those of some keys that are live here."""
        query = f"SELECT t.{self._key} FROM {self._table} t WHERE {self._live} AND {self._is_one_of}"  # noqa: S608
        return set(
            connection.execute(sql(connection, query), {"division": division, "keys": list(keys)}).scalars()
        )

    def live_keys(self, connection: Connection, division: int, since: date | None = None) -> list[Any]:
        """Of the live rows (dated ``since`` or later)."""
        query = f"SELECT t.{self._key} FROM {self._table} t WHERE {self._live} {self._dated(since)}"  # noqa: S608
        values = {"division": division} | ({"since": since} if since else {})
        return list(connection.execute(sql(connection, query), values).scalars())

    def rows(self, connection: Connection, division: int, keys: Sequence[Any]) -> dict[Any, tuple[Any, ...]]:
        """Live rows by key, each with its data columns."""
        names = data_columns(self._resource)
        at = names.index(self._resource.key_column.name)
        kinds = table_of(self._resource).c
        columns = ", ".join(_readable(name, kinds[name].type) for name in names)
        query = f"SELECT {columns} FROM {self._table} t WHERE {self._live} AND {self._is_one_of}"  # noqa: S608
        result = connection.execute(sql(connection, query), {"division": division, "keys": list(keys)})
        return {row[at]: tuple(row) for row in result}

    def unseen_keys(
        self, connection: Connection, division: int, began: datetime, since: date | None, noted_as: str
    ) -> list[Any]:
        """Keys of the live rows (dated ``since`` or later) that a reading that began then did not bring.

        ``noted_as``: the name under which it noted what came.
        """
        query = f"SELECT t.{self._key} FROM {self._table} t WHERE {self._unseen(since)}"  # noqa: S608
        values = self._values(division, began, since) | {"resource": noted_as}
        with without_loops(connection):
            return list(connection.execute(sql(connection, query), values).scalars())

    def unseen(self, connection: Connection, division: int, began: datetime, since: date | None) -> int:
        """How many live rows (dated ``since`` or later) a reading that began then did not bring."""
        query = f"SELECT count(*) FROM {self._table} t WHERE {self._unseen(since)}"  # noqa: S608
        values = self._values(division, began, since)
        with without_loops(connection):
            return int(connection.execute(sql(connection, query), values).scalar_one())

    def bury_unseen(self, connection: Connection, division: int, began: datetime, since: date | None) -> int:
        """Bury them; counts them."""
        statement = f"{bury_sql(self._resource, self._table)} WHERE {self._unseen(since)}"
        values = self._values(division, began, since)
        with without_loops(connection):
            return changes.bury(connection, self._resource.name, self._key, statement, values)

    def _unseen(self, since: date | None) -> str:
        return f"""
            {self._live} AND t._synced_at < :began {self._dated(since)} AND NOT EXISTS (
                SELECT FROM (
                    SELECT unnest(keys) AS key FROM exact_sync.seen
                    WHERE division = :division AND resource = :resource
                ) s WHERE s.key = t.{self._key}::text)
        """  # noqa: S608

    def _dated(self, since: date | None) -> str:
        dated_by = self._resource.dated_by
        if since is None or dated_by is None:
            return ""
        return f"AND t.{quote(self._resource.by_property[dated_by].name)} >= :since"

    def _values(self, division: int, began: datetime, since: date | None) -> dict[str, Any]:
        values = {"division": division, "resource": self._resource.name, "began": began}
        return values | ({"since": since} if since else {})

    def bury_logged(
        self,
        connection: Connection,
        division: int,
        deletions: Sequence[Deletion],
        *,
        by_version: bool,
        known_until: datetime | None,
    ) -> int:
        """Bury what Exact's log says is gone, except rows that came (again) after that; counts them.

        ``by_version``: the table is read by row version, so those tell what came first. Where neither
        they nor a Modified do, all is known that went until the table was last read whole.
        """
        after = "(d.moment IS NULL OR CAST(:known_until AS timestamptz) IS NULL OR d.moment > :known_until)"
        if self._resource.has_modified:
            after = (
                "(t.modified IS NULL OR d.moment IS NULL "
                f"OR {modified('t.modified')} <= {modified('d.moment')})"
            )
        if self._resource.is_versioned and by_version:
            after = f"CASE WHEN t.{VERSION} IS NULL THEN {after} ELSE t.{VERSION} < d.version END"
        statement = f"""
            {bury_sql(self._resource, self._table)}
            {"USING" if self._resource.hard_deletes else "FROM"}
                unnest(CAST(:keys AS {self._type}[]), CAST(:versions AS bigint[]),
                       CAST(:moments AS timestamptz[])) AS d (key, version, moment)
            WHERE {self._live} AND t.{self._key} = d.key AND {after}
        """
        values = {
            "division": division,
            "keys": [deletion.key for deletion in deletions],
            "versions": [deletion.version for deletion in deletions],
            "moments": [deletion.moment for deletion in deletions],
        }
        values |= {} if self._resource.has_modified else {"known_until": known_until}
        return changes.bury(connection, self._resource.name, self._key, statement, values)

    def purge(self, connection: Connection, division: int) -> int:
        """Remove the rows that were only marked as deleted; counts them."""
        statement = f"DELETE FROM {self._table} t WHERE t.division = :division AND t._deleted_at IS NOT NULL"  # noqa: S608
        return connection.execute(sql(connection, statement), {"division": division}).rowcount


def _readable(name: str, kind: TypeEngine[Any]) -> str:
    """A column as Python can hold it: Exact's days never lie beyond that, but a hand may write infinity."""
    column = f"t.{quote(name)}"
    if not isinstance(kind, Date | DateTime):
        return column
    held = f"least(greatest({column}, '0001-01-01'), '9999-12-31 23:59:59.999999')"
    return f"CASE WHEN {column} IS NOT NULL THEN {held} END"
