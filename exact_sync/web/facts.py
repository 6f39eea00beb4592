"""The facts that the page and the API show, read from the database of one connection.

Each function is one transaction in the server's own small pool, whose statements may not take long.
All of them block: call them in a thread. All raise DatabaseAway, and BadConfiguration where the schema
is behind.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection

from exact_sync.errors import DatabaseAway
from exact_sync.store import (
    checkpoints,
    credentials,
    deliveries,
    divisions,
    incidents,
    pauses,
    quarantine,
    requests,
    runs,
)
from exact_sync.store.checkpoints import Position
from exact_sync.store.credentials import Validity
from exact_sync.store.deliveries import Backlog, Delivery
from exact_sync.store.incidents import Record
from exact_sync.store.pauses import Pause
from exact_sync.store.quarantine import Held
from exact_sync.store.runs import Run
from exact_sync.sync import status
from exact_sync.sync.status import Counts, Status
from exact_sync.web.readiness import STATEMENT_TIMEOUT, limited
from exact_sync.web.source import Source

T = TypeVar("T")

COUNTING = "500ms"
"""Enough where the checkpoints know. Where one does not, a large table's rows are counted by its next run."""


def _read(source: Source, question: Callable[[Connection], T], timeout: str = STATEMENT_TIMEOUT) -> T:
    with source.database().begin() as connection:
        limited(connection, timeout)
        return question(connection)


def rows(source: Source) -> Counts | None:
    """How many rows there are; None where that can't be told at once."""
    try:
        return _read(source, lambda connection: status.count(connection, source.mirrored.values()), COUNTING)
    except DatabaseAway:
        return None


def where_it_stands(source: Source, codes: Sequence[int] = (), counts: Counts | None = None) -> Status:
    """Everything that ``exact-sync status`` shows. ``codes``: only these divisions; ``counts``: where the
    rows were counted before.
    """

    def question(connection: Connection) -> Status:
        why_not = credentials.validity(connection).why_not
        resources = source.mirrored.values()
        return status.read(connection, why_not, resources, source.now(), source.allowance, codes, counts)

    return _read(source, question)


def wanted_divisions(source: Source) -> list[int]:
    """The divisions that Exact lists and the settings want."""
    return _read(source, lambda connection: source.wanted.of(divisions.listed(connection)))


def sign_in(source: Source) -> Validity:
    """Whether somebody is signed in, and until when."""
    return _read(source, credentials.validity)


def newest_runs(source: Source, wanted: runs.Filter, limit: int) -> list[Run]:
    """The newest runs first."""
    return _read(source, lambda connection: runs.newest(connection, wanted, limit))


def run_history(source: Source, wanted: runs.Filter, since: datetime, step: timedelta) -> list[runs.Stretch]:
    """The runs since then, added up by stretches of time."""
    return _read(source, lambda connection: runs.history(connection, wanted, since, step))


def positions(
    source: Source, resource: str | None, codes: Sequence[int], limit: int, after: tuple[int, str] | None
) -> list[Position]:
    """Checkpoints by division and resource, from the first one behind ``after``."""
    return _read(source, lambda c: checkpoints.positions(c, resource, codes, limit, after))


def quarantined(
    source: Source, resource: str | None, codes: Sequence[int], limit: int, before: int | None = None
) -> list[Held]:
    """Records that could not become rows, the newest first."""
    return _read(source, lambda connection: quarantine.held(connection, resource, codes, limit, before))


def paused(source: Source) -> list[Pause]:
    """What people have paused."""
    return _read(source, pauses.paused)


def newest_requests(source: Source, wanted: requests.Filter, limit: int) -> list[dict[str, Any]]:
    """The newest calls to Exact, in the order in which they were made."""
    return _read(source, lambda connection: requests.newest(connection, wanted, limit))


def requests_summed_up(source: Source, wanted: requests.Filter) -> list[dict[str, Any]]:
    """Calls, errors and times per endpoint."""
    return _read(source, lambda connection: requests.summary(connection, wanted))


def incidents_told(source: Source, number: int | None = None, before: int | None = None) -> list[Record]:
    """What is open, or the last so many; the newest first."""
    return _read(source, lambda connection: incidents.recent(connection, number, before))


def undelivered(source: Source, wanted: deliveries.Filter, limit: int) -> list[Delivery]:
    """Messages of the outbox that a target does not have, the oldest first."""
    return _read(source, lambda connection: deliveries.listed(connection, wanted, limit))


def backlogs(source: Source) -> dict[str, Backlog]:
    """What each target does not have yet, or will not get; only those for whom there is something."""
    return _read(source, deliveries.backlogs)
