"""/livez, /readyz and /metrics: what a machine asks to know how we are."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exact_sync.web import readiness
from exact_sync.web.metrics import CONTENT_TYPE_LATEST, Metrics
from exact_sync.web.recent import Recent
from exact_sync.web.source import Source

SCRAPE_PATIENCE = 8.0
"""Seconds; Prometheus itself waits for ten."""


def routes(sources: Sequence[Source], metrics: Metrics, monotonic: Callable[[], float]) -> list[Route]:
    """``monotonic``: real seconds, by which answers age."""
    checks = Recent(lambda: readiness.checks(sources), monotonic, patience=readiness.PATIENCE)
    whole = Recent(metrics.text, monotonic, patience=SCRAPE_PATIENCE)
    counts = Recent(metrics.counts_only, monotonic, patience=SCRAPE_PATIENCE)

    async def livez(request: Request) -> Response:
        still = [source for source in sources if not source.pulse.is_alive]
        if not still:
            return Response("ok\n", media_type="text/plain")
        lines = [f"{each.name}: the loop has not run for {each.pulse.silent_for:.0f} s\n" for each in still]
        return Response("".join(lines), 503, media_type="text/plain")

    async def readyz(request: Request) -> Response:
        try:
            found = await checks.get()
        except TimeoutError:
            found = readiness.unanswered(sources)
        is_ready = all(check.ok for check in found)
        content = {"ready": is_ready, "checks": [asdict(check) for check in found]}
        return JSONResponse(content, 200 if is_ready else 503)

    async def show_metrics(request: Request) -> Response:
        try:
            text = await whole.get()
        except TimeoutError:
            text = await counts.get()
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return [
        Route(path, endpoint, methods=["GET"])  # which allows HEAD too
        for path, endpoint in (("/livez", livez), ("/readyz", readyz), ("/metrics", show_metrics))
    ]
