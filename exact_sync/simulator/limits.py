"""Exact's limits: calls per division by the minute and by the day, and errors by the hour.

Minutes are fixed clock minutes and days end at 00:00 UTC; resets are epoch milliseconds.
Who exceeds one gets 429 with only that one's headers. Some contracts also cap what all divisions
of a connection use in a day; what Exact answers then is not known, here it is the day's 429,
whichever division asks. More than `error_limit` errors (400,
401, 403, 404) on one endpoint of one division within an hour block the app's key, for every
endpoint and division, for an hour: what Exact answers then is not known; here it is
`blocked_status`, 403 or 429. (Who goes on is blocked for longer; how much is not known either, and
here it stays an hour.) A refused call counts for nothing.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from exact_sync.simulator.clock import Clock

Headers = list[tuple[str, str]]
_HOUR = timedelta(hours=1)
ERRORS = frozenset({400, 401, 403, 404})


def milliseconds(moment: datetime) -> int:
    """An aware moment as epoch milliseconds."""
    return round(moment.timestamp() * 1000)


@dataclass
class _Window:
    """Calls used in the minute or day that ends at `end`."""

    end: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    used: int = 0


@dataclass
class _Division:
    minute: _Window = field(default_factory=_Window)
    day: _Window = field(default_factory=_Window)
    limited_until: datetime = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class _Connection:
    """All divisions together."""

    day: _Window = field(default_factory=_Window)
    limited_until: datetime = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Allowance:
    """The outcome for one call: the headers to send, and whether it is refused."""

    headers: Headers
    refused: bool


class Limits:
    """Counts per division and for the connection. The limits may be changed at any time."""

    def __init__(
        self,
        clock: Clock,
        *,
        minute_limit: int,
        day_limit: int,
        error_limit: int,
        connection_day_limit: int | None = None,
    ) -> None:
        """`connection_day_limit`: calls of all divisions together in a day; None: as many as they like."""
        self.clock = clock
        self.minute_limit = minute_limit
        self.day_limit = day_limit
        self.error_limit = error_limit
        self.connection_day_limit = connection_day_limit
        self.blocked_status = 403
        self._lock = threading.Lock()
        self._connection = _Connection()
        self._divisions: dict[int, _Division] = defaultdict(_Division)
        self._errors: dict[tuple[int | None, str], deque[datetime]] = defaultdict(deque)
        self._blocked_until = datetime(1970, 1, 1, tzinfo=UTC)

    def minute_end(self) -> datetime:
        """When the present clock minute ends."""
        return self.clock.now().replace(second=0, microsecond=0) + timedelta(minutes=1)

    def day_end(self) -> datetime:
        """The next 00:00 UTC."""
        return self.clock.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)

    def take(self, division: int) -> Allowance:
        """Count a call, or refuse it."""
        with self._lock:
            state, connection = self._roll(division), self._roll_connection()
            ceiling = self.connection_day_limit
            if ceiling is not None and connection.day.used >= ceiling:
                connection.limited_until = max(connection.limited_until, connection.day.end)
                return Allowance(self.day_headers(0, connection.day.end), refused=True)
            for window, limit, headers in (
                (state.day, self.day_limit, self.day_headers),
                (state.minute, self.minute_limit, self.minute_headers),
            ):
                if window.used >= limit:
                    state.limited_until = max(state.limited_until, window.end)
                    return Allowance(headers(0, window.end), refused=True)
            state.minute.used += 1
            state.day.used += 1
            connection.day.used += 1
            return Allowance(self._headers(state), refused=False)

    def limited(self, division: int) -> bool:
        """Whether this division, or the whole connection, got a 429 whose reset is still to come."""
        with self._lock:
            until = max(self._divisions[division].limited_until, self._connection.limited_until)
            return self.clock.now() < until

    def limit(self, division: int, until: datetime) -> None:
        """Note a 429 that was not of our own making, and its reset."""
        with self._lock:
            state = self._divisions[division]
            state.limited_until = max(state.limited_until, until)

    def used(self, division: int) -> tuple[int, int]:
        """Calls counted in this minute and on this day."""
        with self._lock:
            state = self._roll(division)
            return state.minute.used, state.day.used

    def used_by_all(self) -> int:
        """Calls counted on this day, of all divisions together."""
        with self._lock:
            return self._roll_connection().day.used

    def use_by_all(self, day: int) -> None:
        """Set what all divisions together have used already; what each has used stays as it is."""
        with self._lock:
            self._roll_connection().day.used = day

    def use(self, division: int, *, minute: int = 0, day: int = 0) -> None:
        """Set what is used already (for tests that want to be near a limit)."""
        with self._lock:
            state = self._roll(division)
            state.minute.used, state.day.used = minute, day

    def minute_headers(self, left: int, end: datetime | None = None) -> Headers:
        reset = milliseconds(end or self.minute_end())
        return [
            ("X-RateLimit-Minutely-Limit", str(self.minute_limit)),
            ("X-RateLimit-Minutely-Remaining", str(left)),
            ("X-RateLimit-Minutely-Reset", str(reset)),
        ]

    def day_headers(self, left: int, end: datetime | None = None) -> Headers:
        reset = milliseconds(end or self.day_end())
        return [
            ("X-RateLimit-Limit", str(self.day_limit)),
            ("X-RateLimit-Remaining", str(left)),
            ("X-RateLimit-Reset", str(reset)),
        ]

    def blocked(self) -> bool:
        """Whether too many errors have blocked the app's key."""
        with self._lock:
            return self.clock.now() < self._blocked_until

    def failed(self, division: int | None, endpoint: str) -> None:
        """Count an error; the one that is too many blocks the key for an hour."""
        now = self.clock.now()
        with self._lock:
            moments = self._errors[division, endpoint]
            while moments and now - moments[0] >= _HOUR:
                moments.popleft()
            moments.append(now)
            if len(moments) > self.error_limit:
                self._blocked_until = now + _HOUR
                moments.clear()

    def reset(self) -> None:
        """Forget everything counted."""
        with self._lock:
            self._divisions.clear()
            self._connection = _Connection()
            self._errors.clear()
            self._blocked_until = datetime(1970, 1, 1, tzinfo=UTC)

    def _headers(self, state: _Division) -> Headers:
        return [
            *self.day_headers(self.day_limit - state.day.used, state.day.end),
            *self.minute_headers(self.minute_limit - state.minute.used, state.minute.end),
        ]

    def _roll(self, division: int) -> _Division:
        """The division's windows, new ones where the clock has moved on (or back)."""
        state = self._divisions[division]
        minute, day = self.minute_end(), self.day_end()
        if state.minute.end != minute:
            state.minute = _Window(minute)
        if state.day.end != day:
            state.day = _Window(day)
        return state

    def _roll_connection(self) -> _Connection:
        day = self.day_end()
        if self._connection.day.end != day:
            self._connection.day = _Window(day)
        return self._connection
