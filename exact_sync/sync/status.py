"""Where everything stands: the facts behind ``status``, for people and for machines."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from exact_sync.catalog import Resource
from exact_sync.errors import Unknown
from exact_sync.store import calls, checkpoints, counts, divisions, learned, pauses, quarantine
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
    rows: Counts | None = None,
) -> Status:
    """``why_not``: why a person must sign in; None while all is well. ``codes``: only these divisions.
    ``rows``: how many there are, where they were counted before.

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
    resources = list(resources)
    if rows is None:
        rows = count(connection, resources)
    return Status(
        signed_in=why_not is None,
        sign_in_message=why_not,
        divisions=found,
        resources=_resources(connection, resources, now, limits, codes, rows),
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
    """Live and deleted rows, of those that have columns by now."""
    known = (learned.known(connection, resource) for resource in resources)
    return counts.of_all(connection, [resource for resource in known if resource is not None])


def _resources(
    connection: Connection,
    resources: Sequence[Resource],
    now: datetime,
    limits: Mapping[int, tuple[int, int]],
    codes: Collection[int],
    rows: Counts,
) -> list[ResourceStatus]:
    """By resource, and by division. ``limits``: calls a minute and a day that each division's first loads
    may use.

    All resources are asked for at once: of hundreds of divisions each question looks at all checkpoints.
    """
    strategies = {resource.name: str(resource.strategy) for resource in resources}
    held, found = quarantine.numbers(connection, strategies), pauses.paused(connection)
    paused = pauses.Pauses(found)
    lines: dict[str, list[ResourceStatus]] = {name: [] for name in strategies}
    for point in checkpoints.reports(connection, strategies, codes):
        place = (point.division, point.resource)
        live, gone = rows.get(place, (0, 0))
        since = point.succeeded_at
        lines[point.resource].append(
            ResourceStatus(
                division=point.division or None,
                resource=point.resource,
                strategy=point.strategy or strategies[point.resource],
                outcome=point.outcome or "never run",
                rows=live,
                deleted=gone,
                quarantined=held.get(place, 0),
                cursor=point.cursor,
                succeeded_at=since,
                attempted_at=point.attempted_at,
                lag_seconds=max(0, int((now - since).total_seconds())) if since else None,
                message=point.message,
                hint=point.hint,
                loading=loading(point, *limits.get(point.division, (MINUTE_LIMIT, DAY_LIMIT))),
                paused_since=paused.since(*place),
            )
        )
    for pause in found:
        if pause.resource in lines and (not codes or pause.division in (pauses.EVERYWHERE, *codes)):
            _add_unread(lines[pause.resource], pause, strategies[pause.resource])
    return [line for of_one in lines.values() for line in of_one]


def _add_unread(lines: list[ResourceStatus], pause: pauses.Pause, strategy: str) -> None:
    """What was paused before it was ever read has no checkpoint; else nobody would see that it is paused."""
    division = pause.division or None
    if not any(division in (None, line.division) for line in lines):
        lines.append(
            ResourceStatus(
                division=division, resource=pause.resource, strategy=strategy, outcome="never run",
                rows=0, deleted=0, quarantined=0, cursor=None, succeeded_at=None, attempted_at=None,
                lag_seconds=None, message=None, hint=None, paused_since=pause.since,
            )
        )  # fmt: skip
