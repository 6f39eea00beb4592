"""What alerts are about, as the database knows it: few queries, however many divisions there are."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, func, select

from exact_sync.catalog import DIVISIONS
from exact_sync.credentials import NOBODY
from exact_sync.store import calls, divisions
from exact_sync.store.checkpoints import IS_SUSPECT
from exact_sync.store.divisions import Access, Division
from exact_sync.store.schemas import sql
from exact_sync.store.state import checkpoint, delivery, quarantine, sign_in
from exact_sync.store.tables import table as table_of


@dataclass(frozen=True)
class Place:
    """One resource in one division (0: of the whole connection), and something to say about it."""

    division: int
    resource: str
    message: str = ""
    hint: str | None = None
    since: datetime | None = None
    number: int = 0


@dataclass(frozen=True)
class Conditions:
    """All that alerts are made of."""

    token_obtained_at: datetime | None
    """When Exact handed out the refresh token; None where there is none."""
    sign_in_needed: str | None
    listed: dict[int, Division]
    vanished: dict[int, Division]
    """Divisions that were read once, and that Exact lists no more."""
    access: dict[int, Access]
    stale: list[Place]
    """Without success for long; since when."""
    suspect: list[Place]
    quarantined: list[Place]
    """With the number of records."""
    differing: list[Place]
    calls_today: int
    """Of all divisions together."""
    given_up: dict[str, int] = field(default_factory=dict)
    """Messages of the outbox that a target did not take, by target."""


def read(connection: Connection, now: datetime, lag: timedelta, day: date) -> Conditions:
    """``lag``: what has succeeded since then is not told of. ``day``: the day (UTC) of calls_today."""
    signed = connection.execute(
        select(sign_in.c.obtained_at, sign_in.c.needed_because).where(sign_in.c.refresh_token.is_not(None))
    ).first()
    obtained, needed = signed or (None, NOBODY)
    return Conditions(
        token_obtained_at=obtained,
        sign_in_needed=needed,
        listed=divisions.listed(connection),
        vanished=_vanished(connection),
        access=divisions.access(connection),
        stale=_stale(connection, now - lag),
        suspect=_suspect(connection),
        quarantined=_quarantined(connection),
        differing=_differing(connection),
        calls_today=calls.today(connection, day),
        given_up=_given_up(connection),
    )


def _vanished(connection: Connection) -> dict[int, Division]:
    table = table_of(DIVISIONS)
    was_read = select(checkpoint.c.division).where(checkpoint.c.division == table.c.code).exists()
    query = select(table.c.code, table.c.description, table.c.country).where(
        table.c._deleted_at.is_not(None), table.c.status == divisions.ACTIVE, was_read
    )
    return {
        code: Division(code, name or str(code), True, country)
        for code, name, country in connection.execute(query)
    }


def _stale(connection: Connection, before: datetime) -> list[Place]:
    """What never succeeded counts from its first try. A first load that goes on is not stale."""
    query = sql(
        connection,
        """
        SELECT division, resource, since, message, hint FROM (
            SELECT c.division, c.resource, c.message, c.hint, coalesce(c.succeeded_at, (
                SELECT min(r.started_at) FROM exact_sync.run r
                WHERE r.division = c.division AND r.resource = c.resource)) AS since
            FROM exact_sync.checkpoint c
            WHERE (c.succeeded_at IS NULL OR c.succeeded_at < :before)
              AND c.outcome IS DISTINCT FROM 'unavailable'
              AND NOT (jsonb_typeof(c.progress) IS NOT DISTINCT FROM 'object'
                       AND c.outcome IN ('waits', 'later') AND c.attempted_at >= :before)
              AND NOT EXISTS (SELECT 1 FROM exact_sync.pause p
                              WHERE p.resource = c.resource AND p.division IN (0, c.division))
        ) AS points WHERE since < :before ORDER BY division, resource
        """,
    )
    return [
        Place(row.division, row.resource, row.message or "", row.hint, row.since)
        for row in connection.execute(query, {"before": before})
    ]


def _suspect(connection: Connection) -> list[Place]:
    """A run that waits for its calls is suspect still, until it ends well or a person accepts."""
    columns = (checkpoint.c.division, checkpoint.c.resource, checkpoint.c.message, checkpoint.c.hint)
    query = select(*columns).where(IS_SUSPECT).order_by(*columns[:2])
    return [Place(code, name, text or "", hint) for code, name, text, hint in connection.execute(query)]


def _quarantined(connection: Connection) -> list[Place]:
    where = (quarantine.c.division, quarantine.c.resource)
    query = select(*where, func.count()).where(quarantine.c.accepted_at.is_(None))
    query = query.group_by(*where).order_by(*where)
    return [Place(code, name, number=number) for code, name, number in connection.execute(query)]


def _differing(connection: Connection) -> list[Place]:
    """Where the last comparison that came to an end found differences."""
    query = sql(
        connection,
        """
        SELECT r.division, r.resource, r.message, r.hint FROM exact_sync.run r
        WHERE r.strategy = 'verify' AND r.outcome = 'differs' AND NOT EXISTS (
            SELECT 1 FROM exact_sync.run later
            WHERE later.strategy = 'verify' AND later.outcome IN ('verified', 'differs')
              AND later.division = r.division AND later.resource = r.resource AND later.id > r.id)
        ORDER BY r.division, r.resource
        """,
    )
    rows = connection.execute(query)
    return [Place(row.division, row.resource, row.message or "", row.hint) for row in rows]


def _given_up(connection: Connection) -> dict[str, int]:
    number = func.count().label("number")
    query = select(delivery.c.target, number).where(delivery.c.given_up_at.is_not(None))
    rows = connection.execute(query.group_by(delivery.c.target).order_by(delivery.c.target))
    return {row.target: row.number for row in rows}
