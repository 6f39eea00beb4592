"""What is read: three kinds of record, as wide as people have them, from the simulator's sample company."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from exact_sync.catalog import RESOURCES, Column, Resource, Strategy

DIVISION = 124132
_KEPT = ("Modified", "Date", "Division")


@dataclass(frozen=True)
class Subject:
    """A resource of the catalog, cut to so many columns."""

    name: str
    width: int
    founded: str
    """What the simulator founds so that there are enough of these."""

    @property
    def whole(self) -> Resource:
        return RESOURCES[self.name]

    @property
    def endpoint(self) -> str:
        """Where a thousand come on a page."""
        resource = self.whole
        twin = resource.feed if self.is_versioned else resource.bulk
        assert twin is not None
        return twin.endpoint

    @property
    def is_versioned(self) -> bool:
        return self.whole.strategy is Strategy.ROW_VERSION

    @property
    def columns(self) -> tuple[Column, ...]:
        """The key, what tells changes, and the first of the others, up to the width."""
        lacking = self.whole.feed.lacks if self.whole.feed else frozenset()
        there = [column for column in self.whole.columns if column.property not in lacking]
        first = [column for column in there if column.property in (self.whole.key, *_KEPT)]
        rest = [column for column in there if column not in first]
        return (*first, *rest[: self.width - len(first)])

    @property
    def select(self) -> Sequence[str]:
        version = ["Timestamp"] if self.is_versioned else []
        return [*version, *(column.property for column in self.columns)]

    @property
    def resource(self) -> Resource:
        """The resource with only these columns, in a table of its own."""
        there = [column.property for column in self.columns]
        return replace(
            self.whole,
            joined_by=tuple(name for name in self.whole.joined_by if name in there),
            name=f"bench_{self.name}",
            columns=self.columns,
            default=False,
            entity_type=None,
        )

    @property
    def changing(self) -> str:
        """A text that is changed where a record is to be changed."""
        return {"contacts": "FullName", "customers": "City", "transaction_lines": "Description"}[self.name]


SUBJECTS = {
    subject.name: subject
    for subject in (
        Subject("contacts", 40, "crm/Contacts"),
        Subject("customers", 100, "crm/Accounts"),
        Subject("transaction_lines", 50, "financialtransaction/Transactions"),
    )
}
