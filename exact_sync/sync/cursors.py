"""What is new: pure functions of a checkpoint, what was read, and Exact's clock.

All times here are Exact's wall clock (naive); no cursor ever comes from our own clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from exact_sync.errors import NeedsPerson
from exact_sync.exact.odata import Record
from exact_sync.exact.wallclock import in_repeated_hour, read_wall, to_instant, to_wall

OVERLAP = timedelta(minutes=15)
"""Records that are committed late appear with a Modified up to this much before the cursor."""

QUIET = timedelta(hours=1)
"""How far behind Exact's clock a cursor may follow it when nothing new came."""

_CLOCKS_AGREE = timedelta(minutes=10)
_BEGINNING = datetime(1900, 1, 1)  # noqa: DTZ001 - wall clock


def parse(text: str | None, resource: str, division: int) -> datetime | None:
    """A stored cursor. Raises NeedsPerson, naming the command that helps, if it is unreadable."""
    if text is None:
        return None
    try:
        cursor = datetime.fromisoformat(text)
    except ValueError:
        cursor = None
    if cursor is None or cursor.tzinfo is not None or cursor < _BEGINNING:
        raise NeedsPerson(
            f"the checkpoint of {resource} in division {division} is unreadable: {text[:40]!r}",
            f"run: exact-sync reset {resource} --division {division}",
        )
    return cursor


def check_not_ahead(cursor: datetime, server_time: datetime | None, resource: str, division: int) -> None:
    """Raises NeedsPerson for a cursor beyond Exact's own clock: nothing would ever be new."""
    if server_time is not None and cursor > to_wall(server_time) + timedelta(days=1):
        raise NeedsPerson(
            f"the checkpoint of {resource} in division {division} is in the future: {cursor:%Y-%m-%d %H:%M}",
            f"run: exact-sync reset {resource} --division {division}",
        )


def read_from(cursor: datetime, overlap: timedelta = OVERLAP) -> datetime:
    """Where the next reading starts."""
    if in_repeated_hour(cursor):
        # Its second pass shows the same times again, so all of the hour may still be new.
        cursor = cursor.replace(minute=0, second=0, microsecond=0)
    # Counted in real time too: across the hour that spring skips, a clock on the wall runs ahead.
    return min(cursor - overlap, to_wall(to_instant(cursor) - overlap))


def position(stored: object, select: str) -> dict[str, Any]:
    """Where an unfinished reading goes on; empty where that is unreadable, or where ``select`` (what
    is asked for, in short) has changed since: then the reading begins again, which loses nothing.
    """
    if not isinstance(stored, dict) or stored.get("select") != select:
        return {}
    return stored if isinstance(stored.get("link"), str) else {}


def highest_modified(records: Iterable[Record]) -> datetime | None:
    """The highest Modified of some records."""
    return max((moment for record in records if (moment := read_wall(record.get("Modified")))), default=None)


@dataclass(frozen=True)
class Reading:
    """What a reading has seen so far; it lives in the checkpoint until its last page."""

    highest: datetime | None = None
    ceiling: datetime | None = None
    """What the first page guarantees: nothing committed after it was passed over unseen."""
    trusted: bool = False
    """Exact's clock and ours agree, so the ceiling is not a slip of a clock."""

    def saw_up_to(self, highest: datetime | None, server_time: datetime | None, now: datetime) -> "Reading":
        """The reading after one more page. ``highest``: the page's highest Modified."""
        highest = _later(self.highest, highest)
        if self.ceiling is not None:
            return Reading(highest, self.ceiling, self.trusted)
        if server_time is None:
            return Reading(highest, highest, False)
        return Reading(highest, to_wall(server_time), abs(server_time - now) < _CLOCKS_AGREE)

    def cursor_after(self, before: datetime | None) -> datetime | None:
        """The cursor when the last page has been taken over.

        Where nothing came it stays: lost rights look like that too, and asking again costs no more.
        """
        cursor = self.highest
        if cursor is None:
            return before
        if self.ceiling is not None:
            # A row that changed behind our back while pages were read may be older than the newest
            # one seen; and a Modified in the future must not carry the cursor along.
            cursor = min(cursor, self.ceiling)
        if self.trusted and self.ceiling is not None:
            cursor = _later(cursor, self.ceiling - QUIET)
        return _later(before, cursor)

    def as_json(self) -> dict[str, object]:
        return {
            "highest": self.highest.isoformat() if self.highest else None,
            "ceiling": self.ceiling.isoformat() if self.ceiling else None,
            "trusted": self.trusted,
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> "Reading | None":
        """What ``as_json`` made; None if it is unreadable."""
        highest, ceiling = state.get("highest"), state.get("ceiling")
        try:
            return cls(
                datetime.fromisoformat(str(highest)) if highest else None,
                datetime.fromisoformat(str(ceiling)) if ceiling else None,
                bool(state.get("trusted")),
            )
        except ValueError:
            return None


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return max(one, other)


@dataclass(frozen=True)
class Window:
    """A part of history: what is dated in [since, ends)."""

    starts: date
    """The day that names it."""
    since: date | None
    """None for the oldest, where history is read from its beginning."""
    ends: date | None
    """None for the newest."""


WINDOW_RECORDS = 300
"""About so many records a window should hold: five pages of sixty."""


def window_starts(oldest: date, today: date, records: int | None) -> list[date]:
    """Cut history from ``oldest`` on into windows of whole months, newest first.

    ``records``: how many there are; a small administration gets long windows, because each costs
    a call however little is in it. None (unknown): a month each.
    """
    month = today.replace(day=1)
    span = max(1, (month.year - oldest.year) * 12 + month.month - oldest.month + 1)
    months = 1 if records is None else max(1, min(span, WINDOW_RECORDS * span // max(1, records)))
    starts = [month]
    while starts[-1] > oldest:
        starts.append(_months_before(starts[-1], months))
    return starts


def windows(starts: Iterable[date], today: date, start_date: date | None = None) -> list[Window]:
    """The windows that begin on these days, newest first, as far back as ``start_date``.

    Where the newest has become as long as the one before it, this month begins a new one.
    """
    newest_first = sorted(starts, reverse=True)
    month = today.replace(day=1)
    length = newest_first[0] - newest_first[1] if len(newest_first) > 1 else timedelta(days=28)
    if month - newest_first[0] >= length:
        newest_first.insert(0, month)
    result: list[Window] = []
    ends: date | None = None
    for start in newest_first:
        is_oldest = start == newest_first[-1] or (start_date is not None and start <= start_date)
        result.append(Window(start, start_date if is_oldest else start, ends))
        if is_oldest:
            break
        ends = start
    return result


def _months_before(day: date, months: int) -> date:
    index = max(12, day.year * 12 + day.month - 1 - months)  # no day is before the first of year 1
    return date(index // 12, index % 12 + 1, 1)


def is_recent(window: Window, today: date, days: int) -> bool:
    """True if the window reaches into the last ``days`` days."""
    return window.ends is None or window.ends > today - timedelta(days=days)


def is_suspect(seen: int, known: int, accepted: int | None) -> bool:
    """True if a list is so much smaller than what we hold that it may be silence, not news."""
    if accepted is not None and seen >= accepted * SUSPECT_SHARE:
        return False
    if seen == 0:
        return known > 0
    return known > SUSPECT_FROM and seen < known * SUSPECT_SHARE


SUSPECT_FROM = 20
"""Lists of up to this many rows may shrink freely, except to nothing."""
SUSPECT_SHARE = 0.8
"""A list that brings less than this share of the rows we hold is suspect."""
