"""read/sync/Sync/SyncTimestamp: from a date to the row version where a reader may begin.

Two parameters of a function, not of OData, and both are needed:
`?modified=datetime'2026-01-01'&endPoint='SalesInvoices'`. The answer is one row about the
first row with Modified at or after that date; none where there is no such row.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from exact_sync.simulator.exchange import Listing, Request
from exact_sync.simulator.odata.query import select
from exact_sync.simulator.odata.refusal import Refusal
from exact_sync.simulator.odata.tokens import tokens
from exact_sync.simulator.render import Renderer
from exact_sync.simulator.schema_sync import SYNC_TIMESTAMP, SYNC_TIMESTAMP_ENDPOINTS, TWINS

if TYPE_CHECKING:
    from exact_sync.simulator.simulator import Simulator

_PATHS = {path.rsplit("/", 1)[1]: path for path in TWINS}


def read_sync_timestamp(
    sim: Simulator, request: Request, options: dict[str, str], division: int, _path: str
) -> Listing:
    """The one row, or none."""
    since = parameter(request, "modified", "datetime")
    name = parameter(request, "endPoint", "string")
    if name not in SYNC_TIMESTAMP_ENDPOINTS:
        raise Refusal(400, f"The endpoint '{name}' is not supported by SyncTimestamp.")
    columns, _, _ = select(options.get("$select"), SYNC_TIMESTAMP)
    path = _PATHS.get(name)
    found = None
    if path is not None and not sim.rights.hides(division, path):
        sim.rights.check(division, path)
        found = _first(sim, division, path, since)
    if found is None:
        return Listing([])
    modified, version = found
    record = {"Modified": modified, "API": name, "TimeStampAsBigInt": version}
    renderer = Renderer(SYNC_TIMESTAMP, f"{request.origin}{request.path}", columns)
    return Listing([renderer.row(record)])


def _first(sim: Simulator, division: int, path: str, since: datetime) -> tuple[datetime, int] | None:
    """The earliest Modified from then on, and of those rows the lowest version."""
    with sim.books.lock:
        return min(
            (
                (modified, version)
                for version, record in sim.books.feeds(division).changed_after(path, 0)
                if (modified := record.get("Modified")) is not None and modified >= since
            ),
            default=None,
        )


def parameter(request: Request, name: str, kind: str) -> Any:
    """A function's parameter, given once as a literal of that kind."""
    given = [value for key, value in parse_qsl(request.query, keep_blank_values=True) if key == name]
    words = tokens(given[0]) if len(given) == 1 else []
    if len(words) != 2 or words[0].kind != kind:
        raise Refusal(400, f"Bad Request - Error in query syntax: the parameter '{name}' is needed.")
    return words[0].value
