"""Names of people, companies and places (Dutch, Belgian, German, a few others) and texts people leave."""

from typing import NamedTuple

from exact_sync.simulator.dice import Dice


class City(NamedTuple):
    """A place, its first and last postcode number, province, dialling code and position (1/1000 degree)."""

    name: str
    first: int
    last: int
    state: str
    state_name: str
    dial: str
    latitude: int
    longitude: int


class Country(NamedTuple):
    code: str
    name: str
    language: str
    language_name: str
    prefix: str
    domain: str
    legal: tuple[str, ...]
    cities: tuple[City, ...]
    streets: tuple[str, ...]
    surnames: tuple[tuple[str, str], ...]


NETHERLANDS = Country(
    "NL", "Nederland", "NL", "Nederlands", "+31", "nl",
    ("B.V.", "B.V.", "B.V.", "V.O.F.", "N.V.", "& Zn.", "Holding B.V.", ""),
    (
        City("Amsterdam", 1011, 1109, "NH", "Noord-Holland", "20", 52373, 4891),
        City("Rotterdam", 3011, 3089, "ZH", "Zuid-Holland", "10", 51922, 4479),
        City("'s-Hertogenbosch", 5211, 5237, "NB", "Noord-Brabant", "73", 51697, 5303),
        City("Utrecht", 3511, 3585, "UT", "Utrecht", "30", 52090, 5121),
        City("Groningen", 9711, 9747, "GR", "Groningen", "50", 53219, 6566),
        City("Zwolle", 8011, 8043, "OV", "Overijssel", "38", 52516, 6083),
        City("Sint Maartensvlotbrug", 1753, 1754, "NH", "Noord-Holland", "224", 52789, 4691),
        City("Goes", 4461, 4465, "ZE", "Zeeland", "113", 51504, 3888),
        City("Súdwest-Fryslân", 8601, 8608, "FR", "Friesland", "515", 53032, 5660),
    ),
    ("Dorpsstraat", "Keizersgracht", "Industrieweg", "Burgemeester van Tuyllkade", "Prins Bernhardplein",
     "'t Goylaan", "Lange Nieuwstraat", "Wethouder Buitenhuisstraat", "Dr. Kuyperweg", "Curaçaostraat"),
    (("", "Jansen"), ("de", "Vries"), ("van den", "Berg"), ("", "Bakker"), ("van", "Dijk"), ("", "Visser"),
     ("", "Smit"), ("de", "Groot"), ("", "Brouwer"), ("van der", "Meer"), ("", "Hoekstra"), ("in 't", "Veld"),
     ("", "Yılmaz"), ("el", "Amrani"), ("", "Wróbel"), ("van 't", "Hoff"), ("", "Nijland-Kuiper")),
)  # fmt: skip
BELGIUM = Country(
    "BE", "België", "NL-BE", "Vlaams", "+32", "be", ("BV", "NV", "CV", "VZW", "BV", "& Zonen NV"),
    ( City("Antwerpen", 2000, 2060, "VAN", "Antwerpen", "3", 51221, 4400), City("Gent", 9000, 9052, "VOV",
     "Oost-Vlaanderen", "9", 51054, 3717), City("Brugge", 8000, 8380, "VWV", "West-Vlaanderen", "50", 51209,
     3225), City("Liège", 4000, 4032, "WLG", "Luik", "4", 50633, 5568), City("Leuven", 3000, 3012, "VBR",
     "Vlaams-Brabant", "16", 50879, 4701), ),
    ("Kerkstraat", "Meir", "Grote Steenweg", "Rue de la Régence", "Sint-Pietersnieuwstraat",
     "Kortrijksesteenweg"),
    (("", "Peeters"), ("", "Maes"), ("", "Van Damme"), ("", "De Smet"), ("", "Lefèvre"), ("", "Dupont"), ("",
     "Vandenbroucke"), ("", "D'Hondt")),
)  # fmt: skip
GERMANY = Country(
    "DE", "Duitsland", "DE", "Duits", "+49", "de", ("GmbH", "AG", "GmbH & Co. KG", "OHG", "e.K."),
    ( City("Berlin", 10115, 14199, "BE", "Berlin", "30", 52520, 13405), City("München", 80331, 81929, "BY",
     "Bayern", "89", 48137, 11575), City("Köln", 50667, 51149, "NW", "Nordrhein-Westfalen", "221", 50938,
     6960), City("Düsseldorf", 40210, 40629, "NW", "Nordrhein-Westfalen", "211", 51227, 6773), City("Emden",
     26721, 26725, "NI", "Niedersachsen", "4921", 53367, 7206), ),
    ("Hauptstraße", "Königsallee", "Am Weißen Berg", "Goethestraße", "Industriestraße",
     "Friedrich-Ebert-Platz"),
    (("", "Müller"), ("", "Schröder"), ("", "Weiß"), ("von", "Hohenstein"), ("", "Schäfer"), ("", "Köhler")),
)  # fmt: skip
ABROAD = (
    Country("FR", "Frankrijk", "FR", "Frans", "+33", "fr", ("SARL", "SAS", "S.A."),
            (City("Lyon", 69001, 69009, "69", "Rhône", "4", 45764, 4836),),
            ("Rue de l'Église", "Avenue Foch", "Quai Saint-Antoine"), (("", "Gérard"), ("", "Lœuillet"))),
    Country("GB", "Verenigd Koninkrijk", "EN", "Engels", "+44", "co.uk", ("Ltd", "plc", "LLP"),
            (City("Leeds", 1, 9, "WYK", "West Yorkshire", "113", 53801, -1549),),
            ("High Street", "Queen's Road", "Mill Lane"), (("", "O'Neill"), ("", "Smith-Jones"))),
    Country("US", "Verenigde Staten van Amerika", "EN", "Engels", "+1", "com", ("Inc.", "LLC", "Corp."),
            (City("Grand Rapids", 49501, 49588, "MI", "Michigan", "616", 42963, -85668),),
            ("Main Street NE", "28th Street", "Lakeview Drive"), (("", "Vanderberg"), ("", "Nguyễn"))),
    Country("CH", "Zwitserland", "DE", "Duits", "+41", "ch", ("AG", "GmbH", "Sàrl"),
            (City("Zürich", 8001, 8064, "ZH", "Zürich", "44", 47377, 8541),),
            ("Bahnhofstrasse", "Seefeldstrasse"), (("", "Bührer"), ("", "Zwingli"))),
)  # fmt: skip
COUNTRIES = {c.code: c for c in (NETHERLANDS, BELGIUM, GERMANY, *ABROAD)}

