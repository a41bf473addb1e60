"""The counters of one part of one window."""

from collections import defaultdict
from collections.abc import Set as AbstractSet

import msgspec
import structlog

from edge.categories import (
    ELSEWHERE,
    MOST_CELLS,
    MOST_TABLES,
    UNKNOWN_ATTRIBUTES,
    Attributes,
    CellCount,
    CellKey,
    Direction,
    PlateKind,
    Trade,
    WindowCounts,
)
from edge.counting.day import Day
from edge.wall import order
from edge.windows import Window

log = structlog.get_logger()

MOST = 9_999  # The bound of `categories.Count`.
# A class may have a cell for each direction. What comes when all but a few are taken is counted in a coarser class;
# there is always room for the coarsest, in which only table and plate are known.
MOST_CLASSES = MOST_CELLS // len(Direction)
MOST_COARSER = MOST_CLASSES - MOST_TABLES * len(PlateKind)
MOST_FINE = MOST_COARSER - 512


def key_of(direction: Direction, plate: PlateKind, seen: Attributes, table: int = 0) -> CellKey:
    """Return the cell of a vehicle that was drawn into ``table``."""
    return CellKey(
        table,
        direction,
        plate,
        seen.vehicle_type,
        seen.drive,
        seen.emission_class,
        seen.admitted,
        seen.exemption,
        seen.origin,
        seen.trade,
    )


class Part:
    """What the tag key of ``day`` saw of one window."""

    def __init__(self, window: Window, day: Day) -> None:
        self.window = window
        self.day = day
        self._observed = 0.0
        self._passages: defaultdict[CellKey, int] = defaultdict(int)
        self._vehicles: defaultdict[CellKey, set[int]] = defaultdict(set)
        self._fresh: defaultdict[CellKey, int] = defaultdict(int)
        self._first: dict[int, CellKey] = {}
        self._classes: set[CellKey] = set()
        self._merged = False

    @property
    def vehicles(self) -> AbstractSet[int]:
        """The numbers of all vehicles in it."""
        return self._first.keys()

    def observe(self, start: float, end: float) -> None:
        """Note that the camera delivered from ``start`` to ``end`` (Unix seconds), as far as that is in the window."""
        self._observed += max(0.0, min(end, self.window.end) - max(start, self.window.start))

    def add(self, key: CellKey) -> None:
        """Count a passage of a vehicle that can't be told from others."""
        self._passages[self._place(key)] += 1

    def add_vehicle(self, key: CellKey, vehicle: int) -> None:
        """Count a passage of a known vehicle.

        It stays in the class in which it was seen first: were it in two, the gate would take it for two vehicles.
        """
        if vehicle not in self._first:
            self._first[vehicle] = self._place(key)
        first = self._first[vehicle]
        key = msgspec.structs.replace(first, direction=key.direction)
        self._passages[key] += 1
        self._vehicles[key].add(vehicle)
        self._fresh[key] += self.day.is_new(vehicle, key.direction)

    def counts(self, policy: int, *, final: bool) -> WindowCounts:
        """Write it down for the gate; ``policy`` is the serial of the policy in force."""
        window = self.window
        share = self._observed / (window.end - window.start)
        cells = tuple(self._cell(key) for key in sorted(self._passages, key=order))
        observed = min(100, round(share * 20) * 5)
        return WindowCounts(window.start, window.end, self.day.number, final, observed, policy, cells)

    def _place(self, key: CellKey) -> CellKey:
        """Return the cell to count in: a coarser one where the message has no room for more, so that totals hold."""
        coarser = msgspec.structs.replace(key, origin=ELSEWHERE, trade=Trade.UNKNOWN)
        coarsest = key_of(key.direction, key.plate, UNKNOWN_ATTRIBUTES, key.table)
        bounds = ((key, MOST_FINE), (coarser, MOST_COARSER))
        cell = next((one for one, most in bounds if self._fits(one, most)), coarsest)
        self._classes.add(_class_of(cell))
        if cell != key and not self._merged:
            self._merged = True
            log.warning("cells_merged", window=str(self.window), reason=f"more than {MOST_FINE} classes passed")
        return cell

    def _fits(self, key: CellKey, most: int) -> bool:
        return len(self._classes) < most or _class_of(key) in self._classes

    def _cell(self, key: CellKey) -> CellCount:
        numbers = self._passages[key], len(self._vehicles.get(key, ())), self._fresh.get(key, 0)
        return CellCount(key, *(min(number, MOST) for number in numbers))


def _class_of(key: CellKey) -> CellKey:
    """Take both directions of a class for one: a vehicle that drives in and out must not be in two."""
    return msgspec.structs.replace(key, direction=Direction.IN)
