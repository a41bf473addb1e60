"""The ways in which the register describes vehicles, with the class that each of them leads to.

Weights are assumptions: they give every case of a builder's rules a few vehicles in ten thousand, the common ones about
the share that they have on the road.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum

from edge.categories import VehicleType
from edge.registry.vehicle import Category


class Kind(IntEnum):
    """Vehicles that share plates, age and fuels."""

    CAR = 0
    VAN = 1
    TRUCK = 2
    TRACTOR_UNIT = 3
    BUS = 4
    MOTORCYCLE = 5
    MOPED = 6
    THREE_WHEELER = 7
    TRAILER = 8
    SEMI_TRAILER = 9
    AGRICULTURAL = 10
    NAMELESS = 11
    """The register does not say what it is; only mess and given vehicles are so."""


TYPES = {
    Kind.CAR: VehicleType.PASSENGER_CAR,
    Kind.VAN: VehicleType.VAN,
    Kind.TRUCK: VehicleType.TRUCK,
    Kind.TRACTOR_UNIT: VehicleType.TRACTOR_UNIT,
    Kind.BUS: VehicleType.BUS,
    Kind.MOTORCYCLE: VehicleType.TWO_WHEELER,
    Kind.MOPED: VehicleType.TWO_WHEELER,
    Kind.THREE_WHEELER: VehicleType.OTHER,
    Kind.TRAILER: VehicleType.OTHER,
    Kind.SEMI_TRAILER: VehicleType.OTHER,
    Kind.AGRICULTURAL: VehicleType.OTHER,
    Kind.NAMELESS: VehicleType.UNKNOWN,
}


class Masses(Enum):
    """Which masses a row gives."""

    BOTH = "both"
    HIGHER_TECHNICAL = "higher technical"
    """The technical mass is above every limit; the permitted one counts."""
    TECHNICAL = "technical"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Body:
    """One description: ``weight`` within its kind, texts as in the register, and what they lead to."""

    kind: Kind
    weight: float
    sort: str
    """voertuigsoort"""
    body: str
    """inrichting"""
    written: str
    """europese_voertuigcategorie"""
    category: Category
    kilograms: tuple[int, int]
    """Between which the permitted mass lies."""
    masses: Masses = Masses.BOTH
    special: bool = False
    wheelchair: bool = False

    @property
    def vehicle_type(self) -> VehicleType:
        """The type that a right builder finds."""
        return TYPES[self.kind]

    @property
    def heavy(self) -> bool:
        """Whether its exhaust is tested as a heavy engine's, with classes in Roman numerals."""
        return self.kind in {Kind.TRUCK, Kind.TRACTOR_UNIT, Kind.BUS}


_NOT = "Niet geregistreerd"
_SPECIAL = (
    "betonmixer",
    "betonmolen",
    "betonpomp",
    "brandweerwagen",
    "gepantserd voertuig",
    "hoogwerker",
    "kolkenzuiger",
    "kraanwagen",
    "mobiele kraan",
    "rioolzuiger",
    "straatreiniger",
    "straatveger",
    "reinigingswagen",
    "voor detailhandel-/expositiedoeleinden",
    "winkelwagen",
)
_LIGHT, _MIDDLE, _HEAVY = (1800, 3500), (3510, 12000), (12010, 50000)
_ACCESSIBLE = "voor rolstoelen toegankelijk voertuig"


def _cars() -> list[Body]:
    car, m1, mass = "Personenauto", Category.M1, (900, 2600)
    shares = {
        "hatchback": 45, "stationwagen": 16, "MPV": 14, "sedan": 10, "SUV": 6, "terreinvoertuig": 3, "coupe": 2,
        "cabriolet": 2, "kampeerwagen": 1.5, _NOT: 0.3, "brandweerwagen": 0.02, "gepantserd voertuig": 0.02,
    }  # fmt: skip
    bodies = [
        Body(Kind.CAR, share, car, body, "M1", m1, mass, special=body in _SPECIAL) for body, share in shares.items()
    ]
    bodies.append(Body(Kind.CAR, 0.3, car, _ACCESSIBLE, "M1", m1, mass, wheelchair=True))
    return [*bodies, Body(Kind.CAR, 0.5, car, "sedan", "", Category.UNKNOWN, mass, Masses.NONE)]


