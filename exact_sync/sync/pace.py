"""Whether the calls of all cycles of a day fit the limits, and how often they would have to come to fit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Rhythm:
    """How often one resource is read."""

    every: timedelta
    follows_interval: bool
    """By the setting ``interval``, and nothing else."""


@dataclass(frozen=True)
class Pace:
    """What cycles that find nothing new cost in a day, beside what is allowed."""

    interval: timedelta
    calls_a_day: int
    """Of all divisions together."""
    too_many: list[int]
    """Divisions whose cycles alone cost more than a day's calls."""
    connection_limit: int | None
    """A day's calls of all divisions together; None where nothing limits them."""
    fitting: timedelta | None
    """The interval at which all of it fits, rounded up; None where what has a rhythm of its own does
    not leave room for any.
    """

    @property
    def fits(self) -> bool:
        limit = self.connection_limit
        return not self.too_many and (limit is None or self.calls_a_day <= limit)


def pace(
    cycles: Iterable[tuple[int, str, int]],
    rhythms: Mapping[str, Rhythm],
    interval: timedelta,
    limits: Mapping[int, int],
    connection_limit: int | None,
) -> Pace:
    """``cycles``: division, resource, and the calls of reading it once. ``limits``: calls a day that
    each division may make.
    """
    by_interval: dict[int, int] = {}
    others: dict[int, float] = {}
    for code, name, calls in cycles:
        rhythm = rhythms[name]
        by_interval.setdefault(code, 0)
        others.setdefault(code, 0.0)
        if rhythm.follows_interval:
            by_interval[code] += calls
        else:
            others[code] += calls * (_DAY / rhythm.every)
    a_day = {code: calls * (_DAY / interval) + others[code] for code, calls in by_interval.items()}
    parts = [(by_interval[code], others[code], limits[code]) for code in by_interval if code in limits]
    if connection_limit is not None:
        parts.append((sum(by_interval.values()), sum(others.values()), connection_limit))
    return Pace(
        interval,
        ceil(sum(a_day.values())),
        [code for code, calls in a_day.items() if code in limits and calls > limits[code]],
        connection_limit,
        _fitting(parts, interval),
    )


def _fitting(parts: Sequence[tuple[int, float, int]], interval: timedelta) -> timedelta | None:
    """The shortest interval, not below the present one, that fits all of them.

    Each part: calls that follow the interval, a day's calls that don't, and a day's limit.
    """
    needed = interval
    for calls, other, limit in parts:
        if other > limit or (calls and other >= limit):
            return None
        if calls:
            needed = max(needed, _DAY * (calls / (limit - other)))
    if needed == interval:
        return interval
    step = timedelta(minutes=5) if needed <= timedelta(hours=2) else timedelta(hours=1)
    return -(-needed // step) * step
