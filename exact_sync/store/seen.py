"""Which keys came while everything is being read, so that what did not come can be told.

Kept in a table, because such a reading may take several runs.
"""

import json
from collections.abc import Iterable

from sqlalchemy import Connection, delete, func, select

from exact_sync.store.schemas import sql
from exact_sync.store.state import seen

_NOTE = """
    INSERT INTO exact_sync.seen (division, resource, key)
    SELECT :division, :resource, json_array_elements_text(CAST(:keys AS json)) ON CONFLICT DO NOTHING
"""


def note(connection: Connection, division: int, resource: str, keys: Iterable[object]) -> None:
    """These keys exist at Exact."""
    texts = [str(key) for key in keys]
    if texts:
        # As one text: the driver takes each element of an array in its hand.
        values = {"division": division, "resource": resource, "keys": json.dumps(texts)}
        connection.execute(sql(connection, _NOTE), values)


def count(connection: Connection, division: int, resource: str) -> int:
    query = select(func.count()).where(seen.c.division == division, seen.c.resource == resource)
    return int(connection.execute(query).scalar_one())


def forget(connection: Connection, division: int, resource: str) -> None:
    connection.execute(delete(seen).where(seen.c.division == division, seen.c.resource == resource))
