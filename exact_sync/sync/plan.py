"""What it will cost, before a call is spent: the next cycle, and first loads that are still to come.

The rows that we hold tell how many pages a list has; for what was never read one ``$count`` does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from exact_sync.catalog import Resource, Strategy
from exact_sync.errors import BadConfiguration, BudgetSpent, DivisionLost, ExactAway, Refused, Unavailable
from exact_sync.exact.odata import Query
from exact_sync.exact.wallclock import read_date, to_wall
from exact_sync.store import divisions, learned
from exact_sync.sync import cursors, sweep
from exact_sync.sync.audience import Nobody
from exact_sync.sync.backfill import COUNT_AFTER, DAY_LIMIT, MINUTE_LIMIT
from exact_sync.sync.crew import Crew
from exact_sync.sync.opening import Opening
from exact_sync.sync.pace import Pace, Rhythm, pace
from exact_sync.sync.questions import PAGE, Questions
from exact_sync.sync.task import Task


@dataclass(frozen=True)
class Cost:
    """What one resource of one division costs."""

    division: int
    resource: str
    rows: int | None
    """How many there are, at Exact or here; None where nobody knows."""
    first_load: int
    """Calls of a first load that is still to come; 0 where it is done."""
    cycle: int
    """Calls of a cycle that finds nothing new."""
    spent: int
    """Calls that this estimate cost."""
    sweep: int = 0
    """Those calls of the cycle that compare all keys, which is not due in every one."""


@dataclass(frozen=True)
class Terms:
    """What the settings say of calls."""

    day_reserve: float
    """The part of a day's calls that is left for people."""
    connection_day_limit: int | None
    interval: timedelta
    rhythms: Mapping[str, Rhythm]

    def usable(self, day_limit: int) -> int:
        """A day's calls without what is left for people."""
        return max(1, int(day_limit * (1 - self.day_reserve)))


class Planner:
    """Estimates resources of divisions."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening

    def cost(self, resource: Resource, division: int, *, count: bool) -> Cost:
        """One resource of one division. ``count``: ask Exact how much there is, where that is not known.

        Raises the errors of a call, except that a resource which may not be read costs nothing.
        """
        self._opening.clock.sleep(0)  # Stopped, where we are asked to
        task = self._opening.look(resource, division)
        questions = Questions(task)
        before = task.budget.calls
        with self._opening.database.begin() as connection:
            known = learned.known(connection, resource)
            if known is not None:
                task.use(known)
            held = task.writer.live(connection, task.division) if known is not None else 0
        is_new = task.checkpoint.complete_at is None
        rows: int | None = held
        pages: Callable[[int], int] = lambda number: _pages(questions, number)  # noqa: E731
        first_load = 0
        if is_new:
            try:
                rows, first_load = self._first_load(task, questions, count, pages)
            except Unavailable:
                return Cost(division, resource.name, None, 0, 0, task.budget.calls - before)
            except Refused:
                rows, first_load = None, 1  # a sync has other ways to ask
        cycle, swept = self._cycle(task, pages(rows or 0))
        spent = task.budget.calls - before
        return Cost(division, resource.name, rows, first_load, cycle + swept, spent, swept)

    def keep_budget(self, division: int) -> None:
        """What the calls of this plan told of the division's limits."""
        with self._opening.database.begin() as connection:
            divisions.save_budget(connection, division, self._opening.client.budget(division).as_json())

    def limits(self, division: int) -> tuple[int, int]:
        """Calls a minute and a day, as Exact stated them last; its usual limits where it did not yet."""
        budget = self._opening.client.budget(division)
        return budget.minute.limit or MINUTE_LIMIT, budget.day.limit or DAY_LIMIT

    def _first_load(
        self, task: Task, questions: Questions, count: bool, pages: Callable[[int], int]
    ) -> tuple[int | None, int]:
        """Rows at Exact, and the calls that reading them all takes."""
        resource = task.resource
        rows = questions.size() if count else None
        if rows is None:
            return None, 1
        if resource.strategy is not Strategy.DATE_WINDOWS:
            number = pages(rows)
            # A load that is not done after so many pages asks once how much there is.
            return rows, number + (number > COUNT_AFTER)
        return rows, self._windows(task, questions, rows)

    def _windows(self, task: Task, questions: Questions, rows: int) -> int:
        """Two looks at the ends of history, a count, and the pages of each window."""
        scope = questions.dated(task.start, None)
        name = str(task.resource.date)
        found = task.client.first(
            task.asked, Query(scope.endpoint, [name], scope.filter, orderby=f"{name} asc", top=1)
        )
        oldest: date | None = None
        if found is not None and isinstance(found.get(name), str):
            oldest = read_date(found[name])
        if oldest is None:
            return 1
        today = to_wall(task.clock.now()).date()
        number = len(cursors.window_starts(oldest, today, rows))
        # A window's last page is half empty on average.
        return 3 + max(number, round(rows / PAGE + number / 2))

    def _cycle(self, task: Task, pages: int) -> tuple[int, int]:
        """Calls of reading what is new, and of comparing all keys where that is due."""
        if task.resource.strategy is Strategy.SNAPSHOT:
            return pages, 0
        calls = 2 if task.resource.strategy is Strategy.DATE_WINDOWS else 1
        return calls, pages if sweep.is_due(task) else 0


