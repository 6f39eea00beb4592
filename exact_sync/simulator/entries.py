"""One entry of the ledger: a header of financialtransaction/Transactions and its TransactionLines.

Amounts are whole cents while an entry is built; positive is debit. The first line is what the others add up
to (the debtor, the creditor, the bank), so an entry balances to 0.00 by construction.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from exact_sync.simulator import names
from exact_sync.simulator.chart import Chart
from exact_sync.simulator.dice import Rare, cents, money
from exact_sync.simulator.moments import midnight
from exact_sync.simulator.setting import CUSTOM_FIELDS, Record, Setting
from exact_sync.simulator.tax import Vat

TYPES = {10: "Opening balance", 20: "Sales entry", 21: "Sales credit note", 30: "Purchase entry",
         31: "Purchase credit note", 40: "Cash flow", 90: "Other"}  # fmt: skip
VAT_LINE = 9999
"""LineNumber of the first VAT line; recorded answers carry it."""

_RARE_ENTRY = Rare(
    ("ExternalLinkDescription ExternalLinkReference",
     (("Kassasysteem", "https://kassa.example/bon/7781?a=1&b=2"), ("Webshop", "ORD#2024-17"))),
    ("IsExtraDuty", ((False,), (True,))),
    ("PaymentReference", (("RF18539007547034",), ("",))),
    every=5,
)  # fmt: skip
_RARE_LINE = Rare(
    ("AssetCode AssetDescription", (("A-001", "Bestelbus VW Crafter"), ("A-014", "CNC-freesbank"))),
    ("CostCenter CostCenterDescription", (("VK", "Verkoop"), ("MAG", "Magazijn"))),
    ("CostUnit CostUnitDescription", (("P01", "Projecten"),)), ("CustomField", CUSTOM_FIELDS),
    ("ExternalLinkDescription ExternalLinkReference", (("Kassasysteem",
     "https://kassa.example/bon/7781?a=1&b=2"),)),
    ("ExtraDutyAmountFC ExtraDutyPercentage", ((Decimal(0), Decimal(0)), (Decimal("1.04"),
     Decimal("0.052")))),
    ("Notes", tuple((text,) for text in names.REMARKS)), ("OrderNumber", ((4000123,), (4000999,))),
    ("PaymentDiscountAmount", ((Decimal(0),), (Decimal("2.4"),))),
    ("PaymentReference", (("RF18539007547034",), ("",))),
    ("ProjectCode ProjectDescription", (("N-2024", "Nieuwbouw Noordzijde"),)),
    ("SerialNumber", (("SN0004711",), ("",))),
    ("SubscriptionDescription", (("Onderhoudsabonnement (maand)",),)),
    ("TrackingNumber TrackingNumberDescription", (("3SABC123456789", "PostNL pakket"),)), every=17,
)  # fmt: skip
_GUIDS = {"Asset": "AssetCode", "Project": "ProjectCode", "Subscription": "SubscriptionDescription",
          "ShopOrder": "SerialNumber"}  # fmt: skip


@dataclass(slots=True)
class Posting:
    """One line to be: the ledger account's code and its amount without VAT, in cents."""

    ledger: str
    dc: int
    fc: int
    text: str | None = None
    vat: Vat | None = None
    tax_fc: int = 0
    item: Record | None = None
    quantity: Decimal | None = None
    number: int | None = None
    """LineNumber, where it is not simply the next one."""
    account: Record | None = None
    invoice: int | None = None
    offset: UUID | None = None
    """The line that this one settles."""


@dataclass(slots=True)
class Entry:
    """What an entry is about: its journal, day and number, and whom it concerns."""

    journal: str
    kind: int
    day: date
    number: int
    text: str | None = None
    account: Record | None = None
    currency: str = "EUR"
    rate: Decimal = Decimal(1)
    invoice: int | None = None
    your_ref: str | None = None
    terms: tuple[str, str] | None = None
    due: date | None = None
    status: int = 50
    record: Record = field(default_factory=dict)
    lines: list[Record] = field(default_factory=list)


