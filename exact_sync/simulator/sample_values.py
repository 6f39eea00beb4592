"""A likely value for a property, by its name and type."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from exact_sync.simulator.dice import Dice, money
from exact_sync.simulator.moments import midnight
from exact_sync.simulator.setting import CUSTOM_FIELDS

_TEXTS = (
    "Levering vóór 12 uur", "Coördinatie & beheer", "Übergabe am Standort Köln", "réparation à façon",
    "Jaarcontract", "Naar wens van de klant", "regel 1\nregel 2", "50 % korting ☕", "Ó Súilleabháin",
)  # fmt: skip
_STRINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("CustomField", tuple(text for (text,) in CUSTOM_FIELDS)),
    ("Email", ("inkoop@voorbeeld.nl", "jürgen@voorbeeld.de")),
    ("Country", ("NL", "BE", "DE")),
    ("Nationality", ("NL", "FR")),
    ("Currency", ("EUR", "USD")),
    ("Language", ("NL-NL", "DE-DE")),
    ("Postcode", ("3011 AB", "9000")),
    ("City", ("Zwolle", "IJmuiden", "'s-Hertogenbosch")),
    ("State", ("ZH", "OV")),
    ("Gender", ("M", "V", "O")),
    ("Initials", ("J.P.", "É.")),
    ("Phone", ("010-4567890", "+32 2 555 01 02")),
    ("Mobile", ("06-12345678",)),
    ("Fax", ("010-4567891",)),
    ("PhoneExtension", ("12",)),
    ("Url", ("https://start.exactonline.nl/docs/SysAttachment.aspx?ID=1",)),
    ("URL", ("https://voorbeeld.nl/volg?x=1&y=2",)),
    ("Name", ("Anna Jansen", "Noël van der Meer", "Zoë Çelik", "Brouwer & Zonen B.V.")),
    ("Fullname", ("Anna Jansen", "Noël van der Meer")),
    ("Type", ("A", "B", "I")),
    ("Unit", ("stuk", "kg", "uur")),
    ("Status", ("C", "V")),
)
"""End of a name -> what such a text says. The first that fits."""
_PERCENTAGES = (Decimal("0.21"), Decimal("0.09"), Decimal(0), Decimal("0.065"), Decimal("0.3333"))
_FINE = ("Price", "Quantity", "Stock", "Hours", "Cost", "Weight", "Factor", "Wage")
_NINE_TO_FIVE_TICKS = 9 * 3600 * 300


def value(name: str, edm: str, n: int, dice: Dice, today: date) -> Any:
    """A value for the `n`th row; never None but for Binary, which is nowhere to be had."""
    match edm:
        case "Guid":
            return dice.guid()
        case "Boolean":
            return dice.below(2) == 1
        case "Byte":
            return dice.below(2)
        case "String":
            return _text(name, n, dice)
        case "Double":
            return _number(name, dice)
        case "DateTime" if name.endswith(("Date", "Since")) or name.startswith("FreeDateField_"):
            return midnight(today + timedelta(days=dice.between(-1000, 300)))
        case "DateTime":
            return moment(dice, today, 1000)
        case "Binary":
            return None
        case _:
            return _whole(name, edm, n, dice, today)


def moment(dice: Dice, today: date, days: int) -> datetime:
    """A moment of the last so many days before today, at work, on the grid of 1/300 second."""
    second, tick = divmod(dice.below(_NINE_TO_FIVE_TICKS), 300)
    day = midnight(today - timedelta(days=dice.between(1, days)))
    return day + timedelta(hours=8, seconds=second, milliseconds=(tick * 10 + 1) // 3)


def _text(name: str, n: int, dice: Dice) -> str:
    if name == "Code":
        return f"{n + 1:03d}"
    if name.endswith(("Number", "NumberString", "Barcode", "IBAN")):
        return dice.digits(10)
    if name.endswith(("Code", "ID", "HID")):
        return dice.pick(("A", "B", "X")) + dice.digits(3)
    return dice.pick(_texts(name))


@cache
def _texts(name: str) -> tuple[str, ...]:
    return next((texts for end, texts in _STRINGS if name.endswith(end)), _TEXTS)


def _number(name: str, dice: Dice) -> Decimal:
    if "Percentage" in name:
        return dice.pick(_PERCENTAGES)
    if name.endswith(("Rate", "RateFC")):
        return Decimal(dice.between(80_000, 140_000)).scaleb(-5)
    if name.endswith("Precision"):
        return money(1)
    if any(word in name for word in _FINE):
        return Decimal(dice.between(-20_000, 9_999_999)).scaleb(-dice.between(3, 4))
    return money(dice.between(-200_000, 1_000_000))


def _whole(name: str, edm: str, n: int, dice: Dice, today: date) -> int:
    if edm == "Int64":
        return 4_300_000_000 + n  # too much for 32 bits
    if name == "LineNumber":
        return n % 3 + 1
    if name == "ID" or name == "HID":
        return 1000 + n
    if name.endswith("Year"):
        return today.year - n % 3
    if name.endswith("Period"):
        return n % 12 + 1
    if name.endswith("Number") and edm == "Int32":
        return 26_700_000 + n
    return dice.pick((0, 10, 20, 30, 50)) if edm == "Int16" else dice.below(100)
