"""The counters of one part of one window."""

from collections import defaultdict
from collections.abc import Set as AbstractSet

import msgspec

from edge.categories import CellCount, CellKey, WindowCounts
from edge.counting.day import Day
from edge.wall import order
from edge.windows import Window

MOST = 9_999  # The bound of `categories.Count`.


class Part:
    """What one tag key saw of one window; ``number`` counts the parts of the window from 0."""

    def __init__(self, window: Window, number: int, day: Day) -> None:
        self.window = window
        self.number = number
        self.day = day
        self._observed = 0.0
        self._passages: defaultdict[CellKey, int] = defaultdict(int)
        self._vehicles: defaultdict[CellKey, set[int]] = defaultdict(set)
        self._first: dict[int, CellKey] = {}

    @property
    def vehicles(self) -> AbstractSet[int]:
        """The numbers of all vehicles in it."""
        return self._first.keys()

    def observe(self, start: float, end: float) -> None:
        """Note that the camera delivered from ``start`` to ``end`` (Unix seconds), as far as that is in the window."""
        self._observed += max(0.0, min(end, self.window.end) - max(start, self.window.start))

    def add(self, key: CellKey) -> None:
        """Count a passage of a vehicle that can't be told from others."""
        self._passages[key] += 1

    def add_vehicle(self, key: CellKey, vehicle: int) -> None:
        """Count a passage of a known vehicle.

        It stays in the class in which it was seen first: were it in two, the gate would take it for two vehicles.
        """
        first = self._first.setdefault(vehicle, key)
        key = msgspec.structs.replace(first, direction=key.direction)
        self._passages[key] += 1
        self._vehicles[key].add(vehicle)

    def counts(self, policy: int, *, final: bool) -> WindowCounts:
        """Write it down for the gate; ``policy`` is the serial of the policy in force."""
        window = self.window
        share = self._observed / (window.end - window.start)
        cells = tuple(self._cell(key) for key in sorted(self._passages, key=order))
        return WindowCounts(
            window.start, window.end, self.number, final, min(100, round(share * 20) * 5), policy, cells
        )

    def _cell(self, key: CellKey) -> CellCount:
        return CellCount(key, min(self._passages[key], MOST), min(len(self._vehicles.get(key, ())), MOST))
