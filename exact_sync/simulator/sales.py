"""salesinvoice/SalesInvoices and their lines: three years of trade, in the order of their numbers.

An invoice's AmountFC and AmountDC are the sums of its lines with VAT; a line's own amounts are without VAT.
Credit notes carry negative quantities and amounts.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from exact_sync.simulator import names
from exact_sync.simulator.chart import Chart
from exact_sync.simulator.dice import Rare, cents, money, share
from exact_sync.simulator.moments import midnight
from exact_sync.simulator.registers import Numbering, payment_reference
from exact_sync.simulator.setting import CUSTOM_FIELDS, Record, Setting
from exact_sync.simulator.tax import CONDITIONS, VAT_CODES, Condition, Vat

_RATES = {"EUR": (10000, 0), "USD": (9050, 500), "GBP": (11550, 400), "CHF": (10250, 600)}
_STATUSES = {10: "Draft", 20: "Open", 50: "Processed"}
_TYPES = {8020: "Invoice", 8021: "Credit note", 8023: "Direct sales invoice"}
_REVENUE = {"7": "8030", "8": "8040", "1": "8010"}
_PRICES = (Decimal("0.5"), Decimal(5000))  # what is sold costs between these

_RARE = Rare(
    ("ExtraDutyAmountFC IsExtraDuty", ((Decimal(0), False),)),
    ("GAccountAmountFC", ((Decimal(0),), (Decimal("-12.5"),))),
    ("IncotermCode IncotermVersion IncotermAddress", (("DAP", 2020, "Gent"), ("EXW", 2010, ""))),
    ("Remarks", tuple((text,) for text in names.REMARKS)),
    ("SalesChannelCode SalesChannelDescription", (("WEB", "Webwinkel"), ("BEURS", "Vakbeurs Utrecht"))),
    ("SelectionCodeCode SelectionCodeDescription", (("S1", "Spoed"),)),
    ("ShippingMethodCode ShippingMethodDescription", (("DHL", "DHL For You"), ("AFH", "Afhalen"))),
    ("TaxScheduleCode TaxScheduleDescription", (("STD", "Standaard"),)),
    ("WithholdingTaxAmountFC WithholdingTaxBaseAmount WithholdingTaxPercentage", ((Decimal(0), Decimal(0),
     Decimal(0)),)),
    every=9,
)  # fmt: skip
_CODED = {"SalesChannel": "SalesChannelCode", "SelectionCode": "SelectionCodeCode",
          "ShippingMethod": "ShippingMethodCode", "TaxSchedule": "TaxScheduleCode"}  # fmt: skip
"""References to tables that are not mirrored, and the property that tells whether they are filled."""
_RARE_LINE = Rare(
    ("CostCenter CostCenterDescription", (("VK", "Verkoop"), ("MAG", "Magazijn"))),
    ("CostUnit CostUnitDescription", (("P01", "Projecten"),)), ("CustomField", CUSTOM_FIELDS),
    ("CustomerItemCode", (("KL-88/1",), ("",))), ("EmployeeFullName", (("Wout Peeters",),)),
    ("ExtraDutyAmountFC ExtraDutyPercentage", ((Decimal(0), Decimal(0)), (Decimal("1.04"),
     Decimal("0.052")))),
    ("Notes", tuple((text,) for text in names.REMARKS)), ("PricelistDescription", (("Dealerprijzen 2024",),)),
    ("ProjectDescription ProjectWBSDescription", (("Nieuwbouw Noordzijde", "Fase 2 – ruwbouw"),)),
    ("SalesOrderLineNumber SalesOrderNumber", ((1, 4000123), (2, 4000999))),
    ("SubscriptionDescription", (("Onderhoudsabonnement (maand)",),)),
    ("TaxScheduleCode TaxScheduleDescription", (("STD", "Standaard"),)), every=11,
)  # fmt: skip
_LINE_GUIDS = (
    "Employee",
    "Pricelist",
    "Project",
    "ProjectWBS",
    "SalesOrder",
    "SalesOrderLine",
    "Subscription",
    "TaxSchedule",
)


@dataclass(slots=True)
class Sale:
    """An invoice with its lines, and what the ledger wants to know of them."""

    record: Record
    lines: list[Record]
    vats: list[Vat]
    """The VAT code of each line."""
    revenues: list[str]
    """The revenue account of each line."""
    customer: Record
    terms: Condition
    day: date
    rate: Decimal

    @property
    def processed(self) -> bool:
        return bool(self.record["Status"] == 50)


def exchange_rate(currency: str, day: date) -> Decimal:
    """Euros for one unit of the currency that month: wanders around its mean, 1 for the euro."""
    mean, swing = _RATES[currency]
    step = (day.year * 12 + day.month) * 37 % 101 - 50
    return Decimal(mean + swing * step // 50).scaleb(-4).normalize() if swing else Decimal(1)


def _discounted(price: Decimal, percent: int) -> Decimal:
    """The price less that many percent, with at most six decimals."""
    exact = price * (100 - percent) / 100
    exponent = exact.as_tuple().exponent
    return round(exact, 6) if isinstance(exponent, int) and exponent < -6 else exact


class Sales:
    """Makes invoices; keeps what is the same for all of them."""

    def __init__(
        self,
        setting: Setting,
        chart: Chart,
        customers: list[Record],
        items: list[Record],
        numbering: Numbering,
    ) -> None:
        self._setting = setting
        self._chart = chart
        self._customers = customers
        low, high = _PRICES
        self._items = [i for i in items if low <= i["StandardSalesPrice"] <= high]
        self._guids = {name: tuple(setting.dice.guid() for _ in range(3)) for name in (*_CODED, *_LINE_GUIDS)}
        self._vat = {code.code: code for code in VAT_CODES[setting.country]}
        self._numbering = numbering
        self._warehouse = setting.dice.guid()
        self._lines = 0

    def make(self, contacts: dict[Any, Record], n: int) -> list[Sale]:
        """n invoices in the order of their dates; contacts are the customers' main ones, by account."""
        if not self._customers or not self._items:
            return []
        days = self._setting.history.days(n)
        return [self._sale(i, day, contacts) for i, day in enumerate(days)]

    def _sale(self, i: int, day: date, contacts: dict[Any, Record]) -> Sale:
        setting, dice = self._setting, self._setting.dice
        customer = dice.pick(self._customers)
        age = (setting.today - day).days
        status = 50
        if i % 60 == 31:  # forgotten drafts
            status = 10 if i % 120 == 31 else 20
        elif age <= 25 and i % 3 == 0:
            status = 20
        credit = i % 23 == 19
        kind = 8021 if credit else 8023 if i % 9 == 4 else 8020
        terms = next((c for c in CONDITIONS if c.code == customer["PaymentConditionSales"]), CONDITIONS[0])
        currency = customer["SalesCurrency"]
        rate = exchange_rate(currency, day)
        record: Record = {
            "InvoiceID": dice.guid(), "Currency": currency, "Discount": Decimal(0), "DiscountType": 1,
            "AmountDiscount": Decimal(0), "AmountDiscountExclVat": Decimal(0), "Type": kind,
            "TypeDescription": _TYPES[kind], "Status": status, "StatusDescription": _STATUSES[status],
            "Journal": "70", "JournalDescription": "Verkoopboek", "InvoiceDate": midnight(day),
            "DueDate": midnight(day + timedelta(days=terms.days)),
            "OrderDate": midnight(day - timedelta(days=dice.below(20))), "OrderNumber": i + 1,
            "PaymentCondition": terms.code, "PaymentConditionDescription": terms.description,
            "YourRef": dice.pick((None, f"PO-{dice.digits(5)}", f"{dice.digits(4)}/{day.year}", "")),
            "Description": dice.pick((None, f"Order {i + 1}", "Levering conform afspraak – deel 1", "")),
            "DeliverToAddress": dice.guid(),
            "StarterSalesInvoiceStatus": 0 if status < 50 else 3 if age > 60 else 2,
            "StarterSalesInvoiceStatusDescription":
            "Draft" if status < 50 else "Paid" if age > 60 else "Sent",
        }  # fmt: skip
        contact = contacts.get(customer["ID"])
        for role in ("OrderedBy", "InvoiceTo", "DeliverTo"):
            record[role], record[f"{role}Name"] = customer["ID"], customer["Name"]
            if contact and i % 3:
                record[f"{role}ContactPerson"] = contact["ID"]
                record[f"{role}ContactPersonFullName"] = contact["FullName"]
        if i % 4:
            record["Salesperson"], record["SalespersonFullName"] = dice.pick(setting.staff)
        if kind == 8023:
            record["Warehouse"] = self._warehouse
        if status == 50:
            number = self._numbering.next("70", day)
            record["InvoiceNumber"] = number
            record["PaymentReference"] = payment_reference(number) if i % 5 == 0 else None
        self._spice(record, i)
        setting.stamp(record, setting.history.stamps(day))
        sale = Sale(record, [], [], [], customer, terms, day, rate)
        for k in range(1, 2 + min(dice.below(4), dice.below(5))):
            self._line(sale, k, -1 if credit else 1)
        self._add_up(sale)
        return sale

    def _spice(self, record: Record, i: int) -> None:
        dice = self._setting.dice
        _RARE.fill(record, i, dice)
        for name, code in _CODED.items():
            if record.get(code):
                record[name] = self._guids[name][0]

    def _line(self, sale: Sale, k: int, sign: int) -> None:
        dice = self._setting.dice
        item = dice.pick(self._items)
        price: Decimal = item["StandardSalesPrice"]
        whole = not item["IsFractionAllowedItem"]
        quantity = sign * (Decimal(dice.between(1, 40)) if whole else Decimal(dice.between(1, 160)) / 4)
        percent = dice.pick((0, 0, 0, 0, 5, 10))
        net = cents(quantity * price * (100 - percent) / 100)
        vat = self._vat[sale.customer["SalesVATCode"] or item["SalesVatCode"]]
        ledger = _REVENUE.get(vat.code) or ("8020" if item["IsTime"] else "8000")
        tax = share(net, vat.percent, 100)
        account, _, title = self._chart.account(ledger)
        self._lines += 1
        record: Record = {
            "ID": dice.guid(), "InvoiceID": sale.record["InvoiceID"], "LineNumber": k, "Item": item["ID"],
            "ItemCode": item["Code"], "ItemDescription": item["Description"],
            "Description": item["Description"], "Quantity": quantity, "UnitPrice": price,
            "NetPrice": _discounted(price, percent), "Discount": Decimal(percent).scaleb(-2),
            "UnitCode": item["Unit"], "UnitDescription": item["UnitDescription"], "AmountFC": money(net),
            "AmountDC": money(cents(money(net) * sale.rate)), "VATAmountFC": money(tax),
            "VATAmountDC": money(cents(money(tax) * sale.rate)), "VATCode": vat.code,
            "VATCodeDescription": vat.description, "VATPercentage": vat.fraction, "GLAccount": account,
            "GLAccountDescription": title, "DeliveryDate": midnight(sale.day) if k == 1 else None,
        }  # fmt: skip
        if item["IsTime"]:
            record["StartTime"] = midnight(sale.day.replace(day=1))
            record["EndTime"] = midnight(sale.day)
        turn = self._lines
        _RARE_LINE.fill(record, turn, dice)
        if turn % 4 == 0:
            name = _LINE_GUIDS[turn // 4 % len(_LINE_GUIDS)]
            record[name] = dice.pick(self._guids[name])
        sale.lines.append(record)
        sale.vats.append(vat)
        sale.revenues.append(ledger)

    @staticmethod
    def _add_up(sale: Sale) -> None:
        record, lines = sale.record, sale.lines
        tax_fc, tax_dc = sum(r["VATAmountFC"] for r in lines), sum(r["VATAmountDC"] for r in lines)
        net_fc = sum(r["AmountFC"] for r in lines)
        record["AmountFCExclVat"], record["VATAmountFC"], record["VATAmountDC"] = net_fc, tax_fc, tax_dc
        record["AmountFC"] = net_fc + tax_fc
        record["AmountDC"] = sum(r["AmountDC"] for r in lines) + tax_dc
        if any(r["Discount"] for r in lines):
            off = sum(cents(r["Quantity"] * r["UnitPrice"]) - cents(r["AmountFC"]) for r in lines)
            record["AmountDiscountExclVat"] = record["AmountDiscount"] = money(off)
