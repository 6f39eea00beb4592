"""What a resource is: one value that says everything about one thing we mirror.

Tables, queries, migrations, status lines and documentation loop over these values;
nothing else in the product names a property of Exact.
"""

import re
from dataclasses import dataclass, field
from datetime import date as Day  # noqa: N812 - a property of this name is defined below
from enum import StrEnum
from functools import cached_property

_WORD_BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

# Moments, although their names end like those of calendar dates (contract, "Types").
_MOMENTS = frozenset({"DeletedDate", "DivisionMoveDate"})

ROW_VERSION = "Timestamp"
"""What Exact's Sync API calls a row's version: a number, not a time, which changes with the row."""

PROPERTY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
"""The names of properties that can be columns."""

RULES = 0xFF
"""The bits of a row's fingerprint that tell by which rules it was made."""


class Edm(StrEnum):
    """The scalar types of Exact's OData metadata that we store."""

    GUID = "Guid"
    STRING = "String"
    BOOLEAN = "Boolean"
    BYTE = "Byte"
    INT16 = "Int16"
    INT32 = "Int32"
    INT64 = "Int64"
    DOUBLE = "Double"
    DATETIME = "DateTime"


class Strategy(StrEnum):
    """How a resource learns what is new; the names are what settings and status use."""

    MODIFIED = "modified"
    DATE_WINDOWS = "date_windows"
    SNAPSHOT = "snapshot"
    ROW_VERSION = "row_version"


@dataclass(frozen=True)
class Column:
    """One property of a resource, and the column it becomes."""

    property: str
    edm: Edm

    @cached_property
    def name(self) -> str:
        """The column's name: the property in snake_case, as the contract defines it."""
        return _WORD_BREAK.sub("_", self.property).lower()

    @cached_property
    def is_date(self) -> bool:
        """True for a calendar date, False for a moment (and for everything that is neither)."""
        if self.edm is not Edm.DATETIME or self.property in _MOMENTS:
            return False
        return self.property.endswith(("Date", "Since")) or self.property.startswith("FreeDateField_")

    @cached_property
    def is_moment(self) -> bool:
        return self.edm is Edm.DATETIME and not self.is_date


@dataclass(frozen=True)
class Bulk:
    """A resource's twin that serves 1,000 records a page."""

    endpoint: str
    filters_modified: bool = True
    """False where Exact's documentation leaves Modified out of the twin's filterable properties."""


@dataclass(frozen=True)
class Feed:
    """A resource's twin in Exact's Sync API: what was written behind a row version, 1,000 a page."""

    endpoint: str
    lacks: frozenset[str] = frozenset()
    """Properties of the resource that the feed does not have; they stay empty when it is read."""


@dataclass(frozen=True)
class Resource:
    """One thing we mirror: an endpoint of Exact and the table it fills."""

    name: str
    endpoint: str
    key: str
    columns: tuple[Column, ...] = field(repr=False)
    strategy: Strategy
    bulk: Bulk | None = None
    feed: Feed | None = None
    entity_type: int | None = None
    """What Exact's log of deletions calls these rows; None where it does not cover them."""
    date: str | None = None
    """The property that date windows are cut by."""
    joined_by: tuple[str, ...] = ()
    """Properties by which people join and filter."""
    per_division: bool = True
    """False for what belongs to the whole connection (the divisions themselves)."""
    default: bool = True
    """Whether it is mirrored unless the settings say otherwise."""
    daily: bool = False
    """Read once a day unless the settings say otherwise: many pages and no way to ask for changes."""
    is_log: bool = False
    """Its records are only ever added, and Exact forgets old ones: what is missing was not deleted."""
    is_inferred: bool = False
    """Its columns are learned from what comes, because no reference knows them."""
    untyped: tuple[str, ...] = ()
    """Properties that are asked for although they never had a value that would tell their type."""
    hard_deletes: bool = False
    """Whether rows that are gone at Exact are removed; else they are marked (``_deleted_at``)."""
    start_date: Day | None = None
    """What is dated before is left out; None: as for all financial history."""
    bound_by: str | None = None
    """The property that ``start_date`` speaks of, where there is no ``date``."""

    @property
    def dated_by(self) -> str | None:
        """The property by which old records can be left out."""
        return self.date or self.bound_by

    @property
    def is_incremental(self) -> bool:
        """Whether it asks for what is new, and reads everything only where that is refused."""
        return self.strategy in (Strategy.MODIFIED, Strategy.ROW_VERSION)

    @property
    def is_versioned(self) -> bool:
        """Whether its rows can carry a row version."""
        return self.feed is not None

    @cached_property
    def by_property(self) -> dict[str, Column]:
        return {column.property: column for column in self.columns}

    @property
    def key_column(self) -> Column:
        return self.by_property[self.key]

    @property
    def has_modified(self) -> bool:
        return "Modified" in self.by_property

    @property
    def is_fingerprinted(self) -> bool:
        """Whether its rows say of which record they were made, so that one that comes again is known by
        that. Not where there are few, where each comes once, or where keys are free texts.
        """
        is_read_again = self.per_division and not self.is_log and not self.is_inferred
        return is_read_again and self.key_column.edm is not Edm.STRING

    @property
    def is_migrated(self) -> bool:
        """Whether migrations make its table; other tables are made when a resource is switched on."""
        return self.default and not self.is_inferred

    @cached_property
    def strategies(self) -> tuple[Strategy, ...]:
        """Every strategy that this resource can be read with, its own first."""
        if self.endpoint.startswith("sync/"):
            return (Strategy.ROW_VERSION,)
        if not self.per_division:
            return (Strategy.SNAPSHOT,)
        possible = {self.strategy: True, Strategy.SNAPSHOT: True}
        possible[Strategy.MODIFIED] = self.has_modified or self.is_inferred
        possible[Strategy.DATE_WINDOWS] = self.date is not None
        possible[Strategy.ROW_VERSION] = self.feed is not None
        return tuple(strategy for strategy, is_possible in possible.items() if is_possible)

    @property
    def primary_key(self) -> tuple[str, ...]:
        """Names of the table's primary key columns."""
        return ("division", self.key_column.name) if self.per_division else (self.key_column.name,)


def columns(text: str) -> tuple[Column, ...]:
    """Columns from ``Property:Type`` words; a word without a type is a String."""
    pairs = (word.partition(":") for word in text.split())
    return tuple(Column(name, Edm(edm or "String")) for name, _, edm in pairs)
