"""What ``status`` says of long readings."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from exact_sync.exact.budget import left_to_small_reads
from exact_sync.store.checkpoints import Report
from exact_sync.sync.backfill import Progress, left


@dataclass(frozen=True)
class Loading:
    """How far a long reading has come, and what it still has before it."""

    what: str
    """A first load, everything again, or all keys."""
    began: datetime
    records: int
    expected: int | None
    """Records there are in all; None where nobody knows."""
    calls: int
    calls_left: int | None
    seconds_left: int | None
    """At the division's limits of calls; a limit of the whole connection is not looked at."""


@dataclass(frozen=True)
class Allowance:
    """What the settings leave of a division's calls to first loads."""

    day_reserve: float = 0.1
    """The part of a day's calls that is left for people."""
    calls_an_hour: float = 0.0
    """What small reads need; first loads leave it to them."""
    connection_day_limit: int | None = None

    def of_a_day(self, day_limit: int) -> int:
        """Calls of a whole day that first loads may use: less what is for people and small reads."""
        usable = day_limit * (1 - self.day_reserve)
        return max(1, int(usable) - left_to_small_reads(self.calls_an_hour, usable, timedelta(days=1)))


def loading(point: Report, minute_limit: int, day_limit: int) -> Loading | None:
    """None where no long reading is under way. ``day_limit``: the calls of a day that first loads may use."""
    progress = Progress.from_json(point.progress)
    if progress is None:
        return None
    rest = left(progress, minute_limit, day_limit)
    again = "comparison of all keys" if point.is_sweeping else "reading of everything again"
    return Loading(
        what="first load" if point.complete_at is None else again,
        began=progress.began,
        records=progress.records,
        expected=progress.expected,
        calls=progress.calls,
        calls_left=rest.calls if rest else None,
        seconds_left=rest.seconds if rest else None,
    )
