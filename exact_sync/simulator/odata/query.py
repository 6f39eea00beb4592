"""The query string: which options there are, and what they ask of an entity."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, unquote_plus

from exact_sync.simulator.entity import Entity
from exact_sync.simulator.odata.parser import FAMILIES, Predicate, compile_filter
from exact_sync.simulator.odata.refusal import Refusal

OPTIONS = frozenset(
    {
        "$filter",
        "$select",
        "$orderby",
        "$top",
        "$skip",
        "$expand",
        "$inlinecount",
        "$skiptoken",
        "$format",
    }
)
SELECT_WANTED = "Please add a $select or a $top=1 statement to the query string."
BULK_PAGE = 1000
_SAFE = "$,'()*:;/@!-._~"
"""Left as they are in a __next, as recorded ones have them."""


@dataclass(frozen=True)
class Query:
    """What a list request asks, checked against the entity."""

    options: dict[str, str]
    entity: Entity
    bulk: bool
    predicate: Predicate | None
    columns: tuple[str, ...]
    """Selected scalar properties, in the entity's own order."""
    navigations: tuple[str, ...]
    """Navigations to show: expanded or deferred."""
    expanded: dict[str, tuple[str, ...]]
    """Navigation -> selected properties of its target."""
    orderby: tuple[tuple[str, bool], ...]
    top: int | None
    skip: int
    count: bool
    skiptoken: str | None
    page_size: int = field(default=60)

    def next_query(self, skiptoken: str, remaining: int | None) -> str:
        """The query string of the next page: the same options, $skip dropped, $top what is left."""
        parts = []
        for name, value in self.options.items():
            if name in ("$skip", "$skiptoken"):
                continue
            text = str(remaining) if name == "$top" else value
            parts.append(f"{name}={quote(text, safe=_SAFE)}")
        parts.append(f"$skiptoken={quote(skiptoken, safe=_SAFE)}")
        return "&".join(parts)


def parse_options(text: str) -> dict[str, str]:
    """Name -> value, percent-decoded, in order; only what begins with $ is kept."""
    options: dict[str, str] = {}
    for part in text.split("&"):
        name, _, value = part.partition("=")
        name = unquote_plus(name)
        if not name.startswith("$"):
            continue
        if name not in OPTIONS:
            raise Refusal(400, f"The query parameter '{name}' begins with a '$' but is not supported.")
        if name in options:
            raise Refusal(
                400, f"Query parameter '{name}' is specified, but it should be specified exactly once."
            )
        options[name] = unquote_plus(value)
    return options


def list_query(options: dict[str, str], entity: Entity, entities: dict[str, Entity], *, bulk: bool) -> Query:
    """Check the options of a list request, in the order Exact would stumble over them."""
    if bulk and "$skip" in options:
        raise Refusal(400, "Query option $skip is not supported on this endpoint.")
    top = number_option(options, "$top")
    select_wanted = entity.bulk_select_required if bulk else entity.select_required
    if select_wanted and not options.get("$select", "").strip() and top != 1:
        raise Refusal(400, SELECT_WANTED)
    if bulk and "*" in [name.strip() for name in options.get("$select", "").split(",")]:
        raise Refusal(400, SELECT_WANTED)
    columns, navigations, nested = select(options.get("$select"), entity)
    expanded = _expand(options.get("$expand"), entity, entities, navigations, nested)
    barred = entity.bulk_unfilterable if bulk else frozenset()
    predicate = None
    if options.get("$filter", "").strip():
        predicate = compile_filter(options["$filter"], entity, entity.filterable, barred)
    return Query(
        options=options,
        entity=entity,
        bulk=bulk,
        predicate=predicate,
        columns=columns,
        navigations=navigations,
        expanded=expanded,
        orderby=_orderby(options.get("$orderby"), entity),
        top=top,
        skip=number_option(options, "$skip") or 0,
        count=_count(options.get("$inlinecount")),
        skiptoken=options.get("$skiptoken"),
        page_size=BULK_PAGE if bulk else entity.page_size,
    )


def select(text: str | None, entity: Entity) -> tuple[tuple[str, ...], tuple[str, ...], dict[str, set[str]]]:
    """$select -> (columns, navigations, navigation -> wanted properties of it; empty: all)."""
    every = tuple(entity.properties), tuple(entity.navigations)
    if text is None or not text.strip():
        return *every, {}
    names: set[str] = set()
    nested: dict[str, set[str]] = {}
    for part in text.split(","):
        name, _, inner = part.strip().partition("/")
        if name == "*":
            names.update(*every)
        elif name in entity.navigations:
            names.add(name)
            if inner and inner != "*":
                nested.setdefault(name, set()).add(inner)
        elif name in entity.properties and not inner:
            names.add(name)
        else:
            raise Refusal(
                400,
                f"The property '{part.strip()}' does not exist on type '{entity.type_name}'. "
                "Make sure to only use property names that are defined by the type.",
            )
    return (
        tuple(name for name in entity.properties if name in names),
        tuple(name for name in entity.navigations if name in names),
        nested,
    )


def _expand(
    text: str | None,
    entity: Entity,
    entities: dict[str, Entity],
    shown: tuple[str, ...],
    nested: dict[str, set[str]],
) -> dict[str, tuple[str, ...]]:
    """$expand -> navigation -> columns. One that $select leaves out stays out (OData 2, 4.8)."""
    expanded: dict[str, tuple[str, ...]] = {}
    for name in filter(None, (part.strip() for part in (text or "").split(","))):
        path, _ = entity.navigations.get(name, ("", ""))
        if not path:
            raise Refusal(400, f"The property '{name}' of type '{entity.type_name}' cannot be expanded.")
        if name in shown:
            wanted = nested.get(name)
            columns, _, _ = select(",".join(sorted(wanted)) if wanted else None, entities[path])
            expanded[name] = columns
    return expanded


def _orderby(text: str | None, entity: Entity) -> tuple[tuple[str, bool], ...]:
    columns: list[tuple[str, bool]] = []
    for part in filter(None, (text or "").split(",")):
        name, _, direction = part.strip().partition(" ")
        direction = direction.strip() or "asc"
        if name not in entity.properties:
            raise Refusal(400, f"No property '{name}' exists in type '{entity.type_name}' at position 0.")
        if direction not in ("asc", "desc") or entity.properties[name] not in FAMILIES:
            raise Refusal(400, f"Syntax error in $orderby '{part.strip()}'.")
        columns.append((name, direction == "desc"))
    return tuple(columns)


def _count(text: str | None) -> bool:
    if text not in (None, "allpages", "none"):
        raise Refusal(
            400, f"Unknown $inlinecount option, only 'allpages' and 'none' are supported, not '{text}'."
        )
    return text == "allpages"


def number_option(options: dict[str, str], name: str) -> int | None:
    """$top or $skip; None where it is not given."""
    if name not in options:
        return None
    text = options[name].strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise Refusal(400, f"Incorrect format for {name} argument '{options[name]}'.")
    return int(text)
