"""crm/Contacts: the people at the accounts."""

from datetime import timedelta

from exact_sync.simulator import names, registers
from exact_sync.simulator.dice import Rare
from exact_sync.simulator.moments import midnight
from exact_sync.simulator.names import COUNTRIES
from exact_sync.simulator.setting import CUSTOM_FIELDS, SITE, Record, Setting

_PLACEHOLDER = f"{SITE}//docs/images/placeholder_contact_myeol.png"
_TITLES = (("DHR", "Dhr.", "De heer"), ("MEVR", "Mevr.", "Mevrouw"), ("DR", "Dr.", "Doctor"))
_RARE = Rare(
    ("AddressLine2", (("Achterhuis",), ("",))),
    ("AllowMailing", ((0,), (1,))),
    ("BirthNamePrefix", (("van",), ("de la",))),
    ("BirthPlace Nationality", (("Paramaribo", "NL"), ("Łódź", "PL"), ("Saint-Étienne", "FR"))),
    ("BusinessFax", (("+31 20 5550198",), ("",))),
    ("BusinessPhoneExtension PhoneExtension", (("21", "21"), ("", "004"))),
    ("CustomField", CUSTOM_FIELDS),
    ("MarketingNotes", (("Beurs Utrecht: interesse in 🚲-leaseplan",), ("",), ("Nieuwsbrief: ja",))),
    ("Notes", tuple((text,) for text in names.REMARKS)),
    ("PartnerName PartnerNamePrefix", (("Bergkamp", "van den"), ("Çelik", None))),
    ("PictureName PictureUrl PictureThumbnailUrl",
     (("foto.jpg", f"{SITE}/docs/foto.jpg", f"{SITE}/docs/foto-t.jpg"),)),
    every=6,
)  # fmt: skip


def found_people(setting: Setting, accounts: list[Record], n: int) -> list[Record]:
    """n contacts, the first of each account being its main one; writes MainContact into the accounts."""
    dice, history = setting.dice, setting.history
    purposes = tuple(dice.guid() for _ in range(4))
    made: list[Record] = []
    mains = {}
    for i in range(n if accounts else 0):
        account = accounts[i] if i < len(accounts) * 2 // 3 else dice.pick(accounts)
        country = COUNTRIES[account["Country"]]
        first, gender = dice.pick(names.FIRST_NAMES)
        middle, last = dice.pick(country.surnames)
        full = " ".join(part for part in (first, middle, last) if part)
        title = _TITLES[2 if i % 17 == 0 else gender == "V"] if i % 3 else None
        domain = (account["Email"] or "info@post.example").split("@")[1]
        email = f"{names.slug(first)}.{names.slug(last)}@{domain}"
        city = dice.pick(country.cities)
        at_home = i % 4 == 1
        street, number, suffix = names.address(country, dice) if at_home else (None, None, None)
        mobile = f"{country.prefix} 6 {dice.digits(8)}"
        stamps = history.stamps()
        main = account["ID"] not in mains
        record: Record = {
            "ID": dice.guid(), "Account": account["ID"], "AccountIsCustomer": account["IsSales"],
            "AccountIsSupplier": account["IsSupplier"], "AccountName": account["Name"],
            "Code": account["Code"], "AddressStreet": street, "AddressStreetNumber": number,
            "AddressStreetNumberSuffix": suffix, "City": city.name if at_home else None,
            "State": city.state if at_home else None,
            "Postcode": names.postcode(country.code, city, dice) if at_home else None,
            "Country": country.code,
            "BirthDate": midnight(history.start.replace(day=1) - timedelta(days=dice.between(7000,
             22000))) if i % 5 == 2 else None,
            "BirthName": last, "BusinessEmail": email, "BusinessMobile": mobile if i % 2 else None,
            "BusinessPhone": account["Phone"] if i % 3 else None, "Email": email, "FirstName": first,
            "MiddleName": middle or None, "LastName": last, "FullName": full, "Gender": gender,
            "HID": 11000 + i, "Initials": f"{first[0]}." if i % 3 else None,
            "IsAnonymised": int(i % 41 == 40), "IsMailingExcluded": i % 7 == 3, "IsMainContact": main,
            "JobTitleDescription": dice.pick(names.JOB_TITLES), "Language": country.language,
            "Mobile": mobile if i % 3 == 0 else None,
            "Phone": names.phone(country, city, dice) if i % 4 else None, "Person": dice.guid(),
            "PictureUrl": _PLACEHOLDER, "PictureThumbnailUrl": _PLACEHOLDER,
            "StartDate": midnight(stamps[0].date()),
            "EndDate": midnight(history.today + timedelta(days=dice.between(-90,
             400))) if i % 19 == 7 else None,
            "SocialSecurityNumber": registers.rsin(dice) if i % 23 == 5 else None,
        }  # fmt: skip
        if title:
            record["Title"], record["TitleAbbreviation"], record["TitleDescription"] = title
        if i % 10 == 4:
            record["IdentificationDate"] = midnight(stamps[0].date())
            record["IdentificationDocument"], record["IdentificationUser"] = (
                dice.guid(),
                dice.pick(setting.staff)[0],
            )
        if i % 10 == 6:
            record["LeadPurpose"], record["LeadSource"] = dice.pick(purposes), dice.pick(purposes)
        _RARE.fill(record, i, dice)
        setting.stamp(record, stamps)
        if main:
            account["MainContact"] = mains[account["ID"]] = record["ID"]
        record["AccountMainContact"] = mains[account["ID"]]
        made.append(record)
    return made
