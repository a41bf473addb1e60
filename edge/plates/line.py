"""Crossing the counting line.

The rule, for the looks of one track, with distances to the line in plate widths:

* A look is clear when its plate's centre is at least ``CLEAR`` from the line; others say nothing.
* A side is settled by two clear looks in a row. Settled on one side and then on the other is a crossing, so a vehicle
  that crossed has moved at least a plate's width, and one stray look (A A A B A A A) is none.
* A fast vehicle may be seen only three times. Its very first or its very last clear look settles a side alone if it
  is ``FAR`` from the line, the other side has two looks, and the leap to it is one that the vehicle can have made:
  the way that the two move, at most ``HASTE`` times as fast, and rather across the line than along it.
* After a crossing the vehicle counts as over the line until it is settled ``RETURN`` behind it again: one that stops
  on the line, noses forward or shakes with the camera counts once; one that turns round counts once each way.
"""

from dataclasses import dataclass

import numpy as np

from edge.categories import Direction
from edge.config import ViewConfig
from edge.errors import ConfigError
from edge.plates.geometry import Floats, in_heights
from edge.plates.track import Point

CLEAR = 0.5
FAR = 1.0
RETURN = 3.0
HASTE = 3.0
_SETTLED = 2  # Looks in a row.
_INSTANT = 1e-6  # Seconds between looks of the same time.
_WAYS = {"down": (0.0, 1.0), "up": (0.0, -1.0), "left": (-1.0, 0.0), "right": (1.0, 0.0)}
_ACROSS = 0.1  # Least cosine between `inwards` and the way over the line.


@dataclass(frozen=True, slots=True)
class Crossing:
    """When and which way a plate crossed, ``along`` the line and ``width``: where and how wide, in picture heights."""

    time: float
    direction: Direction
    along: float
    width: float


@dataclass(frozen=True, slots=True)
class Step:
    """One look relative to the line: ``distance`` in plate widths, positive on the inner side; ``along`` it."""

    time: float
    distance: float
    along: float
    width: float

    @property
    def side(self) -> int:
        """Return 1 on the inner side, -1 on the outer."""
        return 1 if self.distance > 0 else -1


class CountingLine:
    """The configured line in a picture of a given aspect (width / height); ``inwards`` is the unit vector across it."""

    def __init__(self, view: ViewConfig, aspect: float) -> None:
        start, end = in_heights(np.array(view.line, np.float32), aspect)
        self._start = start
        self.length = float(np.hypot(*(end - start)))
        self._along = (end - start) / self.length
        self.inwards = _inner_normal(self._along, view)

    def step(self, point: Point) -> Step:
        """Say where a place is relative to the line."""
        way = point.centre - self._start
        distance = float(way @ self.inwards) / point.width
        return Step(point.time, distance, float(way @ self._along), point.width)


class Course:
    """One track's way over the line; ``returning`` where it crossed, and was seen clear behind the line again."""

    def __init__(self, line: CountingLine) -> None:
        self._line = line
        self._side = 0
        self._run: list[Step] = []
        self._first: Step | None = None
        self._turns = 0
        self._before: list[Step] = []
        self._crossed = False
        self.returning = False

    def add(self, point: Point) -> Crossing | None:
        """Take the next look; return the crossing that it completes."""
        step = self._line.step(point)
        self.returning = self._crossed and step.side != self._side and abs(step.distance) >= CLEAR
        if not self._is_clear(step):
            return None
        if not self._side:
            return self._begin(step)
        if step.side == self._side:
            self._run = []
            self._before = [*self._before[-1:], step]
            return None
        self._run = [*self._run[-1:], step]
        return self._cross(self._run[0]) if len(self._run) == _SETTLED else None

    def finish(self) -> Crossing | None:
        """Say that no look follows; return the crossing that the last one completes alone."""
        if len(self._run) != 1 or not self._side or len(self._before) < _SETTLED:
            return None
        last = self._run[0]
        one, two = self._before
        return self._cross(last) if _is_leap(last, (two, last), (one, two)) else None

    def _is_clear(self, step: Step) -> bool:
        back = self._crossed and step.side != self._side
        return abs(step.distance) >= (RETURN if back else CLEAR)

    def _begin(self, step: Step) -> Crossing | None:
        """Settle the first side, from two looks, or from the very first one and two on the other side."""
        self._first = self._first or step
        if self._run and self._run[0].side != step.side:
            self._run = []
            self._turns += 1
        self._run.append(step)
        if len(self._run) < _SETTLED:
            return None
        first, steps, self._run = self._first, self._run, []
        self._side, self._before = step.side, steps
        if self._turns != 1 or abs(step.distance) < FAR or not _is_leap(first, (first, steps[0]), (steps[0], step)):
            return None
        self._side, self._before = first.side, [first]
        return self._cross(steps[0])

    def _cross(self, after: Step) -> Crossing | None:
        """Change sides; it is a crossing where the way leads through the line, not round its end."""
        before = self._before[-1]
        share = before.distance / (before.distance - after.distance)
        along = before.along + share * (after.along - before.along)
        self._side, self._before, self._run = after.side, [after], []
        if not -after.width / 2 <= along <= self._line.length + after.width / 2:
            return None
        self._crossed = True
        direction = Direction.IN if after.side > 0 else Direction.OUT
        return Crossing(before.time + share * (after.time - before.time), direction, along, after.width)


def _is_leap(lone: Step, leap: tuple[Step, Step], pair: tuple[Step, Step]) -> bool:
    """Tell whether ``lone``, alone on its side, is a leap away from a ``pair`` of looks at the same vehicle."""
    speed, pace = _pace(*leap), _pace(*pair)
    way, sideways = abs(leap[1].distance - leap[0].distance), abs(leap[1].along - leap[0].along)
    possible = abs(speed) <= HASTE * pace * np.sign(speed) and sideways <= way * lone.width
    return bool(abs(lone.distance) >= FAR and possible)


def _pace(one: Step, two: Step) -> float:
    """Return plate widths per second towards the inner side."""
    return (two.distance - one.distance) / max(two.time - one.time, _INSTANT)


def _inner_normal(along: Floats, view: ViewConfig) -> Floats:
    """Return the unit vector across the line to its inner side."""
    way = np.array(_WAYS[view.inwards], np.float32)
    across = np.array([-along[1], along[0]], np.float32)
    cosine = float(across @ way)
    if abs(cosine) < _ACROSS:
        allowed = "up or down" if view.inwards in ("left", "right") else "left or right"
        raise ConfigError(f"[view] inwards = {view.inwards!r}: the line runs that way; allowed for it: {allowed}")
    return across * np.float32(np.sign(cosine))
