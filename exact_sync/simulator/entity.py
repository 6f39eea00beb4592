"""What the simulator knows of one Exact Online entity: a value, no behaviour.

Property names and Edm types follow Exact's public reference (state of December 2025);
widths of padded strings follow recorded answers of June 2026.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field

EDM_TYPES = frozenset(
    [
        "Guid",
        "String",
        "Boolean",
        "Byte",
        "Int16",
        "Int32",
        "Int64",
        "Double",
        "DateTime",
        "Binary",
        "Complex",
    ],
)

CODE = -18
"""Account codes are right-aligned in 18 characters."""


@dataclass(frozen=True)
class Entity:
    """One collection: its address, its properties and its habits."""

    path: str
    """As in the URL after the division: "crm/Accounts". Case matters."""
    type_name: str
    """What `__metadata.type` says."""
    key: str
    properties: dict[str, str]
    """Name -> Edm type, in the order in which Exact writes them."""
    permanent_key: str = ""
    """What really stays the same of a row, where Exact's reference names another property the key."""
    bulk: str | None = None
    """The twin that gives 1,000 a page: "bulk/CRM/Accounts"."""
    navigations: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Name -> (target path, the target's property that holds our key).

    An empty target path: Exact has the navigation, the simulator only defers it."""
    padding: dict[str, int] = field(default_factory=dict)
    """String property -> width; negative: spaces on the left, positive: on the right."""
    zero_guids: frozenset[str] = frozenset()
    """Guid properties that say 00000000-… where others say null."""
    page_size: int = 60
    short_list: bool = True
    """Whether `$top` up to the page size answers a bare list. SalesInvoices was seen not to."""
    select_required: bool = True
    """Whether a list without $select (and without $top=1) is refused."""
    bulk_select_required: bool = True
    filterable: frozenset[str] | None = None
    """What $filter may name, where that is known; None: everything but the binary and complex ones."""
    bulk_unfilterable: frozenset[str] = frozenset()
    shared: bool = False
    """Not part of a division's books: the same rows whatever the division in the URL."""

    @property
    def name(self) -> str:
        """The last part of the path: "Accounts"."""
        return self.path.rsplit("/", 1)[1]

    @property
    def identity(self) -> str:
        """The property that tells a row from all others for good."""
        return self.permanent_key or self.key

    @property
    def key_type(self) -> str:
        return self.properties[self.key]


def properties(text: str) -> dict[str, str]:
    """Read "Name:Type Name:Type …" (any white space between)."""
    result: dict[str, str] = {}
    for word in textwrap.dedent(text).split():
        name, _, edm = word.partition(":")
        if edm not in EDM_TYPES or name in result:
            raise ValueError(f"bad property {word!r}")
        result[name] = edm
    return result


def names(text: str) -> frozenset[str]:
    """Read "Name Name …" (any white space between)."""
    return frozenset(text.split())
