"""Made-up traffic: vehicles, and when, where and how fast each passes the camera."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar

import msgspec
import numpy as np

from edge.categories import Attributes, Direction, Drive, EmissionClass, PlateKind, VehicleType
from hil.scenes.numbers import CAR_LETTERS, NumberOffice

T = TypeVar("T")

LANE: Final = 1.4
"""Metres from the road's middle to the middle of each lane."""
CYCLE: Final = 80.0
"""Seconds: a traffic light further on sends vehicles in platoons, so that the street is empty in between."""
CONVOY: Final = 3
REGULAR: Final = 10
"""The delivery van that passes ten times."""
WALKER_EVERY: Final = 25.0
"""Seconds between people beside the road."""
FEATURES_FROM: Final = 100
"""Scenes of fewer vehicles have neither convoy nor delivery van."""


class BodyKind(StrEnum):
    """What a vehicle looks like."""

    CAR = "car"
    VAN = "van"
    LORRY = "lorry"
    TRACTOR = "tractor"
    BUS = "bus"
    MOTORCYCLE = "motorcycle"


class Vehicle(msgspec.Struct, frozen=True):
    """One made-up vehicle; ``vehicle_class`` is what the register says of it, ``look`` seeds its paint and plate."""

    plate: str
    kind: PlateKind
    body: BodyKind
    vehicle_class: Attributes
    look: int
    trailer: str = ""
    """The plate of the trailer that it draws; empty without one."""


class Pass(msgspec.Struct, frozen=True):
    """One vehicle's way past the camera; ``time`` is when its near end is over the line, in seconds from the start."""

    vehicle: int
    time: float
    direction: Direction
    offset: float
    """Metres right of its lane's middle, as the camera looks."""
    speed: float
    """Metres per second."""


class Walker(msgspec.Struct, frozen=True):
    """Somebody on a bicycle or on foot beside the road, no vehicle to count; ``time`` as of a `Pass`."""

    cycling: bool
    time: float
    direction: Direction
    x: float
    speed: float
    look: int


class Traffic(msgspec.Struct, frozen=True):
    """Everything that moves, in order of time; ``parked`` stands at the kerb all the while."""

    start: datetime
    seconds: float
    vehicles: tuple[Vehicle, ...]
    passes: tuple[Pass, ...]
    walkers: tuple[Walker, ...]
    parked: tuple[Vehicle, ...]

    def moment(self, time: float) -> datetime:
        """The wall clock ``time`` seconds from the start."""
        return self.start + timedelta(seconds=time)


class TruePassage(msgspec.Struct, frozen=True):
    """One crossing of the line; ``time`` in Unix seconds is when the middle of the plate is on it.

    ``vehicle_class`` is what can be counted at best: unknown where the plate is foreign or unreadable.
    """

    time: float
    direction: Direction
    kind: PlateKind
    vehicle_class: Attributes
    plate: str


class Truth(msgspec.Struct, frozen=True):
    """Everything that a perfect camera would count; ``line`` as shares of the picture, as camera.toml wants it."""

    start: datetime
    end: datetime
    line: tuple[tuple[float, float], tuple[float, float]]
    inwards: str
    passages: tuple[TruePassage, ...]


_BODIES: Final = {
    VehicleType.PASSENGER_CAR: (BodyKind.CAR, CAR_LETTERS, 0.775),
    VehicleType.VAN: (BodyKind.VAN, "V", 0.13),
    VehicleType.TRUCK: (BodyKind.LORRY, "B", 0.035),
    VehicleType.TRACTOR_UNIT: (BodyKind.TRACTOR, "B", 0.015),
    VehicleType.BUS: (BodyKind.BUS, "B", 0.02),
    VehicleType.TWO_WHEELER: (BodyKind.MOTORCYCLE, "M", 0.025),
}
"""Body, first letters and share of each type: rounded from what Dutch city streets show."""
_DRIVES: Final = {
    VehicleType.PASSENGER_CAR: {Drive.PETROL: 0.67, Drive.HYBRID: 0.13, Drive.ELECTRIC: 0.10, Drive.DIESEL: 0.08,
                                Drive.GAS: 0.015, Drive.HYDROGEN: 0.005},
    VehicleType.VAN: {Drive.DIESEL: 0.87, Drive.ELECTRIC: 0.1, Drive.PETROL: 0.03},
    VehicleType.TRUCK: {Drive.DIESEL: 0.95, Drive.ELECTRIC: 0.05},
    VehicleType.TRACTOR_UNIT: {Drive.DIESEL: 1.0},
    VehicleType.BUS: {Drive.ELECTRIC: 0.5, Drive.DIESEL: 0.4, Drive.GAS: 0.1},
    VehicleType.TWO_WHEELER: {Drive.PETROL: 0.95, Drive.ELECTRIC: 0.05},
}  # fmt: skip
_CLEAN: Final = (Drive.ELECTRIC, Drive.HYDROGEN)
_EMISSIONS: Final = {
    EmissionClass.E6: 0.5,
    EmissionClass.E5: 0.24,
    EmissionClass.E4: 0.17,
    EmissionClass.E3: 0.05,
    EmissionClass.E2: 0.03,
    EmissionClass.E1: 0.01,
}
_FOREIGN: Final = 0.03
_UNREADABLE: Final = 0.012
_TRAILERS: Final = 0.02
_RETURNS: Final = 0.08


