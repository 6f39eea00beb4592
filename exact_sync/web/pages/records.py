"""The pages that list: runs, what is in quarantine, calls to Exact."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from exact_sync.errors import DatabaseAway
from exact_sync.store import requests, runs
from exact_sync.web import facts
from exact_sync.web.pages import charts
from exact_sync.web.pages.asking import Asked, Reader, source_of
from exact_sync.web.pages.boards import Boards, since
from exact_sync.web.pages.cards import Said, sayings
from exact_sync.web.pages.rendering import render

_PAGE = 50
_CALLS = 100
_HELD = 200
OUTCOMES = (
    "ok", "running", "failed", "suspect", "quarantine", "later", "waits", "broken",
    "unavailable", "verified", "differs",
)  # fmt: skip
SPANS = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7), "all": None}
"""Times to choose from, by what stands in the address; None: as far back as calls are kept."""
_BEFORE = re.compile(r"([0-9]{1,18}):([0-9]{1,18})")
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


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
            lambda: facts.quarantined(
                source, asked.resource, asked.divisions, _HELD + 1, asked.number("before")
            )
        )
        board = await self._boards.of(source)
        suspect: list[Said] = []
        if board.status is not None:
            suspect = [said for said in sayings(board.status) if said.state == "suspect"]
        return render(
            request, "quarantine.html", section="quarantine", current=source, now=source.now(),
            held=held[:_HELD], more=held[_HELD - 1].id if len(held) > _HELD else None,
            suspect=suspect, asked=asked, names=list(source.resources),
        )  # fmt: skip

    async def requests(self, request: Request) -> Response:
        source, asked = source_of(request, self._boards.sources), Asked(request.query_params)
        span = asked.one_of("since", SPANS) or "24h"
        status, back = asked.number("status"), SPANS[span]
        wanted = requests.Filter(
            asked.divisions, asked.resource, status if status and status < 1000 else None,
            asked.text("only") == "errors", source.now() - back if back else None,
        )  # fmt: skip
        paged = replace(wanted, before=_moment(asked.text("before")))
        found = (await self._reader.ask(lambda: facts.newest_requests(source, paged, _CALLS + 1)))[::-1]
        summary: Sequence[dict[str, Any]] | None
        try:
            summary = await self._reader.ask(lambda: facts.requests_summed_up(source, wanted))
        except DatabaseAway:  # too much to be added up in time
            summary = None
        return render(
            request, "requests.html", section="requests", current=source, now=source.now(),
            rows=found[:_CALLS], more=_place(found[_CALLS - 1]) if len(found) > _CALLS else None,
            summary=summary, asked=asked, spans=list(SPANS), span=span, names=list(source.resources),
            is_kept=bool(source.connection.settings.request_log_days), refresh=None,
        )  # fmt: skip


def _place(call: dict[str, Any]) -> str:
    """Of a call in the list: its microseconds and its number; the next page begins behind it."""
    return f"{(call['at'] - _EPOCH) // _MICROSECOND}:{call['id']}"


def _moment(place: str) -> tuple[datetime, int] | None:
    """The same, read from an address; None for what is no place."""
    found = _BEFORE.fullmatch(place)
    if found is None or int(found[1]) > _LAST:
        return None
    return _EPOCH + int(found[1]) * _MICROSECOND, int(found[2])
