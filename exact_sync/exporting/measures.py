"""Metrics as OpenTelemetry has them: the same numbers under the same names as /metrics."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from prometheus_client.core import Metric as Family
from prometheus_client.samples import Sample

from exact_sync import __version__

log = logging.getLogger(__name__)

_SUMS = AggregationTemporality.CUMULATIVE


class Measures:
    """Sends families of metrics as they are when it is time."""

    def __init__(self, send: Callable[[MetricsData], None], resource: Resource, every: float) -> None:
        """``every``: seconds between two times."""
        self._send = send
        self._resource = resource
        self._every = every
        self._began = time.time_ns()

    def once(self, families: Iterable[Family]) -> None:
        now = time.time_ns()
        found = [metric for family in families for metric in _metrics(family, self._began, now)]
        scope = ScopeMetrics(InstrumentationScope("exact_sync", __version__), found, "")
        self._send(MetricsData([ResourceMetrics(self._resource, [scope], "")]))

    @contextmanager
    def again_and_again(self, families: Callable[[], Iterable[Family]]) -> Iterator[None]:
        """In a thread of its own, and once more at the end; what keeps them from it is only logged."""
        is_over = threading.Event()

        def send() -> None:
            try:
                self.once(families())
            except Exception:
                # A mistake of ours in one number must not end all the others, nor the work.
                log.exception("metrics could not be sent")

        def work() -> None:
            while not is_over.wait(self._every):
                send()

        thread = threading.Thread(target=work, name="metrics", daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            send()


def _metrics(family: Family, began: int, now: int) -> Iterator[Metric]:
    unit = "s" if family.name.endswith("_seconds") else "1"
    if family.type == "histogram":
        points = list(_histograms(family.samples, began, now))
        if points:
            yield Metric(family.name, family.documentation, unit, Histogram(points, _SUMS))
        return
    values = [
        NumberDataPoint(dict(sample.labels), began, now, sample.value)
        for sample in family.samples
        if not sample.name.endswith("_created")
    ]
    if not values:
        return
    if family.type == "counter":
        name = f"{family.name}_total"
        yield Metric(name, family.documentation, unit, Sum(values, _SUMS, is_monotonic=True))
    else:
        yield Metric(family.name, family.documentation, unit, Gauge(values))


def _histograms(samples: Sequence[Sample], began: int, now: int) -> Iterator[HistogramDataPoint]:
    """Of Prometheus's buckets each holds the smaller ones too; of these none does."""
    buckets: dict[tuple[tuple[str, str], ...], list[tuple[float, int]]] = {}
    sums: dict[tuple[tuple[str, str], ...], float] = {}
    for sample in samples:
        labels = tuple(sorted((name, value) for name, value in sample.labels.items() if name != "le"))
        if sample.name.endswith("_bucket"):
            buckets.setdefault(labels, []).append((float(sample.labels["le"]), int(sample.value)))
        elif sample.name.endswith("_sum"):
            sums[labels] = sample.value
    for labels, found in buckets.items():
        found.sort()
        below = [0, *(number for _, number in found)]
        counts = [number - less for (_, number), less in zip(found, below, strict=False)]
        bounds = [bound for bound, _ in found[:-1]]
        # The smallest and the largest are not known; without them the fields stay empty.
        least = most = None
        yield HistogramDataPoint(
            dict(labels), began, now, sum(counts), sums.get(labels, 0.0), counts, bounds,
            least, most,  # type: ignore[arg-type]
        )  # fmt: skip
