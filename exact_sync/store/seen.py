"""Which keys came while everything is being read, so that what did not come can be told.

Kept in a table, because such a reading may take several runs.
"""

import json
from collections.abc import Iterable
from decimal import Decimal

from sqlalchemy import Connection, delete

from exact_sync.store.schemas import sql
from exact_sync.store.state import seen

_NOTE = """
    INSERT INTO exact_sync.seen (division, resource, keys)
    SELECT :division, :resource, ARRAY(SELECT json_array_elements_text(CAST(:keys AS json)))
"""


def note(connection: Connection, division: int, resource: str, keys: Iterable[object]) -> None:
    """These keys exist at Exact."""
    # As PostgreSQL writes them: 100000 for 1E+5.
    texts = [format(key, "f") if isinstance(key, Decimal) else str(key) for key in keys]
    if texts:
        # As one text: the driver takes each element of an array in its hand. Without escapes, which are
        # nothing in a database in SQL_ASCII.
        values = {"division": division, "resource": resource, "keys": json.dumps(texts, ensure_ascii=False)}
        connection.execute(sql(connection, _NOTE), values)


def forget(connection: Connection, division: int, resource: str) -> None:
    connection.execute(delete(seen).where(seen.c.division == division, seen.c.resource == resource))
