"""What was learned of endpoints that no reference knows; kept for the next run."""

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from exact_sync.catalog import Edm, Resource
from exact_sync.catalog.inference import Learned, merged, resolved
from exact_sync.store import migrate, provision
from exact_sync.store.state import learned as learned_table
from exact_sync.store.tables import table


def read(connection: Connection, resource: Resource) -> Learned:
    """Property to type; empty where nothing is known yet."""
    query = select(learned_table.c.columns).where(
        learned_table.c.resource == resource.name, learned_table.c.endpoint == resource.endpoint
    )
    found = connection.execute(query).scalar() or []
    return {name: Edm(edm) if edm else None for name, edm in found}


def save(connection: Connection, resource: Resource, known: Learned) -> Learned:
    """Keep what is known, and make the table fit it; returns all that is known.

    Several divisions may learn at a time, so nothing that another one has learned is forgotten.
    """
    migrate.claim(connection)
    migrate.wait_briefly(connection)
    known = merged(read(connection, resource), known)
    values = {"endpoint": resource.endpoint, "columns": [[name, edm] for name, edm in known.items()]}
    statement = insert(learned_table).values(resource=resource.name, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["resource"], set_=values))
    wanted = table(resolved(resource, known))
    provision.fit(connection, wanted, provision.columns_there(connection))
    provision.index(connection, [wanted])
    return known


def known(connection: Connection, resource: Resource) -> Resource | None:
    """The resource with its columns; None for one of which nothing is known yet, or whose settings name what
    the endpoint doesn't have: its next run says so.
    """
    if not resource.is_inferred:
        return resource
    try:
        return resolved(resource, read(connection, resource))
    except ValueError:
        return None
