"""The server's parts as a test needs them: a real server on a free port, over a deployment's database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from exact_sync.server_settings import ServerSettings
from exact_sync.web import api, login, probes, server
from exact_sync.web.admission import Admission
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
        consent=service.consent,
        now=deployment.clock.now,
    )


def guarded(routes: Sequence[BaseRoute], source: Source) -> Starlette:
    """Only these routes, on loopback and without a password."""
    return app(routes, Admission(ServerSettings(), "a secret key", source.now))


@contextmanager
def a_server(
    metrics: Metrics,
    sources: Sequence[Source],
    settings: ServerSettings | None = None,
    more: Sequence[BaseRoute] = (),
    key: str = "a secret key",
) -> Iterator[httpx.Client]:
    """On a free port. Each question is a second after the one before, so that all are looked up anew.

    ``settings``: who may come, as if it listened where they say; ``more``: further routes.
    """
    seconds = iter(range(1, 1_000_000))

    def monotonic() -> float:
        return float(next(seconds))

    admission = Admission(settings or ServerSettings(), key, sources[0].now)
    routes = [
        *probes.routes(sources, metrics, monotonic),
        *login.routes(admission, monotonic),
        *api.routes(sources),
        *more,
    ]
    with (
        server.listening("127.0.0.1", 0) as opened,
        server.serving(app(routes, admission), opened) as address,
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
