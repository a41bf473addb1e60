"""The lines of vehicles.csv, put together from ready-made pieces."""

import random
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hil.register import days
from hil.register.bodies import BODIES, Body, Kind, Masses
from hil.register.columns import Style, after_plate
from hil.register.outfit import TAILS

PLATE, HEAD, DATE, MIDDLE, TWIN, TAIL = range(6)
"""The pieces of a line."""
_DATE, _TWIN = "\x01", "\x02"
"""Stand where the two dates will be."""
_BRANDS = {
    Kind.CAR: (
        ("VOLKSWAGEN", "GOLF"),
        ("TOYOTA", "YARIS HYBRID"),
        ("PEUGEOT", "208"),
        ("KIA", "NIRO"),
        ("BMW", "320I"),
    ),
    Kind.VAN: (("VOLKSWAGEN", "TRANSPORTER"), ("FORD", "TRANSIT CUSTOM"), ("MERCEDES-BENZ", "SPRINTER 314 CDI")),
    Kind.MOTORCYCLE: (("HONDA", "CB 500 F"), ("YAMAHA", "MT-07"), ("HARLEY-DAVIDSON", "SPORTSTER")),
    Kind.MOPED: (("PIAGGIO", "ZIP"), ("SYM", "FIDDLE II"), ("NIU", "NQI SPORT")),
    Kind.TRAILER: (("HOBBY", "DE LUXE EASY"), ("IFOR WILLIAMS", "LM166G"), ("SARIS", "PL 306 170 2000")),
    Kind.AGRICULTURAL: (("JOHN DEERE", "6130R"), ("FENDT", "310 VARIO"), ("NEW HOLLAND", "T5.100")),
}
_OTHERS = (("DAF", "XF 480 FT"), ("SCANIA", "R450A4X2NB"), ("VOLVO", "FH 42T"))
_COLOURS = ("GRIJS", "ZWART", "WIT", "BLAUW", "ROOD", "GROEN", "N.v.t.")
_APIS = {
    "assen": "3huj-srit",
    "brandstof": "8ys7-d773",
    "carrosserie": "vezc-m2t6",
    "carrosserie_specifiek": "jhie-znh9",
    "voertuigklasse": "kmfi-hrps",
}


class Pieces(NamedTuple):
    """Per description and filling what stands before, between and after the two dates; arrays of bytes."""

    head: NDArray[np.object_]
    middle: NDArray[np.object_]
    tail: NDArray[np.object_]


def assemble(
    plates: NDArray[np.object_],
    body: NDArray[np.uint8],
    tail: NDArray[np.uint8],
    dates: tuple[NDArray[np.uint8], NDArray[np.uint16]],
    style: Style,
) -> NDArray[np.object_]:
    """Return the pieces (n, 6) of the lines of some vehicles; joined they are the file."""
    ready, (numbers, twins) = pieces(style), days.texts(style)
    which = body * np.uint16(TAILS) + tail
    table = np.empty((len(plates), 6), np.object_)
    table[:, PLATE], table[:, HEAD] = plates, ready.head[which]
    table[:, DATE], table[:, MIDDLE] = numbers[dates], ready.middle[which]
    table[:, TWIN], table[:, TAIL] = twins[dates], ready.tail[which]
    return table


@cache
def pieces(style: Style) -> Pieces:
    """Make the pieces of all descriptions; the same in each process."""
    rng = random.Random(1)
    found = Pieces(*(np.empty(len(BODIES) * TAILS, np.object_) for _ in Pieces._fields))
    for number, body in enumerate(BODIES):
        for filling in range(TAILS):
            # Real files have commas everywhere or nowhere; a test has both.
            text = after_plate("vehicles", style, _values(body, rng, commas=filling % 3 == 0))
            head, rest = text.replace(f'"{_DATE}"', _DATE).replace(f'"{_TWIN}"', _TWIN).split(_DATE)
            parts = (head, *rest.split(_TWIN))
            for column, part in zip(found, parts, strict=True):
                column[number * TAILS + filling] = part.encode()
    return found


def _values(body: Body, rng: random.Random, *, commas: bool) -> dict[str, str]:
    """Return the texts of all columns by their Dutch names; what is not told here is empty."""
    mass = rng.randint(*body.kilograms)
    permitted, technical = _masses(body, mass)

    def number(value: int | None) -> str:
        return "" if value is None else f"{value:,}" if commas else str(value)

    told = {
        "Voertuigsoort": body.sort,
        "Inrichting": body.body,
        "Europese voertuigcategorie": body.written,
        "Toegestane maximum massa voertuig": number(permitted),
        "Technische max. massa voertuig": number(technical),
        "Datum eerste toelating": _DATE,
        "Datum eerste toelating DT": _TWIN,
    }
    sizes = {name: number(rng.randint(*bounds)) for name, bounds in _sizes(mass).items()}
    return {**_names(body, rng), **_history(rng), **sizes, **told}