def _commercial() -> list[Body]:
    """Vans, trucks and tractor units are all the same to voertuigsoort."""
    lorry, n1, n2, n3 = "Bedrijfsauto", Category.N1, Category.N2, Category.N3
    bodies = [
        Body(Kind.VAN, 80, lorry, "gesloten opbouw", "N1", n1, _LIGHT),
        Body(Kind.VAN, 12, lorry, "open wagen", "N1", n1, _LIGHT),
        Body(Kind.VAN, 4, lorry, "kipper", "N1", n1, _LIGHT),
        Body(Kind.VAN, 0.1, lorry, "opleggertrekker", "N1", n1, _LIGHT),
        Body(Kind.VAN, 0.5, lorry, "gesloten opbouw", "", n1, _LIGHT, Masses.HIGHER_TECHNICAL),
        Body(Kind.VAN, 0.3, lorry, "gesloten opbouw", "", n1, _LIGHT, Masses.TECHNICAL),
        Body(Kind.VAN, 0.2, lorry, _ACCESSIBLE, "N1", n1, _LIGHT, wheelchair=True),
        Body(Kind.TRUCK, 18, lorry, "gesloten opbouw", "N2", n2, _MIDDLE),
        Body(Kind.TRUCK, 34, lorry, "gesloten opbouw", "N3", n3, _HEAVY),
        Body(Kind.TRUCK, 12, lorry, "open wagen", "N3", n3, _HEAVY),
        Body(Kind.TRUCK, 16, lorry, "afneembare bovenbouw", "N3", n3, _HEAVY),
        Body(Kind.TRUCK, 1, lorry, "kipper", "", n2, _MIDDLE),
        Body(Kind.TRUCK, 1, lorry, "kipper", "", n3, _HEAVY, Masses.TECHNICAL),
        Body(Kind.TRACTOR_UNIT, 96, lorry, "opleggertrekker", "N3", n3, _HEAVY),
        Body(Kind.TRACTOR_UNIT, 3, lorry, "opleggertrekker", "N2", n2, _MIDDLE),
        Body(Kind.TRACTOR_UNIT, 1, lorry, "opleggertrekker", "", n3, _HEAVY, Masses.HIGHER_TECHNICAL),
    ]
    bodies += [Body(Kind.TRUCK, 0.9, lorry, body, "N3", n3, _HEAVY, special=True) for body in _SPECIAL]
    return bodies + [Body(Kind.VAN, 0.08, lorry, body, "N1", n1, _LIGHT, special=True) for body in _SPECIAL]


def _light() -> list[Body]:
    """Buses, and everything on two or three wheels."""
    bus, motorcycle, moped, light = "Bus", "Motorfiets", "Bromfiets", Category.L
    return [
        Body(Kind.BUS, 90, bus, _NOT, "M3", Category.M3, (10000, 29000)),
        Body(Kind.BUS, 8, bus, "enkeldeksvoertuig", "M2", Category.M2, (3510, 5000)),
        Body(Kind.BUS, 2, bus, _ACCESSIBLE, "M2", Category.M2, (3510, 5000), wheelchair=True),
        Body(Kind.MOTORCYCLE, 85, motorcycle, _NOT, "L3", light, (150, 600)),
        Body(Kind.MOTORCYCLE, 10, motorcycle, _NOT, "L3e", light, (150, 600)),
        Body(Kind.MOTORCYCLE, 3, motorcycle, _NOT, "", Category.UNKNOWN, (150, 600), Masses.NONE),
        Body(Kind.MOTORCYCLE, 2, "Motorfiets met zijspan", "motorfiets met zijspan", "L4", light, (300, 700)),
        Body(Kind.MOPED, 80, moped, _NOT, "L1", light, (60, 170)),
        Body(Kind.MOPED, 15, moped, _NOT, "L1e-B", light, (60, 170)),
        Body(Kind.MOPED, 5, moped, "voor personenvervoer", "L6e", light, (300, 600)),
        Body(Kind.THREE_WHEELER, 100, "Driewielig motorrijtuig", _NOT, "L5e", light, (300, 1500)),
    ]


def _rest() -> list[Body]:
    o, other = Category.O, Category.OTHER
    bodies = [
        Body(Kind.TRAILER, 55, "Aanhangwagen", "open wagen", "O2", o, (760, 3500)),
        Body(Kind.TRAILER, 25, "Aanhangwagen", "caravan", "O2", o, (760, 2500)),
        Body(Kind.TRAILER, 14, "Middenasaanhangwagen", "gesloten opbouw", "O2", o, (760, 3500)),
        Body(Kind.TRAILER, 1, "Autonome aanhangwagen", "open wagen", "O4", o, _HEAVY),
        Body(Kind.TRAILER, 4, "Aanhangwagen", "open wagen", "", Category.UNKNOWN, (760, 3500)),
        Body(Kind.TRAILER, 0.2, "Aanhangwagen", "winkelwagen", "O2", o, (760, 3500), special=True),
        Body(Kind.SEMI_TRAILER, 97, "Oplegger", "gesloten opbouw", "O4", o, _HEAVY),
        Body(Kind.SEMI_TRAILER, 3, "Oplegger", "open wagen", "O1", o, (400, 750)),
        Body(Kind.AGRICULTURAL, 60, "Land- of bosbouwtrekker", _NOT, "T1", other, (1500, 12000)),
        Body(Kind.AGRICULTURAL, 10, "Land- of bosbouwtrekker", "", "", Category.UNKNOWN, (1500, 9000), Masses.NONE),
        Body(Kind.AGRICULTURAL, 20, "Motorrijtuig met beperkte snelheid", _NOT, "", Category.UNKNOWN, (900, 18000)),
        Body(Kind.AGRICULTURAL, 10, "Land- of bosb. aanhw of getr uitr stuk", _NOT, "R2", other, (1600, 20000)),
    ]
    unknown = Category.UNKNOWN
    nameless = [Body(Kind.NAMELESS, 1, "", "", "", unknown, _LIGHT, Masses.NONE),
                Body(Kind.NAMELESS, 1, "Bedrijfsauto", _NOT, "", unknown, _LIGHT, Masses.NONE)]  # fmt: skip
    return bodies + nameless


BODIES = (*_cars(), *_commercial(), *_light(), *_rest())
BARE = tuple(number for number, body in enumerate(BODIES) if Masses.NONE is body.masses)
"""Descriptions that say too little, for mess."""
