"""Alembic's entry: inside the program with its connection, or from alembic's own command line."""

from alembic import context
from sqlalchemy import Connection, text

from exact_sync.store import schemas, state  # noqa: F401 - the tables of the state join the metadata
from exact_sync.store.tables import metadata, migrated


def migrate(connection: Connection) -> None:
    migrated()
    own = schemas.of(connection)
    for schema in (own.state, own.data):
        # Asked first: CREATE SCHEMA IF NOT EXISTS needs the right to create even when it exists.
        exists = text("SELECT 1 FROM pg_namespace WHERE nspname = :schema")
        if connection.execute(exists, {"schema": schema}).first() is None:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table_schema=own.state,
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
    if kind == "table" and isinstance(parents, dict) and parents.get("schema_name") == schemas.FIRST.data:
        return name in migrated()
    return kind != "schema" or name in (schemas.FIRST.data, schemas.FIRST.state)


if "connection" in context.config.attributes:
    migrate(context.config.attributes["connection"])
else:
    from exact_sync.service import load_settings
    from exact_sync.store.connect import open_database

    with open_database(load_settings()) as database, database.begin() as own_connection:
        migrate(own_connection)
