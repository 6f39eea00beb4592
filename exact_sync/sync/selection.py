"""Which divisions a run is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from exact_sync.errors import BadConfiguration, DivisionLost
from exact_sync.patterns import Pattern
from exact_sync.store.divisions import Access, Division
from exact_sync.sync.outcome import SUSPENDED_FOR


@dataclass(frozen=True)
class Selection:
    """Divisions to read, and those that were asked for and can't be read."""

    divisions: list[int]
    failures: dict[int, DivisionLost]


@dataclass(frozen=True)
class Wanted:
    """The divisions that the settings want."""

    chosen: Sequence[int | Pattern] | None = None
    """By code or by pattern; None: all. Patterns and all mean active ones."""
    excluded: Sequence[int | Pattern] = ()

    @property
    def codes(self) -> list[int]:
        """Those that are named by their code."""
        named = (item for item in self.chosen or () if isinstance(item, int))
        return [code for code in named if code not in self.excluded]

    def of(self, listed: Mapping[int, Division]) -> list[int]:
        """Their codes, those that are named first."""
        found = dict.fromkeys(self.codes)
        for division in listed.values():
            is_chosen = self.chosen is None or _is_among(division, self.chosen)
            if division.active and is_chosen and not _is_among(division, self.excluded):
                found[division.code] = None
        return [code for code in found if code not in listed or not _is_among(listed[code], self.excluded)]

    @property
    def by_pattern(self) -> bool:
        return self.chosen is not None and not self.codes


def _is_among(division: Division, items: Sequence[int | Pattern]) -> bool:
    return any(
        item == division.code
        if isinstance(item, int)
        else item.matches(division.code, division.name, division.country)
        for item in items
    )


def select(
    listed: Mapping[int, Division],
    access: Mapping[int, Access],
    wanted: Wanted,
    restricted_to: Sequence[int],
    now: datetime,
    *,
    insist: bool = False,
) -> Selection:
    """The divisions of a run: ``wanted`` by the settings, of those only the ones that the command
    line names. ``insist``: also those suspended just now.

    Raises BadConfiguration for one that nobody wants, and where patterns or what is excluded leave none.
    """
    configured = wanted.of(listed)
    _check(listed, wanted, configured, restricted_to)
    failures: dict[int, DivisionLost] = {}
    for code in restricted_to or configured:
        lost = _lost(code, listed.get(code), None if insist else access.get(code), now)
        if lost is not None:
            failures[code] = lost
    return Selection([code for code in restricted_to or configured if code not in failures], failures)


def _check(
    listed: Mapping[int, Division], wanted: Wanted, configured: Sequence[int], restricted_to: Sequence[int]
) -> None:
    """Raises BadConfiguration where there is nothing to choose from, or something else was named."""
    if wanted.by_pattern and listed and not Wanted(wanted.chosen).of(listed):
        raise BadConfiguration(
            f"the setting divisions chooses none of the {len(listed)} divisions that Exact lists",
            "exact-sync status lists them, with code and name",
        )
    if wanted.excluded and listed and not configured and Wanted(wanted.chosen).of(listed):
        raise BadConfiguration(
            f"the setting exclude_divisions leaves none of the {len(listed)} divisions that Exact lists",
            "exact-sync status lists them, with code and name",
        )
    is_open = wanted.chosen is None and not wanted.excluded
    for code in restricted_to:
        if code not in configured and not (is_open and code in listed):
            known = ", ".join(map(str, configured[:10])) or "none"
            raise BadConfiguration(
                f"division {code} is not among the divisions to sync",
                f"they are: {known}; see exact-sync status",
            )


def _lost(code: int, division: Division | None, access: Access | None, now: datetime) -> DivisionLost | None:
    """Why a division can't be read; None where it can. ``access``: None where that is not to matter."""
    if division is None:
        return DivisionLost(
            f"division {code}: Exact does not list it for this sign-in",
            "its rows are kept; give the user and the consent access, or take it out of the settings",
        )
    if not division.active:
        return DivisionLost(f"division {code} ({division.name}) is not active at Exact", "its rows are kept")
    if access is None or not access.suspended_because or access.retry_at is None:
        return None
    if now < access.retry_at <= now + SUSPENDED_FOR:  # beyond: by a clock that was set back
        return DivisionLost(access.suspended_because, f"it is tried again at {access.retry_at:%H:%M} UTC")
    return None
