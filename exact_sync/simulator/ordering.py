"""Sorted views of a table, kept up to date row by row so that a page costs no sort.

Guids sort as SQL Server sorts them (the last six bytes first, then the groups before them):
recorded pages of Exact come in that order. Nulls come first, as in SQL Server.
"""

from __future__ import annotations

import uuid
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

Record = dict[str, Any]
Key = uuid.UUID | int | str
Position = tuple[Any, ...]
"""What a view sorts by: one element per $orderby column, the key last."""


class Descending:
    """A value that sorts the other way round."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: Descending) -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Descending) and bool(self.value == other.value)

    __hash__ = None  # type: ignore[assignment]


def guid_rank(value: uuid.UUID) -> bytes:
    """SQL Server's order of uniqueidentifier as comparable bytes."""
    raw = value.bytes_le
    return raw[10:] + raw[8:10] + raw[6:8] + raw[4:6] + raw[:4]


def rank(value: Any, *, descending: bool = False) -> Any:
    """A value as something that can be compared with its like, null included."""
    if isinstance(value, uuid.UUID):
        value = guid_rank(value)
    comparable = (0,) if value is None else (1, value)
    return Descending(comparable) if descending else comparable


def key_rank(key: Key) -> Any:
    """A key's place: keys are never null, so they compare bare."""
    return guid_rank(key) if isinstance(key, uuid.UUID) else key


class Ordering:
    """The records of a table in the order of some columns (name, descending, width), then key."""

    def __init__(
        self, columns: tuple[tuple[str, bool, int], ...], records: Iterable[tuple[Key, Record]]
    ) -> None:
        """`width`: as in `Entity.padding`, 0 for none: padded text sorts as padded."""
        self.columns = columns
        entries = [(self.position(key, record), record) for key, record in records]
        entries.sort(key=lambda entry: entry[0])
        self._positions: list[Position] = [entry[0] for entry in entries]
        self._records: list[Record] = [entry[1] for entry in entries]

    def position(self, key: Key, record: Record) -> Position:
        if not self.columns:
            return (key_rank(key),)
        values = tuple(self.place(index, record[name]) for index, (name, _, _) in enumerate(self.columns))
        return (*values, key_rank(key))

    def place(self, index: int, value: Any) -> Any:
        """The `index`th column's part of a position."""
        _, descending, width = self.columns[index]
        if width < 0 and isinstance(value, str):
            value = value.rjust(-width)
        return rank(value, descending=descending)

    def add(self, key: Key, record: Record) -> None:
        position = self.position(key, record)
        at = bisect_left(self._positions, position)
        self._positions.insert(at, position)
        self._records.insert(at, record)

    def remove(self, key: Key, record: Record) -> None:
        position = self.position(key, record)
        at = bisect_left(self._positions, position)
        if at < len(self._positions) and self._positions[at] == position:
            del self._positions[at]
            del self._records[at]

    def after(self, position: Position | None) -> Iterator[Record]:
        """Records in order, starting behind `position` (which need not exist any more)."""
        start = 0 if position is None else bisect_right(self._positions, position)
        return islice(self._records, start, None)
