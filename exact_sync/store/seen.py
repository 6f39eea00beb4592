"""Which keys came while everything is being read, so that what did not come can be told.

Kept in a table, because such a reading may take several runs.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, func, select

from exact_sync.store.schemas import sql
from exact_sync.store.state import seen

_NOTE = """
    INSERT INTO exact_sync.seen (division, resource, key)
    SELECT :division, :resource, unnest(CAST(:keys AS text[])) ON CONFLICT DO NOTHING
"""


def note(connection: Connection, division: int, resource: str, keys: Iterable[object]) -> None:
    """These keys exist at Exact."""
    texts = [str(key) for key in keys]
    if texts:
        values = {"division": division, "resource": resource, "keys": texts}
        connection.execute(sql(connection, _NOTE), values)


def count(connection: Connection, division: int, resource: str) -> int:
    query = select(func.count()).where(seen.c.division == division, seen.c.resource == resource)
    return int(connection.execute(query).scalar_one())


def forget(connection: Connection, division: int, resource: str) -> None:
    connection.execute(delete(seen).where(seen.c.division == division, seen.c.resource == resource))
