"""A resource in one line: everything else about it stands in the reference."""

from exact_sync.catalog.reference import columns_of, feed, key_of
from exact_sync.catalog.resource import ROW_VERSION, Bulk, Resource, Strategy


def entry(
    name: str,
    endpoint: str,
    *,
    bulk: Bulk | str | None = None,
    sync: str | None = None,
    entity_type: int | None = None,
    strategy: Strategy | None = None,
    default: bool = False,
    daily: bool = False,
    is_log: bool = False,
    date: str | None = None,
) -> Resource:
    """A resource with all that the reference knows of its endpoint, and the best cursor it can have.

    ``sync``: its twin in the Sync API, where the twin means the same.
    """
    own = tuple(c for c in columns_of(endpoint) if c.property != ROW_VERSION)
    path = endpoint if endpoint.startswith("sync/") else sync
    twin = feed(path, own) if path else None
    if strategy is None:
        if twin is not None and not twin.lacks:
            strategy = Strategy.ROW_VERSION
        elif any(column.property == "Modified" for column in own):
            strategy = Strategy.MODIFIED
        else:
            strategy = Strategy.SNAPSHOT
    return Resource(
        name=name,
        endpoint=endpoint,
        key=key_of(endpoint),
        columns=own,
        strategy=strategy,
        bulk=Bulk(bulk) if isinstance(bulk, str) else bulk,
        feed=twin,
        entity_type=entity_type,
        default=default,
        daily=daily,
        is_log=is_log,
        date=date,
    )
