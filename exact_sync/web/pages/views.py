"""The pages that say where everything stands: all connections, one of them, one division."""

from collections.abc import Sequence
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from exact_sync.store.runs import Filter
from exact_sync.sync import totals
from exact_sync.web import facts
from exact_sync.web.pages import verdict
from exact_sync.web.pages.asking import Asked, NotHere, Reader, division_of, source_of
from exact_sync.web.pages.boards import READ, Board, Boards
from exact_sync.web.pages.cards import Card, card, divisions, readings, sayings
from exact_sync.web.pages.rendering import language, render

_MOST = 1_000
_RUNS = 15
_SAID = 50


class Views:
    """The views of all connections."""

    def __init__(self, boards: Boards, reader: Reader) -> None:
        self._boards = boards
        self._reader = reader
        self._cards: dict[str, Card] = {}

    def _card(self, board: Board) -> Card:
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


def _every(boards: Sequence[Board]) -> int:
    """Seconds until a page is looked at again by itself."""
    return 2 if any(board.running or board.trouble for board in boards) else 5
