"""The chart of the last day's runs, as numbers for an SVG: no style is written into the page. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from exact_sync.store.runs import Stretch

WIDTH, HEIGHT = 240, 48
_GAP = 2
_LEAST = 2.0
"""So high is a bar that has anything in it."""


@dataclass(frozen=True)
class Bar:
    """The runs of one stretch of time."""

    begins: datetime
    runs: int
    bad: int
    written: int
    x: float
    y: float
    height: float
    bad_y: float
    bad_height: float


@dataclass(frozen=True)
class Chart:
    """Some bars, the oldest first, and what they say together."""

    bars: Sequence[Bar]
    runs: int
    bad: int
    written: int
    most: int
    """Runs in the highest bar."""
    bar_width: float


def chart(stretches: Sequence[Stretch], since: datetime, step: timedelta, number: int) -> Chart:
    """``number`` bars from ``since`` on; where nothing happened, there is none to see."""
    found = {stretch.begins: stretch for stretch in stretches}
    width = WIDTH / number
    most = max((stretch.runs for stretch in stretches), default=0)
    bars = []
    for index in range(number):
        begins = since + index * step
        stretch = found.get(begins, Stretch(begins, 0, 0, 0))
        height = _height(stretch.runs, most)
        bad = min(height, _height(stretch.bad, most))
        bars.append(
            Bar(
                begins, stretch.runs, stretch.bad, stretch.written,
                round(index * width + _GAP / 2, 2), round(HEIGHT - height, 2), round(height, 2),
                round(HEIGHT - bad, 2), round(bad, 2),
            )
        )  # fmt: skip
    return Chart(
        bars,
        sum(bar.runs for bar in bars),
        sum(bar.bad for bar in bars),
        sum(bar.written for bar in bars),
        most,
        round(width - _GAP, 2),
    )


def _height(number: int, most: int) -> float:
    return max(_LEAST, number / most * HEIGHT) if number else 0.0
