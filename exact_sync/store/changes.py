"""What a transaction changes in the tables of resources, noted where somebody wants to be told of it.

Whoever writes or buries rows asks ``of`` whether that is so on this connection; where it is not, it
costs nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection

from exact_sync import telemetry
from exact_sync.catalog import Resource
from exact_sync.store.schemas import sql

_NOTED = "exact_sync.changes"


@dataclass
class Change:
    """What happened to the rows of one resource. A key stands where it was last."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    upserted_keys: list[str] = field(default_factory=list)
    deleted_keys: list[str] = field(default_factory=list)
    keys_complete: bool = True
    """Whether all keys are named."""
    first_load: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Change":
        return cls(**value)

    def then(self, later: "Change", limit: int) -> "Change":
        """This and what came after it, as one."""
        again = {*later.deleted_keys, *later.upserted_keys}
        named = [(key, True) for key in self.deleted_keys if key not in again]
        named += [(key, True) for key in later.deleted_keys]
        named += [(key, False) for key in self.upserted_keys if key not in again]
        named += [(key, False) for key in later.upserted_keys]
        kept = named[:limit]
        return Change(
            self.inserted + later.inserted,
            self.updated + later.updated,
            self.deleted + later.deleted,
            [key for key, is_gone in kept if not is_gone],
            [key for key, is_gone in kept if is_gone],
            self.keys_complete and later.keys_complete and len(kept) == len(named),
            self.first_load or later.first_load,
        )


class Changes:
    """What one transaction has changed so far, by resource."""

    def __init__(self, limit: Callable[[str], int | None], *, first_load: str | None = None) -> None:
        """``limit``: how many keys of a resource are to be named at most; None: nobody wants to hear of
        it. ``first_load``: of this one the keys say nothing, because all of them are new.
        """
        self.by_resource: dict[str, Change] = {}
        self._limit = limit
        self._first_load = first_load

    def upserted(
        self, connection: Connection, resource: str, inserted: int, updated: int, which: str
    ) -> None:
        """Rows were merged. ``which``: a query for the ``key`` of those that changed, at most ``:most``."""
        if not inserted + updated:
            return
        limit = self._limit(resource)
        if limit is None:
            return
        keys: list[str] = []
        if self._most(resource, limit):
            # Those of pages that were staged before in this transaction are among them.
            keys = list(connection.execute(sql(connection, which), {"most": limit + 1}).scalars())
        change = Change(inserted, updated, upserted_keys=keys, keys_complete=0 < len(keys) <= limit)
        self._add(resource, change, limit)

    def buried(
        self, connection: Connection, resource: str, key: str, statement: str, values: Mapping[str, Any]
    ) -> int:
        """Do what ``statement`` says, which buries rows ``t`` by their quoted key column; counts them."""
        limit = self._limit(resource)
        if limit is None:
            return connection.execute(sql(connection, statement), values).rowcount
        statement = f"""
            WITH gone AS ({statement} RETURNING t.{key}::text AS key)
            SELECT (SELECT count(*) FROM gone) AS number,
                   ARRAY(SELECT key FROM gone LIMIT :most_keys) AS keys
        """  # noqa: S608 - it comes from this room
        most = {"most_keys": self._most(resource, limit)}
        row = connection.execute(sql(connection, statement), {**values, **most}).one()
        is_complete = len(row.keys) == row.number
        change = Change(deleted=row.number, deleted_keys=row.keys, keys_complete=is_complete)
        self._add(resource, change, limit)
        return int(row.number)

    def names_keys(self, resource: str) -> bool:
        """Whether the keys of what changes in a resource are to be named."""
        return self._limit(resource) is not None and resource != self._first_load

    def _most(self, resource: str, limit: int) -> int:
        return 0 if resource == self._first_load else limit

    def _add(self, resource: str, change: Change, limit: int) -> None:
        known = self.by_resource.get(resource) or Change(first_load=resource == self._first_load)
        self.by_resource[resource] = known.then(change, limit)


@contextmanager
def noting(connection: Connection, changes: Changes) -> Iterator[None]:
    """Meanwhile what is written on this connection is noted."""
    info = connection.info
    info[_NOTED] = changes
    try:
        yield
    finally:
        info.pop(_NOTED, None)


def of(connection: Connection) -> Changes | None:
    """Where changes on this connection are noted; None where nobody wants to know."""
    noted = connection.info.get(_NOTED)
    return noted if isinstance(noted, Changes) else None


def bury(connection: Connection, resource: str, key: str, statement: str, values: Mapping[str, Any]) -> int:
    """Do what a statement says that buries rows ``t``; counts them, and notes them where that is wanted."""
    noted = of(connection)
    if noted is None:
        return connection.execute(sql(connection, statement), values).rowcount
    return noted.buried(connection, resource, key, statement, values)


def changed_sql(table: str, stage: str, key: str, match: str) -> str:
    """A query for the keys of the rows that this transaction changed, of those in ``stage`` (s).

    ``_synced_at`` tells them: it is this transaction's ``now()`` on what changed, and only there.
    """
    return (
        f"SELECT DISTINCT t.{key}::text AS key FROM {stage} s JOIN {table} t ON {match} "  # noqa: S608
        "WHERE t._synced_at = now() LIMIT :most"
    )


class _Written(Protocol):
    @property
    def inserted(self) -> int: ...

    @property
    def updated(self) -> int: ...


class _Writer(Protocol):
    resource: Resource

    def changed_sql(self, kept: bool) -> str: ...


AWriter = TypeVar("AWriter", bound=_Writer)
Wrote = TypeVar("Wrote", bound=_Written)
P = ParamSpec("P")
Merge = Callable[Concatenate[AWriter, Connection, P], Wrote]


def told(merge: Merge[AWriter, P, Wrote]) -> Merge[AWriter, P, Wrote]:
    """For a writer's merge: what it changes is noted where that is wanted, and it is a span."""

    def merged(writer: AWriter, connection: Connection, /, *more: P.args, **named: P.kwargs) -> Wrote:
        with telemetry.span("merge", resource=writer.resource.name) as span:
            written = merge(writer, connection, *more, **named)
            span.note(inserted=written.inserted, updated=written.updated)
        if (noted := of(connection)) is not None:
            which = writer.changed_sql(bool(named.get("kept", False)))
            noted.upserted(connection, writer.resource.name, written.inserted, written.updated, which)
        return written

    update_wrapper(merged, merge)
    return merged
