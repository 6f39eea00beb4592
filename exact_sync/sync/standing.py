"""Where a reading by row version stands: pure functions of what was read, and of the time between.

A row version tells nothing of time, and a transaction that took its numbers early may commit late:
its rows then appear below the highest version that was read. So a version only counts as settled
when a later reading, at least OVERLAP after the one that met it, began before it again.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from exact_sync.sync.cursors import OVERLAP

BEGINNING = 1
"""The first question is for versions above 1."""
READ_AGAIN = 500
"""So many of the last rows are read again at most: half a page, which costs no call."""
KEPT_FOR = timedelta(days=58)
"""Exact keeps its log of deletions for two months, February's included."""


@dataclass
class Brought:
    """What the pages of one reading brought."""

    highest: int = BEGINNING
    latest: deque[int] = field(default_factory=lambda: deque(maxlen=READ_AGAIN + 1))

    def add(self, versions: Iterable[int]) -> None:
        self.latest.extend(found := list(versions))
        self.highest = max([self.highest, *found])


@dataclass(frozen=True)
class Standing:
    """A position in a feed."""

    settled: int = BEGINNING
    """Nothing below can still appear."""
    highest: int = BEGINNING
    """The highest version of the last reading."""
    met_at: datetime | None = None
    """When ``highest`` was first met, by our clock."""
    read_at: datetime | None = None
    """When the last reading ended, by our clock."""
    moved_at: str | None = None
    """What Exact said then of the division's last move to another database."""

    def after(self, brought: "Brought", now: datetime) -> "Standing":
        """Where it stands after a reading that brought this and ended now."""
        settled, highest, met_at = self.settled, self.highest, self.met_at
        if met_at is None or now - met_at >= OVERLAP:
            settled = max(settled, highest) if met_at is not None else settled
            if met_at is None or brought.highest > highest:
                met_at, highest = now, max(highest, brought.highest)
        if len(brought.latest) > READ_AGAIN:
            settled = max(settled, min(brought.latest))
        return replace(self, settled=settled, highest=highest, met_at=met_at, read_at=now)

    def is_too_old(self, now: datetime) -> bool:
        """True if deletions since the last reading may have left Exact's log already."""
        return self.read_at is not None and now - self.read_at > KEPT_FOR

    def has_expired(self, now: datetime) -> bool:
        """True if all that was met may have left Exact's log by itself."""
        return self.met_at is None or now - self.met_at > KEPT_FOR

    def as_json(self) -> dict[str, Any]:
        return {
            "settled": self.settled,
            "highest": self.highest,
            "met_at": self.met_at.isoformat() if self.met_at else None,
            "read_at": self.read_at.isoformat() if self.read_at else None,
            "moved_at": self.moved_at,
        }

    @classmethod
    def from_json(cls, state: object) -> "Standing | None":
        """What ``as_json`` made; None if it is absent or unreadable."""
        if not isinstance(state, dict):
            return None
        try:
            return cls(
                int(state["settled"]),
                int(state["highest"]),
                datetime.fromisoformat(state["met_at"]) if state["met_at"] else None,
                datetime.fromisoformat(state["read_at"]) if state["read_at"] else None,
                state["moved_at"],
            )
        except (LookupError, ValueError, TypeError):
            return None
