"""One of Exact's limits, as its headers state it: epoch milliseconds, mostly."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

MINUTE_BOUND = timedelta(seconds=65)
DAY_BOUND = timedelta(hours=25)


@dataclass
class Limit:
    """One of the two limits, as far as it is known."""

    limit: int | None = None
    remaining: int | None = None
    resets_at: datetime | None = None

    def spent(self, now: datetime, bound: timedelta, leave: int = 0) -> bool:
        """``leave``: so many calls must be left. ``bound``: a reset further ahead than that means
        that our clock was set back.
        """
        if self.remaining is None or self.resets_at is None:
            return False
        if not now < self.resets_at <= now + bound:
            return False
        return self.remaining <= leave

    def as_json(self) -> dict[str, Any]:
        reset = self.resets_at.isoformat() if self.resets_at else None
        return {"limit": self.limit, "remaining": self.remaining, "resets_at": reset}


def until_reset(text: str | None, there: datetime) -> timedelta | None:
    """Time from Exact's now to a reset given in epoch milliseconds, epoch seconds or plain seconds."""
    value = whole(text)
    if value is None:
        return None
    if value > 100_000_000_000:
        value //= 1000
    if value > 1_000_000_000:
        try:
            wait = datetime.fromtimestamp(value, UTC) - there
        except (OverflowError, ValueError, OSError):
            return None
        return wait if abs(wait) < timedelta(days=2) else None
    return timedelta(seconds=value) if 0 <= value <= 90_000 else None


def bounded(wait: timedelta | None, bound: timedelta, default: timedelta, past: timedelta) -> timedelta:
    """How long to wait after a 429. ``default``: where no reset is known, or one beyond ``bound``;
    ``past``: where it should have been already.
    """
    if wait is None or wait > bound:
        return min(default, bound)
    return max(wait, timedelta(seconds=1)) if wait > timedelta() else past


def whole(text: str | None) -> int | None:
    try:
        return int(text or "")
    except ValueError:
        return None


def moment_of(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def limit_of(state: Mapping[str, Any] | None) -> Limit:
    state = state or {}
    return Limit(state.get("limit"), state.get("remaining"), moment_of(state.get("resets_at")))
