"""General ledger accounts, journals and item groups, like those of a small Dutch company.

The numbering follows the usual Dutch decimal scheme: 0 fixed assets and equity, 1 cash, debtors and
creditors, 3 stock, 4 costs, 7 cost of sales, 8 revenue, 9 other results.
"""

from dataclasses import dataclass
from decimal import Decimal

from exact_sync.simulator.dice import Rare
from exact_sync.simulator.registers import iban
from exact_sync.simulator.setting import CURRENCY_NAMES, CUSTOM_FIELDS, Record, Setting
from exact_sync.simulator.tax import VAT_CODES

TYPES = {
    10: "Cash", 12: "Bank", 20: "Accounts receivable", 22: "Accounts payable", 24: "VAT",
    25: "Employees payable", 26: "Prepaid expenses", 30: "Fixed assets", 35: "Accumulated depreciation",
    40: "Inventory", 50: "Capital stock", 52: "Retained earnings", 55: "Long term debt", 90: "General",
    110: "Revenue", 111: "Cost of goods", 120: "Other costs",
    121: "Sales, general administrative expenses", 122: "Depreciation costs", 125: "Employee costs",
    130: "Exceptional costs", 160: "Interest income",
}  # fmt: skip
"""Type -> TypeDescription (reference of financial/GLAccounts)."""

_CORE = """
0100 30 Inventaris|0105 35 Afschrijving inventaris|0110 30 Vervoermiddelen
0115 35 Afschrijving vervoermiddelen|0120 30 Verbouwing bedrijfspand|0500 50 Aandelenkapitaal
0510 52 Algemene reserve|0600 55 Lening o/g Rabobank|1000 10 Kas|1100 12 ING Bank
1110 12 Rabobank spaarrekening|1120 12 Deutsche Bank USD|1190 90 Kruisposten|1300 20 Debiteuren
1310 20 Debiteuren vreemde valuta|1350 26 Vooruitbetaalde kosten|1500 24 Te betalen BTW hoog
1510 24 Te betalen BTW laag|1520 24 Te vorderen BTW|1530 24 Te betalen BTW verlegd|1540 24 Afdracht BTW
1600 22 Crediteuren|1700 25 Netto lonen|1710 25 Af te dragen loonheffing|1800 90 Tussenrekening salarissen
3000 40 Voorraad handelsgoederen|3010 40 Voorraad grondstoffen|4000 125 Brutolonen|4010 125 Sociale lasten
4020 125 Pensioenpremie|4030 125 Reiskosten personeel|4100 121 Huur bedrijfspand|4110 121 Energiekosten
4120 121 Schoonmaakkosten|4200 121 Reclame en advertenties
4210 121 Representatie, relatiegeschenken & cadeaus|4300 121 Brandstof|4310 121 Onderhoud vervoermiddelen
4320 121 Autoverzekering|4400 121 Kantoorbenodigdheden|4410 121 Telefoon en internet
4420 121 Software en licenties|4430 121 Accountants- en advieskosten|4440 121 Bankkosten
4500 122 Afschrijvingskosten inventaris|4510 122 Afschrijvingskosten vervoermiddelen
4600 121 Oninbare vorderingen|7000 111 Inkoopwaarde handelsgoederen|7010 111 Inkoopwaarde grondstoffen
7020 111 Inkoop diensten derden|7090 111 Prijsverschillen inkoop|7095 111 Voorraadverschillen
8000 110 Omzet handelsgoederen hoog|8010 110 Omzet handelsgoederen laag|8020 110 Omzet diensten
8030 110 Omzet binnen de EU|8040 110 Omzet buiten de EU|8090 110 Verleende kortingen|9000 160 Rentebaten
9010 120 Koersverschillen|9020 120 Betalingsverschillen|9100 130 Buitengewone baten en lasten
"""
_ROOM = ("Zwolle", "Goes", "project Noordzijde", "magazijn", "showroom", "directie")
_CENTERS = (("VK", "Verkoop"), ("MAG", "Magazijn"), ("DIR", "Directie & staf"))

