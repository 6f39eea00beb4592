"""Which divisions a run is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from exact_sync.errors import BadConfiguration, DivisionLost, ExactSyncError
from exact_sync.store.divisions import Access, Division


@dataclass(frozen=True)
class Selection:
    """Divisions to read, and those that were asked for and can't be read."""

    divisions: list[int]
    failures: dict[int, ExactSyncError]


def select(
    listed: Mapping[int, Division],
    access: Mapping[int, Access],
    wanted: Sequence[int] | None,
    restricted_to: Sequence[int],
    now: datetime,
    *,
    insist: bool = False,
) -> Selection:
    """The divisions of a run: ``wanted`` by the settings (None: all active ones), of those only
    the ones that the command line names. ``insist``: also those suspended just now.
    """
    configured = list(wanted) if wanted is not None else [d.code for d in listed.values() if d.active]
    for code in restricted_to:
        if code not in configured and (wanted is not None or code not in listed):
            known = ", ".join(map(str, configured[:10])) or "none"
            raise BadConfiguration(
                f"division {code} is not among the divisions to sync",
                f"they are: {known}; see exact-sync status",
            )
    chosen: list[int] = []
    failures: dict[int, ExactSyncError] = {}
    for code in restricted_to or configured:
        division, known_access = listed.get(code), access.get(code)
        if division is None:
            failures[code] = DivisionLost(
                f"division {code}: Exact does not list it for this sign-in",
                "its rows are kept; give the user and the consent access, or take it out of the settings",
            )
        elif not division.active:
            failures[code] = DivisionLost(
                f"division {code} ({division.name}) is not active at Exact", "its rows are kept"
            )
        elif not insist and _is_suspended(known_access, now):
            assert known_access is not None  # noqa: S101 - narrowed above
            failures[code] = DivisionLost(
                str(known_access.suspended_because), f"it is tried again at {known_access.retry_at:%H:%M} UTC"
            )
        else:
            chosen.append(code)
    return Selection(chosen, failures)


def _is_suspended(access: Access | None, now: datetime) -> bool:
    return bool(access and access.suspended_because and access.retry_at is not None and now < access.retry_at)
