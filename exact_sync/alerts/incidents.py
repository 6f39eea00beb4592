"""What people should know of now, worked out of what the database knows. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from exact_sync.alert_settings import Kind
from exact_sync.credentials import REFRESH_TOKEN_LIFE
from exact_sync.store.conditions import Conditions, Place
from exact_sync.sync.selection import Wanted
from exact_sync.sync.task import CONNECTION_WIDE

QUOTA_SHARE = 0.9
"""The part of a day's calls that may be used before people are told."""

NAMES: dict[Kind, tuple[str, str]] = {
    "sign_in": ("signing in is needed", "sign-ins are needed"),
    "token": ("the sign-in ends soon", "sign-ins end soon"),
    "division": ("division lost", "divisions lost"),
    "lag": ("resource without success", "resources without success"),
    "quota": ("calls of the day nearly used up", "divisions have nearly used up the calls of the day"),
    "suspect": ("suspect run", "suspect runs"),
    "quarantine": ("records in quarantine", "resources with records in quarantine"),
    "difference": ("difference from Exact", "resources differ from Exact"),
    "delivery": ("messages not delivered", "targets with messages not delivered"),
}
"""Each kind in words: one, and several."""


@dataclass(frozen=True)
class Incident:
    """Something that holds now and that a person should know of."""

    kind: Kind
    subject: str
    message: str
    hint: str | None = None


@dataclass(frozen=True)
class Bounds:
    """When something becomes worth telling."""

    resources: Mapping[str, timedelta]
    """How long each resource that is on may go without success."""
    token_days: int = 5
    connection_day_limit: int | None = None


def holding(now: datetime, facts: Conditions, wanted: Wanted, bounds: Bounds) -> Iterator[Incident]:
    """Everything that holds now, of what the settings want."""
    yield from _sign_in(now, facts, bounds)
    codes = wanted.of(facts.listed)
    lost = {incident.subject: incident for incident in _divisions(facts, wanted, codes)}
    yield from lost.values()
    yield from _quota(now, facts, codes, bounds)
    read = {CONNECTION_WIDE, *(code for code in codes if str(code) not in lost)}
    for place in _of(facts.stale, read, bounds):
        within = bounds.resources[place.resource]
        if place.since is not None and now - place.since > within:
            text = f"{_name(place)} has had no success since {_shown(place.since)}"
            yield _incident("lag", place, f"{text}: {place.message}" if place.message else text, place.hint)
    for place in _of(facts.suspect, read, bounds):
        yield _incident("suspect", place, place.message or f"{_name(place)} is suspect", place.hint)
    for place in _of(facts.quarantined, read, bounds):
        text = f"{_name(place)}: {_counted(place.number, 'record')} in quarantine"
        yield _incident("quarantine", place, text, "exact-sync status shows where they are")
    for place in _of(facts.differing, read, bounds):
        yield _incident("difference", place, place.message or f"{_name(place)} differs", place.hint)
    for target, number in facts.given_up.items():
        text = f"target {target}: {_counted(number, 'message')} of the outbox given up"
        yield Incident("delivery", target, text, "exact-sync outbox list --dead shows why")


def _sign_in(now: datetime, facts: Conditions, bounds: Bounds) -> Iterator[Incident]:
    hint = "run: exact-sync auth login"
    if facts.sign_in_needed:
        yield Incident("sign_in", "", f"signing in is needed: {facts.sign_in_needed}", hint)
    elif facts.token_obtained_at is not None:
        ends = facts.token_obtained_at + REFRESH_TOKEN_LIFE
        if ends - now <= timedelta(days=bounds.token_days):
            text = f"the refresh token was not renewed and ends at {_shown(ends)}"
            yield Incident("token", "", text, "each sync renews it; see why none does: exact-sync status")


def _divisions(facts: Conditions, wanted: Wanted, codes: Iterable[int]) -> Iterator[Incident]:
    for code in codes:
        division, access = facts.listed.get(code), facts.access.get(code)
        if access is not None and access.suspended_because:
            text = f"Exact refuses division {code}: {access.suspended_because}"
            yield Incident("division", str(code), text, "its rows are kept; it is tried again by itself")
        elif division is not None and not division.active:
            text = f"division {code} ({division.name}) is not active at Exact"
            yield Incident("division", str(code), text, "its rows are kept; take it out of the settings")
        elif division is None and facts.listed and code not in facts.vanished:
            yield _not_listed(code, str(code))
    chosen = wanted.of(facts.vanished)
    for code, division in facts.vanished.items():
        if code in chosen:
            yield _not_listed(code, f"{code} ({division.name})")


def _not_listed(code: int, name: str) -> Incident:
    text = f"division {name} is no longer listed by Exact for this sign-in"
    hint = "its rows are kept; give the user and the consent access, or exclude it in the settings"
    return Incident("division", str(code), text, hint)


def _quota(now: datetime, facts: Conditions, codes: Iterable[int], bounds: Bounds) -> Iterator[Incident]:
    hint = "it goes on by itself after that; exact-sync plan says what fits"
    limit = bounds.connection_day_limit
    if limit and facts.calls_today >= limit * QUOTA_SHARE:
        text = f"all divisions together have made {facts.calls_today:,} of {limit:,} calls of this day (UTC)"
        yield Incident("quota", "", text, hint)
    for code in codes:
        access = facts.access.get(code)
        day: dict[str, Any] = ((access.budget if access else None) or {}).get("day") or {}
        limit, left, reset = day.get("limit"), day.get("remaining"), day.get("resets_at")
        if not limit or left is None or reset is None or datetime.fromisoformat(reset) <= now:
            continue
        if limit - left >= limit * QUOTA_SHARE:
            until = _shown(datetime.fromisoformat(reset))
            text = f"division {code} has {left:,} of {limit:,} calls left until {until}"
            yield Incident("quota", str(code), text, hint)


def _of(places: Iterable[Place], read: set[int], bounds: Bounds) -> Iterator[Place]:
    """Those that are on and in divisions that are read: about others nobody can do anything."""
    return (place for place in places if place.division in read and place.resource in bounds.resources)


def _incident(kind: Kind, place: Place, message: str, hint: str | None) -> Incident:
    return Incident(kind, f"{place.division} {place.resource}", message, hint)


def _name(place: Place) -> str:
    return f"{place.resource} of division {place.division}" if place.division else place.resource


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
