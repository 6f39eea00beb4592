"""VAT codes and payment conditions of a division, by country. Percentages are fractions: 0.21 is 21 %."""

from decimal import Decimal
from typing import NamedTuple


class Vat(NamedTuple):
    code: str
    description: str
    percent: int
    """Whole percent; what is added to an invoice."""
    reverse: int = 0
    """Percent that the buyer declares and claims himself (reverse charge)."""

    @property
    def fraction(self) -> Decimal:
        return Decimal(self.percent).scaleb(-2)


class VatCodes(NamedTuple):
    """The codes of one country. Sales: high, low, zero, within the EU, outside it, reverse charge at home."""

    high: Vat
    low: Vat
    zero: Vat
    union: Vat
    export: Vat
    reverse: Vat
    high_paid: Vat
    low_paid: Vat
    union_bought: Vat

    def sold_to(self, country: str, home: str) -> Vat | None:
        """The code that a customer's country prescribes; None at home: the item decides."""
        if country == home:
            return None
        return self.union if country in ("NL", "BE", "DE", "FR") else self.export


def _codes(high: int, low: int) -> VatCodes:
    return VatCodes(
        Vat("2", f"BTW hoog tarief, exclusief ({high}%)", high),
        Vat("1", f"BTW laag tarief, exclusief ({low}%)", low),
        Vat("0", "Geen BTW", 0),
        Vat("7", "Intracommunautaire levering", 0),
        Vat("8", "Uitvoer buiten de EU", 0),
        Vat("VB", "BTW verlegd (binnenland)", 0),
        Vat("4", f"BTW te vorderen hoog ({high}%)", high),
        Vat("5", f"BTW te vorderen laag ({low}%)", low),
        Vat("6", "Intracommunautaire verwerving", 0, reverse=high),
    )


VAT_CODES = {"NL": _codes(21, 9), "BE": _codes(21, 6), "DE": _codes(19, 7)}


class Condition(NamedTuple):
    """A payment condition; discount in whole percent when paid within so many days."""

    code: str
    description: str
    days: int
    discount: int = 0
    discount_days: int = 0


CONDITIONS = (
    Condition("30", "30 dagen netto", 30),
    Condition("14", "14 dagen netto", 14),
    Condition("60", "60 dagen netto", 60),
    Condition("00", "Contant", 0),
    Condition("2D", "2% binnen 8 dagen, 30 dagen netto", 30, 2, 8),
)
