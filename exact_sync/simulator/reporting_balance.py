"""financial/ReportingBalance: what the ledger adds up to, by year, period and ledger account.

Derived from the TransactionLines of the books and nothing else, so it always ties. Exact
groups by division, reporting year, reporting period, ledger account, cost center, cost unit,
type and status; an Amount is what moved in that period, credit negative. Here the reporting
period is a line's financial period, and AmountCredit is what was credited, without a minus:
Amount = AmountDebit - AmountCredit (Exact's documentation doesn't say).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from exact_sync.simulator.ordering import Key, Record
from exact_sync.simulator.schema_finance import REPORTING_BALANCE
from exact_sync.simulator.table import Table
from exact_sync.simulator.versions import RowVersions

if TYPE_CHECKING:
    from exact_sync.simulator.books import Books

FIRST_ID = 493_001
"""Recorded answers page at numbers like 493115L."""
_GROUPED = ("FinancialYear", "FinancialPeriod", "GLAccount", "CostCenter", "CostUnit", "Type", "Status")
_NAMED = ("CostCenterDescription", "CostUnitDescription", "GLAccountCode", "GLAccountDescription")

Group = tuple[object, ...]


class _Sum:
    """What one group's lines add up to, and the last line's names for it."""

    __slots__ = ("count", "credit", "debit", "line")

    def __init__(self) -> None:
        self.count = 0
        self.debit = Decimal(0)
        self.credit = Decimal(0)
        self.line: Record = {}


class ReportingBalance(Table):
    """One division's balance: a table that nobody writes to."""

    def __init__(self, books: Books, division: int, lines: Table, accounts: Table) -> None:
        # A counter of its own: reading a report writes nothing that has a row version.
        super().__init__(books, division, REPORTING_BALANCE, RowVersions())
        self._lines = lines
        self._accounts = accounts
        self._seen: tuple[int, int] | None = None
        self._ids: dict[Group, int] = {}
        """A group keeps its ID, also when it is empty for a while."""

    def refreshed(self) -> Table:
        """This, with the ledger as it is now."""
        with self.books.lock:
            seen = (self._lines.writes, self._accounts.writes)
            if seen != self._seen:
                self._seen = seen
                self._views.clear()
                self._indexes.clear()
                self.rows = self._derived()
        return self

    def _derived(self) -> dict[Key, Record]:
        sums: dict[Group, _Sum] = {}
        for line in self._lines.rows.values():
            if line["GLAccount"] is None or line["FinancialYear"] is None or line["FinancialPeriod"] is None:
                continue  # not booked anywhere: no ledger account has it
            group = tuple([line[name] for name in _GROUPED])
            total = sums.get(group)
            if total is None:
                total = sums[group] = _Sum()
            total.count += 1
            total.line = line
            amount: Decimal = line["AmountDC"] or Decimal(0)
            if amount < 0:
                total.credit -= amount
            else:
                total.debit += amount
        # IDs are given in an order that does not hang on the lines'.
        for group in sorted(sums.keys() - self._ids.keys(), key=_order):
            self._ids[group] = FIRST_ID + len(self._ids)
        return {self._ids[group]: self._row(group, total) for group, total in sums.items()}

    def _row(self, group: Group, total: _Sum) -> Record:
        year, period, account, center, unit, kind, status = group
        row: Record = dict.fromkeys(self.entity.properties)
        row.update({name: total.line[name] for name in _NAMED})
        found = self._accounts.rows.get(total.line["GLAccount"])
        if found is not None:
            row["GLAccountCode"], row["GLAccountDescription"] = found["Code"], found["Description"]
            row["BalanceType"] = found["BalanceType"]
        row |= {
            "ID": self._ids[group],
            "Amount": total.debit - total.credit,
            "AmountCredit": total.credit,
            "AmountDebit": total.debit,
            "CostCenterCode": center,
            "CostUnitCode": unit,
            "Count": total.count,
            "Division": self.division,
            "GLAccount": account,
            "ReportingPeriod": period,
            "ReportingYear": year,
            "Status": status,
            "Type": kind,
        }
        return row


def _order(group: Group) -> tuple[str, ...]:
    return tuple(f"{value:06d}" if isinstance(value, int) else str(value or "") for value in group)
