"""The log of requests to Exact: kept in memory for a moment, then written many at a time.

A process that is killed takes the last few with it. The log never fails a run: while the database is
away requests wait in memory, the newest MOST of them.
"""

import logging
import threading
from collections import deque
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from exact_sync import logs
from exact_sync.clock import Clock
from exact_sync.errors import ExactSyncError, one_line
from exact_sync.exact.requests import TOKEN_ENDPOINT, Request
from exact_sync.store import requests
from exact_sync.store.database import Database

log = logging.getLogger(__name__)

BATCH = 200
"""So many are written at once."""
MOST = 5_000
"""So many may wait; then the oldest is dropped for each new one."""

_DROPPED_WITH_BATCH = 1_000
_DROPPED_AT_ONCE = 10_000
_LONGEST = 2_000
_LARGEST = {"status": 2**15 - 1} | dict.fromkeys(
    ("milliseconds", "rows", "minute_left", "day_left"), 2**31 - 1
)


class RequestLog:
    """Hears of every request; may be used by all threads."""

    def __init__(self, database: Database, clock: Clock, keep_days: int) -> None:
        """``keep_days``: how long requests are kept; 0: none are."""
        self._database = database
        self._clock = clock
        self._keep = timedelta(days=keep_days)
        self._waiting: deque[Request] = deque(maxlen=MOST)
        self._since_try = 0
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._trouble: str | None = None

    def made(self, request: Request) -> None:
        with self._lock:
            self._waiting.append(request)
            self._since_try += 1
            is_time = self._since_try >= BATCH
        # A call for a token is made under the lock of the sign-in, which must not wait for a log; and
        # what one thread is writing no other waits for.
        if is_time and request.endpoint != TOKEN_ENDPOINT and not self._writing.locked():
            self.flush()

    def refusals(self, endpoint: str) -> list[tuple[datetime, str]]:
        """What Exact refused there within the last hour, and what it said: none where nothing is kept."""
        since = self._clock.now() - timedelta(hours=1)
        with self._database.connect() as connection:
            return requests.refusals(connection, endpoint, since)

    def flush(self) -> None:
        """Write what waits; where the database can't be used now, it goes on waiting."""
        with self._writing:
            with self._lock:
                batch = list(self._waiting)
                self._waiting.clear()
                self._since_try = 0
            if not batch:
                return
            try:
                self._write(batch)
                self._trouble = None
            except ExactSyncError as error:
                with self._lock:
                    self._waiting = deque([*batch, *self._waiting], maxlen=MOST)
                if self._trouble != error.message:
                    log.warning("the log of requests can't be written now: %s", error)
                self._trouble = error.message
            except Exception:
                log.exception("%d requests could not be written to their log", len(batch))

    def tidy(self) -> None:
        """Remove what is older than it is kept, some thousands in each transaction.

        Raises DatabaseAway.
        """
        before = self._clock.now() - self._keep
        while True:
            with self._database.begin() as connection:
                if requests.drop_before(connection, before, _DROPPED_AT_ONCE) < _DROPPED_AT_ONCE:
                    return

    def _write(self, batch: list[Request]) -> None:
        rows = [_row(request) for request in batch]
        with self._database.begin() as connection:
            requests.add(connection, rows)
            # A daemon may run for months: what goes keeps step with what comes.
            requests.drop_before(connection, self._clock.now() - self._keep, _DROPPED_WITH_BATCH)


def _row(request: Request) -> dict[str, Any]:
    """As a row of the table: without secrets, and with nothing in it that a column refuses."""
    row = {field.name: getattr(request, field.name) for field in fields(request)}
    for name in ("query", "trouble"):
        row[name] = one_line(logs.clean(row[name]))[:_LONGEST] or None
    for name, largest in _LARGEST.items():
        if row[name] is not None:
            row[name] = max(-largest, min(largest, row[name]))
    return row
