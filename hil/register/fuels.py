"""Fuels and emission classes: which combinations there are, and how many of each a year brought.

Shares are assumptions after the published totals: of passenger cars in 2026 about 7 % electric, 17 % hybrid, 8 %
diesel, 1 % gas.
"""

from dataclasses import dataclass
from functools import cache

from edge.categories import Drive, EmissionClass
from hil.register.bodies import Kind
from hil.register.lottery import Lottery

P, D, E, H, LPG, CNG, LNG, ALCOHOL = (
    "Benzine", "Diesel", "Elektriciteit", "Waterstof", "LPG", "CNG", "LNG", "Alcohol",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fuel:
    """The fuel rows of a vehicle, in order, and what they lead to."""

    rows: tuple[str, ...]
    drive: Drive
    hybrid: str = ""
    """klasse_hybride_elektrisch_voertuig"""

    @property
    def diesel(self) -> bool:
        """Whether any row says so."""
        return D in self.rows

    @property
    def burning(self) -> tuple[int, ...]:
        """The positions of the rows that have an emission class; hydrogen burns only where nothing stands beside it."""
        if self.rows == (H,):
            return (0,)
        return tuple(place for place, row in enumerate(self.rows) if row not in {E, H})


FUELS = {
    "none": Fuel((), Drive.UNKNOWN),
    "petrol": Fuel((P,), Drive.PETROL),
    "diesel": Fuel((D,), Drive.DIESEL),
    "electric": Fuel((E,), Drive.ELECTRIC),
    "hybrid": Fuel((P, E), Drive.HYBRID, "NOVC-HEV"),
    "plug_in": Fuel((P, E), Drive.HYBRID, "OVC-HEV"),
    "diesel_hybrid": Fuel((D, E), Drive.HYBRID, "NOVC-HEV"),
    "diesel_plug_in": Fuel((E, D), Drive.HYBRID, "OVC-HEV"),
    "lpg": Fuel((P, LPG), Drive.GAS),
    "lpg_only": Fuel((LPG,), Drive.GAS),
    "cng": Fuel((CNG, P), Drive.GAS),
    "cng_only": Fuel((CNG,), Drive.GAS),
    "lng": Fuel((LNG,), Drive.GAS),
    "lng_diesel": Fuel((D, LNG), Drive.GAS),
    "lpg_hybrid": Fuel((P, E, LPG), Drive.HYBRID, "NOVC-HEV"),
    "fuel_cell": Fuel((E, H), Drive.HYDROGEN, "NOVC-FCHV"),
    "fuel_cell_plug_in": Fuel((H, E), Drive.HYDROGEN, "OVC-FCHV"),
    "hydrogen_engine": Fuel((H,), Drive.HYDROGEN),
    "hydrogen_diesel": Fuel((D, H), Drive.HYDROGEN),
    "alcohol": Fuel((ALCOHOL,), Drive.OTHER),
    "flexible": Fuel((P, ALCOHOL), Drive.PETROL),
}
NAMES = tuple(FUELS)
EMISSIONS = (
    EmissionClass.E0,
    EmissionClass.E1,
    EmissionClass.E2,
    EmissionClass.E3,
    EmissionClass.E4,
    EmissionClass.E5,
    EmissionClass.E6,
    EmissionClass.Z,
    EmissionClass.UNKNOWN,
)
"""Their places are the numbers in a fleet: up to 6 the class itself."""
ZERO, UNKNOWN = 7, 8

_NONE: dict[int, dict[str, float]] = {0: {"none": 1}}
_HEAVY: dict[int, dict[str, float]] = {
    0: {"diesel": 99, "petrol": 1},
    2015: {"diesel": 96, "lng": 1.5, "cng_only": 1, "lng_diesel": 0.5, "diesel_hybrid": 0.5, "electric": 0.5},
    2021: {"diesel": 90, "lng": 2, "electric": 7.5, "fuel_cell": 0.1, "hydrogen_diesel": 0.2, "hydrogen_engine": 0.2},
}
MIXES: dict[Kind, dict[int, dict[str, float]]] = {
    Kind.CAR: {
        0: {"petrol": 95, "diesel": 3, "lpg": 2},
        1990: {"petrol": 88, "diesel": 7, "lpg": 4.8, "lpg_only": 0.2},
        2000: {"petrol": 86, "diesel": 11, "lpg": 2, "hybrid": 0.7, "cng": 0.1, "flexible": 0.2},
        2010: {"petrol": 76, "diesel": 13, "hybrid": 7, "plug_in": 2, "lpg": 1.4, "electric": 0.5, "cng": 0.4,
               "flexible": 0.2, "alcohol": 0.05, "diesel_plug_in": 0.3, "diesel_hybrid": 0.2},
        2015: {"petrol": 66, "diesel": 10, "hybrid": 14, "plug_in": 5, "lpg": 0.4, "electric": 5, "cng": 0.3,
               "diesel_hybrid": 0.3, "fuel_cell": 0.02},
        2020: {"petrol": 32, "diesel": 2.5, "hybrid": 34, "plug_in": 11, "lpg": 0.5, "electric": 19, "fuel_cell": 0.05,
               "fuel_cell_plug_in": 0.02, "diesel_hybrid": 0.6, "diesel_plug_in": 0.3, "lpg_hybrid": 0.1},
        2024: {"petrol": 20, "diesel": 1, "hybrid": 37, "plug_in": 13, "lpg": 0.4, "electric": 28, "diesel_hybrid": 0.5,
               "lpg_hybrid": 0.1},
    },
    Kind.VAN: {
        0: {"diesel": 88, "petrol": 10, "lpg": 2},
        2005: {"diesel": 96, "petrol": 2.5, "cng": 0.5, "lpg": 0.5, "electric": 0.5},
        2017: {"diesel": 92, "petrol": 3, "electric": 4, "hybrid": 0.5, "plug_in": 0.5},
        2023: {"diesel": 75, "petrol": 3, "electric": 20, "plug_in": 1, "fuel_cell": 0.1, "diesel_hybrid": 0.9},
    },
    Kind.TRUCK: _HEAVY,
    Kind.TRACTOR_UNIT: _HEAVY,
    Kind.BUS: {
        0: {"diesel": 99, "lpg_only": 1},
        2008: {"diesel": 82, "cng_only": 10, "diesel_hybrid": 6, "electric": 2},
        2016: {"diesel": 40, "electric": 57, "fuel_cell": 3},
    },
    Kind.MOTORCYCLE: {0: {"petrol": 100}, 2015: {"petrol": 97.5, "electric": 2.5}},
    Kind.MOPED: {0: {"petrol": 100}, 2012: {"petrol": 90, "electric": 10}, 2020: {"petrol": 65, "electric": 35}},
    Kind.THREE_WHEELER: {0: {"petrol": 90, "diesel": 5, "electric": 5}},
    Kind.TRAILER: _NONE,
    Kind.SEMI_TRAILER: _NONE,
    Kind.NAMELESS: _NONE,
    Kind.AGRICULTURAL: {0: {"diesel": 78, "none": 20, "petrol": 2}, 2018: {"diesel": 76, "none": 20, "electric": 4}},
}  # fmt: skip
"""From which year of admission on which share."""

_LIGHT_EURO = {1992: 1, 1996: 2, 2000: 3, 2005: 4, 2010: 5, 2015: 6}
_HEAVY_EURO = {1993: 1, 1996: 2, 2001: 3, 2006: 4, 2009: 5, 2014: 6}
EURO = {
    Kind.CAR: _LIGHT_EURO,
    Kind.VAN: _LIGHT_EURO,
    Kind.TRUCK: _HEAVY_EURO,
    Kind.TRACTOR_UNIT: _HEAVY_EURO,
    Kind.BUS: _HEAVY_EURO,
    Kind.MOTORCYCLE: {1999: 1, 2004: 2, 2006: 3, 2017: 4, 2021: 5},
    Kind.MOPED: {1999: 1, 2002: 2, 2018: 4, 2021: 5},
    Kind.THREE_WHEELER: {1999: 1, 2003: 2, 2017: 4, 2021: 5},
}
"""First year of each class for new vehicles.

Directives 91/441, 94/12, 98/69, 1999/96; regulations 715/2007, 595/2009, 168/2013; rounded to years.
"""
FIRST_YEAR, YEARS = 1900, 141


@cache
def fuel_lottery() -> Lottery:
    """Draw fuels; kind * `YEARS` + year - `FIRST_YEAR` is the case."""
    return Lottery([_mix(kind, year) for kind in Kind for year in range(FIRST_YEAR, FIRST_YEAR + YEARS)])


@cache
def emission_lottery() -> Lottery:
    """Draw emission classes of what burns; cases as for fuels."""
    return Lottery([_classes(kind, year) for kind in Kind for year in range(FIRST_YEAR, FIRST_YEAR + YEARS)])


def euro(kind: Kind, year: int) -> int:
    """Return the emission class that new vehicles had; 0 before there were any, or without a law."""
    return max((step for start, step in EURO.get(kind, {}).items() if start <= year), default=0)


def _mix(kind: Kind, year: int) -> list[float]:
    shares = MIXES[kind][max(start for start in MIXES[kind] if start <= year)]
    return [shares.get(name, 0) for name in NAMES]


def _classes(kind: Kind, year: int) -> list[float]:
    """Some are a year ahead of the law, some behind it; of the oldest the register knows little."""
    now = euro(kind, year)
    weights = [0.0] * len(EMISSIONS)
    weights[now] += 90 if now else 35
    weights[euro(kind, year - 1)] += 5
    weights[euro(kind, year + 1)] += 3
    weights[UNKNOWN] += 2 if now else 60
    return weights
