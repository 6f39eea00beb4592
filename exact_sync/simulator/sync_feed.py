"""A page of sync/…: what changed behind a row version, 1,000 rows, in the order of versions.

Stricter than OData: $select must name its properties, $filter knows `Timestamp gt N` (with or
without L) and, for the deletions, `EntityType eq N`; there is no $orderby, $skip, $expand,
$inlinecount, no key and no /$count. The $skiptoken is the last row's version: a row that is
written while one pages comes (again) further on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exact_sync.simulator.entity import Entity
from exact_sync.simulator.exchange import Listing, Request
from exact_sync.simulator.odata.query import SELECT_WANTED, Query, number_option, select
from exact_sync.simulator.odata.refusal import Refusal
from exact_sync.simulator.odata.tokens import Token, literal, tokens
from exact_sync.simulator.render import Renderer
from exact_sync.simulator.schema_sync import TWINS

if TYPE_CHECKING:
    from exact_sync.simulator.simulator import Simulator

_REFUSED = ("$skip", "$orderby", "$expand", "$inlinecount")
_CONDITIONS = {"Timestamp": "gt", "EntityType": "eq"}
"""What may be filtered on, where there is such a property, and how."""


@dataclass(frozen=True)
class _Wanted:
    """A checked question."""

    query: Query
    after: int
    entity_type: int | None


def read_feed(sim: Simulator, request: Request, options: dict[str, str], division: int, path: str) -> Listing:
    """One page of a path in `TWINS`."""
    entity = TWINS[path].entity
    wanted = _question(options, entity)
    query = wanted.query
    size = entity.page_size if query.top is None else min(query.top, entity.page_size)
    names = tuple(name for name in query.columns if name != "Timestamp")
    records: list[dict[str, Any]] = []
    more = False
    with sim.books.lock:
        for version, record in sim.books.feeds(division).changed_after(path, wanted.after):
            if wanted.entity_type is not None and record["EntityType"] != wanted.entity_type:
                continue
            if len(records) == size:
                more = True
                break
            records.append({"Timestamp": version, **{name: record.get(name) for name in names}})
    remaining = None if query.top is None else query.top - size
    next_url = None
    if more and remaining != 0:
        token = literal(records[-1]["Timestamp"], long=True)
        next_url = f"{request.origin}{request.path}?{query.next_query(token, remaining)}"
    renderer = Renderer(entity, f"{request.origin}{request.path}", query.columns, query.navigations)
    short = query.top is not None and query.top <= entity.page_size
    return Listing(renderer.rows(records, []), next_url, shape="list" if short else "results")


def _question(options: dict[str, str], entity: Entity) -> _Wanted:
    for name in _REFUSED:
        if name in options:
            raise Refusal(400, f"Query option {name} is not supported on this endpoint.")
    top = number_option(options, "$top")
    names = options.get("$select", "").strip()
    if (not names and top != 1) or "*" in [name.strip() for name in names.split(",")]:
        raise Refusal(400, SELECT_WANTED)
    columns, navigations, _ = select(names, entity)
    conditions = _conditions(options.get("$filter", ""), entity)
    after = conditions.get("Timestamp", 0)
    if "$skiptoken" in options:
        after = max(after, _position(options["$skiptoken"]))
    query = Query(
        options=options,
        entity=entity,
        bulk=False,
        predicate=None,
        columns=columns,
        navigations=navigations,
        expanded={},
        orderby=(),
        top=top,
        skip=0,
        count=False,
        skiptoken=options.get("$skiptoken"),
        page_size=entity.page_size,
    )
    return _Wanted(query, after, conditions.get("EntityType"))


def _conditions(text: str, entity: Entity) -> dict[str, int]:
    """$filter -> property -> number."""
    found: dict[str, int] = {}
    words = tokens(text)[:-1]
    while words:
        if found:
            if words[0].text != "and":
                raise Refusal(400, f"Syntax error at position {words[0].at} in '{text}'.")
            words = words[1:]
        if len(words) < 3:
            raise Refusal(400, f"Syntax error in '{text}'.")
        name = _property(words[0], entity)
        if words[1].text != _CONDITIONS[name] or name in found:
            raise Refusal(
                400, f"Only one '{name} {_CONDITIONS[name]}' is supported in the $filter of this endpoint."
            )
        found[name] = _whole(words[2], text)
        words = words[3:]
    return found


def _property(word: Token, entity: Entity) -> str:
    name = word.text
    if name not in entity.properties:
        raise Refusal(400, f"No property '{name}' exists in type '{entity.type_name}' at position {word.at}.")
    if name not in _CONDITIONS:
        raise Refusal(400, f"The property '{name}' of type '{entity.type_name}' cannot be used in a $filter.")
    return name


def _whole(word: Token, text: str) -> int:
    if word.kind != "number" or not isinstance(word.value, int):
        raise Refusal(400, f"A whole number is expected at position {word.at} in '{text}'.")
    return word.value


def _position(text: str) -> int:
    words = tokens(text)
    if len(words) != 2 or not isinstance(words[0].value, int) or words[0].kind != "number":
        raise Refusal(400, f"Skip token '{text}' is not valid for this request.")
    return words[0].value
