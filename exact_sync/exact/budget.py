"""How many calls a division may still make: Exact's limits as its answers state them.

Sources: the rate-limit headers (epoch milliseconds; a 429 may carry one of the two sets, or
none) and our own count of errors. The state is plain JSON, so that it outlives the process.
"""

import random
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from exact_sync.clock import Clock
from exact_sync.errors import BudgetSpent, Refused
from exact_sync.exact.wallclock import http_date

MINUTE_BOUND = timedelta(seconds=65)
DAY_BOUND = timedelta(hours=25)
ERRORS_AN_HOUR = 5
"""Errors on one endpoint after which we stop asking; Exact blocks the app after ten."""

_HOUR = timedelta(hours=1)


def _jitter() -> float:
    return random.uniform(0.1, 2.0)  # noqa: S311 - spreads waits, guards nothing


@dataclass
class Limit:
    """One of Exact's two limits, as far as it is known."""

    limit: int | None = None
    remaining: int | None = None
    resets_at: datetime | None = None

    def spent(self, now: datetime, bound: timedelta, reserve: float = 0.0) -> bool:
        """``bound``: a reset further ahead than that means that our clock was set back."""
        if self.remaining is None or self.resets_at is None:
            return False
        if not now < self.resets_at <= now + bound:
            return False
        return self.remaining <= int((self.limit or 0) * reserve)

    def as_json(self) -> dict[str, Any]:
        reset = self.resets_at.isoformat() if self.resets_at else None
        return {"limit": self.limit, "remaining": self.remaining, "resets_at": reset}


