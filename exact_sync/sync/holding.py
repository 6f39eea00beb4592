"""Pages that are read and not yet written: a transaction for several of them.

A transaction for each page of sixty records costs PostgreSQL more than its rows do. But what is held
when the process is killed is read again, and calls are scarce. So at most as many pages are held as
were written at once before, twice over, and never more than twenty, nor for more than five seconds:
a short reading loses a page or two, a long one less than half a percent of a day's calls.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from exact_sync.clock import Clock
from exact_sync.sync.rows import Batch

MOST_PAGES = 20
MOST_ROWS = 10_000
LONGEST = 5.0
"""Seconds."""


@dataclass(frozen=True)
class Held:
    """A page, and what is to be done in the transaction that writes it."""

    batch: Batch
    also: Callable[[Connection], None] | None
    checkpoint: dict[str, Any]

    @property
    def rows(self) -> int:
        lines = self.batch.lines
        return len(self.batch.rows) if lines is None else lines.rows


class Holding:
    """The pages that are held now, in their order."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pages: list[Held] = []
        self._since = 0.0
        self._room = 1

    def add(self, page: Held) -> None:
        if not self._pages:
            self._since = self._clock.monotonic()
        self._pages.append(page)

    @property
    def is_full(self) -> bool:
        """Whether it is time to write them."""
        rows, age = sum(page.rows for page in self._pages), self._clock.monotonic() - self._since
        return len(self._pages) >= self._room or rows >= MOST_ROWS or age >= LONGEST

    def take(self) -> list[Held]:
        """All of them; nothing is held any more."""
        pages, self._pages = self._pages, []
        if pages:
            self._room = min(MOST_PAGES, 2 * len(pages))
        return pages
