"""Sends spans, metrics and log lines to a collector of OpenTelemetry: OTLP over HTTP.

The only room that imports OpenTelemetry, and imported only where the settings name a collector. One
that is down disturbs nothing: what does not fit into a small queue is dropped, and that is said once.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics.export import MetricsData
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from exact_sync import __version__, telemetry
from exact_sync.exporting.measures import Measures
from exact_sync.exporting.records import Handler
from exact_sync.exporting.spans import Recorder
from exact_sync.telemetry_settings import Signal, TelemetrySettings

log = logging.getLogger(__name__)

_TIMEOUT = 3.0
"""Seconds for one try to send something, and at the end for all that is left."""


class _Quiet:
    """An exporter that says once that it can't send, and once that it can again."""

    def __init__(self, exporter: Any, signal: Signal, where: str) -> None:
        self._exporter = exporter
        self._signal = signal
        self._where = where
        self._is_failing = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._exporter, name)

    def export(self, batch: Any, **more: Any) -> Any:
        result = self._exporter.export(batch, **more)
        is_failing = result.name != "SUCCESS"
        if is_failing and not self._is_failing:
            log.warning("telemetry: %s does not accept %s; they are dropped", self._where, self._signal)
        elif self._is_failing and not is_failing:
            log.info("telemetry: %s accepts %s again", self._where, self._signal)
        self._is_failing = is_failing
        return result

    def shutdown(self, **more: Any) -> None:
        self._exporter.shutdown()


@contextmanager
def exporting(settings: TelemetrySettings) -> Iterator[Measures | None]:
    """Meanwhile spans and log lines are sent; gives who sends metrics, where these are wanted.

    At the end what waits is sent, as far as that takes no more than a few seconds.
    """
    # Our own line says what is wrong, once; theirs would come with each batch.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL + 1)
    resource = Resource.create({"service.name": settings.service_name, "service.version": __version__})
    with ExitStack() as stack:
        endings: list[Callable[[], object]] = []
        stack.callback(_end, endings)
        if "traces" in settings.signals:
            spans = BatchSpanProcessor(_exporter(OTLPSpanExporter, "traces", settings))
            sampler = ParentBased(TraceIdRatioBased(settings.sample_ratio))
            tracers = TracerProvider(sampler, resource, shutdown_on_exit=False)
            tracers.add_span_processor(spans)
            endings.append(spans.shutdown)
            telemetry.use(Recorder(tracers.get_tracer("exact_sync", __version__)))
            stack.callback(telemetry.use, None)
        if "logs" in settings.signals:
            lines = BatchLogRecordProcessor(_exporter(OTLPLogExporter, "logs", settings))
            loggers = LoggerProvider(resource, shutdown_on_exit=False)
            loggers.add_log_record_processor(lines)
            endings.append(lines.shutdown)
            handler = Handler(loggers.get_logger("exact_sync", __version__))
            logging.getLogger().addHandler(handler)
            stack.callback(logging.getLogger().removeHandler, handler)
        if "metrics" not in settings.signals:
            yield None
            return
        sending = _exporter(OTLPMetricExporter, "metrics", settings)

        def send(data: MetricsData) -> None:
            sending.export(data)

        endings.append(sending.shutdown)
        yield Measures(send, resource, settings.metrics_interval.total_seconds())


def _exporter(kind: Callable[..., Any], signal: Signal, settings: TelemetrySettings) -> Any:
    headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
    made = kind(
        endpoint=f"{settings.endpoint}/v1/{signal}",
        headers=headers,
        timeout=_TIMEOUT,
        compression=Compression.Gzip,
    )
    return _Quiet(made, signal, str(settings.endpoint))


def _end(endings: list[Callable[[], object]]) -> None:
    """All at the same time; who does not come to an end is left behind."""
    threads = [threading.Thread(target=each, name="telemetry", daemon=True) for each in endings]
    for thread in threads:
        thread.start()
    ends_at = time.monotonic() + _TIMEOUT
    for thread in threads:
        thread.join(max(0.0, ends_at - time.monotonic()))
