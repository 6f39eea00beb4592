"""The ledger of a division: opening balance, sales, purchases, the bank's statements, wages and depreciation.

Every debtor line carries its invoice's number and amount; what is received or paid settles such a line by
number and by OffsetID.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from exact_sync.simulator.chart import Chart
from exact_sync.simulator.dice import share
from exact_sync.simulator.entries import VAT_LINE, Entry, Ledger, Posting, euros
from exact_sync.simulator.registers import Numbering
from exact_sync.simulator.sales import Sale, exchange_rate
from exact_sync.simulator.setting import Record, Setting
from exact_sync.simulator.tax import CONDITIONS, VAT_CODES, Condition

_COSTS = (
    "4110",
    "4120",
    "4200",
    "4210",
    "4300",
    "4310",
    "4400",
    "4410",
    "4420",
    "4430",
    "7000",
    "7010",
    "7020",
)
_OPENING = (("0100", 8_450_000), ("0105", -2_112_500), ("0110", 6_200_000), ("0115", -1_550_000), ("1000",
 250_000),
            ("1110", 4_000_000), ("3000", 5_318_275), ("0600", -5_000_000), ("0510", -8_755_775))  # fmt: skip
_BANK_OPENING = 12_500_000
"""Cents on the current account at the start."""


@dataclass(slots=True)
class Settlement:
    """Money that came in (positive cents) or went out on a day, and the line it settles."""

    day: date
    cents: int
    """What moved at the bank, in the division's currency."""
    booked: int
    """What it takes off the debtor or creditor: differs from ``cents`` by exchange differences."""
    account: Record
    ledger: str
    line: Record
    invoice: int


class Bookkeeper:
    """Posts everything of one division, in the order in which a bookkeeper would know of it."""

    def __init__(self, setting: Setting, chart: Chart, numbering: Numbering) -> None:
        self.setting = setting
        self.chart = chart
        self.ledger = Ledger(setting, chart)
        self.numbering = numbering
        self.settlements: list[Settlement] = []

    def open(self) -> None:
        day = self.setting.history.start
        lines = [Posting(code, amount, amount, "Beginbalans") for code, amount in _OPENING]
        lines.append(Posting("1100", _BANK_OPENING, _BANK_OPENING, "Beginbalans"))
        self.ledger.post(Entry("90", 10, day, self.numbering.next("90", day), "Beginbalans"), "0500", lines)

    def sell(self, sale: Sale) -> None:
        """Book a processed invoice; most that are due get paid, some late, some in part, some never."""
        record, dice = sale.record, self.setting.dice
        lines: list[Posting] = []
        taxes: dict[str, list[int]] = {}
        for line, vat, revenue in zip(sale.lines, sale.vats, sale.revenues, strict=True):
            tax = int(line["VATAmountFC"].scaleb(2))
            item = {"ID": line["Item"], "Code": line["ItemCode"], "Description": line["ItemDescription"]}
            dc, fc = int(line["AmountDC"].scaleb(2)), int(line["AmountFC"].scaleb(2))
            lines.append(Posting(revenue, -dc, -fc, line["Description"], vat, -tax, item, line["Quantity"]))
            if vat.percent:
                total = taxes.setdefault("1510" if vat.code == "1" else "1500", [0, 0])
                total[0] += int(line["VATAmountDC"].scaleb(2))
                total[1] += tax
        for k, (ledger, (dc, fc)) in enumerate(taxes.items()):
            lines.append(Posting(ledger, -dc, -fc, "BTW", number=VAT_LINE + k))
        number: int = record["InvoiceNumber"]
        entry = Entry(
            "70", 21 if record["Type"] == 8021 else 20, sale.day, number, record["Description"],
            sale.customer, record["Currency"], sale.rate, number, record["YourRef"], sale.terms[:2],
            sale.day + timedelta(sale.terms.days),
        )  # fmt: skip
        receivable = "1310" if record["Currency"] != "EUR" else "1300"
        self.ledger.post(entry, receivable, lines, PaymentReference=record["PaymentReference"])
        paid = sale.day + timedelta(days=sale.terms.days + dice.between(-6, 35))
        if paid < self.setting.today and dice.below(100) >= 6:
            owed = int(record["AmountDC"].scaleb(2))
            self.settle(entry, receivable, paid, owed // 2 if dice.below(100) < 4 else owed)

    def buy(self, supplier: Record, items: list[Record], day: date, i: int) -> Entry:
        """Book a supplier's invoice (or, one in thirty, his credit note)."""
        dice, codes = self.setting.dice, VAT_CODES[self.setting.country]
        currency = supplier["PurchaseCurrency"]
        rate = exchange_rate(currency, day)
        sign = -1 if i % 30 == 17 else 1
        foreign = supplier["Country"] != self.setting.country
        lines: list[Posting] = []
        tax_dc = tax_fc = 0
        for _ in range(dice.between(1, 2)):
            vat = codes.union_bought if foreign else codes.low_paid if dice.below(9) == 0 else codes.high_paid
            net = sign * dice.between(1_500, 180_000)
            tax = share(net, vat.percent or vat.reverse, 100)
            item = dice.pick(items) if items and dice.below(2) else None
            ledger = "3000" if item else dice.pick(_COSTS)
            text = item["Description"] if item else self.chart.by_code[ledger]["Description"]
            quantity = Decimal(sign * dice.between(1, 60)) if item else None
            lines.append(Posting(ledger, euros(net, rate), net, text, vat, tax, item, quantity))
            tax_dc += euros(tax, rate)
            tax_fc += tax
        lines.append(Posting("1520", tax_dc, tax_fc, "BTW", number=VAT_LINE))
        if foreign:  # reverse charge: declared and claimed at once
            lines.append(Posting("1530", -tax_dc, -tax_fc, "BTW verlegd", number=VAT_LINE + 1))
        number = self.numbering.next("60", day)
        terms = condition(supplier["PaymentConditionPurchase"])
        entry = Entry(
            "60", 30 if sign > 0 else 31, day, number,
            dice.pick((None, f"Factuur {i + 1}", "Zie bijlage – «copie»")), supplier, currency, rate, number,
            f"{dice.pick('FRI')}{day.year}-{dice.digits(5)}", terms[:2], day + timedelta(terms.days),
            status=20 if (self.setting.today - day).days < 15 and i % 4 == 0 else 50,
        )  # fmt: skip
        return self.ledger.post(entry, "1600", lines)

    def settle(self, entry: Entry, ledger: str, day: date, booked: int) -> None:
        """Note money to come (or go) on that day for an entry's first line, which it lowers by ``booked``
        cents."""
        dice = self.setting.dice
        moved = share(booked, dice.between(985, 1015), 1000) if entry.currency != "EUR" else booked
        if entry.account is None or entry.invoice is None:
            raise ValueError("only an invoice can be settled")
        self.settlements.append(
            Settlement(day, moved, booked, entry.account, ledger, entry.lines[0], entry.invoice)
        )


def condition(code: str | None) -> Condition:
    return next((c for c in CONDITIONS if c.code == code), CONDITIONS[0])
