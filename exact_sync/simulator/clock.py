"""The simulator's time: real time plus an offset, or frozen, and Exact's wall clock.

Exact keeps every moment as the wall clock of Amsterdam (CET/CEST) at the precision of SQL
Server's `datetime`, 1/300 of a second: milliseconds end in 0, 3 or 7.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Amsterdam")


class Clock:
    """What time the simulator thinks it is. All methods may be called from any thread."""

    def __init__(self, start: datetime | None = None, *, frozen: bool = False) -> None:
        """`start`: an aware moment (None: now). It runs on from there unless `frozen`."""
        self._lock = threading.Lock()
        self._offset = timedelta(0)
        self._frozen: datetime | None = None
        if frozen:
            self.freeze()
        if start is not None:
            self.set(start)

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        with self._lock:
            return self._now()

    def _now(self) -> datetime:
        return self._frozen if self._frozen is not None else datetime.now(UTC) + self._offset

    def set(self, moment: datetime) -> None:
        """Jump to `moment` (aware); a frozen clock stays frozen, there."""
        if moment.tzinfo is None:
            raise ValueError("the clock needs an aware moment")
        moment = moment.astimezone(UTC)
        with self._lock:
            self._offset = moment - datetime.now(UTC)
            if self._frozen is not None:
                self._frozen = moment

    def advance(self, seconds: float) -> None:
        """Jump ahead (or back) by that many seconds."""
        step = timedelta(seconds=seconds)
        with self._lock:
            self._offset += step
            if self._frozen is not None:
                self._frozen += step

    def freeze(self) -> None:
        """Stand still from now on."""
        with self._lock:
            self._frozen = self._now()

    def run(self) -> None:
        """Run again, from the moment it stands at."""
        with self._lock:
            if self._frozen is not None:
                self._offset = self._frozen - datetime.now(UTC)
                self._frozen = None

    @property
    def frozen(self) -> bool:
        with self._lock:
            return self._frozen is not None

    def wall(self) -> datetime:
        """The present moment as Exact writes it: naive, Amsterdam, 1/300 s."""
        return to_wall(self.now())


def sql_precision(wall: datetime) -> datetime:
    """Round to SQL Server's 1/300 s, as whole milliseconds."""
    ticks = round(wall.microsecond * 3 / 10_000)
    second = wall.replace(microsecond=0)
    if ticks == 300:
        return second + timedelta(seconds=1)
    return second + timedelta(milliseconds=round(ticks * 10 / 3))


def to_wall(moment: datetime) -> datetime:
    """An aware moment as Exact keeps it: naive, Amsterdam, 1/300 s."""
    return sql_precision(moment.astimezone(ZONE).replace(tzinfo=None, fold=0))
