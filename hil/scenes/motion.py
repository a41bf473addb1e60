"""Where everything is at a moment."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from edge.categories import Direction
from hil.scenes.camera import LINE_Y, MAST_HEIGHT, Camera, Floats, Point, below_line
from hil.scenes.traffic import LANE, Pass, Size

FARTHEST: Final = 34.5
"""Metres from the mast: beyond, no vehicle shows in the picture."""
STEEPEST: Final = 0.38
"""Metres that the lowest ray of the picture falls in each metre, and a little less."""


@dataclass(frozen=True, slots=True)
class Path:
    """The straight way of the near end of a vehicle: ``x``, and metres per second towards larger y."""

    x: float
    time: float
    velocity: float

    def at(self, time: float) -> Floats:
        """The near end on the road (3,) at ``time`` seconds."""
        return np.array([self.x, LINE_Y + self.velocity * (time - self.time), 0.0])

    def when(self, y: float) -> float:
        """The time at which the near end is at ``y``."""
        return self.time + (y - LINE_Y) / self.velocity

    def shifted(self, metres: float) -> "Path":
        """The way of something ``metres`` farther from the camera."""
        return Path(self.x, self.time - metres / self.velocity, self.velocity)

    def shown(self, size: Size) -> tuple[float, float]:
        """First and last second in which a vehicle may be in the picture: a high one is seen nearer to the mast."""
        closest = max(1.5, (MAST_HEIGHT - size.height) / STEEPEST)
        ends = self.when(FARTHEST), self.when(closest - size.length)
        return min(ends), max(ends)


def path_of(passing: Pass) -> Path:
    """The way of one pass: approaching on the left, leaving on the right."""
    leaving = passing.direction is Direction.OUT
    lane, sign = (LANE, 1.0) if leaving else (-LANE, -1.0)
    return Path(lane + passing.offset, passing.time, sign * passing.speed)


def crossing(path: Path, height: float, camera: Camera, line: tuple[Point, Point]) -> float:
    """The second at which the middle of a plate at ``height`` metres crosses the line in the picture."""
    early, late = path.time - 3.0, path.time + 3.0
    rising = path.velocity < 0
    for _ in range(40):
        middle = (early + late) / 2
        spot = path.at(middle) + np.array([0.0, -0.03, height])
        passed = bool(below_line(camera.project(spot), line) > 0) == rising
        early, late = (early, middle) if passed else (middle, late)
    return (early + late) / 2
