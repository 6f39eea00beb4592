"""What is new: pure functions of a checkpoint, what was read, and Exact's clock.

All times here are Exact's wall clock (naive); no cursor ever comes from our own clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from exact_sync.errors import NeedsPerson
from exact_sync.exact.odata import Record
from exact_sync.exact.wallclock import in_repeated_hour, read_wall, to_wall

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
    return cursor - overlap


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

    def saw(self, records: Iterable[Record], server_time: datetime | None, now: datetime) -> "Reading":
        """The reading after one more page."""
        highest = _later(self.highest, highest_modified(records))
        if self.ceiling is not None:
            return Reading(highest, self.ceiling, self.trusted)
        if server_time is None:
            return Reading(highest, highest, False)
        return Reading(highest, to_wall(server_time), abs(server_time - now) < _CLOCKS_AGREE)

    def cursor_after(self, before: datetime | None) -> datetime | None:
        """The cursor when the last page has been taken over."""
        cursor = self.highest
        if cursor is not None and self.ceiling is not None:
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
    def from_json(cls, state: dict[str, object]) -> "Reading":
        highest, ceiling = state.get("highest"), state.get("ceiling")
        return cls(
            datetime.fromisoformat(str(highest)) if highest else None,
            datetime.fromisoformat(str(ceiling)) if ceiling else None,
            bool(state.get("trusted")),
        )


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return max(one, other)


@dataclass(frozen=True)
class Window:
    """A calendar month of history; the newest has no end, the oldest no beginning."""

    starts: date
    ends: date | None
    """The first day that no longer belongs to it."""
    open_start: bool = False

    @property
    def since(self) -> date | None:
        return None if self.open_start else self.starts


def windows(oldest: date, today: date, start_date: date | None = None) -> list[Window]:
    """All windows from the newest to the oldest."""
    first = max(oldest, start_date) if start_date else oldest
    month = today.replace(day=1)
    result, ends = [], None
    while True:
        is_last = month <= first
        starts = max(month, start_date) if start_date and is_last else month
        result.append(Window(starts, ends, open_start=is_last and start_date is None))
        if is_last:
            return result
        ends = month
        month = (month - timedelta(days=1)).replace(day=1)


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
