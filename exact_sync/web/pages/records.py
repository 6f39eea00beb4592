"""The pages that list: runs, what is in quarantine, calls to Exact."""

from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from exact_sync.errors import DatabaseAway
from exact_sync.store import requests, runs
from exact_sync.web import facts
from exact_sync.web.pages import charts
from exact_sync.web.pages.asking import Asked, Reader, source_of
from exact_sync.web.pages.boards import Boards, since
from exact_sync.web.pages.rendering import render
from exact_sync.web.pages.views import Said, sayings
from exact_sync.web.source import Source

_PAGE = 50
_HELD = 200
OUTCOMES = (
    "ok", "running", "failed", "suspect", "quarantine", "later", "waits", "stopped", "broken",
    "unavailable", "verified", "differs",
)  # fmt: skip
SPANS = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7)}
"""Times to choose from, by what stands in the address."""


class Records:
    """The lists of all connections."""

    def __init__(self, boards: Boards, reader: Reader) -> None:
        self._boards = boards
        self._reader = reader

    async def runs(self, request: Request) -> Response:
        source, asked = source_of(request, self._boards.sources), Asked(request.query_params)
        outcome = asked.one_of("outcome", OUTCOMES)
        wanted = runs.Filter(asked.divisions, asked.resource, outcome, asked.number("before"))
        found = await self._reader.ask(lambda: facts.newest_runs(source, wanted, _PAGE + 1))
        now = source.now()
        whole = runs.Filter(asked.divisions, asked.resource, outcome)
        try:
            stretches = await self._reader.ask(
                lambda: facts.run_history(source, whole, since(now), timedelta(hours=1))
            )
        except DatabaseAway:  # too much to be added up in time
            stretches = []
        return render(
            request, "runs.html", section="runs", current=source, now=now, runs=found[:_PAGE],
            more=found[_PAGE - 1].id if len(found) > _PAGE else None,
            chart=charts.chart(stretches, since(now), timedelta(hours=1), 24),
            asked=asked, outcomes=OUTCOMES, outcome=outcome, names=list(source.resources),
            refresh=None if asked.number("before") else 5,
        )  # fmt: skip

    async def quarantine(self, request: Request) -> Response:
        source, asked = source_of(request, self._boards.sources), Asked(request.query_params)
        held = await self._reader.ask(
            lambda: facts.quarantined(source, asked.resource, asked.divisions, _HELD + 1)
        )
        board = await self._boards.of(source)
        suspect: list[Said] = []
        if board.status is not None:
            suspect = [said for said in sayings(board.status) if said.state == "suspect"]
        return render(
            request, "quarantine.html", section="quarantine", current=source, now=source.now(),
            held=held[:_HELD], has_more=len(held) > _HELD, suspect=suspect, asked=asked,
            names=list(source.resources),
        )  # fmt: skip

    async def requests(self, request: Request) -> Response:
        source, asked = source_of(request, self._boards.sources), Asked(request.query_params)
        span = asked.one_of("since", SPANS) or "24h"
        status = asked.number("status")
        wanted = requests.Filter(
            asked.divisions, asked.resource, status if status and status < 1000 else None,
            asked.text("only") == "errors", source.now() - SPANS[span],
        )  # fmt: skip
        rows, summary = await self._reader.ask(lambda: _calls(source, wanted))
        return render(
            request, "requests.html", section="requests", current=source, now=source.now(), rows=rows,
            summary=summary, asked=asked, spans=list(SPANS), span=span, names=list(source.resources),
            is_kept=bool(source.connection.settings.request_log_days), refresh=None,
        )  # fmt: skip


def _calls(source: Source, wanted: requests.Filter) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    rows = facts.newest_requests(source, wanted, 2 * _PAGE)
    return rows[::-1], facts.requests_summed_up(source, wanted)
