"""crm/Accounts: customers, suppliers, both, and prospects."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from exact_sync.simulator import names, registers
from exact_sync.simulator.chart import Chart
from exact_sync.simulator.dice import Rare, money
from exact_sync.simulator.moments import midnight
from exact_sync.simulator.names import ABROAD, BELGIUM, COUNTRIES, GERMANY, NETHERLANDS, Country
from exact_sync.simulator.setting import CURRENCY_NAMES, CUSTOM_FIELDS, SITE, Record, Setting
from exact_sync.simulator.tax import CONDITIONS, VAT_CODES

CURRENCIES = {"US": "USD", "GB": "GBP", "CH": "CHF"}
"""The currency of customers and suppliers by country; elsewhere the euro."""

PLACEHOLDER = f"{SITE}//docs/images/placeholder_account_myeol.png"

_RARE = Rare(
    ("AddressLine2", (("t.a.v. de administratie",), ("Gebouw C, 3e verdieping",), ("",))),
    ("AddressLine3", (("Postbus 1185",), ("Kade Noord – poort 4",))),
    ("BSN", (("111222333",), ("123456782",))), ("CodeAtSupplier", (("K-20871",), ("000123",), ("",))),
    ("Costcenter CostcenterDescription", (("VK", "Verkoop"),)),
    ("Classification ClassificationDescription", (("A", "Grote klant"), ("C", "Kleine klant"))),
    ("Currency DunsNumber", (("EUR", "402150371"), ("EUR", "489123406"))), ("CustomField", CUSTOM_FIELDS),
    ("DatevCreditorCode DatevDebtorCode", (("70001", "10001"), (None, "10417"))),
    ("DeliveryAdvice CanDropShip", ((0, True), (1, False), (2, True))),
    ("EORINumber", (("NL001234567",), ("DE123456789012345",))),
    ("EnableSalesPaymentLink", ((True,), (False,))), ("Fax", (("+31 20 5550199",), ("",))),
    ("HasWithholdingTaxSales IsExtraDuty", ((False, False), (True, False), (False, True))),
    ("IncotermCodeSales IncotermVersionSales IncotermAddressSales", (("DAP", 2020, "Gent"), ("EXW", 2010,
     ""))),
    ("IncotermCodePurchase IncotermVersionPurchase IncotermAddressPurchase", (("FOB", 2020, "Shanghai 上海"),
     ("CIF", 2010, "Rotterdam Maasvlakte"))),
    ("IntraStatArea IntraStatDeliveryTerm IntraStatSystem", (("NL", "DAP", "00"), ("11", "EXW", "01"))),
    ("IntraStatTransactionA IntraStatTransactionB IntraStatTransportMethod", (("1", "1", "3"), ("2", "1",
     "4"))),
    ("LogoFileName LogoUrl LogoThumbnailUrl", (("logo.png", f"{SITE}/docs/logo.png?size=1&x=é",
     f"{SITE}/docs/logo-t.png"),)),
    ("OINNumber", (("00000001003214345000",), ("",))),
    ("PayAsYouEarn UniqueTaxpayerReference", (("NotApplicable", "1234567890"), ("ZeroPercent", ""))),
    ("PeppolIdentifier PeppolIdentifierType", (("0106:12345678", 106), ("0208:0403170701", 208))),
    ("PhoneExtension", (("12",), ("007",), ("",))), ("Remarks", tuple((text,) for text in names.REMARKS)),
    ("SalesTaxScheduleCode SalesTaxScheduleDescription", (("STD", "Standaard"),)),
    ("ShowRemarkForSales", ((True,), (False,))),
    ("TradeName", (("De Vlijtige Bij",), ("L’Atelier «Été»",), ("",))), ("VATLiability", (("B",), ("N",))),
    every=8,
)  # fmt: skip
_GUIDS = (
    "ActivitySector", "ActivitySubSector", "BRIN", "BusinessType", "Classification1", "Classification2",
    "Classification3", "Classification4", "Classification5", "Classification6", "Classification7",
    "Classification8", "CompanySize", "Document", "LeadPurpose", "LeadSource", "PriceList",
    "SalesTaxSchedule", "ShippingMethod",
)  # fmt: skip
"""References to tables that are not mirrored; filled here and there, from a few values each."""


_ROLES = 25
"""What an account is hangs on a number below this one."""


def found_relations(setting: Setting, chart: Chart, n: int) -> list[Record]:
    """n accounts in the order of their codes: of a hundred about 60 buy, 32 sell, 4 do both and 4 do
    neither; of ten, 7 buy and 4 sell."""
    pools = {name: tuple(setting.dice.guid() for _ in range(3)) for name in _GUIDS}
    home = COUNTRIES[setting.country]
    made: list[Record] = []
    for i in range(n):
        # The first roles are all buyers: where there are few accounts, some of them must sell, too.
        first = i if n >= _ROLES else i * _ROLES // n
        record = _account(setting, i, first, _country(setting, home), home)
        for name in _GUIDS[i % 9 :: 9]:
            record[name] = setting.dice.pick(pools[name])
        _RARE.fill(record, i, setting.dice)
        if i % 13 == 5:
            record["GLAR"], record["GLAccountSales"] = chart.account("1310")[0], chart.account("8020")[0]
        if i % 13 == 9:
            record["GLAP"], record["GLAccountPurchase"] = chart.account("1600")[0], chart.account("7000")[0]
        _relate(record, i, made)
        made.append(record)
    return made


def _country(setting: Setting, home: Country) -> Country:
    chance = setting.dice.below(100)
    if chance < 72:
        return home
    if chance < 94:
        return setting.dice.pick((NETHERLANDS, BELGIUM, GERMANY))
    return setting.dice.pick(ABROAD)


def _account(setting: Setting, i: int, first: int, country: Country, home: Country) -> Record:
    dice, history = setting.dice, setting.history
    city = dice.pick(country.cities)
    street, number, suffix = names.address(country, dice)
    line = f"{number} {street}" if country.code in ("FR", "GB", "US") else f"{street} {number}{suffix}"
    name = names.company(country, dice)
    site = f"{names.slug(name)[:24]}.{country.domain}.example"  # .example never resolves
    role = first if i < _ROLES else dice.below(_ROLES)
    buys, sells = role < 16, role == 15 or 16 <= role < 24
    currency = CURRENCIES.get(country.code, "EUR")
    tax = registers.vat_number(country.code, dice)
    known = country.code == "NL" and tax is not None
    codes = VAT_CODES[setting.country]
    abroad = codes.sold_to(country.code, home.code)
    sales_vat = abroad or (codes.reverse if role == 3 else None)
    bought_vat = codes.high_paid if country is home else codes.union_bought
    terms, bought_terms = CONDITIONS[i % 5 if buys else 0], CONDITIONS[dice.below(5)]
    manager = setting.staff[dice.below(3)] if role % 4 else None
    stamps = history.stamps()
    since = midnight(stamps[0].date())
    record: Record = {
        "ID": dice.guid(), "Code": f"{i + 1:07d}", "Name": name, "AddressLine1": line, "City": city.name,
        "Postcode": names.postcode(country.code, city, dice), "Country": country.code,
        "CountryName": country.name, "State": city.state, "StateName": city.state_name,
        "Phone": names.phone(country, city, dice), "Email": f"info@{site}" if role != 7 else None,
        "Website": f"https://www.{site}/" if role % 3 else "",
        "Latitude": Decimal(city.latitude * 1000 + dice.below(999)).scaleb(-6) if role % 2 else None,
        "Longitude": Decimal(city.longitude * 1000 + dice.below(999)).scaleb(-6) if role % 2 else None,
        "VATNumber": tax, "RSIN": tax[2:11] if known and tax and role % 3 == 0 else None,
        "ChamberOfCommerce": dice.digits(8) if known else None,
        "GlnNumber": registers.ean13("87", dice) if role == 1 else "",
        "AccountManager": manager and manager[0], "AccountManagerFullName": manager and manager[1],
        "AccountManagerHID": manager and 1 + setting.staff.index(manager),
        "AutomaticProcessProposedEntry": int(role == 20), "Blocked": role == 14, "CanDropShip": False,
        "ConsolidationScenario": (6, 6, 0, 2)[role % 4], "CostPaid": 0, "CreditLinePurchase": Decimal(0),
        "CreditLineSales": money(dice.below(50) * 100_000) if buys else Decimal(0),
        "CustomerSince": since if buys else None, "DiscountPurchase": Decimal(0),
        "DiscountSales": Decimal((0, 0, 25, 50, 125)[role % 5]).scaleb(-3),
        "IgnoreDatevWarningMessage": False, "InvoiceAttachmentType": 1,
        "InvoicingMethod": (0, 1, 2, 2)[role % 4], "IsAccountant": (0, 0, 0, 1)[role % 4], "IsAgency": 0,
        "IsAnonymised": int(role == 24), "IsBank": role == 23, "IsCompetitor": int(role == 22),
        "IsMailing": int(role % 2), "IsMember": False, "IsPilot": role == 9, "IsPurchase": sells,
        "IsReseller": role == 11, "IsSales": buys, "IsSupplier": sells,
        "Language": country.language if role % 3 else None,
        "LanguageDescription": country.language_name if role % 3 else None, "LogoThumbnailUrl": PLACEHOLDER,
        "LogoUrl": PLACEHOLDER, "PaymentConditionPurchase": bought_terms.code if sells else None,
        "PaymentConditionPurchaseDescription": bought_terms.description if sells else None,
        "PaymentConditionSales": terms.code if buys else None,
        "PaymentConditionSalesDescription": terms.description if buys else None, "PurchaseCurrency": currency,
        "PurchaseCurrencyDescription": CURRENCY_NAMES[currency],
        "PurchaseLeadDays": dice.below(4) * 7 if sells else 0,
        "PurchaseVATCode": bought_vat.code if sells else None,
        "PurchaseVATCodeDescription": bought_vat.description if sells else None,
        "RecepientOfCommissions": False, "SalesCurrency": currency,
        "SalesCurrencyDescription": CURRENCY_NAMES[currency],
        "SalesVATCode": sales_vat.code if sales_vat and buys else None,
        "SalesVATCodeDescription": sales_vat.description if sales_vat and buys else None,
        "SearchCode": names.slug(name)[:10].upper() if role % 5 else None, "SecurityLevel": 10,
        "SeparateInvPerProject": int(role == 2), "SeparateInvPerSubscription": int(role == 4),
        "ShippingLeadDays": dice.below(3) if buys else 0, "StartDate": since,
        "EndDate": midnight(history.end + timedelta(days=dice.between(-200, 200))) if role == 13 else None,
        "EstablishedDate": midnight(history.start - timedelta(days=dice.between(0,
         20000))) if role % 6 == 0 else None,
        "ControlledDate": since if role % 6 == 1 else None,
        "Status": "C" if buys else "P" if role == 24 else None, "StatusSince": since, "Type": "A",
    }  # fmt: skip
    setting.stamp(record, stamps)
    return record


def _relate(record: Record, i: int, earlier: list[Record]) -> None:
    """Some belong to, are invoiced through, or were brought in by an earlier account."""
    if not earlier:
        return
    other = earlier[i * 7 % len(earlier)]
    if i % 12 == 6:
        record["Parent"] = other["ID"]
    if i % 12 == 8:
        record["InvoiceAccount"], record["InvoiceAccountCode"] = other["ID"], other["Code"]
        record["InvoiceAccountName"] = other["Name"]
    if i % 12 == 10:
        record["Reseller"], record["ResellerCode"], record["ResellerName"] = (
            other["ID"],
            other["Code"],
            other["Name"],
        )
    if i % 12 == 4:
        record["Accountant"] = other["ID"]


def buyers(accounts: list[Record]) -> list[Record]:
    return [a for a in accounts if a["IsSales"]]


def sellers(accounts: list[Record]) -> list[Record]:
    return [a for a in accounts if a["IsSupplier"]]


def main_contacts(contacts: list[Record]) -> dict[UUID, Record]:
    """The main contact of each account that has one, by the account's ID."""
    return {c["Account"]: c for c in contacts if c["IsMainContact"]}
