"""What may be edited in each table without anything else having to change, and values to put there."""

from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from exact_sync.simulator.dice import Dice, money
from exact_sync.simulator.endpoints import ENDPOINTS
from exact_sync.simulator.moments import HISTORY_DAYS, midnight
from exact_sync.simulator.schema import TABLES

FREE = {
    path: tuple(columns.split())
    for path, columns in {
        "crm/Contacts": "LastName FirstName JobTitleDescription BusinessEmail Notes BirthDate EndDate Mobile"
        " IsMailingExcluded",
        "crm/Accounts": "Name AddressLine1 AddressLine2 Email Remarks Blocked CreditLineSales DiscountSales"
        " EndDate IsMailing",
        "salesinvoice/SalesInvoices": "Description YourRef Remarks DueDate GAccountAmountFC IsExtraDuty"
        " StarterSalesInvoiceStatus",
        "logistics/Items": "Description StandardSalesPrice CostPriceStandard Stock Notes EndDate"
        " IsWebshopItem FreeBoolField_03 FreeDateField_02 FreeNumberField_06 FreeTextField_04",
        "documents/Documents": "Subject Body ExpiryDate AmountFC InheritShare SendMethod DocumentDate",
        "cashflow/Payments": "Description PaymentReference DueDate AmountDiscountDC IsBatchBooking"
        " TransactionIsReversal",
        "financialtransaction/Transactions": "Description PaymentReference ExternalLinkReference IsExtraDuty"
        " Date",
        "financial/GLAccounts": "Description SearchCode IsBlocked ReportingCode Compress"
        " ExpenseNonDeductiblePercentage",
        "financial/Journals": "Description IsBlocked BankAccountDescription AutoSave",
        "logistics/ItemGroups": "Description Notes IsDefault",
        "documents/DocumentAttachments": "FileName FileSize",
    }.items()
}
"""Columns that may change at will; only a transaction's Date takes its period and its lines along."""

_LINES_ALONE = {
    "salesinvoice/SalesInvoiceLines": "Description Notes UnitDescription",
    "financialtransaction/TransactionLines": "Description Notes YourRef",
}
"""Of lines that usually move with their header: what adds up still does."""

LINES = {
    "salesinvoice/SalesInvoices": ("salesinvoice/SalesInvoiceLines", "InvoiceID"),
    "financialtransaction/Transactions": ("financialtransaction/TransactionLines", "EntryID"),
    "documents/Documents": ("documents/DocumentAttachments", "Document"),
}
"""What goes when a row goes: its children's path and their property that holds its key."""

_MEANS_SOMETHING = (
    "Code", "Currency", "Country", "Language", "Journal", "PaymentCondition", "FullName", "Costcenter",
    "Costunit", "CostCenter", "CostUnit", "Unit", "Type", "Url", "URL", "ID", "CustomField",
)  # fmt: skip
_NEVER_NULL = frozenset(
    ["LastName", "Name", "Subject", "FileName", "Date", "StandardSalesPrice", "DocumentDate"]
)
_TEXTS = (
    "gewijzigd", "nieuw – zie mail", "çà & là", "☎ teruggebeld", "'quoted' \"text\"", "<b>vet</b>", "Übermaß",
    "0", "null", "regel 1\nregel 2",
)  # fmt: skip
_AMOUNTS = (Decimal(0), Decimal("-0.01"), Decimal("0.1"), Decimal("1E-7"), Decimal("99999999.99"))


def free_columns(path: str) -> tuple[str, ...]:
    """What `FREE` says; of a plain endpoint, every text and number that stands for nothing else, or the
    dates where there are none.

    KeyError for what nobody edits: reports, the log of deletions, the list of divisions.
    """
    if path in FREE:
        return FREE[path]
    if path in _LINES_ALONE:
        return tuple(_LINES_ALONE[path].split())
    if path not in ENDPOINTS:
        raise KeyError(f"{path} is not edited at random")
    return _free(path)


@cache
def _free(path: str) -> tuple[str, ...]:
    entity = ENDPOINTS[path].entity
    free = [name for name, edm in entity.properties.items() if edm == "Double"]
    free += [
        name
        for name, edm in entity.properties.items()
        if edm == "String" and not name.endswith(_MEANS_SOMETHING) and name != entity.key
    ]
    return tuple(free or [name for name in entity.properties if name.endswith("Date")])


def other_value(path: str, name: str, old: Any, dice: Dice, today: date) -> Any:
    """Another value of the column's type than it has; one in five becomes null, where it may."""
    edm = TABLES[path].properties[name]
    if edm == "Boolean":
        return not old
    if old is not None and name not in _NEVER_NULL and dice.below(5) == 0:
        return None
    while True:
        new: Any
        if name == "Date":
            new = midnight(any_day(dice, today))
        elif edm == "DateTime":
            new = midnight(today + timedelta(days=dice.between(-900, 900)))
        elif edm == "Double":
            new = dice.pick(_AMOUNTS) if dice.below(6) == 0 else money(dice.between(-50_000, 5_000_000))
        elif edm == "String":
            new = f"{dice.pick(_TEXTS)} {dice.digits(4)}" if name in _NEVER_NULL or dice.below(9) else ""
        else:
            new = dice.between(0, 3)
        if new != old:
            return new


def any_day(dice: Dice, today: date) -> date:
    """Any day of the three years before today."""
    return today - timedelta(days=dice.between(1, HISTORY_DAYS))
