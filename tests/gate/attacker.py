"""Whoever knows the algorithm, the policy and everything published, absent cells included.

They write down what they know as a linear program: a variable for each hour and each class of vehicles that surely
exists, an equation for each published cell, and at most k-1 for each absent one. A group is found out if the program
says that it is at least 1 and at most k-1.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from edge.categories import UNKNOWN_ATTRIBUTES, Attributes, CellCount, CellKey, Direction, PlateKind, VehicleType
from edge.counting.part import key_of
from edge.gate.combinations import Values
from edge.gate.sights import Sight, values_of
from edge.release_rules import Period, Rung, Table
from edge.uplink.contract import Cell
from tests.gate.streets import CLASSES, Released, told

Place = tuple[int, CellKey]  # An hour, and a class of vehicles in it.
DAY = -1


@dataclass
class Knowledge:
    """What they know: rows of a linear program over ``places``, and which cells are absent."""

    places: list[Place]
    rows: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    absent: list[NDArray[np.float64]]

    def least(self, group: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Return the street with the fewest vehicles of a group that fits everything; None where none fits."""
        return self._solve(group)

    def most(self, group: NDArray[np.float64]) -> float:
        """Return how many vehicles of a group there can be."""
        found = self._solve(-group)
        return float("nan") if found is None else float(group @ found)

    def proves(self, group: NDArray[np.float64], k: int) -> bool:
        """Tell whether a group of 1 to k-1 vehicles is found out."""
        least = self.least(group)
        return least is not None and float(group @ least) > 0.5 and self.most(group) < k - 0.5

    def _solve(self, goal: NDArray[np.float64]) -> NDArray[np.float64] | None:
        constraints = LinearConstraint(self.rows, self.low, self.high)
        found = milp(goal, constraints=constraints, bounds=Bounds(0, 10_000), integrality=np.ones(len(self.places)))
        return None if found.x is None else np.round(found.x)


def learn(
    released: Released, table: Table, k: int, direction: Direction, classes: Sequence[Attributes] = CLASSES
) -> Knowledge:
    """Write down what the reports of a day say of one direction, and of vehicles of these classes."""
    places = [(hour, key) for hour in range(len(released.hours)) for key in _keys(direction, classes)]
    free = np.ones(len(places), bool)
    readable = np.array([key.plate is not PlateKind.UNREADABLE for _, key in places])
    rows, low, high, absent = [], list[float](), list[float](), list[NDArray[np.float64]]()
    for period, at, cells in _bins(released):
        inside = np.array([at in (DAY, hour) for hour, _ in places])
        for rung in (rung for rung in table.rungs if rung.period is period):
            for values, row in _cells(rung, places, inside & free).items():
                found = next((cell for cell in cells if _is(cell, rung, values)), None)
                rows.append(row)
                low.append(found.n if found else 0)
                high.append(found.n if found else k - 1)
                if found:
                    free &= row == 0
                    # Unreadable ones helped nobody over k.
                    rows.append(row * readable if (row * readable).any() else row)
                    low.append(k)
                    high.append(np.inf)
                else:
                    absent.append(row)
    return Knowledge(places, np.array(rows), np.array(low), np.array(high), absent)


def street_of(knowledge: Knowledge, solution: NDArray[np.float64]) -> list[Sight]:
    """Make the street that a solution describes, each passage by another vehicle."""
    return [
        Sight(hour, 0, _count(key, int(n)))
        for (hour, key), n in zip(knowledge.places, solution, strict=True)
        if n > 0.5
    ]


def _count(key: CellKey, n: int) -> CellCount:
    vehicles = 0 if key.plate is PlateKind.UNREADABLE else n
    return CellCount(key, n, vehicles, vehicles)


def _keys(direction: Direction, classes: Sequence[Attributes]) -> list[CellKey]:
    keys = [key_of(direction, PlateKind.NL, seen) for seen in classes]
    unknown = [key for key in keys if key.vehicle_type is VehicleType.UNKNOWN]
    others = [PlateKind.FOREIGN, PlateKind.UNREADABLE]
    return keys + [key_of(direction, plate, UNKNOWN_ATTRIBUTES) for _, plate in product(unknown, others)]


def _bins(released: Released) -> Iterator[tuple[Period, int, Sequence[Cell]]]:
    for at, cells in enumerate(released.hours):
        yield Period.HOUR, at, cells
    yield Period.DAY, DAY, released.day


def _cells(rung: Rung, places: list[Place], free: NDArray[np.bool_]) -> Mapping[Values, NDArray[np.float64]]:
    """Return the cells that a rung may have, as sums over what no cell before has taken."""
    found: dict[Values, NDArray[np.float64]] = {}
    for at, (_, key) in enumerate(places):
        if free[at] and key.vehicle_type in rung.vehicle_types:
            found.setdefault(values_of(key, rung.dimensions), np.zeros(len(places)))[at] = 1.0
    return found


def _is(cell: Cell, rung: Rung, values: Values) -> bool:
    fields = {name: getattr(cell, name) for name in map(str, rung.dimensions)}
    types = cell.vehicle_types or (tuple(VehicleType) if "vehicle_type" not in fields else rung.vehicle_types)
    return told(cell) == set(fields) and tuple(fields.values()) == values and types == rung.vehicle_types
