"""Where everything stands: the facts behind ``status``, for people and for machines."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, literal, select

from exact_sync.catalog import Resource
from exact_sync.credentials import SignIn
from exact_sync.store import divisions, learned
from exact_sync.store.state import checkpoint, quarantine
from exact_sync.store.tables import table as table_of
from exact_sync.sync.task import CONNECTION_WIDE


@dataclass(frozen=True)
class ResourceStatus:
    """One resource in one division."""

    division: int | None
    resource: str
    strategy: str
    outcome: str
    rows: int
    deleted: int
    quarantined: int
    cursor: str | None
    succeeded_at: datetime | None
    attempted_at: datetime | None
    lag_seconds: int | None
    """Time since the last success."""
    message: str | None
    hint: str | None


@dataclass(frozen=True)
class DivisionStatus:
    """One division: access and what is left of its call limits."""

    division: int
    name: str
    active: bool
    suspended_because: str | None
    minute_left: int | None
    minute_limit: int | None
    day_left: int | None
    day_limit: int | None
    day_resets_at: str | None
    parked_until: str | None


@dataclass(frozen=True)
class Status:
    """Everything ``status`` tells."""

    signed_in: bool
    sign_in_message: str | None
    divisions: list[DivisionStatus]
    resources: list[ResourceStatus]


def read(connection: Connection, sign_in: SignIn, resources: Iterable[Resource], now: datetime) -> Status:
    message = sign_in.needed_because
    if sign_in.tokens is None:
        message = "nobody is signed in at Exact yet"
    return Status(
        signed_in=message is None,
        sign_in_message=message,
        divisions=_divisions(connection, now),
        resources=[
            line
            for resource in resources
            if (known := learned.known(connection, resource)) is not None
            for line in _resource(connection, known, now)
        ],
    )


def _divisions(connection: Connection, now: datetime) -> list[DivisionStatus]:
    access = divisions.access(connection)
    lines = []
    for code, division in divisions.listed(connection).items():
        known = access.get(code, divisions.Access())
        budget: dict[str, Any] = known.budget or {}
        minute, day = budget.get("minute") or {}, budget.get("day") or {}
        parked = budget.get("parked_until")
        lines.append(
            DivisionStatus(
                code,
                division.name,
                division.active,
                known.suspended_because,
                *_left(minute, now),
                *_left(day, now),
                day.get("resets_at"),
                parked if parked and datetime.fromisoformat(parked) > now else None,
            )
        )
    return lines


def _left(limit: dict[str, Any], now: datetime) -> tuple[int | None, int | None]:
    """Calls left and the limit; after its reset all of it is there again."""
    reset = limit.get("resets_at")
    over = reset is not None and datetime.fromisoformat(reset) <= now
    return (limit.get("limit") if over else limit.get("remaining")), limit.get("limit")


def _resource(connection: Connection, resource: Resource, now: datetime) -> list[ResourceStatus]:
    table = table_of(resource)
    deleted = func.count(table.c._deleted_at)
    if resource.per_division:
        query = select(table.c.division, func.count() - deleted, deleted).group_by(table.c.division)
    else:
        query = select(literal(CONNECTION_WIDE), func.count() - deleted, deleted)
    rows = {code: (live, gone) for code, live, gone in connection.execute(query)}
    held = select(quarantine.c.division, func.count()).where(quarantine.c.resource == resource.name)
    rejects = {row[0]: row[1] for row in connection.execute(held.group_by(quarantine.c.division))}
    points = select(checkpoint).where(checkpoint.c.resource == resource.name).order_by(checkpoint.c.division)
    lines = []
    for point in connection.execute(points):
        live, gone = rows.get(point.division, (0, 0))
        since = point.succeeded_at
        lines.append(
            ResourceStatus(
                division=point.division or None,
                resource=resource.name,
                strategy=point.strategy or str(resource.strategy),
                outcome=point.outcome or "never run",
                rows=live,
                deleted=gone,
                quarantined=rejects.get(point.division, 0),
                cursor=point.cursor,
                succeeded_at=since,
                attempted_at=point.attempted_at,
                lag_seconds=max(0, int((now - since).total_seconds())) if since else None,
                message=point.message,
                hint=point.hint,
            )
        )
    return lines
