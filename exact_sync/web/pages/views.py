"""The pages that say where everything stands: all connections, one of them, one division."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from exact_sync.store.deliveries import NOTHING
from exact_sync.store.incidents import Record
from exact_sync.store.runs import Filter
from exact_sync.sync import totals
from exact_sync.sync.loading import Loading
from exact_sync.sync.status import DivisionStatus, ResourceStatus, Status
from exact_sync.sync.totals import Total
from exact_sync.web import facts
from exact_sync.web.pages import charts, verdict
from exact_sync.web.pages.asking import Asked, NotHere, Reader, division_of, source_of
from exact_sync.web.pages.boards import READ, Board, Boards, since
from exact_sync.web.pages.outbox import Addressee, everybody
from exact_sync.web.pages.remedies import Remedy, remedy
from exact_sync.web.pages.rendering import language, render

FEW = 12
"""Up to so many divisions are listed on the overview; of more those that need a look."""
_MOST = 1_000
_RUNS = 15
_SAID = 50
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


class Views:
    """The views of all connections."""

    def __init__(self, boards: Boards, reader: Reader) -> None:
        self._boards = boards
        self._reader = reader
        self._cards: dict[str, Card] = {}

    def _card(self, board: Board) -> "Card":
        """Made once of each board, however many visitors look at it."""
        known = self._cards.get(board.name)
        if known is None or known.board is not board:
            known = self._cards[board.name] = card(board)
        return known

    async def overview(self, request: Request) -> Response:
        boards = await self._boards.all()
        words = language(request)
        cards = [self._card(board) for board in boards]
        return render(
            request, "overview.html", section="overview", refresh=_every(boards), now=boards[0].at,
            verdict=verdict.verdict(boards, words), cards=cards,
            verdicts=[verdict.of(board, words) for board in boards],
        )  # fmt: skip

    async def connection(self, request: Request) -> Response:
        board = await self._boards.of(source_of(request, self._boards.sources))
        wanted, only = request.query_params.get("q", "")[:100], request.query_params.get("show") == "problems"
        found = divisions(board, wanted, only_problems=only)
        shown, begin = self._card(board), Asked(request.query_params).number("from") or 0
        return render(
            request, "connection.html", section="divisions", current=board.source, refresh=_every([board]),
            now=board.at, verdict=verdict.of(board, language(request)), card=shown, few=_SAID,
            begin=begin if begin < len(shown.said) else 0, found=found[:_MOST], number=len(found), q=wanted,
            only=only, resources=totals.by_resource(board.status) if board.status else {},
        )  # fmt: skip

    async def division(self, request: Request) -> Response:
        source, code = source_of(request, self._boards.sources), division_of(request)
        board = await self._boards.of(source)
        if board.status is None:
            return render(
                request, "waiting.html", 503, section="divisions", current=source, now=board.at, refresh=5,
                verdict=verdict.of(board, language(request)),
            )  # fmt: skip
        try:
            division = next(each for each in board.status.divisions if each.division == code)
        except StopIteration:
            raise NotHere from None
        lines = [line for line in board.status.resources if line.division == code]
        only = replace(board.status, divisions=[division], resources=lines)
        runs = await self._reader.ask(lambda: facts.newest_runs(source, Filter(divisions=[code]), _RUNS))
        return render(
            request, "division.html", section="divisions", current=source, refresh=_every([board]),
            now=board.at, board=board, division=division, is_read=division.state in READ, lines=lines,
            total=totals.total(lines), runs=runs,
            paused=[each.resource for each in board.paused if each.division == code],
            said={name: said for said in sayings(only) for name in said.saying.resources or [""]},
            reading=[each for each in readings(board) if each.division == code],
        )  # fmt: skip


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
    listed = every if len(every) <= FEW else divisions(board, only_problems=True)[:FEW]
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


def _every(boards: Sequence[Board]) -> int:
    """Seconds until a page is looked at again by itself."""
    return 2 if any(board.running or board.trouble for board in boards) else 5
