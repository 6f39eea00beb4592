"""Spans: how long things take, each inside another one, for those who collect that.

Without a backend, as nearly always, nothing happens and nothing is imported. A backend is set by
``exact_sync.exporting`` where the settings name a collector.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

Value = str | int | float | bool | None
"""What is None is left out."""


class Span:
    """Something that takes time; this one is of no interest to anybody."""

    def note(self, **attributes: Value) -> None:
        """What became known of it on the way. Never a secret."""

    def fail(self, why: str) -> None:
        """It did not succeed."""

    def end(self) -> None:
        """It is over."""


class Backend(Protocol):
    """Whoever keeps spans."""

    def begin(self, name: str, attributes: Mapping[str, Value], parent: Span | None) -> Span: ...

    def past(self, call: "Past", parent: Span | None) -> None: ...


@dataclass(frozen=True)
class Past:
    """A call to somebody else that is over already."""

    name: str
    began: datetime
    seconds: float
    attributes: Mapping[str, Value]
    trouble: str = ""
    """Why it failed; '' where it did not."""


@dataclass
class _Frame:
    """A span that somebody is inside of, and the step in it that goes on."""

    span: Span
    step: Span | None = None

    def over(self) -> None:
        if self.step is not None:
            self.step.end()
            self.step = None


_NOTHING = Span()
_backend: Backend | None = None
_frame: ContextVar[_Frame | None] = ContextVar("frame", default=None)


def use(backend: Backend | None) -> None:
    """From now on this one keeps the spans of all threads; None: nobody does."""
    global _backend
    _backend = backend


def is_on() -> bool:
    return _backend is not None


def current() -> Span | None:
    """The innermost span of this thread."""
    frame = _frame.get()
    return None if frame is None else frame.step or frame.span


def span(name: str, **attributes: Value) -> AbstractContextManager[Span]:
    """A span until the end of the ``with``; what is raised makes it fail."""
    return nullcontext(_NOTHING) if _backend is None else _span(_backend, name, attributes)


@contextmanager
def _span(backend: Backend, name: str, attributes: Mapping[str, Value]) -> Iterator[Span]:
    outer = _frame.get()
    inner = _Frame(backend.begin(name, attributes, current()))
    _frame.set(inner)
    try:
        yield inner.span
    except BaseException as error:
        inner.span.fail(type(error).__name__)
        raise
    finally:
        inner.over()
        _frame.set(outer)
        inner.span.end()


def step(name: str, **attributes: Value) -> None:
    """The next step of the innermost span begins: a span in it, until the next one or its own end."""
    frame = _frame.get()
    if _backend is not None and frame is not None:
        frame.over()
        frame.step = _backend.begin(name, attributes, frame.span)


def step_ends() -> None:
    """The step is over, and what comes now belongs to none."""
    frame = _frame.get()
    if frame is not None:
        frame.over()


def past(call: Past) -> None:
    """Keep what is over already, inside the innermost span, but in no step of it: it may be for the next."""
    if _backend is not None:
        frame = _frame.get()
        _backend.past(call, None if frame is None else frame.span)
