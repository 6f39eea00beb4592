"""How many calls a division may still make: Exact's limits as its answers state them.

Sources: the rate-limit headers (epoch milliseconds; a 429 may carry one of the two sets, or
none) and our own count of errors. The state is plain JSON, so that it outlives the process.
"""

import random
import threading
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from exact_sync.clock import Clock
from exact_sync.errors import BackfillSpent, BudgetSpent, GivesWay
from exact_sync.exact.breaker import Breaker
from exact_sync.exact.limit import (
    DAY_BOUND,
    MINUTE_BOUND,
    bounded,
    limit_of,
    moment_of,
    until_reset,
    whole,
)
from exact_sync.exact.wallclock import http_date

MOST_FOR_SMALL_READS = 0.8
"""The largest part of a day's calls that first loads leave to small reads: they must end some day."""

_HOUR = timedelta(hours=1)
_USUAL_A_MINUTE, _MOST_A_MINUTE = 60, 200
_DAY_IS_OVER = timedelta(minutes=15)
"""The wait after a 429 of a day that, by its reset, is over: Exact may be late, or the reset nonsense."""


def _jitter() -> float:
    return random.uniform(0.1, 2.0)  # noqa: S311 - spreads waits, guards nothing


class Common(Protocol):
    """A budget that all divisions have in common."""

    def take(self, *, is_backfill: bool) -> None:
        """Count a call; raises BudgetSpent where there is none left."""
        ...


