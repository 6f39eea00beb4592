"""/metrics: what Prometheus reads. The only module that knows Prometheus; import it only where it is used."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from exact_sync import __version__
from exact_sync.errors import ExactSyncError
from exact_sync.web import gauges
from exact_sync.web.counts import BUCKETS, Counts, Durations
from exact_sync.web.gauges import Gauges
from exact_sync.web.source import Source

__all__ = ["CONTENT_TYPE_LATEST", "Metrics"]

log = logging.getLogger(__name__)

_Labels = TypeVar("_Labels", bound=tuple[str, ...])
_Key = TypeVar("_Key", bound=tuple[Any, ...])

_SERIES = ("connection", "division", "resource")


class Metrics:
    """Everything there is to measure, as text. Keeps no state of its own."""

    def __init__(
        self,
        sources: Sequence[Source],
        counts: Counts,
        now: Callable[[], datetime],
        *,
        by_division: bool = True,
    ) -> None:
        self._sources = sources
        self._counts = counts
        self._now = now
        self._by_division = by_division

    def text(self) -> bytes:
        """With the state in the database; without it, and saying so, where that can't be read."""
        return self._text(self._found())

    def families(self) -> list[Metric]:
        """The same, for those who write it down in another way."""
        return list(self._families(self._found()))

    def counts_only(self) -> bytes:
        """What this process knows by itself."""
        return self._text(None)

    def _found(self) -> Gauges | None:
        try:
            return gauges.read(self._sources, self._now(), by_division=self._by_division)
        except ExactSyncError as error:
            log.debug("metrics without the database: %s", error)
            return None

    def _text(self, found: Gauges | None) -> bytes:
        registry = CollectorRegistry()
        registry.register(_Families(self._families(found)))
        return generate_latest(registry)

    def _families(self, found: Gauges | None) -> Iterator[Metric]:
        yield _gauge("build_info", "The version that runs.", ("version",), {(__version__,): 1})
        is_up: dict[tuple[str, ...], float] = {(): float(found is not None)}
        yield _gauge("database_up", "1 where the database answers and its schema is ours.", (), is_up)
        if found is not None:
            yield from self._state(found)
        with self._counts.mutex:
            yield from self._counted()

    def _state(self, found: Gauges) -> Iterator[Metric]:
        oldest = "" if self._by_division else " Of all divisions the one that is furthest behind."
        yield _gauge(
            "last_success_timestamp_seconds",
            f"When a resource was last read well, in Unix time.{oldest}",
            _SERIES,
            found.succeeded,
        )
        yield _gauge("lag_seconds", f"Time since the last success.{oldest}", _SERIES, found.lag)
        least = "" if self._by_division else " Of all divisions the one with the fewest."
        labels = ("connection", "division", "window")
        help_ = f"Calls that Exact still allows in the current minute and day.{least}"
        yield _gauge("quota_left", help_, labels, found.quota_left)
        yield _gauge("divisions", "Divisions that Exact lists.", ("connection", "state"), found.divisions)
        needed = {(name,): float(each.why_not is not None) for name, each in found.sign_ins.items()}
        yield _gauge("sign_in_needed", "1 where a person must sign in at Exact.", ("connection",), needed)
        ends = {
            (name, token): moment.timestamp()
            for name, each in found.sign_ins.items()
            for token, moment in (("access", each.access_until), ("refresh", each.refresh_until))
            if moment is not None
        }
        help_ = "When a token ends, in Unix time. The access token is renewed in time, and so is the other."
        yield _gauge("token_expiry_timestamp_seconds", help_, ("connection", "token"), ends)
        yield from self._outbox(found)

    def _outbox(self, found: Gauges) -> Iterator[Metric]:
        labels, now = ("connection", "target"), self._now()
        waiting = {key: float(each.waiting) for key, each in found.backlogs.items()}
        yield _gauge("outbox_waiting", "Messages that a target does not have yet.", labels, waiting)
        ages = {
            key: max(0.0, (now - each.oldest_at).total_seconds()) if each.oldest_at else 0.0
            for key, each in found.backlogs.items()
        }
        yield _gauge("outbox_oldest_seconds", "How long the oldest of them has waited.", labels, ages)
        dead = {key: float(each.dead) for key, each in found.backlogs.items()}
        yield _gauge("outbox_dead", "Messages that were given up.", labels, dead)

    def _counted(self) -> Iterator[Metric]:
        counts = self._counts
        for name, numbers, what in (
            ("rows_upserted", counts.upserted, "Rows that were inserted or changed."),
            ("rows_deleted", counts.deleted, "Rows that were found to be gone at Exact."),
            ("rows_quarantined", counts.quarantined, "Records that could not become rows."),
        ):
            yield self._counter(name, what, _SERIES, numbers)
        yield self._counter("calls", "Calls to Exact, by runs.", _SERIES[:2], counts.calls)
        labels = ("connection", "resource", "outcome")
        yield _counter("runs", "Runs that ended.", labels, counts.runs)
        labels = ("connection", "target", "outcome")
        what = "Tries to tell a target what changed: delivered, failed or given_up."
        yield _counter("deliveries", what, labels, counts.deliveries)
        names = ("connection", "resource")
        yield _histogram("run_duration_seconds", "How long runs took.", names, counts.durations)
        what = "HTTP requests to Exact, those for tokens and repeated ones among them."
        yield _counter("http_requests", what, ("connection", "status"), counts.requests)
        what = "How long they took, to the last byte."
        yield _histogram("http_request_duration_seconds", what, ("connection",), counts.request_durations)
        what = "Refreshes of the access token."
        yield _counter("token_refreshes", what, ("connection", "outcome"), counts.refreshes)
        what = "Messages that came as Exact's webhooks, by what became of them."
        yield _counter("webhook_events", what, ("connection", "outcome"), counts.webhooks)

    def _counter(self, name: str, what: str, labels: Sequence[str], numbers: Mapping[_Key, int]) -> Metric:
        """With the division in the second place: as text, or left out."""
        sums: dict[tuple[str, ...], int] = {}
        for (connection, division, *rest), number in numbers.items():
            shown = str(division) if self._by_division and division else ""
            key = (str(connection), shown, *map(str, rest))
            sums[key] = sums.get(key, 0) + number
        return _counter(name, what, labels, sums)


class _Families(Collector):
    """What a registry asks; made for one answer."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def describe(self) -> Iterable[Metric]:
        return ()  # else the registry would collect once more to learn the names

    def collect(self) -> Iterable[Metric]:
        return self._families


def _gauge(name: str, what: str, labels: Sequence[str], values: Mapping[_Labels, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"exact_sync_{name}", what, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _counter(
    name: str, what: str, labels: Sequence[str], values: Mapping[_Labels, float]
) -> CounterMetricFamily:
    family = CounterMetricFamily(f"exact_sync_{name}", what, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _histogram(
    name: str, what: str, labels: Sequence[str], durations: Mapping[_Labels, Durations]
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(f"exact_sync_{name}", what, labels=labels)
    for key, each in durations.items():
        number, buckets = 0, []
        for bound, more in zip([*map(str, BUCKETS), "+Inf"], each.buckets, strict=True):
            number += more
            buckets.append((bound, float(number)))
        family.add_metric(key, buckets, each.total)
    return family