_RARE_ACCOUNT = Rare(
    ("Costcenter CostcenterDescription", _CENTERS),
    ("Costunit CostunitDescription", (("P01", "Projecten"), ("ONL", "Webwinkel"))),
    ("AssimilatedVATBox VATSystem", ((0, "I"), (3, "C"))),
    ("BelcotaxType", ((1,), (0,))),
    ("CustomField", CUSTOM_FIELDS),
    ("DescriptionTermID", ((-60100,), (1203,))),
    ("ExpenseNonDeductiblePercentage", ((Decimal("0.265"),), (Decimal(0),))),
    ("ReportingCode", (("WKprAkf",), ("BVorDeb",), ("BLimBan",))),
    (
        "VATNonDeductiblePercentage PrivatePercentage",
        ((Decimal("0.5"), Decimal("0.22")), (Decimal(1), Decimal(0))),
    ),
    ("VATGLAccountType", (("S",), ("G",), ("I",))),
)
_JOURNALS = (
    ("10", 10, "Kas", "1000", "EUR"), ("20", 12, "ING Bank", "1100", "EUR"),
    ("21", 12, "Spaarrekening", "1110", "EUR"), ("22", 12, "Deutsche Bank USD", "1120", "USD"),
    ("60", 22, "Inkoopboek", "1600", "EUR"), ("70", 20, "Verkoopboek", "1300", "EUR"),
    ("71", 20, "Verkoopboek webwinkel", "1300", "EUR"), ("90", 90, "Memoriaal", "", "EUR"),
)  # fmt: skip
_GROUPS = (
    ("HG", "Handelsgoederen", "8000"), ("LM", "Levensmiddelen (laag tarief)", "8010"),
    ("DIENST", "Diensten", "8020"), ("GRS", "Grondstoffen & halffabricaten", "8000"),
    ("DIV", "Diversen – overig", "8000"),
)  # fmt: skip


@dataclass
class Chart:
    """The ledger accounts by code, and the journals and item groups that use them."""

    accounts: list[Record]
    by_code: dict[str, Record]
    journals: list[Record]
    groups: list[Record]

    def account(self, code: str) -> tuple[object, str, str]:
        """ID, code and description of a ledger account."""
        found = self.by_code[code]
        return found["ID"], code, found["Description"]


def found_chart(setting: Setting, accounts: int, journals: int, groups: int) -> Chart:
    """The core accounts, journals and groups are always made; more are added up to the numbers asked for."""
    made = [
        _account(setting, i, code, kind, name)
        for i, (code, kind, name) in enumerate(_core_and_more(accounts))
    ]
    chart = Chart(made, {r["Code"]: r for r in made}, [], [])
    for i, record in enumerate(made):
        if i % 9 == 4:
            record["PrivateGLAccount"] = chart.account("0510")[0]
            record["VATNonDeductibleGLAccount"] = chart.account("4210")[0]
        if i % 11 == 2:
            record["YearEndCostGLAccount"] = chart.account("9100")[0]
            record["YearEndReflectionGLAccount"] = chart.account("0510")[0]
    more = [(f"J{n}", 90, f"Memoriaal {n}", "", "EUR") for n in range(1, journals - len(_JOURNALS) + 1)]
    chart.journals = [_journal(setting, chart, *spec) for spec in (*_JOURNALS, *more)]
    extra = [(f"G{n:03d}", f"Artikelgroep {n}", "8000") for n in range(1, groups - len(_GROUPS) + 1)]
    chart.groups = [_group(setting, chart, i, *spec) for i, spec in enumerate((*_GROUPS, *extra))]
    return chart


def _core_and_more(wanted: int) -> list[tuple[str, int, str]]:
    found: list[tuple[str, int, str]] = []
    for entry in _CORE.replace("\n", "|").strip("|").split("|"):
        number, type_, title = entry.split(" ", 2)
        found.append((number, int(type_), title))
    costs = [account for account in found if account[0].startswith("4")]
    for n in range(wanted - len(found)):  # costs kept apart by place: 4000.1, 4010.1, …
        code, kind, name = costs[n % len(costs)]
        found.append((f"{code}.{n // len(costs) + 1}", kind, f"{name} {_ROOM[n // len(costs) % len(_ROOM)]}"))
    return sorted(found)