def make_traffic(start: datetime, seconds: float, vehicles: int, seed: int) -> Traffic:
    """Traffic of ``vehicles`` different vehicles from ``start`` (aware); the same arguments give the same traffic."""
    rng = np.random.default_rng([seed, vehicles, round(seconds)])
    office = NumberOffice(rng)
    parked = tuple(_dutch(VehicleType.PASSENGER_CAR, office, rng) for _ in range(2))
    fleet = tuple(_vehicle(office, rng) for _ in range(vehicles))
    trips = _trips(fleet, max(1, int(seconds / CYCLE)), rng)
    passes = _passes(fleet, trips, seconds, rng)
    walkers = tuple(_walker(time, rng) for time in np.arange(10.0, seconds, WALKER_EVERY))
    return Traffic(start, seconds, fleet, tuple(sorted(passes, key=lambda p: p.time)), walkers, parked)


def trailer_class() -> Attributes:
    """What the register says of a trailer."""
    return Attributes(VehicleType.OTHER, Drive.UNKNOWN, EmissionClass.UNKNOWN)


def _walker(time: float, rng: np.random.Generator) -> Walker:
    """Two of three cycle on the path at the right, the others walk on the left pavement."""
    cycling = bool(rng.random() < 0.67)
    direction = Direction.OUT if rng.random() < 0.7 else Direction.IN
    side = (3.15 if direction is Direction.OUT else 3.75) if cycling else -5.5
    speed = float(rng.uniform(4.0, 5.5) if cycling else rng.uniform(1.1, 1.6))
    return Walker(cycling, float(time + rng.uniform(0, WALKER_EVERY)), direction, side, speed, int(rng.integers(2**31)))


def _pick(table: dict[T, float], rng: np.random.Generator) -> T:
    return list(table)[rng.choice(len(table), p=np.array(list(table.values())) / sum(table.values()))]


def _vehicle(office: NumberOffice, rng: np.random.Generator) -> Vehicle:
    made = _dutch(_pick({kind: row[2] for kind, row in _BODIES.items()}, rng), office, rng)
    fate = rng.random()
    if fate < _FOREIGN and made.body is not BodyKind.MOTORCYCLE:
        return msgspec.structs.replace(made, plate=office.foreign(), kind=PlateKind.FOREIGN)
    if fate > 1 - _UNREADABLE and made.body is not BodyKind.MOTORCYCLE:
        return msgspec.structs.replace(made, kind=PlateKind.UNREADABLE)
    if made.body is BodyKind.CAR and rng.random() < _TRAILERS:
        return msgspec.structs.replace(made, trailer=office.dutch("W"))
    return made


def _dutch(kind: VehicleType, office: NumberOffice, rng: np.random.Generator) -> Vehicle:
    body, letters, _ = _BODIES[kind]
    drive = _pick(_DRIVES[kind], rng)
    emission = EmissionClass.Z if drive in _CLEAN else _pick(_EMISSIONS, rng)
    look = int(rng.integers(2**31))
    return Vehicle(office.dutch(letters), PlateKind.NL, body, Attributes(kind, drive, emission), look)


class _Trip(msgspec.Struct, frozen=True):
    """A vehicle in the platoon of one cycle of the traffic light."""

    vehicle: int
    cycle: int
    direction: Direction


