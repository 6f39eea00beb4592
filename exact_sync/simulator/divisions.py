"""system/Divisions: the records of the divisions themselves."""

from datetime import timedelta
from decimal import Decimal

from exact_sync.simulator import names, registers
from exact_sync.simulator.moments import midnight
from exact_sync.simulator.names import COUNTRIES
from exact_sync.simulator.setting import Record, Setting

_NAMES = {
    "NL": ("Brouwer & Zonen B.V.", "Brouwer Vastgoed B.V.", "Brouwer Webwinkel B.V."),
    "BE": ("Brouwer Logistics België NV", "Brouwer Gent BV"),
    "DE": ("Brouwer Großhandel Emden GmbH", "Brouwer Köln GmbH"),
}


def homes(country: str, n: int = 0) -> str:
    """The name of the group's n'th division, which lies in that country: no two are the same."""
    options = _NAMES[country]
    # of four divisions the first and the last are Dutch
    earlier = n // 4 if country != "NL" else n // 4 * 2 + (n % 4 == 3)
    name = options[earlier % len(options)]
    return name if earlier < len(options) else f"{name} {n}"


def division_values(setting: Setting, name: str, *, archived: bool = False) -> Record:
    """What Exact says of such a division; stamps and all."""
    dice, country = setting.dice, COUNTRIES[setting.country]
    city = country.cities[0]
    street, number, suffix = names.address(country, dice)
    tax = registers.vat_number(country.code, dice)
    history = setting.history
    german = country.code == "DE"
    site = f"{names.slug(name)[:24]}.{country.domain}.example"
    record: Record = {
        "Code": setting.division, "Description": name, "AddressLine1": f"{street} {number}{suffix}",
        "AddressLine2": "", "AddressLine3": f"Postbus {dice.digits(4)}" if not archived else None,
        "City": city.name, "State": city.state, "Postcode": names.postcode(country.code, city, dice),
        "Country": country.code, "Legislation": country.code, "Currency": "EUR",
        "Phone": names.phone(country, city, dice), "Fax": names.phone(country, city, dice),
        "Email": f"administratie@{site}", "Website": f"https://www.{site}/", "VATNumber": tax,
        "OBNumber": tax[2:] if tax and country.code == "NL" else None, "BlockingStatus": 0,
        "BusinessTypeCode": "BV", "BusinessTypeDescription": "Besloten vennootschap",
        "ChamberOfCommerceNumber": dice.digits(8), "ChamberOfCommerceEstablishment": f"0000{dice.digits(8)}",
        "CompanySizeCode": "2", "CompanySizeDescription": "10 - 49 medewerkers", "Customer": dice.guid(),
        "CustomerCode": f"1{dice.digits(6)}", "CustomerName": name, "SbiCode": "4649",
        "SbiDescription": "Groothandel in consumentenartikelen", "SectorCode": "G",
        "SectorDescription": "Groot- en detailhandel", "SubsectorCode": "46",
        "SubsectorDescription": "Groothandel", "ShareCapital": Decimal(18000), "SiretNumber": "",
        "StartDate": midnight(history.start), "Status": 2 if archived else 1,
        "ArchiveDate": midnight(history.end - timedelta(days=200)) if archived else None,
        "TemplateCode": f"{country.code}_Trade_Advanced",
        "DatevAccountantNumber": "1234567" if german else None,
        "DatevClientNumber": "10001" if german else None, "TaxOfficeNumber": "2352" if german else None,
        "TaxReferenceNumber": f"52/{dice.digits(3)}/{dice.digits(5)}" if german else None,
        "DivisionHRLinkUnlinkDate": midnight(history.start + timedelta(days=300)) if archived else None,
    }  # fmt: skip
    if archived:
        record["IsDossierDivision"] = True
    setting.stamp(record, history.stamps(history.start))
    return record