class Budget:
    """The calls of one division. Its lock keeps requests strictly one after another."""

    def __init__(
        self,
        division: int,
        clock: Clock,
        *,
        day_reserve: float = 0.1,
        state: Mapping[str, Any] | None = None,
        jitter: Callable[[], float] = _jitter,
    ) -> None:
        self.division = division
        self.one_at_a_time = threading.Lock()
        self.calls = 0
        """How many calls this process has made."""
        self._clock = clock
        self._day_reserve = day_reserve
        self._jitter = jitter
        state = state or {}
        self.minute = _limit(state.get("minute"))
        self.day = _limit(state.get("day"))
        self.parked_until = _moment(state.get("parked_until"))
        self._cap: int | None = state.get("cap")
        self._recent: deque[datetime] = deque(maxlen=1000)
        self._errors = {
            endpoint: [moment for moment in map(_moment, moments) if moment]
            for endpoint, moments in dict(state.get("errors") or {}).items()
        }

    def as_json(self) -> dict[str, Any]:
        """What the next process has to know."""
        return {
            "minute": self.minute.as_json(),
            "day": self.day.as_json(),
            "parked_until": self.parked_until.isoformat() if self.parked_until else None,
            "cap": self._cap,
            "errors": {e: [m.isoformat() for m in moments] for e, moments in self._errors.items() if moments},
        }

    def before_call(self, endpoint: str) -> None:
        """Wait until a call is allowed; raises BudgetSpent where that takes longer than a minute."""
        self._check_errors(endpoint)
        while True:
            now = self._clock.now()
            wait_until = self._blocked_until(now)
            if wait_until is None:
                break
            if wait_until - now > MINUTE_BOUND + timedelta(seconds=2):
                raise BudgetSpent(
                    f"division {self.division}: no calls are left until {wait_until:%Y-%m-%d %H:%M} UTC",
                    "nothing is lost; it goes on after that",
                    until=wait_until,
                )
            self._clock.sleep((wait_until - now).total_seconds() + self._jitter())
        self._recent.append(now)
        self.calls += 1

    def heard(self, headers: Mapping[str, str]) -> None:
        """Take over what an answer says of the limits; sets that it leaves out keep their figures."""
        now = self._clock.now()
        there = http_date(headers.get("Date")) or now
        for limit, prefix, bound in (
            (self.minute, "X-RateLimit-Minutely-", MINUTE_BOUND),
            (self.day, "X-RateLimit-", DAY_BOUND),
        ):
            remaining = _whole(headers.get(f"{prefix}Remaining"))
            if remaining is None:
                continue
            limit.limit = _whole(headers.get(f"{prefix}Limit")) or limit.limit
            limit.remaining = remaining
            wait = _until_reset(headers.get(f"{prefix}Reset"), there)
            limit.resets_at = now + min(max(wait, timedelta()), bound) if wait is not None else None

    def limited(self, headers: Mapping[str, str]) -> None:
        """A 429: nothing is called before its reset. Raises BudgetSpent where that is the day's."""
        now = self._clock.now()
        there = http_date(headers.get("Date")) or now
        by_minute = "X-RateLimit-Minutely-Remaining" in headers or "X-RateLimit-Minutely-Reset" in headers
        by_day = "X-RateLimit-Remaining" in headers or "X-RateLimit-Reset" in headers
        if by_minute and by_day:
            by_day = _whole(headers.get("X-RateLimit-Remaining")) == 0
            by_minute = not by_day
        retry_after = _until_reset(headers.get("Retry-After"), there)
        if not by_minute and not by_day and retry_after is not None:
            by_minute = retry_after <= MINUTE_BOUND
        if by_minute:
            if (_whole(headers.get("X-RateLimit-Minutely-Remaining")) or 0) > 0:
                self._shrink(now)
            wait = _until_reset(headers.get("X-RateLimit-Minutely-Reset"), there) or retry_after
            self.parked_until = now + _bounded(wait, MINUTE_BOUND, timedelta(seconds=60))
            self.minute.resets_at = self.parked_until
            return
        midnight = (there + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0) - there
        wait = _until_reset(headers.get("X-RateLimit-Reset"), there) or retry_after
        self.parked_until = now + _bounded(wait, DAY_BOUND, midnight)
        self.day.resets_at = self.parked_until
        raise BudgetSpent(
            f"division {self.division}: no calls are allowed until {self.parked_until:%Y-%m-%d %H:%M} UTC",
            "nothing is lost; it goes on after that",
            until=self.parked_until,
        )

    def failed(self, endpoint: str) -> None:
        """Count an answer of 400, 401, 403 or 404."""
        self._errors.setdefault(endpoint, []).append(self._clock.now())

    def repeated(self, endpoint: str) -> None:
        """Count a call that was answered with 401 and made again at once."""
        self.failed(endpoint)
        self._recent.append(self._clock.now())
        self.calls += 1

    def _check_errors(self, endpoint: str) -> None:
        now = self._clock.now()
        recent = [moment for moment in self._errors.get(endpoint, []) if now - _HOUR < moment <= now]
        self._errors[endpoint] = recent
        if len(recent) >= ERRORS_AN_HOUR:
            raise Refused(
                f"division {self.division}: {endpoint} failed {len(recent)} times within the hour",
                f"left alone until {recent[0] + _HOUR:%H:%M} UTC: Exact blocks an app after ten errors",
            )

    def _blocked_until(self, now: datetime) -> datetime | None:
        if self.parked_until and now < self.parked_until <= now + DAY_BOUND:
            return self.parked_until
        if self.day.spent(now, DAY_BOUND, self._day_reserve):
            return self.day.resets_at
        if self.minute.spent(now, MINUTE_BOUND):
            return self.minute.resets_at
        if self._cap is not None:
            recent = self._last_minute(now)
            if len(recent) >= self._cap:
                return recent[-self._cap] + timedelta(seconds=60)
        return None

    def _shrink(self, now: datetime) -> None:
        """Exact refused although calls seemed left: allow fewer a minute than were just made."""
        made = len(self._last_minute(now))
        self._cap = max(5, min(self._cap or made, made) - 1)

    def _last_minute(self, now: datetime) -> list[datetime]:
        return [moment for moment in self._recent if now - timedelta(seconds=60) < moment <= now]


def _until_reset(text: str | None, there: datetime) -> timedelta | None:
    """Time from Exact's now to a reset given in epoch milliseconds, epoch seconds or plain seconds."""
    value = _whole(text)
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


def _bounded(wait: timedelta | None, bound: timedelta, default: timedelta) -> timedelta:
    if wait is None or wait > bound:
        return min(default, bound)
    return max(wait, timedelta(seconds=1))


def _whole(text: str | None) -> int | None:
    try:
        return int(text or "")
    except ValueError:
        return None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _limit(state: Mapping[str, Any] | None) -> Limit:
    state = state or {}
    return Limit(state.get("limit"), state.get("remaining"), _moment(state.get("resets_at")))
