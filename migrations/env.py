"""Alembic's entry: inside the program with its connection, or from alembic's own command line."""

from alembic import context
from sqlalchemy import Connection, text

from exact_sync.store import state
from exact_sync.store.tables import SCHEMA, metadata, migrated


def migrate(connection: Connection) -> None:
    migrated()
    for schema in (state.SCHEMA, SCHEMA):
        # Asked first: CREATE SCHEMA IF NOT EXISTS needs the right to create even when it exists.
        exists = text("SELECT 1 FROM pg_namespace WHERE nspname = :schema")
        if connection.execute(exists, {"schema": schema}).first() is None:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table_schema=state.SCHEMA,
        include_schemas=True,
        include_name=ours,
        compare_type=True,
        compare_server_default=False,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def ours(name: str | None, kind: str, parents: object) -> bool:
    """What migrations look after: not the tables of resources that somebody switched on."""
    if kind == "table" and isinstance(parents, dict) and parents.get("schema_name") == SCHEMA:
        return name in migrated()
    return kind != "schema" or name in (SCHEMA, state.SCHEMA)


if "connection" in context.config.attributes:
    migrate(context.config.attributes["connection"])
else:
    from exact_sync.service import load_settings
    from exact_sync.store.connect import open_database

    with open_database(load_settings()) as database, database.begin() as own_connection:
        migrate(own_connection)
