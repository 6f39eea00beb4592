"""The calls that all divisions of a connection may make together on a day, where a contract caps them.

Exact's answers don't tell this limit, so the calls are counted by us, in the database, for all
processes. Each takes a few at a time.
"""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from exact_sync.clock import Clock
from exact_sync.errors import BackfillSpent, BudgetSpent
from exact_sync.exact.budget import left_to_small_reads

AT_ONCE = 20
"""Calls taken from the database at a time; what a killed process had in hand is lost for the day."""

Take = Callable[[date, int, int], tuple[int, int]]
"""Takes up to so many calls (second) of a day's limit (third): how many it got, and how many of the
day's calls are taken now."""


class ConnectionBudget:
    """One for the whole process, shared by all threads. The day is UTC's."""

    def __init__(
        self,
        limit: int,
        clock: Clock,
        take: Take,
        *,
        day_reserve: float,
        calls_an_hour: Callable[[], float],
    ) -> None:
        """``calls_an_hour``: what the small reads of all divisions need."""
        self._usable = int(limit * (1 - day_reserve))
        self._clock = clock
        self._take = take
        self._calls_an_hour = calls_an_hour
        self._mutex = threading.Lock()
        self._day: date | None = None
        self._in_hand = 0
        self._taken = 0
        self._need = 0.0

    def take(self, *, is_backfill: bool) -> None:
        """Count a call. Raises BudgetSpent where none is left, BackfillSpent where what is left is
        for small reads.
        """
        with self._mutex:
            now = self._clock.now()
            if self._day != now.date():
                self._day, self._in_hand = now.date(), 0
            if self._in_hand == 0:
                self._in_hand, self._taken = self._take(now.date(), AT_ONCE, self._usable)
                self._need = self._calls_an_hour()
            midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
            left = self._usable - self._taken + self._in_hand
            if self._in_hand == 0:
                raise BudgetSpent(
                    f"the {self._usable:,} calls that all divisions together may make today are used up",
                    "nothing is lost; it goes on at midnight UTC",
                    until=midnight,
                )
            if is_backfill and left <= left_to_small_reads(self._need, self._usable, midnight - now):
                raise BackfillSpent(
                    f"the {left:,} calls that are left today for all divisions are for small reads",
                    "nothing is lost; first loads go on at midnight UTC",
                    until=midnight,
                )
            self._in_hand -= 1

    def rest(self) -> tuple[date, int] | None:
        """What was taken and not needed, and of which day; it is no longer ours."""
        with self._mutex:
            day, rest, self._in_hand = self._day, self._in_hand, 0
        return (day, rest) if day is not None and rest else None
