"""What was asked, and which of Exact's rules were broken: the tests' witness."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime

from exact_sync.simulator.limits import ERRORS

VIOLATIONS = (
    "early_refreshes",
    "replayed_refreshes",
    "overlapping",
    "calls_while_limited",
    "error_blocked",
)


@dataclass
class Call:
    """One request. `division` is None for sign-in and current/Me."""

    at: datetime
    """The simulator's time, UTC."""
    method: str
    division: int | None
    path: str
    """Without /api/v1/ and the division: "crm/Accounts"; else the URL's path."""
    query: str
    started: float
    """Seconds of time.monotonic(), as `finished`."""
    status: int = 0
    """0: no answer was sent (yet)."""
    rows: int = 0
    finished: float | None = None


class Stats:
    """Counts, and a log of the latest 200,000 calls; safe to read while the server runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._log: deque[Call] = deque(maxlen=200_000)
        self._statuses: Counter[int] = Counter()
        self._broken: Counter[str] = Counter()
        self._running: Counter[int] = Counter()

    def begin(self, call: Call) -> None:
        """A request came in."""
        with self._lock:
            self._log.append(call)
            if call.division is not None:
                if self._running[call.division]:
                    self._broken["overlapping"] += 1
                self._running[call.division] += 1

    def finish(self, call: Call) -> None:
        """Its answer is about to be complete (or will never come). May be called twice."""
        with self._lock:
            if call.finished is not None:
                return
            call.finished = time.monotonic()
            self._statuses[call.status] += 1
            if call.division is not None:
                self._running[call.division] -= 1

    def broke(self, rule: str) -> None:
        """Count a violation."""
        if rule not in VIOLATIONS:
            raise KeyError(rule)
        with self._lock:
            self._broken[rule] += 1

    @property
    def violations(self) -> dict[str, int]:
        """Rule -> how often it was broken; every rule is named, also with 0."""
        with self._lock:
            return {rule: self._broken[rule] for rule in VIOLATIONS}

    def calls(self, division: int | None = None, path: str | None = None) -> list[Call]:
        """The calls so far, in order; `path`: a part of the path."""
        with self._lock:
            return [
                call
                for call in self._log
                if (division is None or call.division == division) and (path is None or path in call.path)
            ]

    @property
    def statuses(self) -> dict[int, int]:
        """Status -> how many calls ended so (0: without an answer); the log may have lost some of them."""
        with self._lock:
            return dict(sorted(self._statuses.items()))

    def errors_by_endpoint(self) -> dict[tuple[int | None, str], int]:
        """(division, path) -> calls answered with what counts as an error; only those that had any."""
        return dict(Counter((call.division, call.path) for call in self.calls() if call.status in ERRORS))

    def reset(self) -> None:
        """Forget the log and the violations; requests that are under way stay known."""
        with self._lock:
            self._log.clear()
            self._statuses.clear()
            self._broken.clear()
