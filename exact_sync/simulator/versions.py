"""Row versions: SQL Server's `rowversion`, which Exact's Sync API shows as Timestamp.

One counter per database. Every insert and every change of any row in it takes the next
number, which is thus above all that were in use; numbers have nothing to do with dates, and
a row that goes takes its number along. A database's rows are read in the order of their
numbers, behind a number: that is the whole of the Sync API.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator

from exact_sync.simulator.ordering import Key

FIRST = 11_000_000_001
"""The first version of new books: real ones were seen around 1.1e10."""
_SLACK = 256
"""So many outdated places a log may have, whatever its size, before it is swept."""


class RowVersions:
    """A database's counter. Use it under the books' lock."""

    def __init__(self, first: int = FIRST) -> None:
        if first < 2:
            raise ValueError("versions begin above 1: the first question is `Timestamp gt 1`")
        self.last = first - 1
        """The highest version given so far."""

    def take(self, count: int = 1) -> int:
        """The first of the next `count` versions, which are the caller's."""
        first = self.last + 1
        self.last += count
        return first

    def jump(self, last: int) -> None:
        """Go on behind `last`, as if others had written so much (never back: see `Books.move_division`)."""
        if last < self.last:
            raise ValueError(f"a row version never goes back from {self.last} to {last}")
        self.last = last


class VersionLog:
    """Which version each row of one table has. Use it under the books' lock."""

    def __init__(self, counter: RowVersions) -> None:
        self.counter = counter
        self._given: dict[Key, int] = {}
        # In step, in the order of versions. A place is outdated when its key has another
        # version by now, or none: so a write only appends, and reading skips.
        self._versions: list[int] = []
        self._keys: list[Key] = []
        self._waiting: list[tuple[int, Callable[[], list[Key]]]] = []
        """Blocks of versions that are taken, and whose rows."""

    @property
    def given(self) -> dict[Key, int]:
        """Key -> version of every row there is."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for first, keys in waiting:
                self._append(first, keys())
        return self._given

    def __len__(self) -> int:
        """The places it keeps, outdated ones with them."""
        return len(self._keys)

    def stamp(self, key: Key) -> int:
        """Give a row that was inserted or changed the next version."""
        given = self.given
        version = given[key] = self.counter.take()
        self._versions.append(version)
        self._keys.append(key)
        if len(self._keys) > 2 * len(given) + _SLACK:
            self._sweep()
        return version

    def stamp_all(self, keys: Collection[Key]) -> None:
        """Give many rows the next versions, in this order."""
        self.stamp_later(len(keys), lambda: list(keys))

    def stamp_later(self, count: int, keys: Callable[[], list[Key]], first: int | None = None) -> None:
        """The same, and `keys` is asked for that many keys only when it matters which has which.

        `first`: of these versions, where they were taken before.
        """
        self._waiting.append((self.counter.take(count) if first is None else first, keys))

    def drop(self, key: Key) -> None:
        """A row is gone (or was never here)."""
        self.given.pop(key, None)

    def clear(self) -> None:
        """No rows are left."""
        self._waiting.clear()
        self._given.clear()
        self._versions.clear()
        self._keys.clear()

    def after(self, version: int) -> Iterator[tuple[int, Key]]:
        """Rows with a higher version, in its order. Use it up before the next write."""
        given = self.given
        versions, keys = self._versions, self._keys
        for place in range(bisect_right(versions, version), len(keys)):
            key = keys[place]
            if given.get(key) == versions[place]:
                yield versions[place], key

    def renumber(self, counter: RowVersions) -> None:
        """All rows, in the order they have, become the next ones of another database's counter."""
        keys = [key for _, key in self.after(0)]
        self.clear()
        self.counter = counter
        self.stamp_all(keys)

    def _append(self, first: int, keys: list[Key]) -> None:
        versions = range(first, first + len(keys))
        self._given.update(zip(keys, versions, strict=True))
        self._versions.extend(versions)
        self._keys.extend(keys)

    def _sweep(self) -> None:
        live = list(self.after(0))
        self._versions = [version for version, _ in live]
        self._keys = [key for _, key in live]
