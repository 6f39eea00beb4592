"""Log lines as OpenTelemetry has them: without secrets, and with the span that they belong to."""

import logging
import traceback

from opentelemetry._logs import Logger, LogRecord, SeverityNumber

from exact_sync import logs, telemetry
from exact_sync.exporting.spans import context_of, named

_OURS = "exact_sync"
_USUAL = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_SEVERITIES = (
    (logging.CRITICAL, SeverityNumber.FATAL),
    (logging.ERROR, SeverityNumber.ERROR),
    (logging.WARNING, SeverityNumber.WARN),
    (logging.INFO, SeverityNumber.INFO),
)


class Handler(logging.Handler):
    """Hands each line on."""

    def __init__(self, logger: Logger) -> None:
        super().__init__()
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._logger.emit(_record(record))
        except Exception:  # noqa: BLE001 - as handlers do: a log never fails who writes it
            self.handleError(record)


def _record(record: logging.LogRecord) -> LogRecord:
    more = {
        name: value if isinstance(value, str | int | float | bool) else str(value)
        for name, value in vars(record).items()
        if name not in _USUAL and value is not None
    }
    attributes = named({"logger.name": record.name, **more})
    if record.exc_info and record.exc_info[0] is not None:
        text = "".join(traceback.format_exception(*record.exc_info))
        attributes["exception.type"] = record.exc_info[0].__name__
        attributes["exception.stacktrace"] = logs.clean(text)
    moment = int(record.created * 1e9)
    reached = (number for level, number in _SEVERITIES if record.levelno >= level)
    return LogRecord(
        timestamp=moment,
        observed_timestamp=moment,
        context=context_of(telemetry.current()),
        severity_text=record.levelname,
        severity_number=next(reached, SeverityNumber.DEBUG),
        body=logs.clean(record.getMessage()),
        attributes=attributes,
    )
