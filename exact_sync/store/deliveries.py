"""The outbox as people look at it: what waits, what was given up, and what they do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from exact_sync.store.state import delivery, outbox

_IS_DEAD = delivery.c.given_up_at.is_not(None)
_WAITS = delivery.c.delivered_at.is_(None) & delivery.c.given_up_at.is_(None)


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


@dataclass(frozen=True)
class Filter:
    """Which are meant; what is None or empty leaves nothing out."""

    dead: bool = False
    """Those that were given up, instead of those that wait."""
    target: str | None = None
    messages: Sequence[int] = ()

    def conditions(self) -> list[ColumnElement[bool]]:
        wanted: list[ColumnElement[bool]] = [_IS_DEAD if self.dead else _WAITS]
        if self.target is not None:
            wanted.append(delivery.c.target == self.target)
        if self.messages:
            wanted.append(delivery.c.message.in_([number for number in self.messages if number < 2**63]))
        return wanted


def listed(connection: Connection, wanted: Filter, limit: int) -> list[Delivery]:
    """The oldest first."""
    told = [delivery.c[name] for name in ("attempts", "retry_at", "given_up_at", "trouble")]
    written = [outbox.c[name] for name in ("at", "run", "division", "resource")]
    columns = [delivery.c.target, delivery.c.message, *written, *told]
    query = select(*columns).join_from(delivery, outbox, outbox.c.id == delivery.c.message)
    query = query.where(*wanted.conditions()).order_by(delivery.c.message, delivery.c.target).limit(limit)
    return [Delivery(*row) for row in connection.execute(query)]


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
            func.count().filter(_WAITS),
            func.min(outbox.c.at).filter(_WAITS),
            func.count().filter(_IS_DEAD),
        )
        .join_from(delivery, outbox, outbox.c.id == delivery.c.message)
        .where(delivery.c.delivered_at.is_(None))
        .group_by(delivery.c.target)
    )
    return {target: Backlog(*rest) for target, *rest in connection.execute(query)}