def _trips(fleet: tuple[Vehicle, ...], cycles: int, rng: np.random.Generator) -> list[_Trip]:
    """One trip of every vehicle, the way back of some, and what only larger scenes have."""
    trips = [_Trip(i, int(rng.integers(cycles)), _direction(v, rng)) for i, v in enumerate(fleet)]
    for trip in list(trips):
        later = trip.cycle + int(rng.integers(5, 40))
        if rng.random() < _RETURNS and later < cycles and fleet[trip.vehicle].body is not BodyKind.MOTORCYCLE:
            trips.append(_Trip(trip.vehicle, later, _opposite(trip.direction)))
    return _features(fleet, trips, cycles) if len(fleet) >= FEATURES_FROM else trips


def _features(fleet: tuple[Vehicle, ...], trips: list[_Trip], cycles: int) -> list[_Trip]:
    """Send three lorries as a convoy, and one van past the camera ten times."""
    sound = [(i, vehicle) for i, vehicle in enumerate(fleet) if vehicle.kind is PlateKind.NL]
    convoy = [i for i, vehicle in sound if vehicle.body is BodyKind.LORRY][:CONVOY]
    van = next(i for i, vehicle in sound if vehicle.body is BodyKind.VAN)
    kept = [trip for trip in trips if trip.vehicle not in {*convoy, van}]
    kept += [_Trip(i, cycles // 3, Direction.IN) for i in convoy]
    ways = (Direction.IN, Direction.OUT)
    return kept + [_Trip(van, round((n + 0.5) * cycles / REGULAR), ways[n % 2]) for n in range(REGULAR)]


def _direction(vehicle: Vehicle, rng: np.random.Generator) -> Direction:
    """Motorcycles leave: in the Netherlands they have no front plate, so nothing could count them on the way in."""
    inwards = rng.random() < 0.52
    return Direction.IN if inwards and vehicle.body is not BodyKind.MOTORCYCLE else Direction.OUT


def _opposite(direction: Direction) -> Direction:
    return Direction.OUT if direction is Direction.IN else Direction.IN


class Size(msgspec.Struct, frozen=True):
    """Metres of road that a vehicle takes, and of air."""

    length: float
    height: float


SIZES: Final = {
    BodyKind.CAR: Size(4.8, 1.7),
    BodyKind.VAN: Size(5.7, 2.5),
    BodyKind.LORRY: Size(8.6, 3.7),
    BodyKind.TRACTOR: Size(15.2, 4.0),
    BodyKind.BUS: Size(12.2, 3.2),
    BodyKind.MOTORCYCLE: Size(2.2, 1.9),
}
"""The largest of each body."""
TRAILER_LENGTH: Final = 3.5


def _passes(fleet: tuple[Vehicle, ...], trips: list[_Trip], seconds: float, rng: np.random.Generator) -> list[Pass]:
    cycle = seconds / max(1, int(seconds / CYCLE))
    platoons: dict[tuple[int, Direction], list[int]] = {}
    for trip in trips:
        platoons.setdefault((trip.cycle, trip.direction), []).append(trip.vehicle)
    found = []
    for (number, direction), members in sorted(platoons.items()):
        found += _platoon(fleet, members, number * cycle + min(12.0, cycle / 4), direction, rng)
    return found


def _platoon(
    fleet: tuple[Vehicle, ...], members: list[int], start: float, direction: Direction, rng: np.random.Generator
) -> list[Pass]:
    """Vehicles behind each other at one speed, with a gap of six metres and a second and more."""
    speed = float(np.clip(rng.normal(9.2, 1.1), 6.5, 11.5))
    time = start + rng.uniform(0, 4)
    passes: list[Pass] = []
    for index in members:
        if passes:
            room = between_plates(fleet[passes[-1].vehicle], fleet[index], direction)
            time += (room + 6) / speed + rng.uniform(0.9, 1.7)
        offset = float(np.clip(rng.normal(0, 0.12), -0.3, 0.3))
        passes.append(Pass(index, round(time, 3), direction, offset, speed))
    return passes


def between_plates(ahead: Vehicle, behind: Vehicle, direction: Direction) -> float:
    """Metres between the plates that the camera sees of two vehicles that touch: front plates, or rear ones."""
    longer = ahead if direction is Direction.IN else behind
    return SIZES[longer.body].length + TRAILER_LENGTH * bool(ahead.trailer)