FIRST_NAMES = (
    ("Sanne", "V"), ("Daan", "M"), ("Fleur", "V"), ("Bram", "M"), ("Anouk", "V"), ("Jeroen", "M"),
    ("Zoë", "V"), ("Thijs", "M"), ("Renée", "V"), ("Jürgen", "M"), ("Fatima", "V"), ("Mohammed", "M"),
    ("Loïs", "V"), ("Pieter-Jan", "M"), ("Käthe", "V"), ("Sem", "O"), ("Marieke", "V"), ("Wout", "M"),
    ("Şebnem", "V"), ("Åsa", "V"),
)  # fmt: skip
_COMPANY_WORDS = (
    "Bouwbedrijf", "Installatietechniek", "Transport", "Bakkerij", "Drukkerij", "Advies", "Hoveniers",
    "Interieur", "Metaalwerken", "Scheepswerf", "Groothandel", "Slagerij", "Architecten", "Fietsen",
    "Verpakkingen", "Kwekerij", "Café-Restaurant", "Tandtechniek", "Schilderwerken", "Automatisering",
    "Textiel", "Zuivel", "Logistiek",
)  # fmt: skip
_PLAIN = str.maketrans("áàâäåãéèêëíìîïıóòôöøúùûüçñşśšßýœłğ", "aaaaaaeeeeiiiiiooooouuuucnssssyolg")
_POSTCODE_LETTERS = "ABCDEFGHJKLMNPRSTUVWXZ"

REMARKS = (
    "Belt altijd vóór 10.00 uur; daarna in gesprek.",
    "Levering via de achteringang (bij de blauwe deur), s.v.p. niet op maandag.",
    'Vraagt om "kopie conform origineel" bij elke factuur',
    "Regel 1\r\nRegel 2\r\n\r\nRegel 4 na een lege regel",
    "Korting besproken met René 👍🏽 – zie e-mail d.d. 3 maart",
    "50% vooruit; rest < 14 dagen & géén incasso",
    "C:\\Facturen\\2023\\*.pdf\tzie map",
    "Żółw, naïef, Ærøskøbing, Ελλάδα, 日本語, 🇳🇱",
    "O'Brien; DROP TABLE klanten; --",
    "",
    "Let op: adres gewijzigd. " * 40 + "Einde.",
)
JOB_TITLES = ("Directeur", "Inkoper", "Hoofd administratie", "Controller", "Planner", "Verkoop binnendienst",
              "Geschäftsführer", "Responsable comptabilité")  # fmt: skip


def slug(text: str) -> str:
    """The letters and digits of a text as they stand in a web address."""
    return "".join(c for c in text.lower().translate(_PLAIN) if c.isascii() and c.isalnum())


def company(country: Country, dice: Dice) -> str:
    prefix, surname = dice.pick(country.surnames)
    legal = dice.pick(country.legal)
    name = f"{prefix} {surname}".strip()
    name = name[0].upper() + name[1:]
    kind = dice.below(4)
    if kind == 0:
        body = f"{dice.pick(_COMPANY_WORDS)} {name}"
    elif kind == 1:
        body = f"{name} {dice.pick(_COMPANY_WORDS)} {dice.pick(country.cities).name}"
    elif kind == 2:
        body = f"{name} & {dice.pick(country.surnames)[1]}"
    else:
        body = f"{dice.pick(_COMPANY_WORDS)} {dice.pick(country.cities).name}"
    return f"{body} {legal}".strip()


def postcode(country: str, city: City, dice: Dice) -> str:
    number = dice.between(city.first, city.last)
    if country == "NL":  # SA, SD and SS are never given out
        second = (
            _POSTCODE_LETTERS if (first := dice.pick(_POSTCODE_LETTERS)) != "S" else "BCEFGHJKLMNPRTUVWXZ"
        )
        return f"{number} {first}{dice.pick(second)}"
    if country == "GB":
        return f"LS{number} {dice.between(1, 9)}{dice.pick('ABDEFGHJLNPQRSTUWXYZ')}{dice.pick('ABDEFGHJ')}"
    return f"{number:05d}" if country in ("DE", "FR", "US") else f"{number:04d}"


def address(country: Country, dice: Dice) -> tuple[str, str, str]:
    """Street, number and suffix (often empty)."""
    suffix = dice.pick(("", "", "", "", "a", "B", "bis", "-II", "hs"))
    return dice.pick(country.streets), str(dice.between(1, 389)), suffix


def phone(country: Country, city: City, dice: Dice) -> str:
    return f"{country.prefix} {city.dial} {dice.digits(7)}"
