"""What is known of each connection at the moment: looked up now and then, shared by all visitors."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property, partial

from exact_sync.errors import ExactSyncError, TryLater
from exact_sync.store.credentials import Validity
from exact_sync.store.deliveries import Backlog
from exact_sync.store.incidents import Record
from exact_sync.store.pauses import Pause, Pauses
from exact_sync.store.runs import Filter, Run, Stretch
from exact_sync.sync import totals
from exact_sync.sync.status import ResourceStatus, Status
from exact_sync.web import facts
from exact_sync.web.recent import Recent
from exact_sync.web.source import Source

_AGE = 2.0
_REST = 20.0
"""At most a twentieth of the time is spent on looking: what took a second is kept for twenty."""
_PATIENCE = 8.0
_STEP = timedelta(hours=1)
_SPAN = timedelta(hours=24)
_RUNNING = 200
"""So many running syncs are looked at; there are never more than threads."""


READ = ("active", "parked")
"""States of a division whose resources are read."""
_BEGUN = ("never run", "running", "waits", "later", "broken")


@dataclass(frozen=True)
class Board:
    """One connection as it stood at a moment."""

    source: Source
    at: datetime
    sign_in: Validity | None = None
    status: Status | None = None
    paused: Sequence[Pause] = ()
    incidents: Sequence[Record] = ()
    running: Sequence[Run] = ()
    history: Sequence[Stretch] = ()
    is_counted: bool = True
    """How many rows there are, is known."""
    wanted: Sequence[int] = ()
    """The divisions that the settings want."""
    backlogs: Mapping[str, Backlog] = field(default_factory=dict)
    """What targets of the outbox do not have; only those for whom there is something."""
    trouble: ExactSyncError | None = None
    """Why nothing newer is known."""

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def needs_sign_in(self) -> str | None:
        """Why a person must sign in, where that is known."""
        return self.sign_in.why_not if self.sign_in else None

    @cached_property
    def lines(self) -> list[ResourceStatus]:
        """Of the divisions that are read."""
        return totals.of_read_divisions(self.status) if self.status else []

    @property
    def given_up(self) -> int:
        """Messages to other programs that nobody tries to deliver any more."""
        return sum(backlog.dead for backlog in self.backlogs.values())

    @property
    def pending(self) -> int:
        """Resources of wanted divisions that were never read to their end, and are going to be."""
        return self.pending_in.total()

    @cached_property
    def pending_in(self) -> Counter[int]:
        """The same, by division."""
        return self.missing_in + Counter(
            line.division
            for line in self.lines
            if line.division is not None and line.succeeded_at is None and line.outcome in _BEGUN
            if line.paused_since is None
        )

    @cached_property
    def missing_in(self) -> Counter[int]:
        """Those of which nothing is known yet, by division."""
        if self.status is None:
            return Counter()
        read = {division.division for division in self.status.divisions if division.state in READ}
        known = {(line.division, line.resource) for line in self.status.resources}
        # Of a resource whose columns are still to be learned there may never be anything to know.
        names = [
            name
            for name, resource in self.source.mirrored.items()
            if resource.per_division and not resource.is_inferred
        ]
        return Counter(
            code
            for code in read.intersection(self.wanted)
            for name in names
            if (code, name) not in known and not self.is_paused(name, code)
        )

    def is_paused(self, resource: str, division: int) -> bool:
        """By a person; EVERYWHERE: in all divisions."""
        return (division, resource) in self._pauses

    @cached_property
    def _pauses(self) -> Pauses:
        return Pauses(self.paused)


class Boards:
    """The boards of all connections."""

    def __init__(self, sources: Sequence[Source], monotonic: Callable[[], float]) -> None:
        self.sources = sources
        self._recent = {
            source.name: Recent(partial(_look, source), monotonic, age=_AGE, rest=_REST, patience=_PATIENCE)
            for source in sources
        }
        self._last: dict[str, Board] = {}

    async def of(self, source: Source) -> Board:
        """Where nothing can be asked now: what was known last, and why there is nothing newer."""
        try:
            board = await self._recent[source.name].get()
        except TimeoutError:
            why = TryLater(f"no answer within {_PATIENCE:.0f} seconds")
            board = Board(source, source.now(), trouble=why)
        if board.trouble is None:
            self._last[source.name] = board
        elif source.name in self._last:
            board = replace(self._last[source.name], trouble=board.trouble)
        return board

    async def all(self) -> list[Board]:
        return [await self.of(source) for source in self.sources]

    def forget(self, name: str) -> None:
        """Something was changed there: the next visitor sees it."""
        self._recent[name].forget()


def _look(source: Source) -> Board:
    now = source.now()
    try:
        counts = facts.rows(source)
        return Board(
            source,
            now,
            facts.sign_in(source),
            facts.where_it_stands(source, counts=counts or {}),
            facts.paused(source),
            facts.incidents_told(source),
            facts.newest_runs(source, Filter(outcome="running"), _RUNNING),
            facts.run_history(source, Filter(), since(now), _STEP),
            counts is not None,
            facts.wanted_divisions(source),
            facts.backlogs(source),
        )
    except ExactSyncError as error:
        return Board(source, now, trouble=error)


def since(now: datetime) -> datetime:
    """Where the chart of the last day begins."""
    return now.replace(minute=0, second=0, microsecond=0) - _SPAN + _STEP
