"""cashflow/Payments: what is to be paid, or was paid, to suppliers.

The payments of one purchase entry add up to its total; most entries have one, large ones may have two.
"""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from exact_sync.simulator.chart import Chart
from exact_sync.simulator.dice import Rare, money
from exact_sync.simulator.entries import Entry
from exact_sync.simulator.ledger import Bookkeeper, condition
from exact_sync.simulator.moments import midnight
from exact_sync.simulator.registers import iban
from exact_sync.simulator.setting import Record, Setting

_RARE = Rare(
    ("Description", (("Deelbetaling 1/2",), ("Facture n° 12 – août",), ("",))),
    ("PaymentReference", (("RF18539007547034",), ("",))),
    ("AmountDiscountDC AmountDiscountFC", ((Decimal(0), Decimal(0)), (Decimal("2.4"), Decimal("2.4")))),
    every=3,
)


class Payables:
    """Makes purchase entries with their payments."""

    def __init__(
        self, keeper: Bookkeeper, chart: Chart, suppliers: list[Record], contacts: dict[UUID, Record]
    ) -> None:
        self._keeper = keeper
        self._setting: Setting = keeper.setting
        self._ledger = chart.account("1600")
        dice = keeper.setting.dice
        self._own = (dice.guid(), next(j["BankAccountIBAN"] for j in chart.journals if j["Code"] == "20"))
        self._suppliers = suppliers
        self._contacts = contacts
        self._banks: dict[object, tuple[object, str]] = {}
        self._documents = tuple(dice.guid() for _ in range(12))  # the documents of payment batches

    def make(self, items: list[Record], n: int) -> list[Record]:
        """Book purchases over the three years and return their n payments."""
        if not self._suppliers:
            return []
        split = n // 12
        made: list[Record] = []
        for i, day in enumerate(self._setting.history.days(n - split)):
            entry = self._keeper.buy(self._setting.dice.pick(self._suppliers), items, day, i)
            parts = 2 if i < split else 1
            made += [self._payment(entry, len(made) + k, k, parts) for k in range(parts)]
        return made

    def _payment(self, entry: Entry, i: int, k: int, parts: int) -> Record:
        setting, dice = self._setting, self._setting.dice
        supplier, total = entry.account, entry.lines[0]
        if supplier is None or entry.due is None:
            raise ValueError("only a purchase can be paid")
        terms = condition(supplier["PaymentConditionPurchase"])
        due = entry.due + timedelta(days=14 * k)
        dc, fc = _part(-total["AmountDC"], k, parts), _part(-total["AmountFC"], k, parts)
        paid = due + timedelta(days=dice.between(-4, 12))
        age = (setting.today - paid).days
        done = entry.status == 50 and age > 0 and i % 14 != 9
        status = (50 if age > 6 else 40) if done else 30 if i % 3 == 0 and due < setting.today else 20
        bank = self._banks.get(supplier["ID"])
        if bank is None:
            bank = self._banks[supplier["ID"]] = (dice.guid(), iban(supplier["Country"], dice)[0])
        contact = self._contacts.get(supplier["ID"]) if i % 2 else None
        record: Record = {
            "ID": dice.guid(), "Account": supplier["ID"], "AccountCode": supplier["Code"],
            "AccountName": supplier["Name"], "AccountBankAccountID": bank[0],
            "AccountBankAccountNumber": bank[1], "AmountDC": dc, "AmountFC": fc,
            "AccountContact": contact and contact["ID"],
            "AccountContactName": contact and contact["FullName"], "BankAccountID": self._own[0],
            "BankAccountNumber": self._own[1], "Currency": entry.currency, "DueDate": midnight(due),
            "EntryDate": midnight(entry.day), "EntryID": dice.guid(), "EntryNumber": entry.number,
            "GLAccount": self._ledger[0], "GLAccountCode": self._ledger[1],
            "GLAccountDescription": self._ledger[2], "InvoiceDate": midnight(entry.day),
            "InvoiceNumber": entry.invoice, "IsBatchBooking": int(i % 4 == 0), "Journal": entry.journal,
            "JournalDescription": entry.record["JournalDescription"], "PaymentCondition": terms.code,
            "PaymentConditionDescription": terms.description, "PaymentDays": terms.days + 14 * k,
            "PaymentMethod": "BBBBBIKV"[i % 8], "RateFC": entry.rate, "Source": (0, 1)[i % 2],
            "Status": status, "TransactionAmountDC": -total["AmountDC"],
            "TransactionAmountFC": -total["AmountFC"], "TransactionDueDate": midnight(entry.due),
            "TransactionEntryID": entry.record["EntryID"], "TransactionID": total["ID"],
            "TransactionIsReversal": entry.kind == 31, "TransactionReportingPeriod": entry.day.month,
            "TransactionReportingYear": entry.day.year, "TransactionStatus": entry.status,
            "TransactionType": entry.kind, "YourRef": entry.your_ref,
        }  # fmt: skip
        if terms.discount:
            record["DiscountDueDate"] = midnight(entry.day + timedelta(days=terms.discount_days))
            record["PaymentDaysDiscount"] = terms.discount_days
            record["PaymentDiscountPercentage"] = Decimal(terms.discount).scaleb(-2)
        _RARE.fill(record, i, dice)
        stamps = setting.history.stamps(entry.day)
        if status >= 30:
            record["PaymentSelected"] = stamps[1]
            record["PaymentSelector"], record["PaymentSelectorFullName"] = dice.pick(setting.staff)
        if done:
            batch = (paid - setting.history.start).days // 7 + 1
            record["PaymentBatchNumber"], record["CashflowTransactionBatchCode"] = (
                batch,
                f"{paid.year}{batch:05d}",
            )
            record["EndDate"], record["EndPeriod"], record["EndYear"] = midnight(paid), paid.month, paid.year
            if i % 5 == 0:
                record["Document"] = self._documents[batch % len(self._documents)]
                record["DocumentNumber"], record["DocumentSubject"] = (
                    9000 + batch,
                    f"SEPA-betaalbestand {batch}",
                )
            self._keeper.settle(entry, "1600", paid, -int(dc.scaleb(2)))
        setting.stamp(record, stamps)
        return record


def _part(amount: Decimal, k: int, parts: int) -> Decimal:
    """The k'th of so many parts: equal ones, but for the cents that the last one takes."""
    whole = int(amount.scaleb(2))
    piece = whole // parts
    return money(whole - piece * (parts - 1) if k == parts - 1 else piece)
