"""What the pages say of a connection, made from its board. Pure: it asks nobody."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from exact_sync.store.deliveries import NOTHING
from exact_sync.store.incidents import Record
from exact_sync.sync import totals
from exact_sync.sync.loading import Loading
from exact_sync.sync.status import DivisionStatus, ResourceStatus, Status
from exact_sync.sync.totals import Total
from exact_sync.web.pages import charts
from exact_sync.web.pages.boards import Board, since
from exact_sync.web.pages.outbox import Addressee, everybody
from exact_sync.web.pages.remedies import Remedy, remedy

_FEW = 12
"""Up to so many divisions are listed on the overview; of more those that need a look."""
_SHORT = timedelta(seconds=3)
"""What is read again in less time than that is not worth a line."""


@dataclass(frozen=True)
class Reading:
    """Something that is being read, or goes on being read: how far it has come."""

    division: int | None
    resource: str
    records: int
    loading: Loading | None
    is_running: bool

    @property
    def share(self) -> float | None:
        """Between 0 and 1; None where nobody knows how much there is."""
        if self.loading is None or not self.loading.expected:
            return None
        return min(1.0, self.loading.records / self.loading.expected)


@dataclass(frozen=True)
class Said:
    """A message, with what can be done about it and where."""

    saying: totals.Saying
    remedy: Remedy
    state: str

    @property
    def place(self) -> str:
        """As a button sends it."""
        return f"{','.join(self.saying.resources)}@{','.join(map(str, self.saying.divisions))}"


@dataclass(frozen=True)
class Card:
    """One connection on the overview."""

    board: Board
    total: Total
    states: Counter[str]
    """How many divisions are in each state."""
    listed: Sequence[tuple[DivisionStatus, Total]]
    """Divisions to be shown: all where they are few."""
    left_out: int
    said: Sequence[Said]
    reading: Sequence[Reading]
    incidents: Sequence[Record]
    chart: charts.Chart
    held: int
    """Resources that a person paused."""
    addressees: Sequence[Addressee]
    """Who is told what changed."""


def card(board: Board) -> Card:
    status = board.status or Status(signed_in=False, sign_in_message=None, divisions=[], resources=[])
    every = divisions(board)
    listed = every if len(every) <= _FEW else divisions(board, only_problems=True)[:_FEW]
    lines = board.lines
    return Card(
        board,
        totals.total(lines),
        Counter(division.state for division in status.divisions),
        listed,
        len(every) - len(listed),
        [each for each in sayings(status) if not _is_said_above(board, each)],
        readings(board),
        [each for each in board.incidents if not _is_settled(board, each)],
        charts.chart(board.history, since(board.at), timedelta(hours=1), 24),
        sum(line.paused_since is not None for line in lines),
        everybody(board.source, board.backlogs),
    )


def _is_said_above(board: Board, said: Said) -> bool:
    """That signing in is needed, the verdict says."""
    return bool(board.needs_sign_in) and said.state != "suspended" and "connect" in said.remedy.actions


def _is_settled(board: Board, incident: Record) -> bool:
    """The verdict says it, or somebody saw to it since the watch last looked."""
    if incident.kind == "delivery":
        return not board.backlogs.get(incident.subject, NOTHING).dead
    return incident.kind == "sign_in" and bool(board.needs_sign_in)


def divisions(
    board: Board, wanted: str = "", *, only_problems: bool = False
) -> list[tuple[DivisionStatus, Total]]:
    """Those whose code or name contains ``wanted``, those that need a look first."""
    if board.status is None:
        return []
    added_up = totals.by_division(board.status)
    found = []
    for division in board.status.divisions:
        total = added_up[division.division]
        needs_a_look = totals.needs_a_look(division, total)
        is_meant = wanted.casefold() in f"{division.division} {division.name}".casefold()
        if is_meant and (needs_a_look or not only_problems):
            found.append(
                (not needs_a_look, division.state == "not active", division.division, division, total)
            )
    return [(division, total) for *_, division, total in sorted(found, key=lambda each: each[:3])]


def sayings(status: Status) -> list[Said]:
    """What divisions and resources have to say, each once; what needs nobody comes last."""
    outcomes = {(line.resource, line.division): line.state for line in status.resources}
    lost = {division.division: division.suspended_because for division in status.divisions}
    hints: dict[str, str] = {}
    found = []
    for saying in totals.sayings(status)[::-1]:
        if saying.resources and all(lost.get(code) == saying.text for code in saying.divisions or [-1]):
            hints[saying.text] = saying.hint or ""  # the division itself says so, too
            continue
        state = "suspended"
        if saying.resources:
            division = saying.divisions[0] if saying.divisions else None
            state = outcomes.get((saying.resources[0], division), "failed")
        found.append(Said(saying, remedy(saying.hint or hints.get(saying.text), state), state))
    found.reverse()
    return sorted(found, key=lambda said: said.state in ("unavailable", "ok"))


def readings(board: Board) -> list[Reading]:
    """Everything that is under way: runs that go on, and long readings between two runs."""
    lines: dict[tuple[int | None, str], ResourceStatus] = {}
    if board.status is not None:
        lines = {(line.division, line.resource): line for line in board.status.resources}
    found = {}
    for run in board.running:
        key = (run.division or None, run.resource)
        line = lines.get(key)
        is_news = line is None or line.succeeded_at is None or line.loading is not None
        if is_news or board.at - run.started_at > _SHORT:
            found[key] = Reading(*key, run.records, line.loading if line else None, is_running=True)
    for key, line in lines.items():
        if line.loading is not None and key not in found:
            found[key] = Reading(*key, line.loading.records, line.loading, is_running=False)
    return sorted(found.values(), key=lambda each: (not each.is_running, each.division or 0, each.resource))
