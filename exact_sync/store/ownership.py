"""Whose schema it is: sections that change places must never mix two companies' rows."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from exact_sync.errors import BadConfiguration
from exact_sync.store.database import Database
from exact_sync.store.state import connection as connection_table


def claim(database: Database, name: str) -> None:
    """Note that these schemas are this connection's. Raises BadConfiguration where they are another's."""
    query = select(connection_table.c.name)
    with database.connect() as connection:
        owner = connection.execute(query).scalar()
    if owner is None:
        values = {"name": name}
        statement = insert(connection_table).values(id=1, **values)
        statement = statement.on_conflict_do_update(
            index_elements=["id"], set_=values, where=connection_table.c.name.is_(None)
        )
        with database.begin() as connection:
            connection.execute(statement)
            owner = connection.execute(query).scalar()
    if owner != name:
        rename = f"UPDATE {database.schemas.state}.connection SET name = '{name}'"  # noqa: S608
        raise BadConfiguration(
            f"the schema {database.schemas.data} holds the rows of the connection {owner}, not of {name}",
            f"give each connection back its place or its schema; if it only has another name now: {rename}",
        )
