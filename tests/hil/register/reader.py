"""A plain reader of the three files, written after the rules for builders and nothing else."""

import csv
import gzip
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from edge.categories import Drive, EmissionClass, VehicleType
from edge.registry.vehicle import Category, VehicleClass
from hil.register.columns import NEEDED
from hil.register.exports import Exports

SPECIAL = {
    "betonmixer", "betonmolen", "betonpomp", "brandweerwagen", "gepantserd voertuig", "hoogwerker", "kolkenzuiger",
    "kraanwagen", "mobiele kraan", "rioolzuiger", "straatreiniger", "straatveger", "reinigingswagen",
    "voor detailhandel-/expositiedoeleinden", "winkelwagen",
}  # fmt: skip
ACCESSIBLE = {"145", "146", "147", "149"}
ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6}
CLEAN = {"Elektriciteit", "Waterstof"}
Row = dict[str, str]


def rows(file: Path) -> Iterator[list[str]]:
    """All lines of a file, the header too, as the csv module has them."""
    with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as stream:
        yield from csv.reader(stream, strict=True)


def records(file: Path, rejects: Counter[str]) -> Iterator[Row]:
    """Rows as dictionaries by the snake_case names of the needed columns; those that can't be are rejected."""
    lines = rows(file)
    names = {dutch: name for name, dutch in NEEDED[file.name.partition(".")[0]].items()}
    header = [names.get(column, column) for column in next(lines)]
    for fields in lines:
        row = dict(zip(header, fields, strict=False))
        row["kenteken"] = row["kenteken"].replace("-", "").upper()
        if len(fields) != len(header):
            rejects["wrong number of columns"] += 1
        elif not re.fullmatch("[A-Z0-9]{6}", row["kenteken"]):
            rejects["plate malformed"] += 1
        else:
            yield row


def read(made: Exports) -> tuple[dict[str, VehicleClass], Counter[str]]:
    """Classify all vehicles, and count what is rejected."""
    rejects: Counter[str] = Counter()
    vehicles: dict[str, Row] = {}
    for row in records(made.vehicles, rejects):
        rejects["duplicate"] += row["kenteken"] in vehicles
        vehicles.setdefault(row["kenteken"], row)
    fuels, codes = (_by_plate(file, vehicles, rejects) for file in (made.fuel, made.particulars))
    classes = {plate: classify(row, fuels[plate], codes[plate], rejects) for plate, row in vehicles.items()}
    return classes, +rejects


def _by_plate(file: Path, vehicles: dict[str, Row], rejects: Counter[str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {plate: [] for plate in vehicles}
    for row in records(file, rejects):
        if row["kenteken"] in vehicles:
            found[row["kenteken"]].append(row)
        else:
            rejects[f"{file.name.partition('.')[0]} row without vehicle"] += 1
    return found


def classify(vehicle: Row, fuels: list[Row], particulars: list[Row], rejects: Counter[str]) -> VehicleClass:
    """Reduce a vehicle's rows to its class."""
    category = _category(vehicle)
    names = {row["brandstof_omschrijving"] for row in fuels}
    codes = {row["bijzonderheid_code"] for row in particulars}
    return VehicleClass(
        vehicle_type=_type(vehicle, category),
        drive=_drive(names),
        emission_class=_emission(fuels),
        category=category,
        first_year=_year(vehicle, rejects),
        special=vehicle["inrichting"] in SPECIAL,
        wheelchair=vehicle["inrichting"] == "voor rolstoelen toegankelijk voertuig" or bool(codes & ACCESSIBLE),
        diesel="Diesel" in names,
    )


def _category(vehicle: Row) -> Category:
    text = vehicle["europese_voertuigcategorie"]
    if not text and vehicle["voertuigsoort"] == "Bedrijfsauto":
        mass = vehicle["toegestane_maximum_massa_voertuig"] or vehicle["technische_max_massa_voertuig"]
        if not mass:
            return Category.UNKNOWN
        kilograms = int(mass.replace(",", ""))
        return Category.N1 if kilograms <= 3500 else Category.N2 if kilograms <= 12000 else Category.N3
    if text in {"M1", "M2", "M3", "N1", "N2", "N3"}:
        return Category(text)
    return {"": Category.UNKNOWN, "L": Category.L, "O": Category.O}.get(text[:1], Category.OTHER)


def _type(vehicle: Row, category: Category) -> VehicleType:
    sort = vehicle["voertuigsoort"]
    if sort == "Bedrijfsauto":
        heavy = VehicleType.TRACTOR_UNIT if vehicle["inrichting"] == "opleggertrekker" else VehicleType.TRUCK
        types = {Category.N1: VehicleType.VAN, Category.N2: heavy, Category.N3: heavy}
        return types.get(category, VehicleType.UNKNOWN)
    known = {"": VehicleType.UNKNOWN, "Personenauto": VehicleType.PASSENGER_CAR, "Bus": VehicleType.BUS}
    known |= dict.fromkeys(("Motorfiets", "Motorfiets met zijspan", "Bromfiets"), VehicleType.TWO_WHEELER)
    return known.get(sort, VehicleType.OTHER)


def _drive(names: set[str]) -> Drive:
    if not names:
        return Drive.UNKNOWN
    if "Waterstof" in names:
        return Drive.HYDROGEN
    if "Elektriciteit" in names:
        return Drive.HYBRID if len(names) > 1 else Drive.ELECTRIC
    if names & {"LPG", "CNG", "LNG"}:
        return Drive.GAS
    if "Diesel" in names:
        return Drive.DIESEL
    return Drive.PETROL if "Benzine" in names else Drive.OTHER


def _emission(fuels: list[Row]) -> EmissionClass:
    known = [row["emissiecode_omschrijving"] for row in fuels if row["emissiecode_omschrijving"] in set("0123456")]
    if fuels and not known and all(row["brandstof_omschrijving"] in CLEAN for row in fuels):
        return EmissionClass.Z
    burning = [row for row in fuels if row["brandstof_omschrijving"] != "Elektriciteit"]
    codes = [row["emissiecode_omschrijving"] for row in burning if row["emissiecode_omschrijving"] in set("0123456")]
    levels = [level for row in burning if (level := _level(row["uitlaatemissieniveau"]))]
    return EmissionClass(min(codes, default=min(levels, default="unknown")))


def _level(text: str) -> str | None:
    found = re.match("EURO ([0-6]|[VI]+)", text)
    return str(ROMAN.get(found[1], found[1])) if found else None


def _year(vehicle: Row, rejects: Counter[str]) -> int | None:
    number, twin = vehicle["datum_eerste_toelating"].replace(",", ""), vehicle["datum_eerste_toelating_dt"]
    if re.fullmatch("[12][0-9]{7}", number):
        return int(number[:4])
    if found := re.match("([0-9]{4})-|../../([0-9]{4}) ", twin):
        return int(found[1] or found[2])
    rejects["date unreadable" if number else "date missing"] += 1
    return None