def _pages(questions: Questions, rows: int) -> int:
    """Pages of a list with so many rows; an empty one costs a call too."""
    return max(1, ceil(rows / questions.page_size))


@dataclass(frozen=True)
class Forecast:
    """What everything costs."""

    costs: list[Cost]
    failures: dict[int, str]
    """Divisions whose cost is not known, and why."""
    limits: dict[int, tuple[int, int]]
    """Calls a minute and a day that each division may make (the day's without what is left for people)."""

    terms: Terms

    @property
    def minutes(self) -> int:
        """How long the first loads take at the least: the longest division's, at its calls a minute."""
        return max((ceil(calls / self.limits[code][0]) for code, calls in self._first_loads()), default=0)

    @property
    def days(self) -> int:
        """How many days' calls the first loads take, by whichever limit is the tighter one."""
        return max(self.division_days, self.connection_days or 0)

    @property
    def division_days(self) -> int:
        """By the limit of each division: those of the longest one."""
        return max((ceil(calls / self.limits[code][1]) for code, calls in self._first_loads()), default=0)

    @property
    def connection_days(self) -> int | None:
        """By the limit of all divisions together; None where no setting limits them."""
        limit = self.connection_limit
        return None if limit is None else ceil(sum(calls for _, calls in self._first_loads()) / limit)

    @property
    def connection_limit(self) -> int | None:
        """A day's calls of all divisions together, without what is left for people."""
        limit = self.terms.connection_day_limit
        return None if limit is None else self.terms.usable(limit)

    @property
    def pace(self) -> Pace:
        """What cycles that find nothing new cost in a day."""
        return pace(
            [(cost.division, cost.resource, cost.cycle - cost.sweep) for cost in self.costs],
            self.terms.rhythms,
            self.terms.interval,
            {code: day for code, (_, day) in self.limits.items()},
            self.connection_limit,
        )

    def _first_loads(self) -> list[tuple[int, int]]:
        totals: dict[int, int] = {}
        for cost in self.costs:
            totals[cost.division] = totals.get(cost.division, 0) + cost.first_load
        return [(code, calls) for code, calls in totals.items() if calls]


def forecast(
    crew: Crew,
    planner: Planner,
    resources: Sequence[Resource],
    codes: Sequence[int],
    *,
    count: bool,
    terms: Terms,
) -> Forecast:
    """Estimate resources of divisions. Raises WorkHeld where calls are needed and another run is at work
    on a division; SignInNeeded or BadConfiguration where nothing is known yet and nothing may be asked.
    """
    if count or not crew.has_divisions():
        crew.check_signed_in()
    if count and not crew.has_divisions(codes):
        crew.read_divisions(Nobody())
    elif not count and not crew.has_divisions():
        raise BadConfiguration(
            "Exact's list of divisions was never read, so nothing is known of what they cost",
            "leave --no-count out, or run first: exact-sync sync divisions",
        )
    selection = crew.selection(codes)
    result = Forecast([], {code: error.message for code, error in selection.failures.items()}, {}, terms)
    for code in selection.divisions:
        with crew.claimed(*([code] if count else [])):
            try:
                result.costs.extend(
                    planner.cost(resource, code, count=count)
                    for resource in resources
                    if resource.per_division
                )
            except (BudgetSpent, DivisionLost, ExactAway) as error:
                result.failures[code] = error.message
            minute, day = planner.limits(code)
            result.limits[code] = (minute, terms.usable(day))
            if count:
                planner.keep_budget(code)
    return result
