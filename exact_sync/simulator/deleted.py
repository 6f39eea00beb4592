"""sync/Deleted: the log of what went, per division.

Each deletion takes a row version of its own from the same counter as the rows, so that a
row with a higher version than its deletion is there again. The log tells what went, not
what was: of a row that came and went between two looks only this is ever seen. Exact keeps
it for two months.
"""

from __future__ import annotations

import uuid
from bisect import bisect_right
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from exact_sync.simulator.endpoints import ENDPOINTS
from exact_sync.simulator.ordering import Key, Record
from exact_sync.simulator.versions import RowVersions

if TYPE_CHECKING:
    from exact_sync.simulator.books import Books

ENTITY_TYPES = {
    "financialtransaction/TransactionLines": 1,
    "crm/Accounts": 2,
    "documents/DocumentAttachments": 4,
    "crm/Contacts": 5,
    "documents/Documents": 6,
    "financial/GLAccounts": 7,
    "logistics/Items": 9,
    "salesinvoice/SalesInvoices": 13,
    "salesinvoice/SalesInvoiceLines": 13,
    **{path: endpoint.entity_type for path, endpoint in ENDPOINTS.items() if endpoint.entity_type},
}
"""What the log calls the rows it covers. Invoice lines are rows of sync/SalesInvoices."""
MONTHS_KEPT = 2


class DeletedLog:
    """One division's deletions. Use it under the books' lock."""

    def __init__(self, books: Books, division: int, counter: RowVersions) -> None:
        self.books = books
        self.division = division
        self.counter = counter
        self.recording = True
        """Off: what is deleted meanwhile never gets into the log: a gap."""
        self._versions: list[int] = []
        self._entries: list[Record] = []

    def add(self, entity_type: int, key: Key) -> None:
        """A row is gone. Any `entity_type` will do: Exact may add some."""
        if not self.recording:
            return
        with self.books.lock:
            version = self.counter.take()
            self._versions.append(version)
            self._entries.append(
                {
                    "Timestamp": version,
                    "DeletedBy": self.books.user_id,
                    "DeletedDate": self.books.clock.wall(),
                    "Division": self.division,
                    "EntityKey": key,
                    "EntityType": entity_type,
                    "ID": uuid.uuid4(),
                }
            )

    def changed_after(self, version: int) -> Iterator[tuple[int, Record]]:
        """Entries with a higher version that are still kept. Use it up before the next write."""
        kept_since = two_months_before(self.books.clock.wall())
        for place in range(bisect_right(self._versions, version), len(self._entries)):
            entry = self._entries[place]
            if entry["DeletedDate"] >= kept_since:
                yield self._versions[place], entry

    def entries(self) -> list[Record]:
        """All entries that are still kept, oldest first."""
        with self.books.lock:
            return [entry for _, entry in self.changed_after(0)]

    def lose(self, keys: Collection[Key] | None = None) -> int:
        """Forget entries (of these rows, or all there are): a gap. Returns how many."""
        with self.books.lock:
            left = [entry for entry in self._entries if keys is not None and entry["EntityKey"] not in keys]
            lost = len(self._entries) - len(left)
            self._entries = left
            self._versions = [entry["Timestamp"] for entry in left]
            return lost

    def move(self, counter: RowVersions) -> None:
        """Begin anew in another database."""
        self.lose()
        self.counter = counter


def two_months_before(moment: datetime) -> datetime:
    """The same time of day two calendar months ago; the month's last day where it is shorter."""
    month = moment.month - MONTHS_KEPT
    year = moment.year if month > 0 else moment.year - 1
    month = month if month > 0 else month + 12
    following = (moment.replace(year=year, month=month, day=28) + timedelta(days=4)).replace(day=1)
    last = (following - timedelta(days=1)).day
    return moment.replace(year=year, month=month, day=min(moment.day, last))
