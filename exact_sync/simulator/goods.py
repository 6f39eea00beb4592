"""logistics/Items: what the company buys and sells."""

from datetime import timedelta
from decimal import Decimal

from exact_sync.simulator import names, registers
from exact_sync.simulator.chart import Chart
from exact_sync.simulator.dice import Rare, money
from exact_sync.simulator.moments import midnight
from exact_sync.simulator.setting import CUSTOM_FIELDS, SITE, Record, Setting
from exact_sync.simulator.tax import VAT_CODES

_PLACEHOLDER = f"{SITE}//docs/images/placeholder_item.png"
_UNITS = (("pc", "Stuk", "O"), ("kg", "Kilogram", "W"), ("m", "Meter", "L"), ("m2", "Vierkante meter", "A"),
          ("l", "Liter", "V"), ("box", "Doos à 12", "O"))  # fmt: skip
_HOUR = ("hour", "Uur", "T")
_THINGS = ("Fietsbel", "Zadel", "Kettingkast", "Binnenband 28″", "Schroef RVS M6×40", "Verf RAL 9010",
 "Werktafel",
           "Olijfolie extra vierge", "Crème fraîche", "Koffiebonen", "Stofzuiger", "Kabel 3×2,5 mm²",
           "Laptopstandaard",
           "Dakpan", "Isolatieplaat", "Hamer", "Regenjas", "Spaanplaat", "Stroopwafels",
           "Hydraulische slang")  # fmt: skip
_KINDS = (
    "",
    " zwart",
    " blauw",
    " – groot",
    " (klein)",
    " & toebehoren",
    " 'classic'",
    ' 19"',
    " /2",
    " ½ maat",
)
_SERVICES = ("Montage", "Advies", "Onderhoudsbeurt", "Transport binnenland", "Training op locatie")

_RARE = Rare(
    *((f"Class_{k:02d}", ((f"C{k}",), (f"K{k:02d}",))) for k in range(1, 11)),
    *((f"FreeBoolField_{k:02d}", ((True,), (False,))) for k in range(1, 6)),
    *((f"FreeTextField_{k:02d}", ((f"vrije tekst {k}",), ("",), (names.REMARKS[k],), ("0",
     ))) for k in range(1, 11)),
    ("FreeNumberField_01", ((Decimal("0.1"),), (Decimal("-0.1"),))),
    ("FreeNumberField_02", ((Decimal("1E-7"),), (Decimal(0),))),
    ("FreeNumberField_03", ((Decimal("123456789012.345678"),), (Decimal("-123456789012.345678"),))),
    ("FreeNumberField_04", ((Decimal("3.3333333333333335"),), (Decimal("0.30000000000000004"),))),
    ("FreeNumberField_05", ((Decimal(-1),), (Decimal(7),))),
    ("FreeNumberField_06", ((Decimal("2.5"),), (Decimal("99.999999"),))),
    ("FreeNumberField_07", ((Decimal("1E+15"),), (Decimal(12),))),
    ("FreeNumberField_08", ((Decimal("0.000001"),),)), ("CustomField", CUSTOM_FIELDS),
    ("ExtraDescription", (("Ook leverbaar in andere kleuren; levertijd ± 3 weken",), ("",))),
    ("GrossWeight NetWeight NetWeightUnit", ((Decimal("1.25"), Decimal("1.1"), "kg"), (Decimal("0.004"),
     Decimal("0.004"), "kg"))),
    ("IsTaxableItem IsSerialNumberItem", ((1, False), (0, True))),
    ("Notes", tuple((text,) for text in names.REMARKS)),
    ("PictureName PictureUrl PictureThumbnailUrl", (("artikel.png", f"{SITE}/docs/artikel.png",
     f"{SITE}/docs/artikel-t.png"),)),
    ("StatisticalCode StatisticalNetWeight StatisticalValue", (("84715000", Decimal("0.1"),
     Decimal("123456789012.345678")), ("40116990", Decimal("1E-7"), Decimal(0)))),
    every=8,
)  # fmt: skip


