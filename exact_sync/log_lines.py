"""How a log line is written: for people, or as JSON. Imported with the first line that is logged.

structlog takes longer to import than a good one-shot needs for all it says, which is nothing.
"""

import logging
from collections.abc import Callable
from typing import Any

import structlog
from structlog.typing import EventDict, Processor


def formatter(
    *, readable: bool, colors: bool, clean: Callable[[str], str], connection: Callable[[], str | None]
) -> logging.Formatter:
    """``clean`` takes out what is secret; ``connection`` names the one that a line is about."""

    def name_connection(logger: Any, name: str, event: EventDict) -> EventDict:
        about = connection()
        return event if about is None else {**event, "connection": about}

    def clean_all(logger: Any, name: str, event: EventDict) -> EventDict:
        return {key: clean(value) if isinstance(value, str) else value for key, value in event.items()}

    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        name_connection,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Plain tracebacks: the pretty ones show local variables, and those may be anything.
    console = structlog.dev.ConsoleRenderer(
        colors=colors, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
    )
    last: list[Processor] = (
        [console]
        if readable
        else [structlog.processors.format_exc_info, clean_all, structlog.processors.JSONRenderer()]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, clean_all, *last],
    )
