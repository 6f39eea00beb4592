"""What waits to be done, and in which order: a division's small reads before its long readings, and
the division first whose small reads are longest due.
"""

import heapq
import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from exact_sync.catalog import Resource
from exact_sync.store.checkpoints import Standing
from exact_sync.store.runs import Tally
from exact_sync.sync.outcome import Outcome

if TYPE_CHECKING:
    from exact_sync.sync.verify import Checks

_NEVER = datetime.min.replace(tzinfo=UTC)
_LONGEST_WAIT = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Job:
    """One resource of one division that is to be run."""

    division: int
    resource: Resource
    full: bool = False
    insist: bool = False
    again: bool = False
    """Also ask for what is in quarantine."""
    checks: "Checks | None" = None
    """Verify it, instead of reading it."""
    last_read: datetime | None = None
    """When it was last read well; None: never."""
    is_backfill: bool = False
    """It was never read whole, so it may take long."""
    has_begun: bool = False
    """An earlier turn did not suffice for that."""

    @property
    def name(self) -> str:
        """What may wait only once."""
        return f"verify {self.resource.name}" if self.checks else self.resource.name


def job(
    division: int,
    resource: Resource,
    standing: Standing | None,
    *,
    full: bool = False,
    insist: bool = False,
    again: bool = False,
    checks: "Checks | None" = None,
) -> Job:
    """The job that a resource of a division is, from where it stands (None: it was never read)."""
    is_new = full or standing is None or standing.complete_at is None
    return Job(
        division,
        resource,
        full=full,
        insist=insist,
        again=again,
        checks=checks,
        last_read=standing.succeeded_at if standing else None,
        # The log of deletions comes first, whatever its size.
        is_backfill=is_new and checks is None and not resource.is_log,
        has_begun=standing is not None and standing.has_begun,
    )


@dataclass(slots=True)
class Waiting:
    """The jobs of one division."""

    division: int
    ready_at: datetime | None = None
    """Not before that."""
    tries: int = 0
    """How often it was found in another process's hands."""
    entry: int = 0
    """The number of its valid entry in the heap."""
    jobs: dict[str, Job] = field(default_factory=dict)
    earlier: dict[str, Tally] = field(default_factory=dict)
    """What readings that gave way had done until then."""

    def add(self, job: Job) -> None:
        known = self.jobs.get(job.name)
        if known is not None:
            full, insist = job.full or known.full, job.insist or known.insist
            job = replace(job, full=full, insist=insist, again=job.again or known.again)
        self.jobs[job.name] = job

    def pop(self) -> Job | None:
        """The next one: small reads first, and long ones only after all had a first turn."""
        if not self.jobs:
            return None
        job = min(self.jobs.values(), key=lambda job: (job.is_backfill, job.has_begun))
        return self.jobs.pop(job.name)

    def put_back(self, job: Job, outcome: Outcome) -> None:
        """A reading that gave way, behind the others."""
        self.earlier[job.name] = self.whole(job, outcome).tally
        self.ready_at = outcome.until
        self.add(job)

    def began(self, job: Job) -> bool:
        return job.name in self.earlier

    def whole(self, job: Job, outcome: Outcome) -> Outcome:
        """How a run ended, with what it did before it gave way."""
        earlier = self.earlier.pop(job.name, None)
        if earlier is None:
            return outcome
        both = {name: getattr(earlier, name) + number for name, number in outcome.tally.counts().items()}
        return replace(outcome, tally=Tally(**both))

    def take_all(self) -> list[Job]:
        """Give up what waits."""
        jobs = list(self.jobs.values())
        self.jobs.clear()
        return jobs

    @property
    def has_only_backfills(self) -> bool:
        return all(job.is_backfill for job in self.jobs.values())

    @property
    def has_unbegun(self) -> bool:
        return any(not job.has_begun for job in self.jobs.values())

    def is_early(self, now: datetime) -> bool:
        """It is to wait still. Nothing waits for longer than a minute: what is further ahead was reckoned by
        a clock that has been set back since.
        """
        return self.ready_at is not None and now < self.ready_at <= now + _LONGEST_WAIT

    def turn(self) -> tuple[bool, datetime]:
        """Sorts divisions: lowest first."""
        small = [job.last_read or _NEVER for job in self.jobs.values() if not job.is_backfill]
        return (not small, min(small, default=_NEVER))


class Line:
    """All divisions that have jobs. Not safe for threads: the pool's lock guards it."""

    def __init__(self) -> None:
        self._divisions: dict[int, Waiting] = {}
        self._busy: set[int] = set()
        self._heap: list[tuple[tuple[bool, datetime], int, Waiting]] = []
        self._parked: dict[int, Waiting] = {}
        self._numbers = itertools.count(1)

    def add(self, job: Job) -> None:
        waiting = self._divisions.get(job.division)
        if waiting is None:
            waiting = self._divisions[job.division] = Waiting(job.division)
        before = waiting.turn() if waiting.entry else None
        waiting.add(job)
        if job.division not in self._busy and (before is None or waiting.turn() < before):
            self._line_up(waiting)

    def next(self, now: datetime) -> Waiting | None:
        """Whose turn it is; nobody else gets that division until ``done``."""
        for waiting in [w for w in self._parked.values() if not w.is_early(now)]:
            waiting.ready_at = None
            self._line_up(waiting)
        if not self._settle():
            return None
        waiting = heapq.heappop(self._heap)[2]
        waiting.entry = 0
        self._busy.add(waiting.division)
        return waiting

    def done(self, waiting: Waiting) -> None:
        """Its turn is over; what it has left waits for the next one."""
        self._busy.discard(waiting.division)
        if waiting.jobs:
            self._line_up(waiting)
        else:
            self._divisions.pop(waiting.division, None)

    def clear(self) -> None:
        for waiting in self._divisions.values():
            waiting.jobs.clear()
        self._heap.clear()
        self._parked.clear()
        self._divisions = {division: self._divisions[division] for division in self._busy}

    @property
    def is_done(self) -> bool:
        return not self._divisions

    @property
    def ready(self) -> int:
        """How many divisions could be worked on now."""
        return len(self._divisions) - len(self._busy) - len(self._parked)

    @property
    def has_any(self) -> bool:
        """Whether a division could be worked on now."""
        return self._settle()

    @property
    def has_small_reads(self) -> bool:
        """Whether a division waits whose turn is for small reads."""
        return self._settle() and not self._heap[0][0][0]

    @property
    def has_parked(self) -> bool:
        return bool(self._parked)

    @property
    def parked(self) -> list[Waiting]:
        """The divisions that are not ready yet."""
        return list(self._parked.values())

    @property
    def has_others(self) -> bool:
        """Whether anything is under way, or could be, besides the one whose turn it is."""
        return self._settle() or len(self._busy) > 1

    def next_ready(self, now: datetime) -> float:
        """Seconds until the first parked division is ready."""
        moments = (waiting.ready_at or now for waiting in self._parked.values())
        return max(0.0, (min(moments, default=now) - now).total_seconds())

    def _line_up(self, waiting: Waiting) -> None:
        self._parked.pop(waiting.division, None)
        if waiting.ready_at is not None:
            waiting.entry = 0
            self._parked[waiting.division] = waiting
            return
        waiting.entry = next(self._numbers)
        heapq.heappush(self._heap, (waiting.turn(), waiting.entry, waiting))

    def _settle(self) -> bool:
        """Drop entries that are no longer valid from the top; True if one is left."""
        while self._heap and self._heap[0][1] != self._heap[0][2].entry:
            heapq.heappop(self._heap)
        return bool(self._heap)
