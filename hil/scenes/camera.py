"""The camera on its mast, and the counting line in its picture.

World coordinates are metres: x to the right as the camera looks, y along the road away from it, z upwards; the road
is z = 0 and its middle x = 0. Traffic keeps right: it leaves at x > 0 and approaches at x < 0.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Image = NDArray[Any]
"""Pixels, uint8; OpenCV's annotations leave the element type open."""
Point = tuple[float, float]

WIDTH: Final = 1280
HEIGHT: Final = 720
MAST_HEIGHT: Final = 6.0
"""High enough that a bus under the camera does not hide the other lane."""
LINE_Y: Final = 17.6
"""Where on the road the counting line lies, in metres from the mast."""
PLATE_HEIGHT: Final = 0.55
"""At this height the counting line is drawn: plates cross it, not tyres."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera; ``axes`` (3, 3) are its right, down and forward as rows, ``focal`` is in pixels."""

    position: Floats
    axes: Floats
    focal: float

    def project(self, points: Floats) -> Floats:
        """Pixels (…, 2) of world points (…, 3); they must lie before the camera (see `depth`)."""
        local = (points - self.position) @ self.axes.T
        centre = np.array([WIDTH / 2, HEIGHT / 2])
        pixels: Floats = centre + self.focal * local[..., :2] / local[..., 2:]
        return pixels

    def depth(self, points: Floats) -> Floats:
        """Distance (…) of world points (…, 3) along the direction of view."""
        distance: Floats = (points - self.position) @ self.axes[2]
        return distance

    def ground(self) -> Floats:
        """Homography (3, 3) from (x, y) on the road to pixels."""
        lens = np.array([[self.focal, 0, WIDTH / 2], [0, self.focal, HEIGHT / 2], [0, 0, 1]])
        columns = np.column_stack([self.axes[:, 0], self.axes[:, 1], -self.axes @ self.position])
        homography: Floats = lens @ columns
        return homography


def aim(position: tuple[float, float, float], target: tuple[float, float, float], focal: float) -> Camera:
    """Put a level camera at ``position`` and turn it to ``target``."""
    start = np.array(position)
    forward = np.array(target) - start
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    return Camera(start, np.array([right, np.cross(forward, right), forward]), focal)


def mast_camera() -> Camera:
    """On an arm above the road's middle; a plate on the counting line is about 100 pixels wide."""
    return aim((0.6, 0.0, MAST_HEIGHT), (0.0, 20.9, 0.0), 3_700.0)


def counting_line(camera: Camera) -> tuple[Point, Point]:
    """The counting line from edge to edge of the picture, as shares of its width and height."""
    ends = camera.project(np.array([[-9.0, LINE_Y, PLATE_HEIGHT], [9.0, LINE_Y, PLATE_HEIGHT]]))
    slope = (ends[1, 1] - ends[0, 1]) / (ends[1, 0] - ends[0, 0])
    left = ends[0, 1] - slope * ends[0, 0]
    right = left + slope * WIDTH
    return (0.0, round(float(left) / HEIGHT, 3)), (1.0, round(float(right) / HEIGHT, 3))


def below_line(pixels: Floats, line: tuple[Point, Point]) -> Floats:
    """How many pixels (…) the points (…, 2) lie below the counting line; negative: above it."""
    (x0, y0), (x1, y1) = line
    level = y0 + (pixels[..., 0] / WIDTH - x0) / (x1 - x0) * (y1 - y0)
    lower: Floats = pixels[..., 1] - level * HEIGHT
    return lower