class Ledger:
    """All entries posted so far."""

    def __init__(self, setting: Setting, chart: Chart) -> None:
        self._setting = setting
        self._journals = {r["Code"]: r["Description"] for r in chart.journals}
        self._chart = chart
        self._guids = {name: setting.dice.guid() for name in _GUIDS}
        self._lines = 0
        self.entries: list[Entry] = []

    def post(self, entry: Entry, first: str, postings: list[Posting], **header: object) -> Entry:
        """Book the postings against one line on the ledger account ``first``, which takes what they leave."""
        setting, dice = self._setting, self._setting.dice
        journal = self._journals[entry.journal]
        status = "Processed" if entry.status == 50 else "Open"
        record = entry.record
        record |= {
            "EntryID": dice.guid(), "Date": midnight(entry.day), "Description": entry.text,
            "EntryNumber": entry.number, "FinancialPeriod": entry.day.month, "FinancialYear": entry.day.year,
            "IsExtraDuty": False, "JournalCode": entry.journal, "JournalDescription": journal,
            "Status": entry.status, "StatusDescription": status, "Type": entry.kind,
            "TypeDescription": TYPES[entry.kind], **header,
        }  # fmt: skip
        if entry.terms:
            record["PaymentConditionCode"], record["PaymentConditionDescription"] = entry.terms
        _RARE_ENTRY.fill(record, len(self.entries), dice)
        stamps = setting.history.stamps(entry.day)
        record["Created"], record["Modified"] = stamps
        shared: Record = {
            "EntryID": record["EntryID"], "EntryNumber": entry.number, "Date": record["Date"],
            "FinancialPeriod": entry.day.month, "FinancialYear": entry.day.year, "JournalCode": entry.journal,
            "JournalDescription": journal, "Status": entry.status, "Type": entry.kind,
            "Currency": entry.currency, "ExchangeRate": entry.rate, "YourRef": entry.your_ref,
            "DueDate": entry.due and midnight(entry.due),
        }  # fmt: skip
        setting.stamp(shared, stamps)
        total_dc, total_fc = sum(p.dc for p in postings), sum(p.fc for p in postings)
        opposite = Posting(first, -total_dc, -total_fc, entry.text, number=0)
        for k, posting in enumerate((opposite, *postings)):
            entry.lines.append(self._line(entry, shared, k, posting))
        self.entries.append(entry)
        return entry

    def _line(self, entry: Entry, shared: Record, k: int, posting: Posting) -> Record:
        dice = self._setting.dice
        account = posting.account or entry.account
        item, vat = posting.item, posting.vat
        self._lines += 1
        record = shared.copy()
        record["ID"] = dice.guid()
        record["GLAccount"], record["GLAccountCode"], record["GLAccountDescription"] = self._chart.account(
            posting.ledger
        )
        record["LineNumber"] = k if posting.number is None else posting.number
        record["LineType"] = 0 if k == 0 else 2 if record["LineNumber"] >= VAT_LINE else 1
        record["AmountDC"], record["AmountFC"] = money(posting.dc), money(posting.fc)
        record["AmountVATFC"] = money(posting.tax_fc)
        record["AmountVATBaseFC"] = money(posting.fc if vat else 0)
        record["Description"] = posting.text
        record["InvoiceNumber"] = entry.invoice if posting.invoice is None else posting.invoice
        record["OffsetID"] = posting.offset
        if account:
            record["Account"], record["AccountCode"], record["AccountName"] = (
                account["ID"],
                account["Code"],
                account["Name"],
            )
        if item:
            record["Item"], record["ItemCode"], record["ItemDescription"] = (
                item["ID"],
                item["Code"],
                item["Description"],
            )
            record["Quantity"] = posting.quantity
        if vat:
            record["VATCode"], record["VATCodeDescription"] = vat.code, vat.description
            record["VATPercentage"], record["VATType"] = vat.fraction, "S" if entry.kind in (20, 21) else "P"
        _RARE_LINE.fill(record, self._lines, dice)
        for name, companion in _GUIDS.items():
            if record.get(companion):
                record[name] = self._guids[name]
        return record


def euros(amount: int, rate: Decimal) -> int:
    """Cents of a foreign currency in cents of the division's."""
    return amount if rate == 1 else cents(money(amount) * rate)
