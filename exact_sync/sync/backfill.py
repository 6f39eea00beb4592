"""Long readings: a first load, everything again, all keys.

They may take days of calls. So they give way to small reads between two pages, leave them their part
of the day's calls, and say how far they have come.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from math import ceil
from types import TracebackType
from typing import Any

from exact_sync.errors import DatabaseAway, ExactSyncError, GivesWay, Refused, Unavailable
from exact_sync.exact.client import Page
from exact_sync.sync.ahead import Ahead
from exact_sync.sync.findings import Widened
from exact_sync.sync.questions import Questions
from exact_sync.sync.task import Task

MINUTE_LIMIT, DAY_LIMIT = 60, 5_000
"""Calls that Exact usually allows a division, for as long as its answers have not told."""
COUNT_AFTER = 3
"""Pages after which Exact is asked how many records there are: a short reading does not need to know."""


@dataclass
class Progress:
    """How far a long reading has come, over all its runs."""

    began: datetime
    records: int = 0
    calls: int = 0
    expected: int | None = None
    """Records there are in all; None where nobody knows."""

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "began": self.began.isoformat()}

    @classmethod
    def from_json(cls, state: object) -> "Progress | None":
        """What ``as_json`` made; None if it is absent or unreadable."""
        if not isinstance(state, dict):
            return None
        try:
            return cls(**state | {"began": datetime.fromisoformat(state["began"])})
        except (TypeError, LookupError, ValueError):
            return None


@dataclass(frozen=True)
class Left:
    """What a long reading still has before it."""

    calls: int
    seconds: int
    """At the limits of calls, which are what takes the time."""


def left(progress: Progress, minute_limit: int, day_limit: int) -> Left | None:
    """What is left to read; None where nobody knows how much there is. ``day_limit``: the calls of a
    day that a first load may use.
    """
    if progress.expected is None or not progress.records or not progress.calls:
        return None
    records = max(0, progress.expected - progress.records)
    calls = ceil(records * progress.calls / progress.records)
    days, rest = divmod(calls, max(1, day_limit))
    return Left(calls, round(days * 86_400 + rest * 60 / max(1, minute_limit)))


class Backfill:
    """A long reading of a task, while its pages come."""

    def __init__(
        self,
        task: Task,
        questions: Questions,
        *,
        goes_on: bool,
        is_on: bool = True,
    ) -> None:
        """``goes_on``: an earlier run began it. ``is_on``: False for a reading that is not long."""
        self._task = task
        self._questions = questions
        self._is_on = is_on
        self._pages = 0
        known = Progress.from_json(task.checkpoint.progress) if goes_on else None
        self._progress = known or Progress(task.clock.now())
        self._calls_before = self._progress.calls - task.calls()
        self._ahead: Ahead | None = None

    def __enter__(self) -> "Backfill":
        if self._is_on:
            self._task.budget.gives_way = partial(self._task.gives_way, None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ahead is not None:
            self._ahead.close()  # whoever has this division next must not call at the same time
        if self._is_on:
            self._task.budget.gives_way = None
        if error is None or (
            isinstance(error, ExactSyncError | Widened) and not isinstance(error, DatabaseAway)
        ):
            self._task.settle()

    def pages(self, pages: Iterator[Page]) -> Iterator[Page]:
        """Each page, the next ones being fetched while it is worked on.

        None is fetched that would be lost: where other work waits, the pages at hand are the last ones.
        Then raises GivesWay.
        """
        page = next(pages, None)
        while page is not None:
            if page.next_link is None:
                yield page
                return
            ahead = self._ahead = self._begin_ahead(pages)
            while page is not None:
                yield page
                if not ahead.is_near(self._task.patience):
                    self._task.settle()  # what is held does not wait for a page that takes long
                page = ahead.take()
            if not ahead.has_stopped:
                return
            self.offer_way()
            page = next(pages, None)

    def _begin_ahead(self, pages: Iterator[Page]) -> Ahead:
        """The budget is as strict to that thread as to this one."""
        budget, gives_way, begun = self._task.budget, self._task.budget.gives_way, self._pages + 1

        def goes_on(fetched: int) -> bool:
            budget.gives_way = gives_way
            return not self._gives_way(begun + fetched)

        return Ahead(pages, goes_on)

    def expect(self, records: int | None) -> None:
        """So many there are in all, where that is known."""
        if records is not None:
            self._progress.expected = records

    def after(self, records: int, *, is_last: bool = False) -> dict[str, Any]:
        """What the checkpoint says of the progress after a page with so many records."""
        if not self._is_on:
            return {}
        if is_last:
            return {"progress": None}
        self._pages += 1
        progress = self._progress
        progress.records += records
        if progress.expected is None and self._pages == COUNT_AFTER:
            progress.expected = self._count()
        progress.calls = self._calls_before + self._task.calls()
        return {"progress": progress.as_json()}

    def offer_way(self) -> None:
        """Between two pages: stores the first of them and raises GivesWay where other work waits."""
        if self._gives_way(self._pages):
            task = self._task
            task.settle()
            raise GivesWay(f"{task.resource.name} of division {task.division} goes on after other work")

    def _gives_way(self, pages: int) -> bool:
        return self._is_on and self._task.gives_way(pages)

    def _count(self) -> int | None:
        try:
            return self._questions.size()
        except (Refused, Unavailable):
            return None
