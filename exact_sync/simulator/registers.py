"""Numbers that carry a check digit: VAT, company and citizen numbers, IBANs, GLNs and EANs.

Rules: the Dutch eleven test, the Belgian modulo 97, the German ISO 7064 modulo 11,10, ISO 13616 for IBANs
and GS1's modulo 10. And the numbers of entries, which count up.
"""

from datetime import date

from exact_sync.simulator.dice import Dice

_ELEVEN = (9, 8, 7, 6, 5, 4, 3, 2)
_BANKS = {
    "NL": ("ABNA", "INGB", "RABO", "TRIO", "KNAB", "BUNQ"),
    "BE": ("001", "310", "733", "979", "523"),
    "DE": ("10070000", "37040044", "50010517", "70150000", "20050550"),
}
_BICS = {
    "ABNA": "ABNANL2A", "INGB": "INGBNL2A", "RABO": "RABONL2U", "TRIO": "TRIONL2U", "KNAB": "KNABNL2H",
    "BUNQ": "BUNQNL2A", "001": "GEBABEBB", "310": "BBRUBEBB", "733": "KREDBEBB", "979": "ARSPBE22",
    "523": "TRIOBEBB", "10070000": "DEUTDEBB", "37040044": "COBADEFF", "50010517": "INGDDEFF",
    "70150000": "SSKMDEMM", "20050550": "HASPDEHH",
}  # fmt: skip


def rsin(dice: Dice) -> str:
    """A Dutch fiscal number (RSIN, BSN): eight digits whose weighted sum modulo 11 is the ninth."""
    while True:
        head = dice.digits(8)
        check = sum(int(d) * w for d, w in zip(head, _ELEVEN, strict=True)) % 11
        if check < 10:
            return f"{head}{check}"


def vat_number(country: str, dice: Dice) -> str | None:
    """A VAT number of the Netherlands, Belgium or Germany; other countries' are left out."""
    if country == "NL":
        return f"NL{rsin(dice)}B0{dice.between(1, 3)}"
    if country == "BE":
        head = f"0{dice.between(4_000_000, 8_999_999)}"
        return f"BE{head}{97 - int(head) % 97:02d}"
    if country == "DE":
        return f"DE{german(dice.digits(8))}"
    return None


def german(head: str) -> str:
    """Eight digits and their ISO 7064 MOD 11,10 check digit."""
    product = 10
    for digit in head:
        total = (int(digit) + product) % 10 or 10
        product = 2 * total % 11
    return f"{head}{(11 - product) % 10}"


def iban(country: str, dice: Dice) -> tuple[str, str]:
    """An IBAN and its bank's BIC; a country without banks here gets a Dutch one."""
    country = country if country in _BANKS else "NL"
    bank = dice.pick(_BANKS[country])
    if country == "NL":
        account = bank + dice.digits(9).rjust(10, "0")
    elif country == "BE":
        head = bank + dice.digits(7)
        account = f"{head}{int(head) % 97 or 97:02d}"
    else:
        account = bank + dice.digits(9).rjust(10, "0")
    number = int("".join(str(int(c, 36)) for c in f"{account}{country}00"))
    return f"{country}{98 - number % 97:02d}{account}", _BICS[bank]


def ean13(prefix: str, dice: Dice) -> str:
    """A GLN or article number: thirteen digits, the last one GS1's check digit."""
    head = prefix + dice.digits(12 - len(prefix))
    total = sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(head))
    return f"{head}{-total % 10}"


def payment_reference(number: int) -> str:
    """A Dutch payment reference of sixteen digits; the first one checks the rest (weights 2 4 8 5 10 9 7 3 6
    1)."""
    body = f"{number:015d}"
    weights = (2, 4, 8, 5, 10, 9, 7, 3, 6, 1)
    total = sum(int(d) * weights[i % 10] for i, d in enumerate(reversed(body)))
    check = 11 - total % 11
    return f"{check % 10 if check < 10 else 11 - check}{body}"


class Numbering:
    """Entry numbers: year, journal and a sequence that starts again each year, as in 24700006."""

    def __init__(self, entries: int) -> None:
        # Four digits are Exact's habit; a fifth keeps apart what a very large division books in a year.
        self._step = 10_000 if entries < 8_000 else 100_000
        self._last: dict[tuple[int, str], int] = {}

    def next(self, journal: str, day: date) -> int:
        place = (day.year % 100, journal)
        sequence = self._last[place] = self._last.get(place, 0) + 1
        if sequence >= self._step:
            raise ValueError(f"journal {journal} holds no more than {self._step - 1} entries a year")
        return (place[0] * 100 + int(journal)) * self._step + sequence
