"""The status of many divisions, added up: per division, per resource, and what they have to say."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from exact_sync.sync.status import DivisionStatus, ResourceStatus, Status

_NAMED = 5
"""More resources than that are resumed together, with all others."""


@dataclass
class Total:
    """Some lines of the status together."""

    lines: int = 0
    ok: int = 0
    loading: int = 0
    failing: int = 0
    rows: int = 0
    quarantined: int = 0
    worst_lag: int | None = None
    """Seconds since the oldest last success."""
    seconds_left: int | None = None
    """Of the long reading that takes longest, where that is known."""
    oldest_success: datetime | None = None

    def add(self, line: ResourceStatus) -> None:
        self.lines += 1
        self.ok += line.outcome == "ok"
        self.loading += line.loading is not None
        self.failing += line.is_failing
        self.rows += line.rows
        self.quarantined += line.quarantined
        self.worst_lag = (
            max(self.worst_lag or 0, line.lag_seconds or 0) if line.succeeded_at else self.worst_lag
        )
        if line.loading is not None and line.loading.seconds_left is not None:
            self.seconds_left = max(self.seconds_left or 0, line.loading.seconds_left)
        if line.succeeded_at is not None:
            self.oldest_success = min(self.oldest_success or line.succeeded_at, line.succeeded_at)


@dataclass(frozen=True)
class Saying:
    """One message, of however many divisions."""

    text: str
    hint: str | None
    divisions: list[int] = field(default_factory=list)
    resources: list[str] = field(default_factory=list)


def total(lines: Iterable[ResourceStatus]) -> Total:
    result = Total()
    for line in lines:
        result.add(line)
    return result


def by_division(facts: Status) -> dict[int, Total]:
    """Of every division, also of one that was never read."""
    totals = {division.division: Total() for division in facts.divisions}
    for line in facts.resources:
        if line.division in totals:
            totals[line.division].add(line)
    return totals


def by_resource(facts: Status) -> dict[str, Total]:
    """Of the divisions that are read: others stand still, and their lag says nothing."""
    totals: dict[str, Total] = {}
    for line in of_read_divisions(facts):
        totals.setdefault(line.resource, Total()).add(line)
    return totals


def of_read_divisions(facts: Status) -> list[ResourceStatus]:
    """The lines of the active divisions, those without calls for now among them, and connection-wide ones."""
    unread = {line.division for line in facts.divisions if line.state in ("suspended", "not active")}
    return [line for line in facts.resources if line.division not in unread]


def needs_a_look(division: DivisionStatus, total: Total) -> bool:
    """An archived division does not: nobody can do anything about its resources."""
    if division.state == "not active":
        return False
    return bool(division.state != "active" or total.failing or total.quarantined)


def without_fine(facts: Status) -> Status:
    """Only the divisions that need a look, and the resources for which they or the connection do."""
    totals = by_division(facts)
    divisions = [each for each in facts.divisions if needs_a_look(each, totals[each.division])]
    codes = {None, *(division.division for division in divisions)}
    lines = [
        line for line in facts.resources if line.division in codes and (line.is_failing or line.quarantined)
    ]
    return replace(facts, divisions=divisions, resources=lines)


def sayings(facts: Status) -> list[Saying]:
    """What divisions and resources have to say; the same message, division numbers aside, only once."""
    groups: dict[tuple[str, str | None], Saying] = {}

    def add(code: int | None, name: str | None, text: str, hint: str | None) -> None:
        key = (_without(code, text), hint and _without(code, hint))
        saying = groups.setdefault(key, Saying(text, hint))
        if code is not None and code not in saying.divisions[-1:]:
            saying.divisions.append(code)
        if name is not None and name not in saying.resources:
            saying.resources.append(name)

    for division in facts.divisions:
        if division.suspended_because:
            add(division.division, None, division.suspended_because, None)
    for line in facts.resources:
        if line.message and line.outcome != "running" and line.state != "loading":
            add(line.division, line.resource, line.message, line.hint)
    return [
        saying
        if len(codes := sorted(set(saying.divisions))) < 2
        else Saying(text, hint, codes, saying.resources)
        for (text, hint), saying in groups.items()
    ]


def pauses(facts: Status) -> list[Saying]:
    """What people have paused; resources that are paused in the same divisions together."""
    held: dict[str, list[ResourceStatus]] = {}
    for line in facts.resources:
        if line.paused_since is not None:
            held.setdefault(line.resource, []).append(line)
    groups: dict[tuple[str, *tuple[int, ...]], list[str]] = {}
    for name, lines in held.items():
        since = min(line.paused_since.astimezone(UTC) for line in lines if line.paused_since)
        codes = sorted(line.division for line in lines if line.division is not None)
        groups.setdefault((f"paused since {since:%Y-%m-%d %H:%M} UTC", *codes), []).append(name)
    return [
        Saying(text, " ".join(["exact-sync resume", *(names if len(names) <= _NAMED else [])]), codes, names)
        for (text, *codes), names in groups.items()
    ]


def _without(code: int | None, text: str) -> str:
    return text if code is None else re.sub(rf"\b{code}\b", "…", text)
