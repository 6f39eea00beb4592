"""What tables say of themselves in the database, where psql and BI tools show it.

Migrations describe their own tables. Here are those that the settings ask for: a new one is made with
its comments, an older one gets them where nobody has put any: a person's own words stay.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, text

from exact_sync.catalog import Resource
from exact_sync.store import schemas
from exact_sync.store.tables import MEANINGS, comment

_MISSING = text("""
    WITH described AS (
        SELECT c.oid, c.oid::regclass AS name, t.comment
        FROM unnest(CAST(:tables AS text[]), CAST(:comments AS text[])) AS t (name, comment)
        JOIN pg_class c ON c.relname = t.name AND c.relkind = 'r'
            AND c.relnamespace = CAST(:schema AS regnamespace)
    )
    SELECT format('COMMENT ON TABLE %s IS %L', name, comment)
    FROM described WHERE obj_description(oid, 'pg_class') IS NULL
    UNION ALL
    SELECT format('COMMENT ON COLUMN %s.%I IS %L', t.name, a.attname, m.meaning)
    FROM described t JOIN pg_attribute a ON a.attrelid = t.oid AND NOT a.attisdropped
    JOIN unnest(CAST(:columns AS text[]), CAST(:meanings AS text[])) AS m (name, meaning)
        ON m.name = a.attname
    WHERE col_description(t.oid, a.attnum) IS NULL
""")


def missing(connection: Connection, resources: Iterable[Resource]) -> list[str]:
    """The statements that describe what is there and has no comment yet."""
    comments = {resource.name: comment(resource) for resource in resources}
    values = {
        "schema": schemas.of(connection).data,
        "tables": list(comments),
        "comments": list(comments.values()),
        "columns": list(MEANINGS),
        "meanings": list(MEANINGS.values()),
    }
    return list(connection.execute(_MISSING, values).scalars())


def make(connection: Connection, resources: Iterable[Resource]) -> None:
    """Takes a lock that keeps neither readers nor writers waiting."""
    for statement in missing(connection, resources):
        connection.exec_driver_sql(statement)
