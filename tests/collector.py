"""A collector of OpenTelemetry: takes OTLP over HTTP, and reads it as the protocol says."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_REQUESTS = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}


@dataclass(frozen=True)
class Span:
    name: str
    id: bytes
    parent: bytes
    trace: bytes
    seconds: float
    kind: int
    failed: str | None
    """The words; None where it went well."""
    attributes: dict[str, Any]


class Collector:
    """What came, all of it as text too."""

    def __init__(self) -> None:
        self.headers: list[dict[str, str]] = []
        self.spans: list[Span] = []
        self.metrics: dict[str, Any] = {}
        """By name; the last that came."""
        self.logs: list[tuple[str, bytes, dict[str, Any]]] = []
        """Body, trace and attributes of each line."""
        self.services: set[str] = set()
        self.text = ""
        self.is_down = False
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if not collector.is_down:
                    collector.take(self.path, gzip.decompress(body), dict(self.headers))
                self.send_response(500 if collector.is_down else 200)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Nothing to say."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def take(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        request: Any = _REQUESTS[path].FromString(body)  # type: ignore[attr-defined]
        self.headers.append({name.lower(): value for name, value in headers.items()})
        self.text += str(request)
        for kind in ("resource_spans", "resource_metrics", "resource_logs"):
            for each in getattr(request, kind, ()):
                self.services.add(_attributes(each.resource.attributes)["service.name"])
                for scope in getattr(each, kind.replace("resource", "scope")):
                    self._scope(scope)

    def _scope(self, scope: Any) -> None:
        for span in getattr(scope, "spans", ()):
            seconds = (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9
            failed = span.status.message if span.status.code == 2 else None
            self.spans.append(
                Span(
                    span.name, span.span_id, span.parent_span_id, span.trace_id, seconds, span.kind, failed,
                    _attributes(span.attributes),
                )
            )  # fmt: skip
        for metric in getattr(scope, "metrics", ()):
            self.metrics[metric.name] = metric
        for line in getattr(scope, "log_records", ()):
            self.logs.append((line.body.string_value, line.trace_id, _attributes(line.attributes)))

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]

    def points(self, name: str) -> dict[tuple[str, ...], Any]:
        """The points of a metric by the values of their attributes, in the order of the names."""
        metric = self.metrics[name]
        data = getattr(metric, metric.WhichOneof("data"))
        found = {}
        for point in data.data_points:
            labels = _attributes(point.attributes)
            found[tuple(str(labels[key]) for key in sorted(labels))] = point
        return found


def _attributes(found: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in found}


@contextmanager
def a_collector() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield collector
    finally:
        collector.server.shutdown()
        thread.join()
        collector.server.server_close()
