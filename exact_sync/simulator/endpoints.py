"""The endpoints that the simulator knows nothing special about, out of endpoints.txt.

A page of each is read like any other entity's; rows to begin with come from `samples`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from exact_sync.simulator.entity import CODE, EDM_TYPES, Entity

_FACTS = Path(__file__).with_name("endpoints.txt")
_DEFERRED = "Deferred"
_WIDTHS = {
    "GLAccountCode": 0, "AccountCode": CODE, "SupplierCode": CODE, "ResellerCode": CODE,
    "Country": 3, "VATCode": 3,
}  # fmt: skip
"""End of a name -> width of such a text; the first that fits. Recorded so, wherever one was seen."""
_KEPT_IN_THREE = "vat/VATCodes"
"""Whose own Code is what others call VATCode."""


@dataclass(frozen=True)
class Endpoint:
    """One endpoint with its twins."""

    entity: Entity
    """What its table holds. Of an endpoint under sync/ it lacks Timestamp, which is no value of a row."""
    bulk: Entity | None = None
    """As its bulk twin shows it."""
    feed: Entity | None = None
    """As its twin under sync/ shows it; for an endpoint under sync/, it itself."""
    entity_type: int | None = None
    """The number of its rows in sync/Deleted."""

    @property
    def only_feed(self) -> bool:
        """Whether it can only be read through the Sync API."""
        return self.entity.path.startswith("sync/")


def parse(lines: Iterable[str]) -> Iterator[Endpoint]:
    """Read what is written in the form that the head of endpoints.txt explains."""
    block: list[list[str]] = []
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith(" ") and block:
            yield _endpoint(*block)
            block = []
        block.append(line.split())
    if block:
        yield _endpoint(*block)


def _endpoint(head: list[str], *rest: list[str]) -> Endpoint:
    path, *words = head
    every = _types(words)
    entity = Entity(
        path=path,
        type_name=f"Exact.Web.Api.Models.{path.replace('/', '.')}",
        key=words[0].partition(":")[0],
        properties=_scalars(every),
        navigations=_links(every),
        padding=_padding(path, every),
    )
    if path.startswith("sync/"):
        found = Endpoint(entity, feed=_feed(path, entity, every))
    else:
        found = Endpoint(entity)
    for name, *changes in rest:
        if name == "deleted":
            found = replace(found, entity_type=int(changes[0]))
        elif name == "filter":  # stands before the bulk twin, which has the same list
            entity = replace(entity, filterable=frozenset(changes))
            found = replace(found, entity=entity)
        elif name.startswith("sync/"):
            found = replace(found, feed=_feed(name, entity, _changed(every, changes)))
        else:
            entity = replace(
                entity,
                bulk=name,
                bulk_unfilterable=frozenset(word[1:] for word in changes if word[0] == "!"),
                bulk_select_required="?" not in changes,
            )
            shown = _changed(every, changes)
            twin = replace(
                entity,
                properties=_scalars(shown),
                navigations=_links(shown),
                padding=_padding(path, shown),
            )
            found = replace(found, entity=entity, bulk=twin)
    return found


def _feed(path: str, entity: Entity, every: dict[str, str]) -> Entity:
    return Entity(
        path=path,
        type_name=f"Exact.Web.Api.Models.Sync.{path.rsplit('/', 1)[1]}",
        key="Timestamp",
        permanent_key=entity.key,
        properties={"Timestamp": "Int64", **dict(sorted(_scalars(every).items()))},
        navigations=_links(every),
        padding=_padding(path, every),
        page_size=1000,
    )


def _types(words: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in words:
        name, _, edm = word.partition(":")
        if name in found or (edm not in EDM_TYPES and edm != _DEFERRED):
            raise ValueError(f"bad property {word!r}")
        found[name] = edm
    return found


def _changed(every: dict[str, str], changes: list[str]) -> dict[str, str]:
    lacks = {word[1:] for word in changes if word[0] == "-"}
    more = _types(word[1:] for word in changes if word[0] == "+")
    return {name: edm for name, edm in every.items() if name not in lacks} | more


def _scalars(every: dict[str, str]) -> dict[str, str]:
    return {name: edm for name, edm in every.items() if edm != _DEFERRED}


def _padding(path: str, every: dict[str, str]) -> dict[str, int]:
    widths = {
        name: next((width for end, width in _WIDTHS.items() if name.endswith(end)), 0)
        for name, edm in every.items()
        if edm == "String"
    }
    if path == _KEPT_IN_THREE:
        widths["Code"] = 3
    return {name: width for name, width in widths.items() if width}


def _links(every: dict[str, str]) -> dict[str, tuple[str, str]]:
    return {name: ("", "") for name, edm in every.items() if edm == _DEFERRED}


def _read() -> dict[str, Endpoint]:
    with _FACTS.open(encoding="utf-8") as lines:
        return {endpoint.entity.path: endpoint for endpoint in parse(lines)}


ENDPOINTS: dict[str, Endpoint] = _read()
"""By path. Reading them all takes some three milliseconds."""
