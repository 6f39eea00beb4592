"""Pages that are read and not yet written: a transaction for several small ones.

A transaction for each page of sixty records costs PostgreSQL more than its rows do. But what is held
when the process is killed is read again, and calls are scarce. So at most twice as many pages are held
as were written at once before, never more than three pages of the largest kind have rows, and for five
seconds at most. A short reading loses a page or two, a long one seventeen: a third of a percent of a
day's calls.

Pages of a thousand records share a transaction, too, three at most, but only where they come at once: that
PostgreSQL works on one while the next one is awaited is worth more than fewer transactions are.
"""

from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from exact_sync.clock import Clock
from exact_sync.sync.rows import Batch

ENOUGH_ROWS = 1_000
"""So many cost PostgreSQL more than their transaction does."""
MOST_ROWS = 3 * ENOUGH_ROWS
MOST_PAGES = 17
"""A thousand rows in pages of sixty."""
LONGEST = 5.0
PATIENCE, SHORT_PATIENCE = 1.0, 0.05
"""Seconds that what is held waits for the page that comes next; the short one where it is enough."""


@dataclass(frozen=True)
class Held:
    """A page, and what is to be done in the transaction that writes it."""

    batch: Batch
    also: Callable[[Connection], None] | None
    checkpoint: dict[str, Any]

    @property
    def rows(self) -> int:
        """Those that are here already count, too: to read them again takes a call as well."""
        return len(self.batch.keys)


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
        age = self._clock.monotonic() - self._since
        return len(self._pages) >= self._room or self._rows >= MOST_ROWS or age >= LONGEST

    @property
    def patience(self) -> float:
        """How many seconds they may wait for the page that comes next."""
        return SHORT_PATIENCE if self._rows >= ENOUGH_ROWS else PATIENCE

    @property
    def _rows(self) -> int:
        return sum(page.rows for page in self._pages)

    def brings(self, keys: Set[str]) -> bool:
        """Whether one of these keys is among what is held."""
        return any(not keys.isdisjoint(map(str, page.batch.keys)) for page in self._pages)

    def take(self) -> list[Held]:
        """All of them; nothing is held any more."""
        pages, self._pages = self._pages, []
        if pages:
            self._room = min(2 * len(pages), MOST_PAGES)
        return pages
