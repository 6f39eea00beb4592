"""Exact's wall clock: Europe/Amsterdam without an offset, in `/Date(ms)/` and in filters.

All functions are pure. Exact writes the local time of its servers as if it were UTC; the
sources and the counter-evidence are in docs/exact-online.md.
"""

import re
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock has no zone

_DATE = re.compile(r"/Date\((-?\d{1,18})([+-]\d{4})?\)/", re.ASCII)


def to_instant(wall: datetime) -> datetime:
    """The moment a wall-clock time stands for; in the repeated autumn hour the earlier one."""
    return wall.replace(tzinfo=AMSTERDAM, fold=0).astimezone(UTC)


def to_wall(instant: datetime) -> datetime:
    """What Exact's clock on the wall shows at a moment."""
    return instant.astimezone(AMSTERDAM).replace(tzinfo=None, fold=0)


def ahead(wall: datetime) -> timedelta:
    """How far the clock on the wall is ahead of UTC when it shows this."""
    offset = wall.replace(tzinfo=AMSTERDAM, fold=0).utcoffset()
    assert offset is not None  # noqa: S101 - the zone is known
    return offset


@cache
def rules() -> tuple[timedelta, ...]:
    """How far the wall clock is ahead of UTC in each month of this century's first six decades: what is
    made of a wall-clock time, and kept, holds for as long as this.
    """
    months = (datetime(year, month, 1) for year in range(2000, 2060) for month in range(1, 13))  # noqa: DTZ001
    return tuple(map(ahead, months))


def in_repeated_hour(wall: datetime) -> bool:
    """True inside the hour that autumn has twice, where a wall clock can't tell which one is meant."""
    local = wall.replace(tzinfo=AMSTERDAM)
    first, second = local.utcoffset(), local.replace(fold=1).utcoffset()
    return first is not None and second is not None and second < first


def from_milliseconds(milliseconds: int) -> datetime:
    """A wall-clock time. Raises OverflowError outside the years 1 to 9999."""
    return EPOCH + timedelta(milliseconds=milliseconds)


def read_moment(text: str) -> datetime:
    """The instant (UTC) of a `/Date(ms)/` or an ISO text without an offset.

    With an offset, `/Date(ms+0200)/` follows Microsoft's own convention: the milliseconds are
    true UTC. Raises ValueError or OverflowError for what is no moment that can be held.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        parsed = datetime.fromisoformat(text)
        return to_instant(parsed) if parsed.tzinfo is None else parsed.astimezone(UTC)
    moment = from_milliseconds(int(match[1]))
    return moment.replace(tzinfo=UTC) if match[2] else to_instant(moment)


def read_date(text: str) -> date:
    """The calendar date of a `/Date(ms)/` or an ISO text; never moved by any time zone."""
    match = _DATE.fullmatch(text)
    if match is None:
        return datetime.fromisoformat(text).date()
    moment = from_milliseconds(int(match[1]))
    if match[2]:
        sign = -1 if match[2][0] == "-" else 1
        moment += sign * timedelta(hours=int(match[2][1:3]), minutes=int(match[2][3:]))
    return moment.date()


def read_wall(value: object) -> datetime | None:
    """The wall-clock time of a `/Date(ms)/` as it stands, or None if it is not one."""
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[2]:
        return None
    try:
        return from_milliseconds(int(match[1]))
    except OverflowError:
        return None


def literal(wall: datetime) -> str:
    """A filter literal, cut to whole seconds (earlier, never later)."""
    return f"datetime'{wall.replace(microsecond=0).isoformat()}'"


def http_date(text: str | None) -> datetime | None:
    """The instant of an HTTP Date header (UTC), or None where it is absent or unreadable."""
    if not text:
        return None
    try:
        parsed = parsedate_to_datetime(text)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):  # a year with eleven digits is an overflow
        return None
