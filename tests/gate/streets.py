"""Streams of passages on a made-up street, counted as vision counts, and what a gate releases of them."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from edge.categories import (
    UNKNOWN_ATTRIBUTES,
    Admitted,
    Attributes,
    CellCount,
    CellKey,
    Direction,
    EmissionClass,
    PlateKind,
    VehicleType,
)
from edge.counting.part import key_of
from edge.gate.combinations import SURE
from edge.gate.release import Outcome, Rule, release
from edge.gate.sights import Sight
from edge.release_rules import Dimension, Measure, Period, Rung, Table
from edge.uplink.contract import Cell

TYPE, DIRECTION, PLATE, DRIVE = Dimension.VEHICLE_TYPE, Dimension.DIRECTION, Dimension.PLATE, Dimension.DRIVE
EMISSION, ADMITTED = Dimension.EMISSION_CLASS, Dimension.ADMITTED
HEAVY = (VehicleType.TRUCK, VehicleType.TRACTOR_UNIT)
LIGHT = tuple(one for one in VehicleType if one not in HEAVY)
CAR, VAN, BUS, TWO = VehicleType.PASSENGER_CAR, VehicleType.VAN, VehicleType.BUS, VehicleType.TWO_WHEELER

LADDER = Table(
    "emission",
    1.0,
    (
        Rung(Period.HOUR, (DIRECTION, TYPE, DRIVE), (CAR,)),
        Rung(Period.HOUR, (DIRECTION, TYPE), (CAR, BUS, TWO)),
        Rung(Period.HOUR, (DIRECTION, PLATE, TYPE), (VehicleType.UNKNOWN,)),
        Rung(Period.HOUR, (DIRECTION, TYPE, EMISSION, ADMITTED), (VAN,)),
        Rung(Period.DAY, (DIRECTION, TYPE, EMISSION, ADMITTED), LIGHT),
        Rung(Period.DAY, (DIRECTION, EMISSION, ADMITTED), HEAVY),
        Rung(Period.DAY, (DIRECTION, TYPE), LIGHT),
        Rung(Period.DAY, (DIRECTION,), HEAVY),
        Rung(Period.DAY, (DIRECTION,)),
    ),
)
HOURS_ONLY = msgspec.structs.replace(LADDER, rungs=LADDER.rungs[:4])
DAYS_ONLY = msgspec.structs.replace(LADDER, rungs=LADDER.rungs[4:])
TOTALS = Table(
    "totals",
    1.0,
    (
        Rung(Period.HOUR, (DIRECTION, PLATE)),
        Rung(Period.DAY, (DIRECTION, PLATE, TYPE, DRIVE)),
        Rung(Period.DAY, (DIRECTION, PLATE, TYPE)),
        Rung(Period.DAY, (DIRECTION, PLATE)),
        Rung(Period.DAY, (DIRECTION,)),
    ),
)
LADDERS = (LADDER, HOURS_ONLY, DAYS_ONLY, TOTALS)
_LET_IN = {EmissionClass.Z, EmissionClass.E6, EmissionClass.E5}
_JUDGED = {VehicleType.VAN, VehicleType.TRUCK, VehicleType.TRACTOR_UNIT}


class Pass(NamedTuple):
    """One passage; ``vehicle`` is None where the plate is unreadable."""

    hour: int
    part: int
    vehicle: int | None
    key: CellKey


def admitted(vehicle_type: VehicleType, emission_class: EmissionClass) -> Admitted:
    """Say what a zone's rules say, one answer for each class: the hardest case for whoever hides members."""
    if vehicle_type not in _JUDGED:
        return Admitted.UNKNOWN if vehicle_type is VehicleType.UNKNOWN else Admitted.NOT_APPLICABLE
    return Admitted.YES if emission_class in _LET_IN else Admitted.NO


def every_class() -> list[Attributes]:
    """List every class that the public table knows."""
    return [
        Attributes(vehicle_type, drive, emission_class, admitted(vehicle_type, emission_class))
        for vehicle_type, drives in SURE.items()
        for drive, classes in drives.items()
        for emission_class in classes
    ]


CLASSES = every_class()


