"""Rows that are the same wherever one looks: periods, VAT codes, currencies, types."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from exact_sync.simulator.moments import HISTORY_DAYS, midnight
from exact_sync.simulator.setting import CURRENCY_NAMES, Record, Setting
from exact_sync.simulator.tax import CONDITIONS, VAT_CODES

_TRANSACTION_TYPES = {
    10: "Opening balance", 20: "Sales entry", 21: "Sales credit note", 30: "Purchase entry",
    31: "Purchase credit note", 40: "Cash flow", 50: "VAT return", 70: "Asset - Depreciation",
    90: "Other",
}  # fmt: skip
_DOCUMENT_TYPES = {
    10: "Sales invoice", 20: "Purchase invoice", 25: "Outgoing letter", 30: "Quotation", 55: "Miscellaneous",
    130: "Contract", 183: "E-mail message",
}  # fmt: skip
_UNITS = {"pc": "Stuk", "hour": "Uur", "kg": "Kilogram", "m²": "Vierkante meter", "box": "Doos"}


def listed(setting: Setting) -> dict[str, list[Record]]:
    """Path -> what is not left to chance in its rows, one after another."""
    return {
        "financial/FinancialPeriods": _periods(setting.today),
        "financial/GLTransactionTypes": [
            {"ID": number, "Description": text} for number, text in _TRANSACTION_TYPES.items()
        ],
        "documents/DocumentTypes": [
            {"ID": number, "Description": text, "DocumentIsViewable": True}
            for number, text in _DOCUMENT_TYPES.items()
        ],
        "general/Currencies": [{"Code": code, "Description": name} for code, name in CURRENCY_NAMES.items()],
        "logistics/Units": [
            {"Code": code, "Description": name, "Active": True} for code, name in _UNITS.items()
        ],
        "vat/VATCodes": [
            {"Code": code, "Description": text, "Percentage": Decimal(percent).scaleb(-2), "IsBlocked": False}
            for code, text, percent, _ in VAT_CODES.get(setting.country, VAT_CODES["NL"])
        ],
        "cashflow/PaymentConditions": [
            {"Code": row.code, "Description": row.description, "PaymentDays": row.days,
             "DiscountPaymentDays": row.discount_days, "DiscountPercentage": Decimal(row.discount).scaleb(-2)}
            for row in CONDITIONS
        ],
        "system/Users": [
            {"UserID": user, "FullName": name, "FirstName": name.split()[0]}
            for user, name in setting.staff
        ],
    }  # fmt: skip


def _periods(today: date) -> list[Record]:
    """Every month of the years in which the ledger has entries."""
    years = range((today - timedelta(days=HISTORY_DAYS)).year, today.year + 1)
    months = [(year, month) for year in years for month in range(1, 13)]
    return [
        {"FinYear": year, "FinPeriod": month, "StartDate": midnight(date(year, month, 1)),
         "EndDate": midnight(date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1))}
        for year, month in months
    ]  # fmt: skip
