"""Where each resource of each division stands."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    delete,
    func,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from exact_sync.store.state import checkpoint, window


@dataclass(frozen=True)
class Checkpoint:
    """A stored position, and what happened last."""

    division: int
    resource: str
    cursor: str | None = None
    """Exact's wall-clock time, or row version, up to which everything has been taken over."""
    cursor_of: str | None = None
    """The strategy that cursor and resume belong to."""
    resume: dict[str, Any] | None = None
    """Where an unfinished reading goes on."""
    quirks: dict[str, Any] = field(default_factory=dict)
    """What this site turned out to refuse."""
    strategy: str | None = None
    """What the last run really did."""
    outcome: str | None = None
    message: str | None = None
    hint: str | None = None
    attempted_at: datetime | None = None
    succeeded_at: datetime | None = None
    complete_at: datetime | None = None
    """When everything (a snapshot, or all recent windows) was last read whole."""
    retry_at: datetime | None = None
    suspect_rows: int | None = None
    accepted_rows: int | None = None
    sweep: dict[str, Any] | None = None
    """Where an unfinished comparison of all keys goes on."""
    swept_at: datetime | None = None
    sweep_wanted: bool = False
    """A gap in the log of deletions was found: compare all keys as soon as possible."""
    progress: dict[str, Any] | None = None
    """How far a first load has come."""

    def __post_init__(self) -> None:
        """What is no object tells nothing: a hand may have written anything there."""
        for name, nothing in (("resume", None), ("quirks", {}), ("sweep", None), ("progress", None)):
            if not isinstance(getattr(self, name), dict):
                object.__setattr__(self, name, nothing)

    @property
    def is_suspect(self) -> bool:
        """It waits for a person's word, whatever trouble later runs had."""
        return self.suspect_rows is not None and (self.outcome == "suspect" or self.accepted_rows is None)


IS_SUSPECT = checkpoint.c.suspect_rows.is_not(None) & (
    (checkpoint.c.outcome == "suspect") | checkpoint.c.accepted_rows.is_(None)
)
"""The same in SQL."""


def read(connection: Connection, division: int, resource: str) -> Checkpoint:
    """The stored checkpoint, or an empty one."""
    columns = [checkpoint.c[name] for name in Checkpoint.__dataclass_fields__]
    query = select(*columns).where(checkpoint.c.division == division, checkpoint.c.resource == resource)
    row = connection.execute(query).first()
    return Checkpoint(*row) if row else Checkpoint(division, resource)


def successes(connection: Connection, resources: Collection[str]) -> list[tuple[int, str, datetime]]:
    """Division, resource and last success, of those that ever had one."""
    query = select(checkpoint.c.division, checkpoint.c.resource, checkpoint.c.succeeded_at).where(
        checkpoint.c.succeeded_at.is_not(None), checkpoint.c.resource.in_(list(resources))
    )
    return [(code, resource, at) for code, resource, at in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class Standing:
    """As much of a checkpoint as tells what is due."""

    division: int
    resource: str
    succeeded_at: datetime | None
    complete_at: datetime | None
    strategy: str | None
    has_begun: bool
    """A first load is under way."""


def standings(connection: Connection, resource: str | None = None) -> list[Standing]:
    """Of all resources, or of one."""
    names = [name for name in Standing.__dataclass_fields__ if name != "has_begun"]
    query = select(
        *(checkpoint.c[name] for name in names), _is_there(checkpoint.c.progress).label("has_begun")
    )
    if resource is not None:
        query = query.where(checkpoint.c.resource == resource)
    return [Standing(**row) for row in connection.execute(query).mappings()]


@dataclass(frozen=True, slots=True)
class Position:
    """A checkpoint as people and machines may see it."""

    division: int
    """0 for a resource that belongs to no division."""
    resource: str
    cursor: str | None
    cursor_of: str | None
    strategy: str | None
    outcome: str | None
    message: str | None
    hint: str | None
    attempted_at: datetime | None
    succeeded_at: datetime | None
    complete_at: datetime | None
    retry_at: datetime | None
    swept_at: datetime | None


def positions(
    connection: Connection,
    resource: str | None,
    divisions: Sequence[int],
    limit: int,
    after: tuple[int, str] | None = None,
) -> list[Position]:
    """By division and resource, from the first one behind ``after``. ``divisions``: empty means all."""
    place = (checkpoint.c.division, checkpoint.c.resource)
    query = select(*(checkpoint.c[name] for name in Position.__dataclass_fields__)).order_by(*place)
    if resource is not None:
        query = query.where(checkpoint.c.resource == resource)
    if divisions:
        query = query.where(checkpoint.c.division.in_(list(divisions)))
    if after is not None:
        query = query.where(tuple_(*place) > tuple_(literal(after[0], BigInteger), literal(after[1])))
    return [Position(*row) for row in connection.execute(query.limit(limit))]


@dataclass(frozen=True, slots=True)
class Report(Position):
    """What ``status`` tells besides."""

    progress: dict[str, Any] | None
    is_sweeping: bool
    """A comparison of all keys is under way."""


def reports(
    connection: Connection, resources: Collection[str], divisions: Collection[int] = ()
) -> Iterator[Report]:
    """Of these resources, by division. ``divisions``: only these; empty: all."""
    told = [checkpoint.c[name] for name in Report.__dataclass_fields__ if name != "is_sweeping"]
    columns = [*told, _is_there(checkpoint.c.sweep)]
    query = select(*columns).where(checkpoint.c.resource.in_(list(resources))).order_by(checkpoint.c.division)
    if divisions:
        query = query.where(checkpoint.c.division.in_(list(divisions)))
    return (Report(*row) for row in connection.execute(query))


def save(connection: Connection, division: int, resource: str, **values: Any) -> None:
    """Set some fields of a checkpoint; in the transaction of the rows they speak of."""
    statement = insert(checkpoint).values(division=division, resource=resource, **values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["division", "resource"], set_=values)
        if values
        else statement.on_conflict_do_nothing()
    )