def _masses(body: Body, mass: int) -> tuple[int | None, int | None]:
    permitted = None if body.masses in {Masses.TECHNICAL, Masses.NONE} else mass
    technical = None if body.masses is Masses.NONE else mass
    return permitted, (mass + 60_000 if body.masses is Masses.HIGHER_TECHNICAL else technical)


def _sizes(mass: int) -> dict[str, tuple[int, int]]:
    """Bounds of the numbers in a row."""
    return {
        "Bruto BPM": (300, 21000),
        "Aantal zitplaatsen": (1, 9),
        "Aantal cilinders": (1, 8),
        "Cilinderinhoud": (898, 12900),
        "Massa ledig voertuig": (mass // 2, mass * 2 // 3),
        "Massa rijklaar": (mass // 2 + 100, mass * 2 // 3 + 100),
        "Maximum massa trekken ongeremd": (400, 750),
        "Maximum trekken massa geremd": (800, 3500),
        "Catalogusprijs": (12000, 98000),
        "Maximale constructiesnelheid": (25, 240),
        "Laadvermogen": (mass // 10, mass // 3),
        "Aantal staanplaatsen": (0, 0),
        "Aantal deuren": (0, 4),
        "Aantal wielen": (2, 6),
        "Afstand hart koppeling tot achterzijde voertuig": (0, 0),
        "Afstand voorzijde voertuig tot hart koppeling": (0, 0),
        "Lengte": (180, 1675),
        "Breedte": (80, 255),
        "Volgnummer wijziging EU typegoedkeuring": (0, 40),
        "Wielbasis": (110, 690),
        "Maximum massa samenstelling": (mass, mass + 3500),
        "Aantal rolstoelplaatsen": (0, 0),
        "Jaar laatste registratie tellerstand": (2022, 2026),
        "Wielbasis voertuig minimum": (110, 390),
        "Wielbasis voertuig maximum": (390, 690),
        "Lengte voertuig minimum": (180, 600),
        "Lengte voertuig maximum": (600, 1675),
        "Hoogte voertuig": (110, 400),
        "Massa bedrijfsklaar minimaal": (mass // 2, mass * 2 // 3),
        "Massa bedrijfsklaar maximaal": (mass * 2 // 3, mass),
        "Maximum massa technisch maximaal": (mass, mass),
    }


def _names(body: Body, rng: random.Random) -> dict[str, str]:
    brand, model = rng.choice(_BRANDS.get(body.kind, _OTHERS))
    return {
        "Merk": brand,
        "Handelsbenaming": model,
        "Eerste kleur": rng.choice(_COLOURS),
        "Tweede kleur": "Niet geregistreerd",
        "Plaats chassisnummer": rng.choice(
            ("r. in watergoot v. voorruit", "op r. schroefveerkoker onder motorkap", "")
        ),
        "Type": _code(rng, 2),
        "Typegoedkeuringsnummer": f"e{rng.randint(1, 50)}*2007/46*{rng.randint(1, 9999):04}*{rng.randint(0, 40):02}",
        "Variant": _code(rng, 8),
        "Uitvoering": _code(rng, 16),
        "Vermogen massarijklaar": f"0.{rng.randint(1, 25):02}",
        "Zuinigheidsclassificatie": rng.choice("ABCDEFG"),
    }


def _code(rng: random.Random, length: int) -> str:
    return "".join(rng.choices("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", k=length))


def _history(rng: random.Random) -> dict[str, str]:
    """Return dates, yes and no, and where to ask for more."""
    told = {
        "Wacht op keuren": "Geen verstrekking in Open Data",
        "WAM verzekerd": "Ja",
        "Export indicator": "Nee",
        "Openstaande terugroepactie indicator": "Nee",
        "Taxi indicator": rng.choice(("Nee", "Nee", "Nee", "Ja")),
        "Tellerstandoordeel": "Logisch",
        "Code toelichting tellerstandoordeel": "00",
        "Tenaamstellen mogelijk": "Ja",
    }
    for name in ("Vervaldatum APK", "Datum tenaamstelling", "Datum eerste tenaamstelling in Nederland"):
        day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(2019, 2027)
        told[name] = f"{year}{month:02}{day:02}"
        told[f"{name} DT"] = f"{month:02}/{day:02}/{year} 12:00:00 AM"
    urls = {f"API Gekentekende_voertuigen_{name}": of for name, of in _APIS.items()}
    return told | {name: f"https://opendata.rdw.nl/resource/{of}.json" for name, of in urls.items()}
