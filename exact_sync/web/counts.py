"""What happened in this process since it began: counted as runs end, read by /metrics.

Needs no Prometheus: one-shots count too, and pay for its import only where they write a file.
"""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from exact_sync.catalog import DIVISIONS
from exact_sync.exact.requests import TOKEN_ENDPOINT, Request
from exact_sync.sync.audience import Audience
from exact_sync.sync.outcome import Outcome
from exact_sync.sync.task import CONNECTION_WIDE

BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
"""Upper bounds in seconds; what took longer is in one more bucket."""


@dataclass
class Durations:
    """How long runs took, in seconds."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    """How many in each bucket, not added up."""
    total: float = 0.0

    def add(self, seconds: float) -> None:
        self.buckets[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds


@dataclass
class Counts:
    """Everything that is counted. Add and read it only under ``mutex``."""

    upserted: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    """By connection, division and resource, as the next two."""
    deleted: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    quarantined: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    calls: Counter[tuple[str, int]] = field(default_factory=Counter)
    runs: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By connection, resource and outcome."""
    durations: dict[tuple[str, str], Durations] = field(default_factory=dict)
    """By connection and resource."""
    deliveries: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Tries to tell targets what changed, by connection, target and outcome."""
    requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    """HTTP requests by connection and status ("none" where no answer came)."""
    request_durations: dict[tuple[str], Durations] = field(default_factory=dict)
    """By connection."""
    refreshes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Of the access token, by connection and whether they worked ("ok" or "failed")."""
    webhooks: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Messages of Exact by connection ('' where there is none of that name) and by what became of them."""
    mutex: threading.Lock = field(default_factory=threading.Lock)

    def add(self, connection: str, outcome: Outcome, seconds: float | None) -> None:
        """A run that ended after so many seconds; None where nobody saw it begin."""
        key = (connection, outcome.division, outcome.resource)
        tally = outcome.tally
        with self.mutex:
            if written := tally.inserted + tally.updated:
                self.upserted[key] += written
            if tally.deleted:
                self.deleted[key] += tally.deleted
            if tally.quarantined:
                self.quarantined[key] += tally.quarantined
            self.calls[connection, outcome.division] += tally.calls
            self.runs[connection, outcome.resource, outcome.status] += 1
            if seconds is not None:
                self.durations.setdefault((connection, outcome.resource), Durations()).add(seconds)

    def tried(self, connection: str, target: str, outcome: str) -> None:
        """A target of the outbox was told something, or would not hear it."""
        with self.mutex:
            self.deliveries[connection, target, outcome] += 1


class CountingRequests:
    """An observer of requests to Exact that counts them; safe for threads."""

    def __init__(self, connection: str, counts: Counts) -> None:
        self._connection = connection
        self._counts = counts

    def made(self, request: Request) -> None:
        status = "none" if request.status is None else str(request.status)
        with self._counts.mutex:
            self._counts.requests[self._connection, status] += 1
            durations = self._counts.request_durations.setdefault((self._connection,), Durations())
            durations.add(request.milliseconds / 1000)
            if request.endpoint == TOKEN_ENDPOINT and "refresh_token" in request.query:
                self._counts.refreshes[self._connection, "failed" if request.trouble else "ok"] += 1


class Counting:
    """An audience that counts, and tells another one all it hears."""

    def __init__(
        self, connection: str, audience: Audience, counts: Counts, monotonic: Callable[[], float]
    ) -> None:
        self._connection = connection
        self._audience = audience
        self._counts = counts
        self._monotonic = monotonic
        self._began: dict[tuple[int, str], float] = {}
        self.page = audience.page

    def begins(self, division: int, resource: str) -> None:
        self._began[_key(division, resource)] = self._monotonic()
        self._audience.begins(division, resource)

    def ends(self, outcome: Outcome) -> None:
        began = self._began.pop(_key(outcome.division, outcome.resource), None)
        seconds = None if began is None else max(0.0, self._monotonic() - began)
        self._counts.add(self._connection, outcome, seconds)
        self._audience.ends(outcome)


def _key(division: int, resource: str) -> tuple[int, str]:
    """The list of divisions is asked for in one of them, but belongs to none."""
    return (CONNECTION_WIDE if resource == DIVISIONS.name else division, resource)


class Audiences(Protocol):
    """Makes an audience for each connection; None: for the only one."""

    def of(self, connection: str | None) -> Audience: ...


class Counted:
    """Makes audiences that count, from those of another one."""

    def __init__(
        self, audiences: Audiences, counts: Counts, monotonic: Callable[[], float], only: str
    ) -> None:
        self._audiences = audiences
        self._counts = counts
        self._monotonic = monotonic
        self._only = only

    def of(self, connection: str | None) -> Audience:
        """``connection``: None is the only one."""
        audience = self._audiences.of(connection)
        return Counting(connection or self._only, audience, self._counts, self._monotonic)
