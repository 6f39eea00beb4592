"""The truth behind the simulator: what each administration holds.

Values are Python's: Guid -> uuid.UUID, String -> str without padding, Boolean -> bool, the
integers -> int, Double -> decimal.Decimal, DateTime -> naive datetime, Amsterdam wall clock
(a calendar date at midnight), Binary and complex -> always None.

Records are never changed in place: `change` puts a new dict in the old one's stead, so a
record that was read stays as it was, and the sorted views know of every change.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from exact_sync.simulator.clock import Clock, sql_precision, to_wall
from exact_sync.simulator.entity import Entity
from exact_sync.simulator.ordering import Key, Ordering, Position, Record
from exact_sync.simulator.schema import ENTITIES

_VIEWS = 8
"""So many sorted views per table are kept."""


class Table:
    """The rows of one entity in one division."""

    def __init__(self, books: Books, division: int, entity: Entity) -> None:
        self.books = books
        self.division = division
        self.entity = entity
        self.rows: dict[Key, Record] = {}
        """Read it freely (under `books.lock` when others write); write through the methods."""
        self._views: dict[tuple[tuple[str, bool, int], ...], Ordering] = {}
        self._indexes: dict[str, dict[Any, set[Key]]] = {}

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
                record[f"{name}FullName"] = self.books.user_name
        key_name = self.entity.key
        if record[key_name] is None:
            record[key_name] = uuid.uuid4()
        with self.books.lock:
            if record[key_name] in self.rows:
                raise KeyError(f"{self.entity.path} already has {record[key_name]}")
            return self._put(record)

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
                record["ModifierFullName"] = self.books.user_name
            self._drop(key, old)
            self._put(record)
            return record

    def delete(self, key: Key) -> Record:
        """Take a row away and return it as it was."""
        with self.books.lock:
            record = self.rows.pop(key)
            self._drop(key, record)
            return record

    def load(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Add (or replace) many rows as they are, without any stamping."""
        key_name = self.entity.key
        complete = [self._complete(values) for values in records]
        with self.books.lock:
            self._views.clear()
            self._indexes.clear()
            self.rows.update((record[key_name], record) for record in complete)

    def clear(self) -> None:
        """Take every row away."""
        with self.books.lock:
            self.rows.clear()
            self._views.clear()
            self._indexes.clear()

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
        for view in self._views.values():
            view.add(key, record)
        for name, index in self._indexes.items():
            index.setdefault(record[name], set()).add(key)
        return key

    def _drop(self, key: Key, record: Record) -> None:
        for view in self._views.values():
            view.remove(key, record)
        for name, index in self._indexes.items():
            index[record[name]].discard(key)

    def _checked(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        unknown = values.keys() - self.entity.properties.keys()
        if unknown:
            raise KeyError(f"{self.entity.path} has no {', '.join(sorted(unknown))}")
        return values

    def _complete(self, values: Mapping[str, Any]) -> Record:
        self._checked(values)
        record = {name: values.get(name) for name in self.entity.properties}
        if "Division" in record and record["Division"] is None:
            record["Division"] = self.division
        return record


class Books:
    """Every division's tables, and the shared list of divisions."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.lock = threading.RLock()
        """Held while reading a page and while changing anything: one lock for all books."""
        self.user_id = uuid.UUID("5b1e5a3c-77f4-4c0e-9d0a-6f2f8f0f7a11")
        self.user_name = "Sanne de Wit"
        self._shared = {path: Table(self, 0, entity) for path, entity in ENTITIES.items() if entity.shared}
        self._tables: dict[int, dict[str, Table]] = {}

    @property
    def divisions(self) -> list[int]:
        """Every division's code, in the order of founding."""
        return list(self._tables)

    def add_division(self, code: int, **values: Any) -> Record:
        """Open a division: an empty table per entity and its row in system/Divisions.

        `values` are properties of system/Divisions; those not given get the plainest answer.
        """
        with self.lock:
            if code in self._tables:
                raise KeyError(f"division {code} exists")
            number = len(self._tables) + 1
            plain = {
                "Code": code,
                "Hid": number,
                "Description": f"Division {code}",
                "Country": "NL",
                "Legislation": "NL",
                "Currency": "EUR",
                "Status": 1,
                "BlockingStatus": 0,
                "Current": number == 1,
                "IsMainDivision": number == 1,
                "IsDossierDivision": False,
                "IsHRDivision": False,
                "IsPracticeDivision": False,
            }
            divisions = self._shared["system/Divisions"]
            key = divisions.insert({**plain, **values})
            self._tables[code] = {
                path: Table(self, code, entity) for path, entity in ENTITIES.items() if not entity.shared
            }
            return divisions.rows[key]

    def division(self, code: int) -> Record:
        """A division's row in system/Divisions."""
        return self._shared["system/Divisions"].rows[code]

    def table(self, division: int, path: str) -> Table:
        """One table; for system/Divisions the division does not matter. KeyError if unknown."""
        shared = self._shared.get(path)
        return shared if shared is not None else self._tables[division][path]

    def moment(self, moment: datetime) -> datetime:
        """An aware moment as these books keep it (wall clock, 1/300 s)."""
        return to_wall(moment)
