"""People at work in the books: rows changed, added and removed at random, through the tables' own methods.

What must add up still does: a transaction keeps its balance, moves with its lines and is removed with them.
Ledger accounts, journals and item groups that something refers to are not removed, as Exact refuses that too.
"""

from collections.abc import Iterable
from datetime import date, datetime
from random import Random
from typing import Any

from exact_sync.simulator.books import Books, Table
from exact_sync.simulator.dice import Dice
from exact_sync.simulator.editable import FREE, LINES, any_day, free_columns, other_value
from exact_sync.simulator.endpoints import ENDPOINTS
from exact_sync.simulator.moments import midnight
from exact_sync.simulator.ordering import Key

_NUMBERS = frozenset(["InvoiceNumber", "EntryNumber", "HID", "OrderNumber"])
_OTHER_NUMBERS = frozenset(
    ["DeliveryNumber", "Number", "QuotationNumber", "ReceiptNumber", "ReturnNumber", "ShopOrderNumber",
     "StockCountNumber", "SubscriptionNumber", "TransferNumber"]
)  # fmt: skip
"""Those of plain endpoints."""
_STAMPS = ("Created", "Modified", "Creator", "CreatorFullName", "Modifier", "ModifierFullName")

Counts = dict[str, int]


def random_edits(
    books: Books, division: int, rng: Random, share: float = 0.10, paths: Iterable[str] | None = None
) -> dict[str, Counts]:
    """Edit that share of each path's rows (default: those in `FREE`), at least one row each.

    Lines and plain endpoints are edited when their paths are given, each for itself: whoever adds or
    removes a single line of a transaction has one that doesn't balance.
    Of ten edited rows six are changed, two added and two removed. Returns what was really done by path:
    "changed", "inserted", "removed"; the paths of lines and attachments appear when they went along with
    their headers.
    """
    done: dict[str, Counts] = {}
    editor = Editor(books, division, rng)
    for path in FREE if paths is None else paths:
        with books.lock:
            editor.edit(path, share, done)
    return done


def new_record(books: Books, division: int, path: str, rng: Random) -> dict[str, Any]:
    """A record for ``Table.insert``: a copy of some row with a key, numbers and codes of its own."""
    with books.lock:
        return Editor(books, division, rng).draft(path)[0]


def insert_record(books: Books, division: int, path: str, rng: Random) -> Key:
    """Add such a record, with copies of the lines of the row it was copied from; returns its key."""
    with books.lock:
        return Editor(books, division, rng).insert(path, {})


def change_record(books: Books, division: int, path: str, key: Key, rng: Random) -> dict[str, Any]:
    """Change one row visibly; returns it as it is now."""
    with books.lock:
        return Editor(books, division, rng).change(path, key, {})


def remove_record(books: Books, division: int, path: str, key: Key) -> None:
    """Remove one row, and its lines or attachments."""
    with books.lock:
        Editor(books, division, Random(0)).remove(path, key, {})


