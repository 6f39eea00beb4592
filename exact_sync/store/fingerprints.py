"""Rows that are known by the fingerprint of the record that they were made of.

A fingerprint stands for all that is in its row. So whoever changes a row and brings no other
fingerprint takes it away, be it a person at a prompt: a trigger sees to that.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Table

from exact_sync.catalog import Resource
from exact_sync.store import schemas
from exact_sync.store.merging import quote
from exact_sync.store.tables import FINGERPRINT, SCHEMA, column_type, sql_type

FUNCTION = "forget_fingerprint"
"""In the schema of the state, made by a migration; the triggers have its name, too."""


def protect(connection: Connection, table: Table) -> None:
    """Make the trigger of a table that has fingerprints."""
    statement = f"""
        CREATE TRIGGER {FUNCTION} BEFORE UPDATE ON {SCHEMA}.{quote(table.name)} FOR EACH ROW
        WHEN (NEW.{FINGERPRINT} = OLD.{FINGERPRINT}) EXECUTE FUNCTION exact_sync.{FUNCTION}()
    """
    connection.execute(schemas.sql(connection, statement))


class Fingerprints:
    """Of the rows of one resource; holds SQL text only, so any thread may use it."""

    def __init__(self, resource: Resource) -> None:
        key = resource.key_column
        kind = sql_type(column_type(key))
        self._unknown = f"""
            SELECT place - 1
            FROM unnest(
                CAST(CAST(:keys AS text) AS {kind}[]), CAST(CAST(:prints AS text) AS bigint[])
            ) WITH ORDINALITY AS came (key, print, place)
            WHERE NOT EXISTS (
                SELECT FROM {SCHEMA}.{quote(resource.name)} t
                WHERE t.division = :division AND t.{quote(key.name)} = came.key
                  AND t.{FINGERPRINT} = came.print AND t._deleted_at IS NULL OFFSET 0
            )
        """  # noqa: S608 - identifiers come from the catalog, quoted

    def unknown(
        self, connection: Connection, division: int, keys: Sequence[str], prints: Sequence[int]
    ) -> list[int]:
        """The places, from 0, of those records that no live row is made of. ``keys``: as texts that a
        column takes.
        """
        # As one text each: the driver takes each element of an array in its hand.
        values = {"division": division, "keys": _array(keys), "prints": _array(map(str, prints))}
        return list(connection.execute(schemas.sql(connection, self._unknown), values).scalars())


def _array(texts: Iterable[str]) -> str:
    return f"{{{','.join(texts)}}}"
