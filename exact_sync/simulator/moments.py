"""Days and moments of a company's history, as Exact writes them: naive Amsterdam wall-clock time.

Moments stand on SQL Server's grid of 1/300 second, so their milliseconds end in 0, 3 or 7.
"""

from bisect import bisect
from datetime import date, datetime, time, timedelta
from itertools import accumulate

from exact_sync.simulator.dice import Dice

HISTORY_DAYS = 1095  # three years
_QUIET = timedelta(hours=2)  # ordinary rows stop this long before today's midnight
_MONTHS = (80, 85, 105, 100, 110, 115, 70, 55, 115, 125, 130, 110)  # trade per month, in percent
_WEEKDAYS = (110, 115, 110, 105, 90, 25, 5)
_HOURS = (0, 1, 3, 5, 7, 8, 8, 9, 9, 9, 10, 10, 11, 11, 12, 13, 13, 14, 14, 15, 15, 16, 16, 17, 19, 21, 23)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def on_grid(moment: datetime) -> datetime:
    """The moment on the 1/300 second grid, rounded down."""
    ticks = moment.microsecond * 300 // 1_000_000
    return moment.replace(microsecond=(ticks * 10 + 1) // 3 * 1000)


def last_sunday(year: int, month: int) -> date:
    """The day the clocks change, of March and October (31 days each)."""
    day = date(year, month, 31)
    return day - timedelta(days=(day.weekday() + 1) % 7)


class History:
    """The company's three years up to today: trading days by season, and when rows were made and changed."""

    def __init__(self, today: date, dice: Dice) -> None:
        self.today = today
        self.start = today - timedelta(days=HISTORY_DAYS)
        self.end = today - timedelta(days=1)
        self.latest = midnight(today) - _QUIET
        self._dice = dice
        self._days = [self.start + timedelta(days=n) for n in range(HISTORY_DAYS)]
        weights = (
            _MONTHS[day.month - 1]
            * _WEEKDAYS[day.weekday()]
            * (HISTORY_DAYS + n)  # trade doubles in three years
            for n, day in enumerate(self._days)
        )
        self._edges = list(accumulate(weights))
        # Jobs that touched many rows at once: these share one Modified to the tick.
        self.jobs = tuple(
            self.moment(self._days[dice.below(HISTORY_DAYS)], hour=dice.pick((0, 4, 23))) for _ in range(5)
        )
        self._odd = self._near_clock_changes()
        self._rows = 0

    def _near_clock_changes(self) -> tuple[datetime, ...]:
        """Moments in the hour that autumn repeats and on both edges of the hour that spring skips."""
        found: list[datetime] = []
        for year in range(self.start.year, self.today.year + 1):
            autumn, spring = midnight(last_sunday(year, 10)), midnight(last_sunday(year, 3))
            found += [
                autumn + timedelta(hours=2, minutes=m, milliseconds=ms)
                for m, ms in ((0, 0), (29, 503), (59, 59997))
            ]
            found += [
                spring + timedelta(hours=1, minutes=59, milliseconds=59997),
                spring + timedelta(hours=3),
            ]
        first = midnight(self.start)
        return tuple(m for m in found if first <= m <= self.latest)

    def day(self) -> date:
        """A day of the history, weighted by season, weekday and growth."""
        return self._days[bisect(self._edges, int(self._dice.chance() * self._edges[-1]))]

    def days(self, n: int) -> list[date]:
        """n such days in order."""
        return sorted(self.day() for _ in range(n))

    def moment(self, day: date, hour: int | None = None) -> datetime:
        """A moment of that day in office hours mostly; never in the hour from 2 to 3, which may not exist."""
        dice = self._dice
        ticks = dice.below(1_080_000)
        second, tick = divmod(ticks, 300)
        minute, second = divmod(second, 60)
        hour = dice.pick(_HOURS) if hour is None else hour
        made = datetime(day.year, day.month, day.day, hour, minute, second, (tick * 10 + 1) // 3 * 1000)  # noqa: DTZ001
        return made if made <= self.latest else on_grid(self.latest - timedelta(minutes=1 + dice.below(600)))

    def stamps(self, day: date | None = None) -> tuple[datetime, datetime]:
        """Created and Modified of a row made on (or some days after) that day.

        Of a hundred rows about 55 were never changed, 15 were changed by one of five jobs, 1 is near a clock
        change and the others were changed at some later time; six rows of each company were changed in the
        last two hours before today began.
        """
        dice = self._dice
        created = self.moment(day or self._days[dice.below(HISTORY_DAYS)])
        self._rows += 1
        if self._rows % 97 == 0 and self._odd:
            odd = self._odd[self._rows // 97 % len(self._odd)]
            return min(created, odd), odd
        if self._rows in (11, 140, 300, 480, 700, 900):
            return created, on_grid(
                self.latest + timedelta(seconds=60 + dice.below(7000), milliseconds=dice.below(1000))
            )
        kind = dice.below(100)
        if kind < 55:
            return created, created
        if kind < 70:
            job = dice.pick(self.jobs)
            return min(created, job), job
        room = (self.today - created.date()).days - 1
        later = self.moment(created.date() + timedelta(days=dice.below(max(1, room))))
        return created, max(created, later)
