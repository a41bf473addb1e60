"""Made-up days of traffic of a whole zone, for the release benchmark, and where their rates come from.

Sources: the sum and the heavy goods vehicles are those of a Dutch city's cameras, 63,550 detections a day in all, of
which 724 heavy. Everything else is an assumption, chosen to be plain rather than kind: days are alike, cameras differ
by a factor of eleven, a vehicle's passages are spread over the day by one curve, and its direction is drawn each time.
Emission classes are those of a fleet in 2026; what the zone admits follows the example's zero-emission rules.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.categories import (
    UNKNOWN_ATTRIBUTES,
    Admitted,
    Attributes,
    CellCount,
    CellKey,
    Direction,
    Drive,
    EmissionClass,
    PlateKind,
    VehicleType,
)
from edge.counting.part import key_of
from edge.gate.sights import Sight

DAILY, HEAVY = 63_550, 724
CAMERAS = 20
# The largest has 13 % of the traffic, the smallest 1.2 %: one to eleven.
SHARES = 0.88 ** np.arange(CAMERAS) / (0.88 ** np.arange(CAMERAS)).sum()
# Per cent of a day's traffic by clock hour, a city street with two peaks.
CURVE = np.array([0.8, 0.5, 0.3, 0.3, 0.5, 1.2, 3.0, 6.2, 7.4, 5.6, 5.2, 5.4, 5.7, 5.7, 5.9, 6.6, 7.9, 8.0, 6.2, 5.0,
                  4.2, 3.6, 3.0, 1.8])  # fmt: skip
# Passages of one vehicle on one day at one camera, and how many vehicles have so many.
PASSAGES = np.array([1, 2, 3, 10])
REPEATS = np.array([0.66, 0.28, 0.05, 0.01])
TYPES = {
    VehicleType.PASSENGER_CAR: 0.800,
    VehicleType.VAN: 0.125,
    VehicleType.TRUCK: HEAVY / DAILY * 0.7,
    VehicleType.TRACTOR_UNIT: HEAVY / DAILY * 0.3,
    VehicleType.BUS: 0.008,
    VehicleType.TWO_WHEELER: 0.022,
    VehicleType.OTHER: 0.002,
}
FOREIGN, UNREADABLE = 0.025, 0.0065
ENGINES: Mapping[VehicleType, Mapping[tuple[Drive, str], float]] = {
    VehicleType.PASSENGER_CAR: {
        (Drive.PETROL, "6"): 30, (Drive.PETROL, "5"): 11, (Drive.PETROL, "4"): 12, (Drive.PETROL, "3"): 4,
        (Drive.PETROL, "2"): 2, (Drive.DIESEL, "6"): 5, (Drive.DIESEL, "5"): 3, (Drive.DIESEL, "4"): 1.5,
        (Drive.HYBRID, "6"): 18, (Drive.HYBRID, "5"): 1, (Drive.GAS, "4"): 0.7, (Drive.GAS, "6"): 0.3,
        (Drive.ELECTRIC, "Z"): 11.4, (Drive.HYDROGEN, "Z"): 0.1,
    },
    VehicleType.VAN: {
        (Drive.DIESEL, "6"): 64, (Drive.DIESEL, "5"): 15, (Drive.DIESEL, "4"): 6, (Drive.DIESEL, "3"): 2,
        (Drive.DIESEL, "2"): 0.5, (Drive.PETROL, "6"): 2, (Drive.GAS, "6"): 0.3, (Drive.HYBRID, "6"): 0.7,
        (Drive.ELECTRIC, "Z"): 9.5,
    },
    VehicleType.TRUCK: {
        (Drive.DIESEL, "6"): 79, (Drive.DIESEL, "5"): 8, (Drive.DIESEL, "4"): 3, (Drive.DIESEL, "3"): 3,
        (Drive.GAS, "6"): 1, (Drive.ELECTRIC, "Z"): 6,
    },
    VehicleType.TRACTOR_UNIT: {
        (Drive.DIESEL, "6"): 90, (Drive.DIESEL, "5"): 5, (Drive.GAS, "6"): 2, (Drive.ELECTRIC, "Z"): 3,
    },
    VehicleType.BUS: {(Drive.ELECTRIC, "Z"): 55, (Drive.DIESEL, "6"): 40, (Drive.GAS, "6"): 5},
    VehicleType.TWO_WHEELER: {(Drive.PETROL, "4"): 40, (Drive.PETROL, "3"): 30, (Drive.PETROL, "5"): 20,
                              (Drive.ELECTRIC, "Z"): 10},
    VehicleType.OTHER: {(Drive.UNKNOWN, "unknown"): 70, (Drive.DIESEL, "unknown"): 30},
}  # fmt: skip
# The rest of class 6 was first admitted too early (trucks) or too late (vans) for the zone.
LET_IN_OF_CLASS_6 = {VehicleType.VAN: 0.92, VehicleType.TRUCK: 0.85, VehicleType.TRACTOR_UNIT: 0.92}


class Kind(NamedTuple):
    """One kind of vehicle, and which share of all it is."""

    plate: PlateKind
    seen: Attributes
    share: float


def kinds() -> list[Kind]:
    """List the kinds of vehicles in the street."""
    known = 1 - FOREIGN - UNREADABLE
    total = sum(TYPES.values())
    found = [
        Kind(PlateKind.NL, Attributes(vehicle_type, drive, EmissionClass(text), admitted), known * share)
        for vehicle_type, of_all in TYPES.items()
        for (drive, text), percent in ENGINES[vehicle_type].items()
        for admitted, share in _admitted(
            vehicle_type, text, percent / sum(ENGINES[vehicle_type].values()) * of_all / total
        )
    ]
    foreign = Kind(PlateKind.FOREIGN, UNKNOWN_ATTRIBUTES, FOREIGN)
    return [*found, foreign, Kind(PlateKind.UNREADABLE, UNKNOWN_ATTRIBUTES, UNREADABLE)]


def _admitted(vehicle_type: VehicleType, emission_class: str, share: float) -> list[tuple[Admitted, float]]:
    if vehicle_type not in LET_IN_OF_CLASS_6:
        return [(Admitted.NOT_APPLICABLE, share)]
    if emission_class == "6":
        let_in = LET_IN_OF_CLASS_6[vehicle_type]
        return [(Admitted.YES, share * let_in), (Admitted.NO, share * (1 - let_in))]
    van_of_5 = vehicle_type is VehicleType.VAN and emission_class == "5"
    return [(Admitted.YES if emission_class == "Z" or van_of_5 else Admitted.NO, share)]


class Street:
    """Draws days of one camera."""

    def __init__(self, camera: int, seed: int) -> None:
        self._kinds = kinds()
        self._shares = np.array([kind.share for kind in self._kinds])
        self._keys = [[key_of(direction, kind.plate, kind.seen) for direction in Direction] for kind in self._kinds]
        self._mean = DAILY * SHARES[camera] / (PASSAGES @ REPEATS)
        self._rng = np.random.default_rng([seed, camera])

    def day(self) -> list[list[Sight]]:
        """Count one day as vision does, by hour."""
        rng = self._rng
        vehicles = rng.poisson(self._mean)
        kind = rng.choice(len(self._kinds), vehicles, p=self._shares / self._shares.sum())
        vehicle = np.repeat(np.arange(vehicles), rng.choice(PASSAGES, vehicles, p=REPEATS))
        hour = np.sort(rng.choice(24, len(vehicle), p=CURVE / CURVE.sum()))
        vehicle = rng.permutation(vehicle)
        return self._sights(hour, vehicle, kind[vehicle], rng.integers(0, 2, len(vehicle)))

    def _sights(
        self, hours: NDArray[np.int64], vehicles: NDArray[np.int64], kinds: NDArray[np.int64], ways: NDArray[np.int64]
    ) -> list[list[Sight]]:
        passed: set[tuple[int, int]] = set()
        cells: list[defaultdict[CellKey, list[int]]] = [defaultdict(lambda: [0, 0, 0]) for _ in range(24)]
        seen: set[tuple[int, int, int]] = set()
        rows = zip(hours.tolist(), vehicles.tolist(), kinds.tolist(), ways.tolist(), strict=True)
        for hour, vehicle, kind, way in rows:
            cell = cells[hour][self._keys[kind][way]]
            cell[0] += 1
            if self._kinds[kind].plate is not PlateKind.UNREADABLE:
                cell[1] += (hour, vehicle, way) not in seen
                cell[2] += (vehicle, way) not in passed
                seen.add((hour, vehicle, way))
                passed.add((vehicle, way))
        return [
            [Sight(hour, 0, CellCount(key, *numbers)) for key, numbers in found.items()]
            for hour, found in enumerate(cells)
        ]
