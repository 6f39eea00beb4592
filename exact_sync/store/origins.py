"""Tables of one's own: what each is made from, and whether it is still there.

A position speaks of the rows of one endpoint. Under the same name another one would be asked only for
what changed since then, beside rows that are none of its own.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert

from exact_sync.catalog import RESOURCES, Resource
from exact_sync.errors import BadConfiguration
from exact_sync.store import checkpoints, provision
from exact_sync.store.database import Database
from exact_sync.store.merging import quote
from exact_sync.store.state import checkpoint, learned


def check(database: Database, resources: Iterable[Resource]) -> None:
    """Note what each is made from; forget what was known of a table that is gone.

    Raises BadConfiguration for one that was made from another endpoint.
    """
    own = [resource for resource in resources if resource.name not in RESOURCES]
    if not own:
        return
    with database.begin() as connection:
        there = provision.columns_there(connection).keys()
        known = {row.resource: row for row in connection.execute(select(learned))}
        begun = set(connection.execute(select(checkpoint.c.resource).distinct()).scalars())
        for resource in own:
            origin = known.get(resource.name)
            if origin is not None and resource.name in there and resource.name in begun:
                _check(database, resource, origin.endpoint)
            elif origin is None or origin.columns or origin.endpoint != resource.endpoint:
                _note(connection, resource)
                if resource.name not in there:
                    checkpoints.reset(connection, resource.name)


def _check(database: Database, resource: Resource, endpoint: str) -> None:
    if endpoint != resource.endpoint:
        raise BadConfiguration(
            f"setting resources.{resource.name}.endpoint: the table was made from {endpoint}",
            "give the new one another name, "
            f"or drop the table: DROP TABLE {database.schemas.data}.{quote(resource.name)}",
        )


def _note(connection: Connection, resource: Resource) -> None:
    connection.execute(delete(learned).where(learned.c.resource == resource.name))
    values = {"resource": resource.name, "endpoint": resource.endpoint, "columns": []}
    connection.execute(insert(learned).values(**values).on_conflict_do_nothing())