class Editor:
    """Edits one division's rows. Call its methods under the books' lock."""

    def __init__(self, books: Books, division: int, rng: Random) -> None:
        self._books = books
        self._division = division
        self._dice = Dice(rng)
        self._today: date = books.clock.wall().date()
        self._highest: dict[tuple[str, str], int] = {}

    def _table(self, path: str) -> Table:
        return self._books.table(self._division, path)

    def edit(self, path: str, share: float, done: dict[str, Counts]) -> None:
        free_columns(path)  # or a KeyError
        table = self._table(path)
        _count(done, path, "changed", 0)
        total = max(1, round(len(table.rows) * share))
        some = total // 5
        keys = self._dice.sample(list(table.rows), total - some)
        gone, changed = keys[:some], keys[some:]
        used = self._used(path) if gone else frozenset()
        for key in changed:
            self.change(path, key, done)
        for key in gone:
            if table.rows[key].get("Code") not in used:
                self.remove(path, key, done)
        for _ in range(some):
            self.insert(path, done)

    def _used(self, path: str) -> frozenset[str]:
        """Codes that something refers to; empty for tables whose rows may all be removed."""
        if path == "financial/GLAccounts":
            lines = self._table("financialtransaction/TransactionLines").rows.values()
            return frozenset([r["GLAccountCode"] for r in lines] + list(self._of_journals("GLAccountCode")))
        if path == "financial/Journals":
            entries = self._table("financialtransaction/Transactions").rows.values()
            return frozenset([r["JournalCode"] for r in entries])
        if path == "logistics/ItemGroups":
            return frozenset([r["ItemGroupCode"] for r in self._table("logistics/Items").rows.values()])
        return frozenset()

    def _of_journals(self, name: str) -> list[str]:
        return [r[name] for r in self._table("financial/Journals").rows.values() if r[name]]

    def change(self, path: str, key: Key, done: dict[str, Counts]) -> dict[str, Any]:
        """One to three columns get another value."""
        table = self._table(path)
        free = free_columns(path)
        columns = self._dice.sample(free, self._dice.between(1, max(1, min(3, len(free) - 1))))
        old = table.rows[key]
        values = {name: other_value(path, name, old[name], self._dice, self._today) for name in columns}
        if "Date" in values and path in LINES:
            values |= _period(values["Date"])
            lines_path, parent = LINES[path]
            lines = self._table(lines_path)
            for line in lines.where(parent, key):
                lines.change(line["ID"], Date=values["Date"], **_period(values["Date"]))
                _count(done, lines_path, "changed")
        _count(done, path, "changed")
        return table.change(key, **values)

    def draft(self, path: str) -> tuple[dict[str, Any], Key]:
        """A new record's values, and the key of the row it is a copy of."""
        table, dice = self._table(path), self._dice
        if not table.rows:
            raise KeyError(f"{path} has no row to copy")
        origin = dice.pick(list(table.rows))
        values = {**table.rows[origin], table.entity.key: self._key(table)}
        values |= {name: None for name in _STAMPS if name in values}
        for name in free_columns(path):
            if name != "Date" and dice.below(3) == 0:
                values[name] = other_value(path, name, values[name], dice, self._today)
        numbers = _NUMBERS | _OTHER_NUMBERS if path in ENDPOINTS else _NUMBERS
        for name in sorted(numbers & values.keys()):
            if path.endswith("Lines") and name != "HID":
                continue  # the header's
            if values[name] is not None and (path != "cashflow/Payments" or name == "HID"):
                values[name] = self._next(table, name)
        if "Code" in values and table.entity.key != "Code" and path != "crm/Contacts":
            values["Code"] = self._code(table)
        if path == "financialtransaction/Transactions":
            values["Date"] = midnight(any_day(dice, self._today))
            values |= _period(values["Date"])
        return values, origin

    def _key(self, table: Table) -> Key:
        match table.entity.key_type:
            case "Guid":
                return self._dice.guid()
            case "String":
                return self._code(table)
            case _:
                return self._next(table, table.entity.key)

    def _next(self, table: Table, name: str) -> int:
        place = (table.entity.path, name)
        if place not in self._highest:
            self._highest[place] = max(
                (r[name] for r in table.rows.values() if r[name] is not None), default=0
            )
        self._highest[place] += 1
        return self._highest[place]

    def _code(self, table: Table) -> str:
        if table.entity.path == "crm/Accounts":
            place = ("crm/Accounts", "Code")
            if place not in self._highest:
                self._highest[place] = max(int(r["Code"]) for r in table.rows.values())
            self._highest[place] += 1
            return f"{self._highest[place]:07d}"
        few = len(table.rows) < 500
        taken = {r["Code"] for r in table.rows.values()} if few or table.entity.key == "Code" else set()
        while True:
            code = f"N{self._dice.digits(3 if few and table.entity.path != 'logistics/Items' else 6)}"
            if code not in taken:
                return code

    def insert(self, path: str, done: dict[str, Counts]) -> Key:
        table = self._table(path)
        values, origin = self.draft(path)
        key = table.insert(values)
        _count(done, path, "inserted")
        if path in LINES and path != "documents/Documents":
            self._copy_lines(path, origin, values, done)
        return key

    def _copy_lines(self, path: str, origin: Key, header: dict[str, Any], done: dict[str, Counts]) -> None:
        lines_path, parent = LINES[path]
        lines = self._table(lines_path)
        shared = ("EntryID", "EntryNumber", "Date", "FinancialYear", "FinancialPeriod", "InvoiceID")
        same = {name: header[name] for name in shared if name in header and name in lines.entity.properties}
        fresh = {name: None for name in _STAMPS if name in lines.entity.properties}
        for line in lines.where(parent, origin):
            lines.insert({**line, **fresh, **same, "ID": self._dice.guid()})
            _count(done, lines_path, "inserted")

    def remove(self, path: str, key: Key, done: dict[str, Counts]) -> None:
        if path in LINES:
            lines_path, parent = LINES[path]
            lines = self._table(lines_path)
            for line in lines.where(parent, key):
                lines.delete(line["ID"])
                _count(done, lines_path, "removed")
        self._table(path).delete(key)
        _count(done, path, "removed")


def _period(day: datetime) -> dict[str, Any]:
    return {"FinancialYear": day.year, "FinancialPeriod": day.month}


def _count(done: dict[str, Counts], path: str, what: str, n: int = 1) -> None:
    counts = done.setdefault(path, {"changed": 0, "inserted": 0, "removed": 0})
    counts[what] += n