def found_goods(setting: Setting, chart: Chart, n: int) -> list[Record]:
    """n items; about one in eight is a service billed by the hour."""
    return [_item(setting, chart, i) for i in range(n)]


def _item(setting: Setting, chart: Chart, i: int) -> Record:
    dice, history = setting.dice, setting.history
    vat = VAT_CODES[setting.country]
    service = i % 8 == 7
    group = chart.groups[2] if service else chart.groups[i % len(chart.groups) if i % 3 else 0]
    low = group["Code"] == "LM"
    unit, unit_name, unit_type = _HOUR if service else dice.pick(_UNITS)
    cost = Decimal(dice.between(50, 4_000_000)).scaleb(-4)  # prices carry up to six decimals
    price = money(dice.between(75, 9_500)) if i % 5 else Decimal(dice.between(100_000, 9_000_000)).scaleb(-6)
    code = vat.low if low else vat.high
    stamps = history.stamps()
    name = dice.pick(_SERVICES) if service else dice.pick(_THINGS) + dice.pick(_KINDS)
    stocked = not service and i % 4 != 1
    record: Record = {
        "ID": dice.guid(), "Code": f"UUR-{i:04d}" if service else f"{10000 + i}" if i % 9 else f"0{i:05d}/A",
        "Description": name, "AverageCost": cost if stocked else None, "CostPriceStandard": cost,
        "Barcode": registers.ean13("871", dice) if stocked and i % 2 else None,
        "CopyRemarks": int(i % 6 == 0), "CostPriceCurrency": "EUR",
        "CostPriceNew": cost + Decimal("0.05") if i % 10 == 3 else None, "IsBatchItem": int(low),
        "IsBatchNumberItem": int(low), "IsFractionAllowedItem": unit_type != "O",
        "IsMakeItem": int(group["Code"] == "GRS"), "IsNewContract": 0, "IsOnDemandItem": int(i % 14 == 9),
        "IsPackageItem": i % 30 == 11, "IsPurchaseItem": not service, "IsRegistrationCodeItem": 0,
        "IsSalesItem": True, "IsSerialItem": i % 21 == 8, "IsStockItem": stocked,
        "IsSubcontractedItem": i % 25 == 6, "IsTime": int(service), "IsWebshopItem": int(i % 3 == 0),
        "ItemGroup": group["ID"], "ItemGroupCode": group["Code"],
        "ItemGroupDescription": group["Description"], "PictureUrl": _PLACEHOLDER,
        "PictureThumbnailUrl": _PLACEHOLDER, "SalesVatCode": code.code,
        "SalesVatCodeDescription": code.description,
        "SearchCode": names.slug(name)[:12].upper() if i % 4 else "", "SecurityLevel": 10,
        "StandardSalesPrice": price, "StartDate": midnight(stamps[0].date()), "StatisticalUnits": Decimal(1),
        "EndDate": midnight(history.today + timedelta(days=dice.between(-300, 300))) if i % 17 == 5 else None,
        "Stock": Decimal(dice.between(-5, 800)) if stocked else Decimal(0), "Unit": unit,
        "UnitDescription": unit_name, "UnitType": unit_type,
    }  # fmt: skip
    for k in range(1, 6):
        record[f"FreeBoolField_{k:02d}"] = False
        if (i + k) % 7 == 0:
            record[f"FreeDateField_{k:02d}"] = midnight(
                history.start + timedelta(days=dice.between(-9000, 4000))
            )
    if i % 6 == 2:
        for prefix, ledger in (("GLCosts", "7000"), ("GLRevenue", "8000"), ("GLStock", "3000")):
            record[prefix], record[f"{prefix}Code"], record[f"{prefix}Description"] = chart.account(ledger)
    _RARE.fill(record, i, dice)
    if i % 50 == 20:
        record["StandardSalesPrice"] = dice.pick(
            (Decimal("0.1"), Decimal("1E-7"), Decimal("123456789012.345678"))
        )
    setting.stamp(record, stamps)
    return record
