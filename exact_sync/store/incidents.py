"""What people are told of: opened once, closed once, and who knows of which."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    any_,
    delete,
    insert,
    literal,
    select,
    text,
    update,
)

from exact_sync.store.database import Database
from exact_sync.store.schemas import sql
from exact_sync.store.state import incident

KEEP_DAYS = 90

_ALONE = 0x45584149
"""The class of the lock that keeps two processes from telling the same."""


@dataclass(frozen=True)
class Record:
    """An incident as it is stored."""

    id: int
    kind: str
    subject: str
    message: str
    hint: str | None
    opened_at: datetime
    closed_at: datetime | None
    due_at: datetime | None
    told_at: datetime | None
    told_over_at: datetime | None
    told_to: list[str] = field(default_factory=list)
    """Fingerprints of the targets that accepted its beginning."""
    told_over_to: list[str] = field(default_factory=list)


_COLUMNS = [incident.c[name] for name in Record.__dataclass_fields__]


@contextmanager
def alone(database: Database) -> Iterator[None]:
    """Meanwhile no other process tells what is in this schema. Raises DatabaseAway after 30 seconds."""
    with database.connect() as connection:
        key = {"class": _ALONE, "schema": database.schemas.state}
        connection.execute(text("SELECT pg_advisory_lock(:class, hashtext(:schema))"), key)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:class, hashtext(:schema))"), key)


def opened(connection: Connection) -> dict[tuple[str, str], int]:
    """Kind and subject of what is open, with its number."""
    query = select(incident.c.kind, incident.c.subject, incident.c.id).where(incident.c.closed_at.is_(None))
    return {(kind, subject): number for kind, subject, number in connection.execute(query)}


def begin(
    connection: Connection,
    new: Sequence[tuple[str, str, str, str | None]],
    over: Collection[int],
    now: datetime,
) -> None:
    """Open what is new (kind, subject, message, hint), close what is over, drop what is long over."""
    if new:
        names = ("kind", "subject", "message", "hint")
        rows = [dict(zip(names, each, strict=True)) | {"opened_at": now} for each in new]
        connection.execute(insert(incident), rows)
    if over:
        connection.execute(update(incident).where(_is_among(over)).values(closed_at=now))
    connection.execute(delete(incident).where(incident.c.closed_at < now - timedelta(days=KEEP_DAYS)))


def fall_due(connection: Connection, now: datetime, kinds: Collection[str], remind: timedelta | None) -> None:
    """People are to be told of what is open, and again of what they were told of so long ago."""
    is_open = (incident.c.closed_at.is_(None), incident.c.kind.in_(list(kinds)))
    connection.execute(update(incident).where(*is_open, incident.c.due_at.is_(None)).values(due_at=now))
    if remind is not None:
        again = update(incident).where(*is_open, incident.c.told_at < now - remind)
        connection.execute(again.values(told_at=None, told_to=[]))


def owed(connection: Connection, kinds: Collection[str]) -> list[Record]:
    """What not all targets know yet. What was over before anybody was to be told is not among it."""
    is_over = incident.c.closed_at.is_not(None) & incident.c.told_over_at.is_(None)
    query = select(*_COLUMNS).where(
        incident.c.due_at.is_not(None),
        incident.c.told_at.is_(None) | is_over,
        incident.c.kind.in_(list(kinds)),
    )
    return [Record(*row) for row in connection.execute(query.order_by(incident.c.id))]


def told(connection: Connection, numbers: Sequence[int], target: str, *, over: bool) -> None:
    """A target has accepted the message of these."""
    column = incident.c.told_over_to if over else incident.c.told_to
    values = {column.name: column.concat([target])}
    connection.execute(update(incident).where(_is_among(numbers)).values(values))


def _is_among(numbers: Collection[int]) -> ColumnElement[bool]:
    """As one parameter: there may be more of them than a statement can have."""
    return incident.c.id == any_(literal(list(numbers), ARRAY(BigInteger)))


def settle(connection: Connection, targets: Sequence[str], now: datetime) -> None:
    """Note what every target knows by now; of an end only those hear who heard of the beginning."""
    values = {"targets": list(targets), "now": now}
    connection.execute(
        sql(
            connection,
            "UPDATE exact_sync.incident SET told_at = :now "
            "WHERE told_at IS NULL AND due_at IS NOT NULL AND told_to @> to_jsonb(CAST(:targets AS text[]))",
        ),
        values,
    )
    connection.execute(
        sql(
            connection,
            """
            UPDATE exact_sync.incident SET told_over_at = :now
            WHERE told_at IS NOT NULL AND closed_at IS NOT NULL AND told_over_at IS NULL
              AND NOT EXISTS (SELECT 1 FROM jsonb_array_elements_text(told_to) AS knows
                              WHERE knows = ANY(CAST(:targets AS text[]))
                                AND NOT told_over_to @> to_jsonb(knows))
            """,
        ),
        values,
    )


def recent(connection: Connection, number: int | None, before: int | None = None) -> list[Record]:
    """What is open, or (``number``) the last so many; the newest first.

    ``before``: only incidents with a lower id: the next page of a list.
    """
    query = select(*_COLUMNS).order_by(incident.c.id.desc())
    if before is not None:
        query = query.where(incident.c.id < before)
    query = query.where(incident.c.closed_at.is_(None)) if number is None else query.limit(number)
    return [Record(*row) for row in connection.execute(query)]
