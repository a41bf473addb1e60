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
# More passages than this no street has in any place.
MOST = 10_000


@dataclass
class Knowledge:
    """What they know: rows of a linear program, and which cells are absent.

    Its variables are the ``places`` and, behind them, one of 0 or 1 for each cell of which they don't know whether any
    plate in it could be read.
    """

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
        width = self.rows.shape[1]
        most = np.where(np.arange(width) < len(self.places), MOST, 1)
        constraints = LinearConstraint(self.rows, self.low, self.high)
        wanted = np.pad(goal, (0, width - len(goal)))
        found = milp(wanted, constraints=constraints, bounds=Bounds(0, most), integrality=np.ones(width))
        return None if found.x is None else np.round(found.x[: len(goal)])


class _Rows:
    """Rows that are being written, over places and over what is 0 or 1."""

    def __init__(self, places: int) -> None:
        self._places, self._choices = places, 0
        self._rows = list[tuple[NDArray[np.float64], int | None, float]]()
        self.low, self.high = list[float](), list[float]()

    def add(self, row: NDArray[np.float64], low: float, high: float, choice: int | None = None, by: float = 0) -> None:
        """Demand a sum from ``low`` to ``high``, of a row over places and ``by`` times a choice."""
        self._rows.append((row, choice, by))
        self.low.append(low)
        self.high.append(high)

    def none_or(self, row: NDArray[np.float64], least: float) -> None:
        """Demand a sum of nothing, or of ``least`` and more."""
        self.add(row, 0, np.inf, self._choices, -least)
        self.add(row, -np.inf, 0, self._choices, -MOST * len(row))
        self._choices += 1

    def matrix(self) -> NDArray[np.float64]:
        """Put them together."""
        made = np.zeros((len(self._rows), self._places + self._choices))
        for at, (row, choice, by) in enumerate(self._rows):
            made[at, : self._places] = row
            if choice is not None:
                made[at, self._places + choice] = by
        return made


def learn(
    released: Released, table: Table, k: int, direction: Direction, classes: Sequence[Attributes] = CLASSES
) -> Knowledge:
    """Write down what the reports of a day say of one direction, and of vehicles of these classes."""
    places = [(hour, key) for hour in range(len(released.hours)) for key in _keys(direction, classes)]
    free = np.ones(len(places), bool)
    readable = np.array([key.plate is not PlateKind.UNREADABLE for _, key in places])
    rows, absent = _Rows(len(places)), list[NDArray[np.float64]]()
    for period, at, cells in _bins(released):
        inside = np.array([at in (DAY, hour) for hour, _ in places])
        for rung in (rung for rung in table.rungs if rung.period is period):
            for values, row in _cells(rung, places, inside & free).items():
                found = next((cell for cell in cells if _is(cell, rung, values)), None)
                if found:
                    free &= row == 0
                    _released(rows, row, found.n, k, readable)
                else:
                    rows.add(row, 0, k - 1)
                    absent.append(row)
    return Knowledge(places, rows.matrix(), np.array(rows.low), np.array(rows.high), absent)


def _released(rows: _Rows, row: NDArray[np.float64], n: int, k: int, readable: NDArray[np.bool_]) -> None:
    """Write down a released cell: unreadable ones are k by themselves, or help nobody over k."""
    rows.add(row, n, n)
    if (row * readable != row).any() and (row * readable).any():
        rows.none_or(row * readable, k)
    else:
        rows.add(row, k, np.inf)


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
