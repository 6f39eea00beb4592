"""One page: the rows behind a position, and where the next page begins.

The $skiptoken is a keyset: the last row's $orderby values and key. Pages are read live, so a
row that is inserted before the position is missed and one that moves behind it comes again.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from itertools import islice
from typing import Any

from exact_sync.simulator.odata.parser import FAMILIES
from exact_sync.simulator.odata.query import Query
from exact_sync.simulator.odata.refusal import Refusal
from exact_sync.simulator.odata.tokens import Token, literal, tokens
from exact_sync.simulator.ordering import Key, Ordering, Position, key_rank
from exact_sync.simulator.table import Table

Record = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """Records, the rows behind them if expanded, the next page's query string, the count."""

    records: list[Record]
    nested: list[dict[str, list[Record]]]
    next_query: str | None
    count: int | None
    bare: bool
    """Whether `d` is the list itself ($top was given and fits into one page)."""


def read_page(table: Table, query: Query, related: dict[str, Table]) -> Page:
    """Read a page. `related`: navigation -> the table it leads to."""
    with table.books.lock:
        view = table.view(query.orderby)
        after = _position(query, view) if query.skiptoken is not None else None
        size = query.page_size if query.top is None else min(query.top, query.page_size)
        skip = query.skip if after is None else 0
        passing = (row for row in view.after(after) if query.predicate is None or query.predicate(row))
        records = list(islice(passing, skip, skip + size + 1)) if size else []
        count = count_rows(table, query) if query.count else None
        more = len(records) > size
        del records[size:]
        nested = [_nested(table, record, query, related) for record in records] if query.expanded else []
    remaining = None if query.top is None else query.top - size
    next_query = None
    if more and remaining != 0:
        next_query = query.next_query(_token(query, records[-1]), remaining)
    bare = (
        query.entity.short_list and query.top is not None and query.top <= query.page_size and not query.count
    )
    return Page(records, nested, next_query, count, bare)


def count_rows(table: Table, query: Query) -> int:
    """What `/$count` answers: the number of rows that pass the $filter."""
    with table.books.lock:
        test = query.predicate
        return len(table.rows) if test is None else sum(1 for record in table.rows.values() if test(record))


def _nested(table: Table, record: Record, query: Query, related: dict[str, Table]) -> dict[str, list[Record]]:
    result = {}
    for name in query.expanded:
        _, foreign = table.entity.navigations[name]
        result[name] = related[name].where(foreign, record[table.entity.key])
    return result


def _token(query: Query, record: Record) -> str:
    names = [*(name for name, _ in query.orderby), query.entity.key]
    types = query.entity.properties
    return ",".join(literal(record[name], long=types[name] == "Int64") for name in names)


def _position(query: Query, view: Ordering) -> Position:
    """A $skiptoken as a place in the view; a malformed one is refused."""
    words = tokens(query.skiptoken or "")[:-1]
    values, commas = words[::2], words[1::2]
    names = [name for name, _ in query.orderby]
    if len(values) != len(names) + 1 or any(word.text != "," for word in commas) or len(words) % 2 == 0:
        raise _bad(query)
    place = []
    for index, (name, word) in enumerate(zip(names, values, strict=False)):
        if word.kind not in (FAMILIES[query.entity.properties[name]], "null"):
            raise _bad(query)
        place.append(view.place(index, word.value))
    return (*place, key_rank(_key(query, values[-1])))


def _key(query: Query, word: Token) -> Key:
    family = FAMILIES[query.entity.key_type]
    if word.kind != family or not isinstance(word.value, uuid.UUID | int | str):
        raise _bad(query)
    return word.value


def _bad(query: Query) -> Refusal:
    return Refusal(400, f"Skip token '{query.skiptoken}' is not valid for this request.")
