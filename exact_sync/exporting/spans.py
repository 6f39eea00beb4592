"""Our spans as OpenTelemetry has them."""

from collections.abc import Mapping
from datetime import datetime

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Tracer

from exact_sync import logs, telemetry
from exact_sync.telemetry import Past, Value


class Recorded(telemetry.Span):
    """A span that is kept."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    @property
    def context(self) -> Context:
        """For what happens inside it."""
        return trace.set_span_in_context(self._span, Context())

    def note(self, **attributes: Value) -> None:
        self._span.set_attributes(named(attributes))

    def fail(self, why: str) -> None:
        self._span.set_status(trace.Status(trace.StatusCode.ERROR, logs.clean(why)))

    def end(self) -> None:
        self._span.end()


class Recorder:
    """Keeps spans with a tracer of the SDK."""

    def __init__(self, tracer: Tracer | trace.Tracer) -> None:
        self._tracer = tracer

    def begin(
        self, name: str, attributes: Mapping[str, Value], parent: telemetry.Span | None
    ) -> telemetry.Span:
        return Recorded(self._tracer.start_span(name, context_of(parent), attributes=named(attributes)))

    def past(self, call: Past, parent: telemetry.Span | None) -> None:
        began = nanoseconds(call.began)
        span = self._tracer.start_span(
            call.name,
            context_of(parent),
            kind=trace.SpanKind.CLIENT,
            attributes=named(call.attributes),
            start_time=began,
        )
        if call.trouble:
            span.set_status(trace.Status(trace.StatusCode.ERROR, logs.clean(call.trouble)))
        span.end(began + round(call.seconds * 1e9))


def context_of(parent: telemetry.Span | None) -> Context:
    """Of a span; an empty one where there is none, whatever else uses OpenTelemetry in this process."""
    return parent.context if isinstance(parent, Recorded) else Context()


def named(attributes: Mapping[str, Value]) -> dict[str, str | int | float | bool]:
    """Attributes of our own get our name before theirs; of which connection it is, the log knows."""
    found = {
        name if "." in name else f"exact_sync.{name}": logs.clean(value) if isinstance(value, str) else value
        for name, value in attributes.items()
        if value is not None
    }
    connection = logs.connection()
    return found if connection is None else {**found, "exact_sync.connection": connection}


def nanoseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6) * 1000
