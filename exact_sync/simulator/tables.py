"""One division's tables, each made when it's first asked for.

Most tests look at a few of a hundred: a division that is opened, or a company that is founded,
must not cost what all of them do. Row versions are taken when rows would have been written, so
nobody can see from them when a table was made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from exact_sync.simulator.ordering import Record
from exact_sync.simulator.schema import KNOWN, TABLES
from exact_sync.simulator.table import Table
from exact_sync.simulator.versions import RowVersions

if TYPE_CHECKING:
    from exact_sync.simulator.books import Books

Make = Callable[[], Iterable[Record]]


class Tables(dict[str, Table]):
    """Path -> table; KeyError for what is no table of a division. Write under the books' lock."""

    def __init__(self, books: Books, division: int, counter: RowVersions) -> None:
        self._books = books
        self._division = division
        self._counter = counter
        self._to_come: dict[str, tuple[int, int, Make]] = {}
        """Path -> how many rows, the first of their versions, and who makes them."""
        self.watch: Callable[[Table], object] = lambda table: None
        """Told of every table that is made from now on."""
        super().__init__({path: self._new(path) for path, entity in KNOWN.items() if not entity.shared})

    def __missing__(self, path: str) -> Table:
        if path not in TABLES or TABLES[path].shared:
            raise KeyError(path)
        with self._books.lock:
            if path not in self:  # else another thread was quicker
                table = self._new(path)
                if path in self._to_come:
                    _, first, make = self._to_come.pop(path)
                    table.load(make(), first)
                self.watch(table)
                self[path] = table
            return self[path]

    def count(self, path: str) -> int:
        """How many rows a table has; a table is not made for that."""
        if path in self or path not in self._to_come:
            return len(self.get(path, ()))
        return self._to_come[path][0]

    def load_later(self, path: str, count: int, make: Make) -> None:
        """The same as loading the `count` rows that `make` gives, who is asked when it matters."""
        if path in self or path in self._to_come:
            self[path].load(make())
        else:
            self._to_come[path] = (count, self._counter.take(count), make)

    def move(self, counter: RowVersions) -> None:
        """Lie in another database from now on."""
        for path in list(self._to_come):
            self.__missing__(path)
        self._counter = counter
        for table in self.values():
            table.log.renumber(counter)

    def _new(self, path: str) -> Table:
        return Table(self._books, self._division, TABLES[path], self._counter)
