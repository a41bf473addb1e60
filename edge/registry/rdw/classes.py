"""What the register's texts mean: pure functions from its fields to closed categories.

Sources: the column descriptions of the data sets m9d7-ebf2, 8ys7-d773 and 7ug8-2dtt, and the definitions in article
86c of the RVV 1990.
"""

import re
from enum import IntFlag
from typing import NamedTuple

from edge.categories import Drive, EmissionClass, VehicleType
from edge.registry.vehicle import FIRST_YEAR, Category

VAN_KG = 3_500
LIGHT_TRUCK_KG = 12_000
LAST_YEAR = 2099

# Particulars 145, 146, 147 and 149: accessible for wheelchairs (RVV 1990, article 86c).
WHEELCHAIR = frozenset({145, 146, 147, 149})
_WHEELCHAIR_BODY = "voor rolstoelen toegankelijk voertuig"

# Bodies for which zone rules have a row of their own: concrete mixers and pumps, cranes, aerial platforms, suction and
# cleaning vehicles, fire engines, armoured vehicles, vehicles for retail and display; by their names before and after
# 2013. Sources: milieuzones.nl, opwegnaarzes.nl.
_SPECIAL_BODIES = frozenset({
    "betonmixer", "betonmolen", "betonpomp", "brandweerwagen", "gepantserd voertuig", "hoogwerker", "kolkenzuiger",
    "kraanwagen", "mobiele kraan", "reinigingswagen", "rioolzuiger", "straatreiniger", "straatveger",
    "voor detailhandel-/expositiedoeleinden", "winkelwagen",
})  # fmt: skip
_TRACTOR_BODY = "opleggertrekker"
_TWO_WHEELERS = frozenset({"motorfiets", "motorfiets met zijspan", "bromfiets"})

_AS_IT_IS = {one.value: one for one in (Category.M1, Category.M2, Category.M3, Category.N1, Category.N2, Category.N3)}
_TYPES = {
    Category.N1: VehicleType.VAN,
    Category.N2: VehicleType.TRUCK,
    Category.N3: VehicleType.TRUCK,
    Category.UNKNOWN: VehicleType.UNKNOWN,
}


class Kind(NamedTuple):
    """What a row of the vehicles table says, but for the year."""

    vehicle_type: VehicleType
    category: Category
    special: bool
    wheelchair: bool


class Fuel(IntFlag):
    """Fuels of one vehicle."""

    NONE = 0
    PETROL = 1
    DIESEL = 2
    ELECTRIC = 4
    HYDROGEN = 8
    GAS = 16
    OTHER = 32


_FUELS = {
    "benzine": Fuel.PETROL,
    "diesel": Fuel.DIESEL,
    "elektriciteit": Fuel.ELECTRIC,
    "waterstof": Fuel.HYDROGEN,
    "lpg": Fuel.GAS,
    "cng": Fuel.GAS,
    "lng": Fuel.GAS,
    "": Fuel.NONE,
}
_LEVEL = re.compile(r"EURO\s*([0-6]|III|II|IV|I|VI|V)\b", re.IGNORECASE)
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6}
_NUMBER = re.compile(r"\d{1,3}(,\d{3})*|\d+")
_DAY = re.compile(r"(?P<number>\d{4})\d{4}|(?P<iso>\d{4})-\d\d-\d\d(?:T.*)?|\d\d/\d\d/(?P<us>\d{4})(?: .*)?")


def kind(sort: str, body: str, category: str, mass: int | None) -> Kind:
    """Reduce kind, body, European category and permitted mass (kg)."""
    body, found = body.strip().lower(), _category(category)
    special, wheelchair = body in _SPECIAL_BODIES, body == _WHEELCHAIR_BODY
    match sort.strip().lower():
        case "":
            vehicle_type = VehicleType.UNKNOWN
        case "personenauto":
            vehicle_type = VehicleType.PASSENGER_CAR
        case "bus":
            vehicle_type = VehicleType.BUS
        case "bedrijfsauto":
            found = found if found in _TYPES and found is not Category.UNKNOWN else _category_by_mass(mass)
            vehicle_type = _goods_vehicle(found, body)
        case other:
            vehicle_type = VehicleType.TWO_WHEELER if other in _TWO_WHEELERS else VehicleType.OTHER
    return Kind(vehicle_type, found, special, wheelchair)


