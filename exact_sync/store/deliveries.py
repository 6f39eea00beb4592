"""The outbox as people look at it: what waits, what was given up, and what they do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import BigInteger, ColumnElement, Connection, delete, func, literal, select, tuple_, update

from exact_sync.store.state import IS_WAITING, among, delivery, outbox

State = Literal["waiting", "dead"]
"""What is still to be delivered, and what was given up."""

_IS_DEAD = delivery.c.given_up_at.is_not(None)
_IN: dict[State | None, ColumnElement[bool]] = {
    "waiting": IS_WAITING,
    "dead": _IS_DEAD,
    None: delivery.c.delivered_at.is_(None),
}


@dataclass(frozen=True)
class Delivery:
    """One message for one target that it does not have yet, or that it will not get."""

    target: str
    message: int
    at: datetime
    run: int
    division: int
    resource: str
    attempts: int
    retry_at: datetime | None
    given_up_at: datetime | None
    trouble: str | None


@dataclass(frozen=True)
class Backlog:
    """What one target does not have yet."""

    waiting: int
    oldest_at: datetime | None
    """When the oldest that waits was written."""
    dead: int


NOTHING = Backlog(0, None, 0)


@dataclass(frozen=True)
class Filter:
    """Which are meant; what is None or empty leaves nothing out."""

    state: State | None = None
    targets: Sequence[str] = ()
    messages: Sequence[int] = ()
    divisions: Sequence[int] = ()
    resource: str | None = None
    after: tuple[int, str] | None = None
    """Only what comes behind this message for this target: the next page of a list."""

    def conditions(self) -> list[ColumnElement[bool]]:
        return [_IN[self.state], *self.named()]

    def named(self) -> list[ColumnElement[bool]]:
        """The same, whatever their state."""
        wanted: list[ColumnElement[bool]] = []
        if self.targets:
            wanted.append(delivery.c.target.in_(list(self.targets)))
        if self.messages:
            wanted.append(among(delivery.c.message, self.messages))
        if self.after is not None:
            place = tuple_(literal(self.after[0], BigInteger), literal(self.after[1]))
            wanted.append(tuple_(delivery.c.message, delivery.c.target) > place)
        about: list[ColumnElement[bool]] = []
        if self.divisions:
            about.append(among(outbox.c.division, self.divisions))
        if self.resource is not None:
            about.append(outbox.c.resource == self.resource)
        if about:
            wanted.append(delivery.c.message.in_(select(outbox.c.id).where(*about)))
        return wanted


def listed(connection: Connection, wanted: Filter, limit: int) -> list[Delivery]:
    """The oldest first."""
    told = [delivery.c[name] for name in ("attempts", "retry_at", "given_up_at", "trouble")]
    written = [outbox.c[name] for name in ("at", "run", "division", "resource")]
    columns = [delivery.c.target, delivery.c.message, *written, *told]
    query = select(*columns).join_from(delivery, outbox, outbox.c.id == delivery.c.message)
    query = query.where(*wanted.conditions()).order_by(delivery.c.message, delivery.c.target).limit(limit)
    return [Delivery(*row) for row in connection.execute(query)]


def standing(connection: Connection, wanted: Filter) -> dict[int, bool]:
    """The messages of the outbox among those that are named: whether there is one to do something about."""
    is_meant = func.bool_or(_IN[wanted.state]).label("is_meant")
    query = select(delivery.c.message, is_meant).where(*wanted.named()).group_by(delivery.c.message)
    return {row.message: row.is_meant for row in connection.execute(query)}


def retry(connection: Connection, wanted: Filter) -> int:
    """Deliver them at once, with as many tries as at first; how many that are."""
    anew = {"given_up_at": None, "retry_at": None, "attempts": 0}
    return connection.execute(update(delivery).where(*wanted.conditions()).values(**anew)).rowcount


def drop(connection: Connection, wanted: Filter) -> int:
    """Never deliver them; how many that are. A message that nobody is to get goes with the next tidying."""
    return connection.execute(delete(delivery).where(*wanted.conditions())).rowcount


def backlogs(connection: Connection) -> dict[str, Backlog]:
    """By target; only those for whom something waits, or was given up."""
    query = (
        select(
            delivery.c.target,
            func.count().filter(IS_WAITING),
            func.min(outbox.c.at).filter(IS_WAITING),
            func.count().filter(_IS_DEAD),
        )
        .join_from(delivery, outbox, outbox.c.id == delivery.c.message)
        .where(delivery.c.delivered_at.is_(None))
        .group_by(delivery.c.target)
    )
    return {target: Backlog(*rest) for target, *rest in connection.execute(query)}