def _account(setting: Setting, i: int, code: str, kind: int, name: str) -> Record:
    dice = setting.dice
    vat = VAT_CODES[setting.country]
    paid = vat.high_paid if code[0] in "47" else vat.high
    profit = kind > 100
    record: Record = {
        "ID": dice.guid(), "Code": code, "Description": name, "Type": kind, "TypeDescription": TYPES[kind],
        "BalanceSide": "C" if kind in (22, 25, 35, 50, 52, 55, 110, 160) else "D",
        "BalanceType": "W" if profit else "B", "AllowCostsInSales": 0, "Compress": kind in (20, 22),
        "ExcludeVATListing": 0, "IsBlocked": i % 29 == 28, "Matching": kind in (20, 22, 26),
        "RevalueCurrency": kind == 12, "SearchCode": name[:10].upper().strip(),
        "UseCostcenter": (0, 1, 2)[i % 3] if profit else 0, "UseCostunit": 1 if profit and i % 4 == 0 else 0,
        "PrivatePercentage": Decimal(0), "VATNonDeductiblePercentage": Decimal(0),
        "VATCode": paid.code if profit else None, "VATDescription": paid.description if profit else None,
    }  # fmt: skip
    _RARE_ACCOUNT.fill(record, i, dice)
    setting.stamp(record, setting.history.stamps(setting.history.start if i % 5 else None))
    return record


def _journal(
    setting: Setting, chart: Chart, code: str, kind: int, name: str, ledger: str, currency: str
) -> Record:
    dice = setting.dice
    record: Record = {
        "ID": dice.guid(), "Code": code, "Type": kind, "Description": name, "AllowVAT": kind in (20, 22, 90),
        "AllowVariableCurrency": kind in (20, 22), "AllowVariableExchangeRate": kind != 10,
        "AutoSave": kind == 12, "Currency": currency, "CurrencyDescription": CURRENCY_NAMES[currency],
        "IsBlocked": code == "71", "BankAccountUseSEPA": False, "BankAccountUseSepaDirectDebit": False,
        "CustomField": dice.pick(CUSTOM_FIELDS)[0] if code in ("20", "70") else None,
    }  # fmt: skip
    if ledger:
        record["GLAccount"], record["GLAccountCode"], record["GLAccountDescription"] = chart.account(ledger)
        record["GLAccountType"] = chart.by_code[ledger]["Type"]
    if kind == 12:
        number, bic = iban(setting.country, dice)
        record |= {
            "Bank": dice.guid(), "BankName": name, "BankAccountID": dice.guid(), "BankAccountBICCode": bic,
            "BankAccountCountry": setting.country, "BankAccountDescription": f"Lopende rekening {name}",
            "BankAccountIBAN": number, "BankAccountIncludingMask": number, "BankAccountUseSEPA": True,
            "BankAccountUseSepaDirectDebit": code == "20",
            "PaymentInTransitAccount": chart.account("1190")[0],
        }  # fmt: skip
    if code == "21":
        record |= {
            "PaymentServiceAccountIdentifier": "betalen@brouwer-zonen.example", "PaymentServiceProvider": 2,
            "PaymentServiceProviderName": "Mollie",
        }  # fmt: skip
    setting.stamp(record, setting.history.stamps(setting.history.start))
    return record


def _group(setting: Setting, chart: Chart, i: int, code: str, name: str, revenue: str) -> Record:
    record: Record = {
        "ID": setting.dice.guid(), "Code": code, "Description": name, "IsDefault": int(i == 0),
        "Notes": ("Standaardgroep", "", None,
         "Zie prijslijst van de leverancier – « catalogue général »")[i % 4],
    }  # fmt: skip
    ledgers = [("GLCosts", "7000"), ("GLRevenue", revenue), ("GLStock", "3000")]
    if i % 2 == 0:
        ledgers += [
            ("GLPurchaseAccount", "7000"),
            ("GLStockVariance", "7095"),
            ("GLPurchasePriceDifference", "7090"),
        ]
    for prefix, ledger in ledgers:
        title = f"{prefix}Descr" if prefix == "GLPurchasePriceDifference" else f"{prefix}Description"
        record[prefix], record[f"{prefix}Code"], record[title] = chart.account(ledger)
    setting.stamp(record, setting.history.stamps())
    return record