def drive(fuels: Fuel) -> Drive:
    """Reduce the fuels of all rows of a vehicle.

    Hydrogen comes first: a fuel-cell car has an electric row too. Electric beside anything that burns is a hybrid,
    plug-in or not, diesel as well. Gas comes before the petrol with which such a car starts.
    """
    order = [
        (Fuel.HYDROGEN, Drive.HYDROGEN),
        (Fuel.ELECTRIC, Drive.ELECTRIC if fuels == Fuel.ELECTRIC else Drive.HYBRID),
        (Fuel.GAS, Drive.GAS),
        (Fuel.DIESEL, Drive.DIESEL),
        (Fuel.PETROL, Drive.PETROL),
        (Fuel.OTHER, Drive.OTHER),
    ]
    return next((found for fuel, found in order if fuels & fuel), Drive.UNKNOWN)


def emission_class(fuels: Fuel, worst_code: int | None, worst_level: int | None) -> EmissionClass:
    """Reduce the emission codes and levels (0 to 6) of all rows that burn something to the worst of them.

    Levels serve where there is no code. A vehicle that burns nothing is class Z, with or without a code.
    """
    worst = worst_level if worst_code is None else worst_code
    if worst is not None:
        return EmissionClass(str(worst))
    clean = fuels and not fuels & ~(Fuel.ELECTRIC | Fuel.HYDROGEN)
    return EmissionClass.Z if clean else EmissionClass.UNKNOWN


def fuel(text: str) -> Fuel:
    """Reduce the fuel of one row."""
    return _FUELS.get(text.strip().lower(), Fuel.OTHER)


def emission_code(text: str) -> int | None:
    """Return an emission class from 0 to 6; Z and whatever else it says is none."""
    text = text.strip()
    return int(text) if text in set("0123456") else None


def emission_level(text: str) -> int | None:
    """Return the number of a Euro standard, for light vehicles (EURO 6 AP) and heavy ones (EURO VI)."""
    found = _LEVEL.match(text.strip())
    if found is None:
        return None
    level = found[1].upper()
    return _ROMAN[level] if level in _ROMAN else int(level)


def number(text: str) -> int | None:
    """Read a whole number, with or without commas between thousands; None where it is none."""
    text = text.strip()
    return int(text.replace(",", "")) if _NUMBER.fullmatch(text) else None


def year(text: str) -> int | None:
    """Read the year of a day in any of the forms that exports have; None where it is none."""
    found = _DAY.fullmatch(text.strip().replace(",", ""))
    if found is None:
        return None
    which = int(next(filter(None, found.groups())))
    return which if FIRST_YEAR <= which <= LAST_YEAR else None


def _category(text: str) -> Category:
    text = text.strip().upper()
    if not text:
        return Category.UNKNOWN
    return _AS_IT_IS.get(text[:2]) or {"L": Category.L, "O": Category.O}.get(text[0], Category.OTHER)


def _category_by_mass(mass: int | None) -> Category:
    """Say what a goods vehicle without a category is by the mass that bounds the categories."""
    if not mass:
        return Category.UNKNOWN
    return Category.N1 if mass <= VAN_KG else Category.N2 if mass <= LIGHT_TRUCK_KG else Category.N3


def _goods_vehicle(category: Category, body: str) -> VehicleType:
    found = _TYPES[category]
    return VehicleType.TRACTOR_UNIT if found is VehicleType.TRUCK and body == _TRACTOR_BODY else found
