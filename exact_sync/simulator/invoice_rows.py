"""The rows of sync/SalesInvoice/SalesInvoices, which are not those of salesinvoice/SalesInvoices.

One stream holds headers (LineNumber 0), lines and the VAT (LineNumber 9999, where there is
any); the key is ID, InvoiceID repeats. Signs are the ledger's: of a sale of 500 with 100 VAT
the header says 600, the line -500, the VAT -100, so an invoice adds up to 0. Whatever changes
in an invoice, all its rows get new versions.

These get their versions when the stream is looked at next, as if an invoice and its lines
were written in one transaction that ended just now: founding a company stays cheap, and an
invoice that is written line by line takes one version a row.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from exact_sync.simulator.deleted import ENTITY_TYPES, DeletedLog
from exact_sync.simulator.ordering import Key, Record
from exact_sync.simulator.versions import RowVersions, VersionLog

if TYPE_CHECKING:
    from exact_sync.simulator.table import Table

VAT_LINE = 9999
_TYPE = ENTITY_TYPES["salesinvoice/SalesInvoices"]
_HEADER_ONLY = ("AmountDiscount", "AmountDiscountExclVat", "AmountFCExclVat")
_TURNED = ("AmountDC", "AmountFC", "VATAmountDC", "VATAmountFC")
"""Amounts whose sign is the other way round on lines than in salesinvoice/SalesInvoiceLines."""


class InvoiceRows:
    """One division's stream. Use it under the books' lock."""

    def __init__(self, headers: Table, lines: Table, deleted: DeletedLog, counter: RowVersions) -> None:
        self._headers = headers
        self._lines = lines
        self._deleted = deleted
        self._log = VersionLog(counter)
        self._invoices: dict[Key, Key] = {}
        """Row -> its invoice."""
        self._rows: dict[Key, list[Key]] = {}
        """Invoice -> its rows, as they were numbered last."""
        self._pending: dict[Key, None] = {}
        """Invoices that were written since, in the order of that."""
        # What only headers have is repeated on their lines; a line's own properties go first.
        self._repeated = [name for name in headers.entity.properties if name not in lines.entity.properties]
        headers.followers.append(self._header_written)
        lines.followers.append(self._line_written)

    def changed_after(self, version: int) -> Iterator[tuple[int, Record]]:
        """Rows with a higher version, in its order. Use it up before the next write."""
        self._number()
        for number, key in self._log.after(version):
            yield number, self._record(key)

    def move(self, counter: RowVersions) -> None:
        """Go on with another database's counter."""
        self._number()
        self._log.renumber(counter)

    # hearing of changes

    def _header_written(self, old: Record | None, new: Record | None) -> None:
        if old is not None and (new is None or not has_vat(new)) and has_vat(old):
            self._deleted.add(_TYPE, vat_id(old["InvoiceID"]))
        if new is not None:
            self._pending.setdefault(new["InvoiceID"])
        elif old is not None:
            invoice: Key = old["InvoiceID"]
            self._deleted.add(_TYPE, self._header_id(invoice))
            self._pending.pop(invoice, None)
            for key in self._rows.pop(invoice, ()):
                self._forget(key)

    def _line_written(self, old: Record | None, new: Record | None) -> None:
        if old is not None and new is None:
            self._deleted.add(_TYPE, old["ID"])
            self._forget(old["ID"])
        for record in (old, new):
            if record is not None and record["InvoiceID"] is not None:
                self._pending.setdefault(record["InvoiceID"])

    def _forget(self, key: Key) -> None:
        self._log.drop(key)
        self._invoices.pop(key, None)

    def _number(self) -> None:
        """Give the rows of the invoices that were written their versions."""
        pending, self._pending = self._pending, {}
        for invoice in pending:
            header = self._headers.rows.get(invoice)
            if header is None:  # lines without an invoice are nowhere in this stream
                continue
            keys = [self._header_id(invoice)]
            keys += [line["ID"] for line in self._lines.where("InvoiceID", invoice)]
            if has_vat(header):
                keys.append(vat_id(invoice))
            for gone in set(self._rows.get(invoice, ())).difference(keys):
                if self._invoices.get(gone) == invoice:  # else another invoice has taken the line
                    self._forget(gone)
            self._rows[invoice] = keys
            self._invoices.update(dict.fromkeys(keys, invoice))
            self._log.stamp_all(keys)

    # the rows themselves

    def _header_id(self, invoice: Key) -> Key:
        return uuid.uuid5(_guid(invoice), "0") if self._headers.books.own_header_ids else invoice

    def _record(self, key: Key) -> Record:
        invoice = self._invoices[key]
        header = self._headers.rows[invoice]
        if key == self._header_id(invoice):
            return {**header, "ID": key, "LineNumber": 0}
        line = self._lines.rows.get(key)
        repeated = {name: header[name] for name in self._repeated if name not in _HEADER_ONLY}
        if line is None:
            amounts = {"AmountDC": turned(header["VATAmountDC"]), "AmountFC": turned(header["VATAmountFC"])}
            shared = {"ID": key, "InvoiceID": invoice, "LineNumber": VAT_LINE, "Division": header["Division"]}
            return {**repeated, **shared, **amounts}
        return {**repeated, **line, **{name: turned(line[name]) for name in _TURNED}}


def has_vat(header: Record) -> bool:
    """Whether an invoice has a VAT row."""
    return bool(header["VATAmountDC"] or header["VATAmountFC"])


def vat_id(invoice: Key) -> uuid.UUID:
    """The ID of an invoice's VAT row: its own, and always the same."""
    return uuid.uuid5(_guid(invoice), str(VAT_LINE))


def turned(amount: object) -> object:
    """An amount with the other sign, to the digit; none stays none."""
    return amount.copy_negate() if isinstance(amount, Decimal) and amount else amount


def _guid(key: Key) -> uuid.UUID:
    return key if isinstance(key, uuid.UUID) else uuid.UUID(int=int(key))
