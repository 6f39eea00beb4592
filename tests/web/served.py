"""The server's parts as a test needs them: a real server on a free port, over a deployment's database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from exact_sync.web import probes, server
from exact_sync.web.app import app
from exact_sync.web.counts import Counts
from exact_sync.web.metrics import Metrics
from exact_sync.web.pulse import Pulse
from exact_sync.web.source import Source
from tests.deployment import Deployment

Series = dict[tuple[str, ...], float]


def source_of(deployment: Deployment, pulse: Pulse | None = None) -> Source:
    service = deployment.service
    return Source(
        connection=service.connection,
        database=lambda: service.database,
        mirrored=service.mirrored,
        wanted=service.wanted,
        allowance=service.allowance,
        pulse=pulse or Pulse(deployment.clock),
        desk=service.desk(lambda: service.database),
        now=deployment.clock.now,
    )


@contextmanager
def a_server(metrics: Metrics, sources: Sequence[Source]) -> Iterator[httpx.Client]:
    """On a free port. Each question is a second after the one before, so that all are looked up anew."""
    seconds = iter(range(1, 1_000_000))
    application = app(probes.routes(sources, metrics, lambda: float(next(seconds))))
    with (
        server.listening("127.0.0.1", 0) as opened,
        server.serving(application, opened) as address,
        httpx.Client(base_url=address) as client,
    ):
        yield client


def metrics_of(deployment: Deployment, counts: Counts | None = None, **options: Any) -> Metrics:
    return Metrics([source_of(deployment)], counts or Counts(), deployment.clock.now, **options)


def series(text: str) -> dict[str, Series]:
    """Each sample by its name, and by the values of its labels in the order of their names."""
    found: dict[str, Series] = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation, family.name
        for sample in family.samples:
            key = tuple(value for _, value in sorted(sample.labels.items()))
            assert key not in found.setdefault(sample.name, {}), (sample.name, key)
            found[sample.name][key] = sample.value
    return found
