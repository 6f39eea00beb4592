"""Wishes become work: what people and webhooks want to be read, as soon as they say so."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import copy_context

from exact_sync.catalog import DIVISIONS
from exact_sync.errors import ExactSyncError
from exact_sync.scheduler.plan import Schedule
from exact_sync.store.pauses import EVERYWHERE
from exact_sync.sync.crew import Crew
from exact_sync.sync.line import job
from exact_sync.sync.pool import Pool
from exact_sync.sync.wishes import Wish, Wishes

log = logging.getLogger(__name__)

AGAIN = 5.0
"""Seconds until a daemon that stands still looks whether it can go on."""


class Granting:
    """Takes wishes in a thread of its own, until they are closed."""

    def __init__(
        self,
        wishes: Wishes,
        crew: Crew,
        schedules: Mapping[str, Schedule],
        pool: Pool,
        divisions: Callable[[], Iterator[int]],
        read_divisions: Callable[[], None],
        stands_still: Callable[[ExactSyncError], None],
    ) -> None:
        self._wishes = wishes
        self._crew = crew
        self._schedules = schedules
        self._pool = pool
        self._divisions = divisions
        self._read_divisions = read_divisions
        self._stands_still = stands_still

    def start(self) -> None:
        # A copy of the context: its log lines name the connection, as the others do.
        target, args = copy_context().run, (self._work,)
        threading.Thread(target=target, args=args, name="wishes", daemon=True).start()

    def _work(self) -> None:
        while (wanted := self._wishes.wait()) is not None:
            try:
                self._grant(wanted)
            except ExactSyncError as error:
                self._put_back(wanted)
                self._stands_still(error)
            except Exception:
                # They are dropped: it would happen again. The schedules go on, and so does this thread.
                log.exception("%d wishes met a mistake of ours", len(wanted))

    def _put_back(self, wanted: Sequence[Wish]) -> None:
        for wish in wanted:
            self._wishes.put_back(wish, AGAIN)

    def _grant(self, wanted: Sequence[Wish]) -> None:
        if self._wishes.trouble is not None:
            self._put_back(wanted)
            return
        if any(wish.resource == DIVISIONS.name for wish in wanted):
            self._read_divisions()
        points, paused, divisions = self._crew.standings(), self._crew.paused(), list(self._divisions())
        # Who names a division that Exact refused may just have given us the right to it.
        insists = any(wish.insist for wish in wanted)
        named = self._crew.selection(insist=True).divisions if insists else divisions
        for wish in wanted:
            schedule = self._schedules.get(wish.resource)
            if schedule is None or not schedule.resource.per_division:
                continue
            for division in divisions if wish.division == EVERYWHERE else [wish.division]:
                place = (division, wish.resource)
                is_read = division in (named if wish.insist else divisions)
                if is_read and (wish.insist or place not in paused):
                    point, insist, again = points.get(place), wish.insist, wish.again
                    self._pool.add(job(division, schedule.resource, point, insist=insist, again=again))