def reset(
    connection: Connection, resource: str, divisions: list[int] | None = None, *, under_way: bool = False
) -> int:
    """Forget positions, so that the next run reads everything again; the rows stay. Counts them.

    ``under_way``: it is the run that is under way which begins anew; else it ends, and moves nothing on.
    """
    conditions = [checkpoint.c.resource == resource]
    windows = [window.c.resource == resource]
    if divisions is not None:
        conditions.append(checkpoint.c.division.in_(list(divisions)))
        windows.append(window.c.division.in_(divisions))
    connection.execute(delete(window).where(*windows))
    values: dict[str, Any] = {
        "cursor": None,
        "cursor_of": None,
        "resume": None,
        "sweep": None,
        "quirks": {},
        "retry_at": None,
        "complete_at": None,
        "progress": None,
        "rows": None,
    } | ({} if under_way else {"attempted_at": None})
    return connection.execute(update(checkpoint).where(*conditions).values(**values)).rowcount


def begin_anew(connection: Connection, division: int, resource: str, rows: int) -> None:
    """Everything, or every key, is read from the beginning, with so many rows here. No earlier such reading
    goes on: what it noted of the keys that came is forgotten now, so they would look gone.
    """
    others = {**(read(connection, division, resource).resume or {})}
    others.pop("link", None)
    save(connection, division, resource, rows=rows, sweep=None, resume=others or None)


def want_sweeps(connection: Connection, division: int, resources: Iterable[str]) -> None:
    """All keys of these are to be compared as soon as possible; also those that were compared lately by a
    comparison that is half done, since they may be gone by now.
    """
    if names := list(resources):
        here = update(checkpoint).where(checkpoint.c.division == division, checkpoint.c.resource.in_(names))
        connection.execute(here.values(sweep_wanted=True, sweep=None))


def accept(connection: Connection, resource: str, divisions: Sequence[int] | None = None) -> set[int]:
    """Accept what suspect runs saw (None: of all divisions); the next run takes it over. Where it was so."""
    conditions = [checkpoint.c.resource == resource, IS_SUSPECT]
    if divisions is not None:
        conditions.append(checkpoint.c.division.in_(list(divisions)))
    accepted = update(checkpoint).where(*conditions)
    accepted = accepted.values(accepted_rows=checkpoint.c.suspect_rows, outcome="accepted", retry_at=None)
    return set(connection.execute(accepted.returning(checkpoint.c.division)).scalars())


def windows(connection: Connection, division: int, resource: str) -> dict[date, dict[str, Any] | None]:
    """The windows begun so far: None for one that is done, else where its reading goes on."""
    query = select(window.c.starts, window.c.resume, window.c.done_at).where(
        window.c.division == division, window.c.resource == resource
    )
    return {row.starts: None if row.done_at else (row.resume or {}) for row in connection.execute(query)}


def save_window(
    connection: Connection,
    division: int,
    resource: str,
    starts: date,
    resume: dict[str, Any] | None,
) -> None:
    """Where a window's reading goes on; None: it has been read whole, now."""
    values = {"resume": resume, "done_at": func.now() if resume is None else None}
    statement = insert(window).values(division=division, resource=resource, starts=starts, **values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["division", "resource", "starts"], set_=values)
    )


def forget_windows(connection: Connection, division: int, resource: str) -> None:
    connection.execute(delete(window).where(window.c.division == division, window.c.resource == resource))


def _is_there(column: Column[Any]) -> ColumnElement[bool]:
    """Whether there is an object: what was over is a null of JSON's, which is a value to SQL."""
    return func.jsonb_typeof(column).is_not_distinct_from("object")
