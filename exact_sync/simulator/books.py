"""The truth behind the simulator: what each administration holds.

Values are Python's: Guid -> uuid.UUID, String -> str without padding, Boolean -> bool, the
integers -> int, Double -> decimal.Decimal, DateTime -> naive datetime, Amsterdam wall clock
(a calendar date at midnight), Binary and complex -> always None.
"""

from __future__ import annotations

import threading
import uuid
from datetime import datetime
from typing import Any

from exact_sync.simulator.clock import Clock, to_wall
from exact_sync.simulator.feeds import Feeds
from exact_sync.simulator.ordering import Record
from exact_sync.simulator.schema import ENTITIES
from exact_sync.simulator.table import Table
from exact_sync.simulator.tables import Make, Tables
from exact_sync.simulator.versions import RowVersions

__all__ = ["Books", "Table"]


class Books:
    """Every division's tables, and the shared list of divisions."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.lock = threading.RLock()
        """Held while reading a page and while changing anything: one lock for all books."""
        self.user_id = uuid.UUID("5b1e5a3c-77f4-4c0e-9d0a-6f2f8f0f7a11")
        self.user_name = "Sanne de Wit"
        self.row_versions = RowVersions()
        """The counter of the database in which every division lies that was never moved."""
        self.own_header_ids = False
        """Whether header rows of sync/SalesInvoices have an ID of their own instead of InvoiceID:
        which of the two Exact does is not known. Set it before there are invoices."""
        self._shared = {
            path: Table(self, 0, entity, self.row_versions)
            for path, entity in ENTITIES.items()
            if entity.shared
        }
        self._tables: dict[int, Tables] = {}
        self._feeds: dict[int, Feeds] = {}

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
            tables = Tables(self, code, self.row_versions)
            self._feeds[code] = Feeds(self, code, tables, self.row_versions)
            self._tables[code] = tables
            return divisions.rows[key]

    def division(self, code: int) -> Record:
        """A division's row in system/Divisions."""
        return self._shared["system/Divisions"].rows[code]

    def table(self, division: int, path: str) -> Table:
        """One table; for system/Divisions the division does not matter. KeyError if unknown.

        What only the Sync API shows has its table under that path ("sync/Inventory/StockPositions").
        financial/ReportingBalance comes with what follows from the ledger now; don't write to it.
        """
        shared = self._shared.get(path)
        if shared is not None:
            return shared
        if path == "financial/ReportingBalance":
            return self._feeds[division].balance.refreshed()
        return self._tables[division][path]

    def count(self, division: int, path: str) -> int:
        """How many rows a division's table has, which need not be made for that. Call under `lock`."""
        return self._tables[division].count(path)

    def load_later(self, division: int, path: str, count: int, make: Make) -> None:
        """The same as loading so many rows into a table; `make` may be asked for them later, or never."""
        with self.lock:
            self._tables[division].load_later(path, count, make)

    def feeds(self, division: int) -> Feeds:
        """What the Sync API reads of a division: changes by row version, deletions."""
        return self._feeds[division]

    def move_division(self, code: int, *, first: int | None = None, announced: bool = True) -> RowVersions:
        """Move a division to another database, as Exact does at times, and return that one's counter.

        All its rows get new versions, which have nothing to do with the old ones: from `first` on
        (default: far below the old ones), and the log of deletions begins anew. `announced`:
        DivisionMoveDate says so; without it only the versions tell.
        """
        with self.lock:
            feeds = self._feeds[code]
            counter = RowVersions(max(2, feeds.counter.last * 2 // 5) if first is None else first)
            feeds.move(counter)
            if announced:
                self._shared["system/Divisions"].change(code, DivisionMoveDate=self.clock.wall())
            return counter

    def moment(self, moment: datetime) -> datetime:
        """An aware moment as these books keep it (wall clock, 1/300 s)."""
        return to_wall(moment)