def street(dice: random.Random, hours: int = 4, parts: int = 1) -> list[Pass]:
    """Make a stream: a few classes are common, some vehicles pass often, some plates can't be read."""
    common = dice.sample(CLASSES, dice.randint(1, 8))
    fleet = [dice.choice(common) for _ in range(dice.randint(1, 60))]
    stream = []
    for _ in range(dice.randint(0, 120)):
        vehicle = int(len(fleet) * dice.random() ** dice.choice((1, 1, 3)))
        hour, part = dice.randrange(hours), dice.randrange(parts)
        direction = dice.choice(tuple(Direction))
        if dice.random() < 0.05:
            stream.append(Pass(hour, part, None, key_of(direction, PlateKind.UNREADABLE, UNKNOWN_ATTRIBUTES)))
        else:
            stream.append(Pass(hour, part, vehicle, key_of(direction, PlateKind.NL, fleet[vehicle])))
    # A restart is a moment: the keys of a day come one after the other.
    return sorted(stream, key=lambda one: (one.hour, one.part)) if parts == 1 else _in_order(stream)


def _in_order(stream: list[Pass]) -> list[Pass]:
    ordered = sorted(stream, key=lambda one: (one.part, one.hour))
    hours = sorted(one.hour for one in stream)
    return [one._replace(hour=hour) for one, hour in zip(ordered, hours, strict=True)]


def sights(stream: Sequence[Pass]) -> list[Sight]:
    """Count as vision does."""
    groups: defaultdict[tuple[int, int, CellKey], list[Pass]] = defaultdict(list)
    for one in stream:
        groups[one.hour, one.part, one.key].append(one)
    known: defaultdict[tuple[int, Direction], set[int]] = defaultdict(set)
    found = []
    for (hour, part, key), group in sorted(groups.items(), key=lambda item: item[0][:2]):
        vehicles = {one.vehicle for one in group if one.vehicle is not None}
        fresh = vehicles - known[part, key.direction]
        known[part, key.direction] |= vehicles
        found.append(Sight(hour, part, CellCount(key, len(group), len(vehicles), len(fresh))))
    return found


@dataclass
class Released:
    """What a day gives: the cells of each hour and of the day, and what is withheld in the end."""

    hours: list[tuple[Cell, ...]] = field(default_factory=list)
    day: tuple[Cell, ...] = ()
    left: list[Sight] = field(default_factory=list)


def run(seen: Sequence[Sight], table: Table, rule: Rule, hours: int = 4) -> Released:
    """Let a gate release a day of so many hours."""
    result, bins = Released(), []
    for hour in range(hours):
        outcome = release([one for one in seen if one.hour == hour], table, Period.HOUR, rule)
        result.hours.append(outcome.cells)
        result.left += outcome.left
        bins.append(outcome.published)
    outcome = release(result.left, table, Period.DAY, rule, bins)
    result.day, result.left = outcome.cells, outcome.left
    return result


def hour(seen: Sequence[Sight], table: Table, k: int = 10, measure: Measure = Measure.PASSAGES) -> Outcome:
    """Let a gate release one hour."""
    return release(seen, table, Period.HOUR, Rule(k, measure))


def matches(key: CellKey, cell: Cell) -> bool:
    """Tell whether a vehicle may be in a released cell, by what that tells."""
    return all(getattr(key, name) == getattr(cell, name) for name in told(cell))


def take(stream: list[Pass], cell: Cell, table: Table, period: Period) -> tuple[list[Pass], list[Pass]]:
    """Divide what is left of a bin into the members of a cell and the others."""
    members = [one for one in stream if matches(one.key, cell) and _serves(table, period, cell, one.key.vehicle_type)]
    return members, [one for one in stream if one not in members]


def told(cell: Cell) -> set[str]:
    """Name the dimensions that a cell has a value of."""
    return {name for name in CellKey.__struct_fields__[1:] if getattr(cell, name)}


def _serves(table: Table, period: Period, cell: Cell, vehicle_type: VehicleType) -> bool:
    """Tell whether a cell can be of a rung that serves vehicles of a type."""
    if cell.vehicle_types:
        return vehicle_type in cell.vehicle_types
    rungs = [rung for rung in table.rungs if rung.period is period and set(map(str, rung.dimensions)) == told(cell)]
    everybody = [rung for rung in rungs if "vehicle_type" in told(cell) or set(rung.vehicle_types) == set(VehicleType)]
    return any(vehicle_type in rung.vehicle_types for rung in everybody)


def per_part(members: Sequence[Pass]) -> Mapping[int, set[int]]:
    """Return the readable vehicles by tag key."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for one in members:
        if one.vehicle is not None:
            found[one.part].add(one.vehicle)
    return found
