"""What the Sync API reads of one division, and what follows from its ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from exact_sync.simulator.deleted import ENTITY_TYPES, DeletedLog
from exact_sync.simulator.invoice_rows import InvoiceRows
from exact_sync.simulator.ordering import Record
from exact_sync.simulator.reporting_balance import ReportingBalance
from exact_sync.simulator.schema_sync import TWINS
from exact_sync.simulator.table import Table
from exact_sync.simulator.tables import Tables
from exact_sync.simulator.versions import RowVersions

if TYPE_CHECKING:
    from exact_sync.simulator.books import Books


class Feeds:
    """A division's streams of changes, all numbered by the counter of the database it lies in."""

    def __init__(self, books: Books, division: int, tables: Tables, counter: RowVersions) -> None:
        self.counter = counter
        self.deleted = DeletedLog(books, division, counter)
        """The log behind sync/Deleted: see what is in it, lose some of it."""
        self._tables = tables
        headers, lines = tables["salesinvoice/SalesInvoices"], tables["salesinvoice/SalesInvoiceLines"]
        for table in tables.values():
            if table not in (headers, lines):  # those the invoices' rows look after
                self._watch(table)
        tables.watch = self._watch
        self._invoices = InvoiceRows(headers, lines, self.deleted, counter)
        self.balance = ReportingBalance(
            books, division, tables["financialtransaction/TransactionLines"], tables["financial/GLAccounts"]
        )

    def changed_after(self, path: str, version: int) -> Iterator[tuple[int, Record]]:
        """Rows of a sync/ path with a higher version, in its order, and with their version.

        The records are the books' own: they lack what only the twin has, and have what it lacks.
        Call (and use up) under `books.lock`. KeyError if there is no such path.
        """
        twin = TWINS[path]
        if twin.source is None:
            return self.deleted.changed_after(version)
        if twin.mixed:
            return self._invoices.changed_after(version)
        rows = self._tables[twin.source].changed_after(version)
        if twin.key_as_id:
            return ((number, {**row, "ID": row[twin.key_as_id]}) for number, row in rows)
        return rows

    def rows(self, path: str) -> list[Record]:
        """Every row that a sync/ path has now, in order: the twin's own properties, padding left out."""
        entity = TWINS[path].entity
        with self._tables["crm/Accounts"].books.lock:
            return [
                {name: record.get(name) for name in entity.properties} | {"Timestamp": version}
                for version, record in self.changed_after(path, 0)
            ]

    def move(self, counter: RowVersions) -> None:
        """Lie in another database from now on. Call under `books.lock`."""
        self.counter = counter
        self._tables.move(counter)
        self._invoices.move(counter)
        self.deleted.move(counter)

    def _watch(self, table: Table) -> None:
        entity_type = ENTITY_TYPES.get(table.entity.path)
        if entity_type is not None:
            table.mourner = self._recorder(entity_type, table.entity.key)

    def _recorder(self, entity_type: int, key: str) -> Callable[[Record], None]:
        def record(gone: Record) -> None:
            self.deleted.add(entity_type, gone[key])

        return record
