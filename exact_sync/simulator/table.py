"""The rows of one entity in one division, with everything that must know when one changes.

Records are never changed in place: `change` puts a new dict in the old one's stead, so a
record that was read stays as it was, and the sorted views know of every change.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from exact_sync.simulator.clock import sql_precision
from exact_sync.simulator.entity import Entity
from exact_sync.simulator.ordering import Key, Ordering, Position, Record
from exact_sync.simulator.versions import RowVersions, VersionLog

if TYPE_CHECKING:
    from exact_sync.simulator.books import Books

Follower = Callable[[Record | None, Record | None], object]
"""Told of every write: the row as it was and as it is; None where there was or is none."""
_VIEWS = 8
"""So many sorted views per table are kept."""


class Table:
    """The rows of one entity in one division."""

    def __init__(self, books: Books, division: int, entity: Entity, counter: RowVersions) -> None:
        self.books = books
        self.division = division
        self.entity = entity
        self.rows: dict[Key, Record] = {}
        """Read it freely (under `books.lock` when others write); write through the methods."""
        self.log = VersionLog(counter)
        self.followers: list[Follower] = []
        """Called under `books.lock`, when the row is as it is now (in `load`: just before)."""
        self.mourner: Callable[[Record], object] | None = None
        """Called likewise with every row that went."""
        self.writes = 0
        """Counts up at every write: who keeps what was derived from the rows sees whether it holds."""
        self._views: dict[tuple[tuple[str, bool, int], ...], Ordering] = {}
        self._indexes: dict[str, dict[Any, set[Key]]] = {}

    @property
    def versions(self) -> Mapping[Key, int]:
        """Key -> row version."""
        return self.log.given

    def insert(
        self,
        values: Mapping[str, Any],
        created: datetime | None = None,
        modified: datetime | None = None,
    ) -> Key:
        """Add a row and return its key (a fresh guid when `values` has none).

        `created` and `modified` are wall-clock moments (default: what `values` says, else now),
        rounded to 1/300 s; `modified` in the past makes a row that was committed late.
        """
        record = self._complete(values)
        names = self.entity.properties
        now = self.books.clock.wall()
        stamps = {"Created": created, "Modified": modified or created}
        for name, stamp in stamps.items():
            if name in names:
                record[name] = sql_precision(stamp or record[name] or now)
        for name in ("Creator", "Modifier"):
            if name in names and record[name] is None:
                record[name] = self.books.user_id
                if f"{name}FullName" in names:
                    record[f"{name}FullName"] = self.books.user_name
        key_name = self.entity.key
        if record[key_name] is None:
            if self.entity.key_type != "Guid":
                raise ValueError(f"{self.entity.path} needs its {key_name}")
            record[key_name] = uuid.uuid4()
        with self.books.lock:
            if record[key_name] in self.rows:
                raise KeyError(f"{self.entity.path} already has {record[key_name]}")
            key = self._put(record)
            self._tell(None, record)
            return key

    def change(self, key: Key, *, modified: datetime | None = None, **values: Any) -> Record:
        """Give a row new values; Modified becomes now, or `modified` (wall clock)."""
        with self.books.lock:
            old = self.rows[key]
            record = {**old, **self._checked(values)}
            if record[self.entity.key] != key:
                raise ValueError("a key cannot change")
            if "Modified" in record and "Modified" not in values:
                record["Modified"] = sql_precision(modified) if modified else self.books.clock.wall()
            if "Modifier" in record and "Modifier" not in values:
                record["Modifier"] = self.books.user_id
                if "ModifierFullName" in record:
                    record["ModifierFullName"] = self.books.user_name
            self._drop(key, old)
            self._put(record)
            self._tell(old, record)
            return record

    def delete(self, key: Key) -> Record:
        """Take a row away and return it as it was."""
        with self.books.lock:
            record = self.rows.pop(key)
            self._drop(key, record)
            self.log.drop(key)
            self._tell(record, None)
            return record

    def load(self, records: Iterable[Mapping[str, Any]], first: int | None = None) -> None:
        """Add (or replace) many rows as they are, without any stamping.

        They get their versions in the order of Modified, as rows that came in one after another
        have them; where that is equal or missing, in the order given. `first`: of the versions, where
        they were taken before (and no row has come since).
        """
        key_name = self.entity.key
        complete = [self._complete(values) for values in records]
        with self.books.lock:
            self._views.clear()
            self._indexes.clear()
            self.writes += 1
            if self.followers:
                for record in _by_age(complete):
                    self._tell(self.rows.get(record[key_name]), record)
            self.rows.update((record[key_name], record) for record in complete)
            # Sorting many rows takes time that nobody has to spend who never asks for versions.
            self.log.stamp_later(len(complete), lambda: [r[key_name] for r in _by_age(complete)], first)

    def clear(self) -> None:
        """Take every row away."""
        with self.books.lock:
            gone = list(self.rows.values())
            self.rows.clear()
            self.log.clear()
            self._views.clear()
            self._indexes.clear()
            self.writes += 1
            for record in gone:
                self._tell(record, None)

    def __len__(self) -> int:
        return len(self.rows)

    def view(self, columns: tuple[tuple[str, bool], ...] = ()) -> Ordering:
        """The sorted view by these (property, descending) columns. Call under `books.lock`."""
        wanted = tuple((name, down, self.entity.padding.get(name, 0)) for name, down in columns)
        if wanted not in self._views:
            while len(self._views) >= _VIEWS:
                del self._views[next(iter(self._views))]
            self._views[wanted] = Ordering(wanted, self.rows.items())
        return self._views[wanted]

    def ordered(
        self, columns: tuple[tuple[str, bool], ...] = (), after: Position | None = None
    ) -> Iterator[Record]:
        """Records in order, behind a position. Call (and use up) under `books.lock`."""
        return self.view(columns).after(after)

    def changed_after(self, version: int) -> Iterator[tuple[int, Record]]:
        """Rows with a higher version, in its order. Call (and use up) under `books.lock`."""
        return ((number, self.rows[key]) for number, key in self.log.after(version))

    def where(self, name: str, value: Any) -> list[Record]:
        """The rows whose property has this value, in key order. The index is kept."""
        with self.books.lock:
            index = self._indexes.get(name)
            if index is None:
                index = self._indexes[name] = {}
                for key, record in self.rows.items():
                    index.setdefault(record[name], set()).add(key)
            keys = index.get(value, ())
            return sorted((self.rows[key] for key in keys), key=self._place)

    def _place(self, record: Record) -> Any:
        line = record.get("LineNumber")
        return (line if line is not None else -1, str(record[self.entity.key]))

    def _put(self, record: Record) -> Key:
        key: Key = record[self.entity.key]
        self.rows[key] = record
        self.log.stamp(key)
        self.writes += 1
        for view in self._views.values():
            view.add(key, record)
        for name, index in self._indexes.items():
            index.setdefault(record[name], set()).add(key)
        return key

    def _drop(self, key: Key, record: Record) -> None:
        self.writes += 1
        for view in self._views.values():
            view.remove(key, record)
        for name, index in self._indexes.items():
            index[record[name]].discard(key)

    def _tell(self, old: Record | None, new: Record | None) -> None:
        for follower in self.followers:
            follower(old, new)
        if new is None and old is not None and self.mourner is not None:
            self.mourner(old)

    def _checked(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        unknown = values.keys() - self.entity.properties.keys()
        if unknown:
            raise KeyError(f"{self.entity.path} has no {', '.join(sorted(unknown))}")
        return values

    def _complete(self, values: Mapping[str, Any]) -> Record:
        record = {**dict.fromkeys(self.entity.properties), **self._checked(values)}
        if "Division" in record and record["Division"] is None:
            record["Division"] = self.division
        return record


def _by_age(records: list[Record]) -> list[Record]:
    """In the order of Modified, those without one first; as they are where there is no such property."""
    if not records or "Modified" not in records[0]:
        return records
    return sorted(records, key=lambda record: (record["Modified"] is not None, record["Modified"]))
