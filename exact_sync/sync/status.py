"""Where everything stands: the facts behind ``status``, for people and for machines."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from exact_sync.catalog import Resource
from exact_sync.errors import Unknown
from exact_sync.store import calls, divisions, learned, pauses
from exact_sync.store.counts import of_divisions
from exact_sync.store.pauses import Pauses
from exact_sync.store.state import checkpoint, quarantine
from exact_sync.sync.backfill import DAY_LIMIT, MINUTE_LIMIT
from exact_sync.sync.loading import Allowance, Loading, loading

Counts = Mapping[tuple[int, str], tuple[int, int]]
"""Live and deleted rows, by division (or CONNECTION_WIDE) and resource."""

_WAITS = ("waits", "later")
"""Outcomes of a run that went no further for now; to a long reading they are a part of its way."""
_FINE = (*_WAITS, "ok", "running", "accepted", "widened", "unavailable", "never run")


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
    loading: Loading | None = None
    """None where no long reading is under way."""
    paused_since: datetime | None = None
    """Since when a person does not want it to be read; None where it is read."""

    @property
    def state(self) -> str:
        """The outcome in a word, for people."""
        if self.paused_since is not None:
            return "paused"
        return "loading" if self.loading is not None and self.outcome in _WAITS else self.outcome

    @property
    def is_failing(self) -> bool:
        """Its last run did not do what it should."""
        if self.paused_since is not None:
            return False
        waits = self.outcome == "later" and self.loading is None
        return waits or self.outcome not in _FINE


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

    @property
    def state(self) -> str:
        """In a word."""
        if self.suspended_because:
            return "suspended"
        if not self.active:
            return "not active"
        return "parked" if self.parked_until else "active"


@dataclass(frozen=True)
class Status:
    """Everything ``status`` tells."""

    signed_in: bool
    sign_in_message: str | None
    divisions: list[DivisionStatus]
    resources: list[ResourceStatus]
    calls_today: int | None = None
    """Of all divisions together, on this day (UTC); None where no setting limits them."""
    day_limit: int | None = None


def read(
    connection: Connection,
    why_not: str | None,
    resources: Iterable[Resource],
    now: datetime,
    allowance: Allowance,
    codes: Collection[int] = (),
    counts: Counts | None = None,
) -> Status:
    """``why_not``: why a person must sign in; None while all is well. ``codes``: only these divisions.
    ``counts``: rows, where they were counted before.

    Raises Unknown for one that Exact does not list.
    """
    found = division_lines(connection, now)
    for code in codes:
        if code not in [division.division for division in found]:
            raise Unknown(
                f"division {code} is not among the divisions that Exact lists",
                "exact-sync status lists them; a new one is found by: exact-sync sync divisions",
            )
    found = [division for division in found if not codes or division.division in codes]
    limits = {
        division.division: (
            division.minute_limit or MINUTE_LIMIT,
            allowance.of_a_day(division.day_limit or DAY_LIMIT),
        )
        for division in found
    }
    limit = allowance.connection_day_limit
    paused = pauses.read(connection)
    known = [each for one in resources if (each := learned.known(connection, one)) is not None]
    if counts is None:
        counts = _counted(connection, known)
    return Status(
        signed_in=why_not is None,
        sign_in_message=why_not,
        divisions=found,
        resources=[
            line
            for resource in known
            for line in _resource(connection, resource, now, limits, codes, paused, counts)
        ],
        calls_today=None if limit is None else calls.today(connection, now.astimezone(UTC).date()),
        day_limit=limit,
    )


def division_lines(connection: Connection, now: datetime) -> list[DivisionStatus]:
    """Every division that Exact listed: its access, and what is left of its calls."""
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


def count(connection: Connection, resources: Iterable[Resource]) -> Counts:
    """Live and deleted rows."""
    known = (learned.known(connection, resource) for resource in resources)
    return _counted(connection, [resource for resource in known if resource is not None])


def _counted(connection: Connection, resources: Iterable[Resource]) -> Counts:
    kept: dict[str, list[tuple[int, int | None]]] = {}
    columns = (checkpoint.c.resource, checkpoint.c.division, checkpoint.c.rows)
    for name, code, rows in connection.execute(select(*columns)):
        kept.setdefault(name, []).append((code, rows))
    return {
        (code, resource.name): numbers
        for resource in resources
        for code, numbers in of_divisions(connection, resource, kept.get(resource.name, ())).items()
    }


def _resource(
    connection: Connection,
    resource: Resource,
    now: datetime,
    limits: Mapping[int, tuple[int, int]],
    codes: Collection[int],
    paused: Pauses,
    counts: Counts,
) -> list[ResourceStatus]:
    """``limits``: calls a minute and a day that each division's first loads may use."""
    held = select(quarantine.c.division, func.count()).where(quarantine.c.resource == resource.name)
    rejects = {row[0]: row[1] for row in connection.execute(held.group_by(quarantine.c.division))}
    points = select(checkpoint).where(checkpoint.c.resource == resource.name).order_by(checkpoint.c.division)
    if codes:
        points = points.where(checkpoint.c.division.in_(list(codes)))
    lines = []
    for point in connection.execute(points):
        live, gone = counts.get((point.division, resource.name), (0, 0))
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
                loading=loading(point, *limits.get(point.division, (MINUTE_LIMIT, DAY_LIMIT))),
                paused_since=paused.since(point.division, resource.name),
            )
        )
    return lines
