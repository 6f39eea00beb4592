"""The outbox: what changed, written in the transaction that changed it, and what each target has of it.

A message is open while its run may still add to it, and is sent when it is closed. Moments are given,
so that whoever sends and whoever writes go by one clock.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, text, update

from exact_sync.store.changes import Change
from exact_sync.store.database import Database
from exact_sync.store.schemas import sql
from exact_sync.store.state import IS_WAITING, delivery, outbox

DELIVERED_KEPT = timedelta(days=1)
DEAD_KEPT = timedelta(days=30)

_ALONE = 0x4558414F  # "EXAO": the class of the locks that keep two processes from sending the same

# In the order in which they were written; behind one that may not go yet, its kind waits. However many
# wait, only those that may not go and the first that may are looked at closer.
_DUE = """
    WITH early AS (
        SELECT division, resource, min(id) AS first FROM exact_sync.outbox WHERE id IN (
            SELECT message FROM exact_sync.delivery
            WHERE target = :target AND delivered_at IS NULL AND given_up_at IS NULL AND retry_at > :now
            UNION ALL
            SELECT id FROM exact_sync.outbox WHERE open_until IS NOT NULL)
        GROUP BY division, resource
    )
    SELECT d.message, o.uid, o.at, o.run, o.division, o.resource, o.message AS change, d.attempts
    FROM exact_sync.delivery d JOIN exact_sync.outbox o ON o.id = d.message
    LEFT JOIN early e ON e.division = o.division AND e.resource = o.resource
    WHERE d.target = :target AND d.delivered_at IS NULL AND d.given_up_at IS NULL
      AND (e.first IS NULL OR d.message < e.first)
    ORDER BY d.message LIMIT :most
"""
# Whoever adds to a message at this moment holds its row; it is closed the next time.
_CLOSE_OVERDUE = """
    UPDATE exact_sync.outbox SET open_until = NULL WHERE id IN (
        SELECT id FROM exact_sync.outbox WHERE open_until <= :now FOR UPDATE SKIP LOCKED)
"""
_DROP_TOLD = """
    DELETE FROM exact_sync.outbox WHERE id IN (
        SELECT o.id FROM exact_sync.outbox o
        WHERE NOT EXISTS (SELECT FROM exact_sync.delivery d WHERE d.message = o.id)
        FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True)
class Message:
    """What one target is to be told."""

    id: int
    uid: UUID
    at: datetime
    run: int
    division: int
    resource: str
    change: Change
    attempts: int
    """How often that was tried."""


def add(
    connection: Connection,
    run: int,
    division: int,
    resource: str,
    change: Change,
    targets: Sequence[str],
    limit: int,
    now: datetime,
    stays_open: timedelta,
) -> None:
    """For these targets; added to the open message of the same run, if there is one."""
    key = (outbox.c.run == run, outbox.c.division == division, outbox.c.resource == resource)
    query = select(outbox.c.id, outbox.c.message).where(*key, outbox.c.open_until > now)
    known = connection.execute(query.with_for_update()).first()
    if known is not None:
        change = Change.from_json(known.message).then(change, limit)
        again = update(outbox).where(outbox.c.id == known.id)
        connection.execute(again.values(message=change.as_json()))
        return
    values = {"run": run, "division": division, "resource": resource, "message": change.as_json()}
    new = insert(outbox).values(at=now, open_until=now + stays_open, **values).returning(outbox.c.id)
    number = connection.execute(new).scalar_one()
    connection.execute(insert(delivery), [{"target": target, "message": number} for target in targets])


def close(connection: Connection, run: int) -> None:
    """A run has ended: nothing is added to its messages any more."""
    is_its = (outbox.c.run == run, outbox.c.open_until.is_not(None))
    connection.execute(update(outbox).where(*is_its).values(open_until=None))


@contextmanager
def alone(database: Database, target: str) -> Iterator[Connection | None]:
    """A connection on which meanwhile no other process sends to this target; None where one does."""
    with database.connect() as connection:
        key = {"class": _ALONE, "what": f"{database.schemas.state} {target}"}
        query = text("SELECT pg_try_advisory_lock(:class, hashtext(:what))")
        if not connection.execute(query, key).scalar_one():
            yield None
            return
        try:
            yield connection
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:class, hashtext(:what))"), key)


def due(connection: Connection, target: str, now: datetime, most: int) -> list[Message]:
    """What a target may be told now, the oldest first."""
    connection.execute(sql(connection, _CLOSE_OVERDUE), {"now": now})
    rows = connection.execute(sql(connection, _DUE), {"target": target, "now": now, "most": most})
    return [
        Message(
            row.message, row.uid, row.at, row.run, row.division, row.resource,
            Change.from_json(row.change), row.attempts,
        )
        for row in rows
    ]  # fmt: skip


def is_any_due(connection: Connection, target: str, now: datetime) -> bool:
    """Whether it is worth a lock to look closer: as cheap as a question can be."""
    waits = select(delivery.c.message).where(delivery.c.target == target, IS_WAITING)
    ripe = waits.where(func.coalesce(delivery.c.retry_at, now) <= now).limit(1)
    return connection.execute(ripe).first() is not None


def _one(target: str, message: int) -> ColumnElement[bool]:
    return (delivery.c.target == target) & (delivery.c.message == message)


def delivered(connection: Connection, target: str, message: int, now: datetime) -> None:
    values = {"delivered_at": now, "attempts": delivery.c.attempts + 1, "retry_at": None, "trouble": None}
    connection.execute(update(delivery).where(_one(target, message)).values(**values))


def failed(
    connection: Connection, target: str, message: int, trouble: str, now: datetime, retry_at: datetime | None
) -> None:
    """``retry_at``: None gives it up."""
    values = {"attempts": delivery.c.attempts + 1, "trouble": trouble, "retry_at": retry_at}
    values["given_up_at"] = now if retry_at is None else None
    connection.execute(update(delivery).where(_one(target, message)).values(**values))


def due_at_once(connection: Connection, target: str) -> None:
    """The target is back: what waits for it need not wait any longer."""
    waits = (delivery.c.target == target, IS_WAITING, delivery.c.retry_at.is_not(None))
    connection.execute(update(delivery).where(*waits).values(retry_at=None))


def tidy(connection: Connection, target: str, known: Collection[str], now: datetime) -> None:
    """Drop what was delivered or given up long ago; ``known``: all targets of the settings."""
    is_old = (delivery.c.delivered_at < now - DELIVERED_KEPT) | (delivery.c.given_up_at < now - DEAD_KEPT)
    connection.execute(delete(delivery).where(delivery.c.target == target, is_old))
    of_nobody = delivery.c.target.not_in(list(known)) & delivery.c.message.in_(
        select(outbox.c.id).where(outbox.c.at < now - DEAD_KEPT)
    )
    connection.execute(delete(delivery).where(of_nobody))
    connection.execute(sql(connection, _DROP_TOLD))