class Budget:
    """The calls of one division. Its lock keeps requests strictly one after another."""

    def __init__(
        self,
        division: int,
        clock: Clock,
        *,
        day_reserve: float = 0.1,
        calls_an_hour: float = 0.0,
        common: Common | None = None,
        state: Mapping[str, Any] | None = None,
        jitter: Callable[[], float] = _jitter,
    ) -> None:
        self.division = division
        self.one_at_a_time = threading.Lock()
        self.breaker = Breaker(clock, division, state)
        self.calls = 0
        """How many calls this process has made."""
        self._of_thread = threading.local()
        self.saved = state
        """What the database has, as far as we know."""
        self._clock = clock
        self._day_reserve = day_reserve
        self._calls_an_hour = calls_an_hour
        self._common = common
        self._jitter = jitter
        state = state or {}
        self.minute = limit_of(state.get("minute"))
        self.day = limit_of(state.get("day"))
        self.parked_until = moment_of(state.get("parked_until"))
        self._cap: int | None = state.get("cap")
        self._capped_at = moment_of(state.get("capped_at")) or clock.now()
        self._recent: deque[datetime] = deque(maxlen=_MOST_A_MINUTE)

    @property
    def gives_way(self) -> Callable[[], bool] | None:
        """Set while this thread reads something long: whether other work waits, which goes before it.

        The list of divisions may be read through the same division at that time, by another thread.
        """
        return getattr(self._of_thread, "gives_way", None)

    @gives_way.setter
    def gives_way(self, gives_way: Callable[[], bool] | None) -> None:
        self._of_thread.gives_way = gives_way

    def stay_parked(self, before: "Budget") -> None:
        """Nothing is called before a reset that this process knows of, although it could not be stored."""
        resets = [moment for moment in (self.parked_until, before.parked_until) if moment]
        self.parked_until = max(resets, default=None)

    def as_json(self) -> dict[str, Any]:
        """What the next process has to know."""
        self.saved = {
            "minute": self.minute.as_json(),
            "day": self.day.as_json(),
            "parked_until": self.parked_until.isoformat() if self.parked_until else None,
            "cap": self._cap,
            "capped_at": self._capped_at.isoformat() if self._cap else None,
            **self.breaker.as_json(),
        }
        return self.saved

    def before_call(self, endpoint: str) -> None:
        """Wait until a call is allowed; raises BudgetSpent where that takes longer than a minute, and
        Refused or ExactAway where the endpoint had too many errors.

        A first load raises GivesWay instead of waiting, where other work can go on meanwhile, and
        BackfillSpent where what is left of the day is for small reads.
        """
        self.breaker.check(endpoint)
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
            if self.gives_way is not None and self.gives_way():
                raise GivesWay(f"division {self.division}: the minute's calls are used up", until=wait_until)
            self._clock.sleep((wait_until - now).total_seconds() + self._jitter())
        if self.gives_way is not None:
            self.check_room()
        self._count(now)

    def check_room(self, calls: int = 0) -> None:
        """For a long reading: raises BackfillSpent where only what small reads will need is left of
        the day, or would be after so many calls.
        """
        now, limit, resets_at = self._clock.now(), self.day.limit or 0, self.day.resets_at
        if resets_at is None:
            return
        leave = int(limit * self._day_reserve) + left_to_small_reads(
            self._calls_an_hour, limit * (1 - self._day_reserve), resets_at - now
        )
        # Longer than any day has room for: the day's first calls go to it.
        calls = min(calls, max(0, limit - 1 - leave) // 2)
        if self.day.spent(now, DAY_BOUND, leave + calls):
            raise BackfillSpent(
                f"division {self.division}: the {self.day.remaining:,} calls that are left until "
                f"{resets_at:%Y-%m-%d %H:%M} UTC are for small reads",
                "nothing is lost; what takes many calls goes on after that",
                until=resets_at,
            )

    def heard(self, headers: Mapping[str, str]) -> None:
        """Take over what an answer says of the limits; sets that it leaves out keep their figures."""
        now = self._clock.now()
        there = http_date(headers.get("Date")) or now
        for limit, prefix, bound in (
            (self.minute, "X-RateLimit-Minutely-", MINUTE_BOUND),
            (self.day, "X-RateLimit-", DAY_BOUND),
        ):
            remaining = whole(headers.get(f"{prefix}Remaining"))
            if remaining is None:
                continue
            limit.limit = whole(headers.get(f"{prefix}Limit")) or limit.limit
            limit.remaining = remaining
            wait = until_reset(headers.get(f"{prefix}Reset"), there)
            limit.resets_at = now + min(max(wait, timedelta()), bound) if wait is not None else None

    def limited(self, headers: Mapping[str, str]) -> None:
        """A 429: nothing is called before its reset. Raises BudgetSpent where that is the day's."""
        now = self._clock.now()
        there = http_date(headers.get("Date")) or now
        by_minute = "X-RateLimit-Minutely-Remaining" in headers or "X-RateLimit-Minutely-Reset" in headers
        by_day = "X-RateLimit-Remaining" in headers or "X-RateLimit-Reset" in headers
        if by_minute and by_day:
            by_day = whole(headers.get("X-RateLimit-Remaining")) == 0
            by_minute = not by_day
        retry_after = until_reset(headers.get("Retry-After"), there)
        if not by_minute and not by_day and retry_after is not None:
            by_minute = retry_after <= MINUTE_BOUND
        if by_minute:
            if (whole(headers.get("X-RateLimit-Minutely-Remaining")) or 0) > 0:
                self._shrink(now)
            wait = until_reset(headers.get("X-RateLimit-Minutely-Reset"), there)
            wait = retry_after if wait is None else wait
            self.parked_until = now + bounded(wait, MINUTE_BOUND, timedelta(seconds=60), timedelta(seconds=1))
            self.minute.resets_at = self.parked_until
            return
        midnight = (there + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0) - there
        wait = until_reset(headers.get("X-RateLimit-Reset"), there)
        wait = retry_after if wait is None else wait
        self.parked_until = now + bounded(wait, DAY_BOUND, midnight, _DAY_IS_OVER)
        self.day.resets_at = self.parked_until
        raise BudgetSpent(
            f"division {self.division}: no calls are allowed until {self.parked_until:%Y-%m-%d %H:%M} UTC",
            "nothing is lost; it goes on after that",
            until=self.parked_until,
        )

    def repeated(self) -> None:
        """Count a call that was made again at once, because its token was refused."""
        self._count(self._clock.now())

    def _count(self, now: datetime) -> None:
        if self._common is not None:
            self._common.take(is_backfill=self.gives_way is not None)
        self._recent.append(now)
        self.calls += 1

    def _blocked_until(self, now: datetime) -> datetime | None:
        bound = MINUTE_BOUND if self.parked_until == self.minute.resets_at else DAY_BOUND
        if self.parked_until and now < self.parked_until <= now + bound:
            return self.parked_until
        if self.day.spent(now, DAY_BOUND, int((self.day.limit or 0) * self._day_reserve)):
            return self.day.resets_at
        if self.minute.spent(now, MINUTE_BOUND):
            return self.minute.resets_at
        cap = self._cap_at(now)
        if cap is not None:
            recent = self._last_minute(now)
            if len(recent) >= cap:
                return recent[-cap] + timedelta(seconds=60)
        return None

    def _shrink(self, now: datetime) -> None:
        """Exact refused although calls seemed left: allow fewer a minute than were just made.

        Where those are less than half of what Exact allows, it was not our pace: others call, too.
        """
        made, cap = len(self._last_minute(now)), self._cap_at(now)
        if made > self._stated() // 2:
            self._cap, self._capped_at = min(cap or made, made) - 1, now

    def _cap_at(self, now: datetime) -> int | None:
        """Our own limit of a minute, which rises by one an hour until it is Exact's again."""
        if self._cap is None:
            return None
        cap = max(self._cap, self._stated() // 2, 1) + max(0, int((now - self._capped_at) / _HOUR))
        return cap if cap < self._stated() else None

    def _stated(self) -> int:
        return self.minute.limit or _USUAL_A_MINUTE

    def _last_minute(self, now: datetime) -> list[datetime]:
        return [moment for moment in self._recent if now - timedelta(seconds=60) < moment <= now]


def left_to_small_reads(calls_an_hour: float, usable: float, until_reset: timedelta) -> int:
    """How many of a day's usable calls first loads leave: what small reads will need until the reset."""
    needed = calls_an_hour * max(0.0, until_reset / _HOUR)
    return int(min(needed, usable * MOST_FOR_SMALL_READS))
