"""Spans: how long single steps take, each inside another one, for those who collect that.

Without a backend, as nearly always, nothing happens and nothing is imported. A backend is set by
``exact_sync.exporting`` where the settings name a collector.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

T = TypeVar("T")

Value = str | int | float | bool | None
"""What is None is left out."""


class Span:
    """One step; this one is of no interest to anybody."""

    def note(self, **attributes: Value) -> None:
        """What became known of it on the way. Never a secret."""

    def fail(self, why: str) -> None:
        """It did not succeed."""

    def end(self) -> None:
        """It is over."""


class Backend(Protocol):
    """Whoever keeps spans."""

    def begin(self, name: str, attributes: Mapping[str, Value], parent: Span | None) -> Span: ...

    def past(self, step: "Past", parent: Span | None) -> None: ...


@dataclass(frozen=True)
class Past:
    """A step that is over already: a call to somebody else."""

    name: str
    began: datetime
    seconds: float
    attributes: Mapping[str, Value]
    trouble: str = ""
    """Why it failed; '' where it did not."""


_NOTHING = Span()
_backend: Backend | None = None
_current: ContextVar[Span | None] = ContextVar("span", default=None)


def use(backend: Backend | None) -> None:
    """From now on this one keeps the spans of all threads; None: nobody does."""
    global _backend
    _backend = backend


def is_on() -> bool:
    return _backend is not None


def current() -> Span | None:
    """The innermost span of this thread."""
    return _current.get()


def span(name: str, **attributes: Value) -> AbstractContextManager[Span]:
    """A step, until the end of the ``with``; what is raised makes it fail."""
    return nullcontext(_NOTHING) if _backend is None else _span(_backend, name, attributes)


@contextmanager
def _span(backend: Backend, name: str, attributes: Mapping[str, Value]) -> Iterator[Span]:
    outer = _current.get()
    inner = backend.begin(name, attributes, outer)
    _current.set(inner)
    try:
        yield inner
    except BaseException as error:
        inner.fail(type(error).__name__)
        raise
    finally:
        _current.set(outer)
        inner.end()


def each(name: str, items: Iterable[T]) -> Iterator[T]:
    """The items, each a step that lasts until the next one is asked for."""
    if _backend is None:
        yield from items
        return
    for number, item in enumerate(items, 1):
        outer = _current.get()
        inner = _backend.begin(name, {"number": number}, outer)
        _current.set(inner)
        try:
            yield item
        finally:
            if _current.get() is inner:  # one that is dropped may end after what is around it
                _current.set(outer)
            inner.end()


def past(step: Past) -> None:
    """Keep a step that is over, inside the innermost span of this thread."""
    if _backend is not None:
        _backend.past(step, _current.get())
