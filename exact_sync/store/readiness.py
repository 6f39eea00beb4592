"""Before anything is read or written: schemas that are up to date, ours, and with all tables."""

import threading
from collections.abc import Iterable

from exact_sync.catalog import Resource
from exact_sync.errors import BadConfiguration
from exact_sync.store import migrate, origins, ownership, provision
from exact_sync.store.database import Database

_TURN = threading.Lock()
"""Connections of one process take turns, so that none gives up while it waits for another's lock."""


def upgraded(database: Database, *, auto_migrate: bool) -> None:
    """Upgrade the schema. Raises BadConfiguration where it is behind and may not be upgraded."""
    if auto_migrate:
        with _TURN:
            migrate.upgrade(database)
        return
    with database.begin() as connection:
        if not migrate.is_current(connection):
            raise BadConfiguration(
                "the database's schema is behind and auto_migrate is off", "run: exact-sync db upgrade"
            )


def claimed(database: Database, owner: str, resources: Iterable[Resource]) -> None:
    """Make sure that the schemas are this connection's, and that there is a table for each resource."""
    ownership.claim(database, owner)
    others = [resource for resource in resources if not resource.is_migrated]
    with _TURN:
        origins.check(database, others)
        provision.make(database, others)
