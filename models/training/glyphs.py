"""Characters in the manner of Dutch plates, drawn by us from strokes, so that no font file is needed.

A glyph is a few polylines in a unit square (x to the right, y downwards) whose corners are rounded on drawing;
the square spans the middle of the outermost strokes. Proportions after measures of published plates: 75 mm high,
about 46 mm wide, strokes of 10.5 mm.
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

Vertex = tuple[float, float, float]
"""x, y and the share 0..1 of the face's corner radius."""


class Face(Protocol):
    """Something that paints characters: our own glyphs, or a font."""

    def aspect(self, char: str) -> float:
        """Width over height of the character `char`."""
        ...

    def paint(self, mask: NDArray[np.uint8], char: str, box: tuple[float, float, float, float]) -> None:
        """Paint `char` with 255 into `mask` (H, W) so that it fills `box` (x, y, width, height in pixels)."""
        ...


@dataclass(frozen=True, slots=True)
class Stroke:
    """One polyline of a glyph."""

    vertices: tuple[Vertex, ...]
    closed: bool = False


def _stroke(path: str) -> Stroke:
    """Read `x y[ radius],…`, closed if it ends in `z`."""
    closed = path.endswith("z")
    numbers = [[float(n) for n in vertex.split()] for vertex in path.rstrip("z").split(",")]
    return Stroke(tuple((v[0], v[1], v[2] if len(v) > 2 else 0.0) for v in numbers), closed)


# Variants of a character are separated by `|`, strokes by `;`. The first variant is nearest to the Dutch face.
_PATHS: Final = {
    "0": "0 0 1,1 0 1,1 1 1,0 1 1z",
    "1": "0 .26,.9 0,1 0,1 1|0 .3,1 0,1 1|.0 .22,.5 0,.5 1;0 1,1 1",
    "2": "0 .26,0 0 1,1 0 1,1 .46 .8,0 1,1 1|0 .2,0 0 .8,1 0 .8,1 .5 .8,0 .66 .5,0 1,1 1",
    "3": "0 0,1 0,.42 .41,1 .41 1,1 1 1,0 1 1,0 .77|0 .22,0 0 1,1 0 1,1 .47 .8,.3 .47;"
    ".3 .47,1 .47 .8,1 1 1,0 1 1,0 .77",
    "4": ".52 0,0 .73,1 .73;.74 .42,.74 1|.74 1,.74 0,0 .7,1 .7|.4 0,0 .66,1 .66;.72 .36,.72 1",
    "5": ".95 0,.08 0,.04 .44,.1 .4,1 .4 1,1 1 1,0 1 1,0 .78|1 0,0 0,0 .48,1 .44 1,1 1 1,0 1 1",
    "6": ".7 0,0 .56 .6,0 1 1,1 1 1,1 .42 1,.1 .42|.96 .2,.96 0 1,0 0 1,0 1 1,1 1 1,1 .42 1,0 .42 .6,0 .55",
    "7": "0 0,1 0,.34 1|0 .12,0 0,1 0,.45 .6 .6,.4 1",
    "8": ".06 0 .9,.94 0 .9,.94 .46 .9,.06 .46 .9z;0 .46 .9,1 .46 .9,1 1 .9,0 1 .9z",
    "9": ".3 1,1 .44 .6,1 0 1,0 0 1,0 .58 1,.9 .58|.04 .8,.04 1 1,1 1 1,1 0 1,0 0 1,0 .58 1,1 .58 .6,1 .45",
    "A": "0 1,.42 0,.58 0,1 1;.19 .69,.81 .69|0 1,.5 0,1 1;.2 .68,.8 .68",
    "B": "0 0,.92 0 .8,.92 .46 .8,0 .46z;0 .46,1 .46 .8,1 1 .9,0 1z",
    "C": "1 .25,1 0 1,0 0 1,0 1 1,1 1 1,1 .75",
    "D": "0 0,1 0 1,1 1 1,0 1z",
    "E": "1 0,0 0,0 1,1 1;0 .47,.85 .47",
    "F": "1 0,0 0,0 1;0 .48,.85 .48",
    "G": "1 .25,1 0 1,0 0 1,0 1 1,1 1 1,1 .54,.55 .54|1 .22,1 0 1,0 0 1,0 1 1,1 1 1,1 .56,.5 .56;1 .9,1 1|"
    "1 .24,1 0 1,0 0 1,0 1 1,1 1 1,1 .52,.74 .52|1 .2,1 0 1,0 0 1,0 1 1,.9 1 1,.96 .6;.62 .58,1 .58,1 1",
    "H": "0 0,0 1;1 0,1 1;0 .48,1 .48",
    "I": ".5 0,.5 1|.5 0,.5 1;0 0,1 0;0 1,1 1",
    "J": "1 0,1 1 1,0 1 1,0 .74|.3 0,1 0,1 1 1,0 1 1,0 .72",
    "K": "0 0,0 1;.96 0,.06 .58;.34 .4,1 1|0 0,0 1;1 0,.3 .48,0 .48;.3 .48,1 1",
    "L": "0 0,0 1,1 1",
    "M": "0 1,0 0,.06 0,.5 .7,.94 0,1 0,1 1|0 1,.06 0,.5 .62,.94 0,1 1|0 1,0 0,.5 .5,1 0,1 1|0 1,0 0,.5 1,1 0,1 1|"
    "0 1,0 0,.5 .38,1 0,1 1",
    "N": "0 1,0 0,.05 0,.95 1,1 1,1 0",
    "O": "0 0 1,1 0 1,1 1 1,0 1 1z",
    "P": "0 1,0 0,1 0 .9,1 .54 .9,0 .54",
    "Q": "0 0 1,1 0 1,1 1 1,0 1 1z;.58 .72,1 1.04",
    "R": "0 1,0 0,.98 0 .9,.98 .52 .9,0 .52;.5 .52,1 1",
    "S": "1 .24,1 0 1,0 0 1,0 .46 1,1 .46 1,1 1 1,0 1 1,0 .76|.96 .2,.96 0 1,.04 0 1,.04 .4 .8,"
    "1 .56 .8,1 1 1,0 1 1,0 .78",
    "T": "0 0,1 0;.5 0,.5 1",
    "U": "0 0,0 1 1,1 1 1,1 0",
    "V": "0 0,.46 1,.54 1,1 0|0 0,.5 1,1 0",
    "W": "0 0,.23 1,.27 1,.5 .12,.73 1,.77 1,1 0|0 0,.25 1,.5 .35,.75 1,1 0|0 0,.06 1,.5 .38,.94 1,1 0",
    "X": "0 0,1 1;1 0,0 1",
    "Y": "0 0,.5 .5,1 0;.5 .5,.5 1",
    "Z": "0 0,1 0,0 1,1 1|0 0,1 0,1 .08,0 .92,0 1,1 1",
}
_WIDTHS: Final = {
    "1": 0.34,
    "I": 0.15,
    "J": 0.5,
    "L": 0.52,
    "M": 0.76,
    "O": 0.64,
    "W": 0.8,
    "T": 0.58,
    "E": 0.54,
    "F": 0.54,
}
CHARACTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@cache
def variants(char: str) -> tuple[tuple[Stroke, ...], ...]:
    """The ways in which `char` (0-9, A-Z) is drawn, each a tuple of strokes."""
    return tuple(tuple(_stroke(path) for path in way.split(";")) for way in _PATHS[char].split("|"))


@dataclass(frozen=True, slots=True)
class DrawnFace:
    """Our own glyphs with proportions that can be varied; the defaults are the Dutch ones."""

    width: float = 0.61
    """Width over height of an ordinary character."""
    stroke: float = 0.14
    """Stroke width over height."""
    radius: float = 0.26
    """Corner radius over height."""
    variant: int = 0
    """Seed that chooses among the variants of each character; 0 always takes the first."""
    breadth: float = 1.0
    """How much of their own width M and W keep: at 0 they are as narrow as the other letters, as on some plates."""
    round_ends: bool = False

    def aspect(self, char: str) -> float:
        """Width over height of the character `char`."""
        if char in "MW":
            return self.width * (1.05 + self.breadth * (_WIDTHS[char] / 0.61 - 1.05))
        if char == "I" and self._choice("I") == 1:
            return max(self.width * 0.6, self.stroke * 2.5)
        return max(self.stroke, _WIDTHS.get(char, 0.61) / 0.61 * self.width)

    def paint(self, mask: NDArray[np.uint8], char: str, box: tuple[float, float, float, float]) -> None:
        """Paint `char` with 255 into `mask` (H, W) so that it fills `box` (x, y, width, height in pixels)."""
        x, y, width, height = box
        thick = min(self.stroke * height, width)
        size = np.array([width - thick, height - thick])
        left, top = max(0, round(x)), max(0, round(y))
        inside = mask[top : round(y + height), left : round(x + width)]  # Cuts the ends straight, as plates have them.
        for stroke in variants(char)[self._choice(char)]:
            points = rounded(stroke, size, self.radius * height)
            if not (stroke.closed or self.round_ends):
                points = _prolonged(points, size, thick)
            points = points + np.array([x - left, y - top]) + thick / 2
            paint_line(inside, points, thick, closed=stroke.closed, round_ends=self.round_ends)

    def _choice(self, char: str) -> int:
        return (self.variant * (ord(char) + 7)) % 11 % len(variants(char)) if self.variant else 0


def rounded(stroke: Stroke, size: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    """Scale a stroke to `size` (width, height in pixels) and round its corners; returns points (N, 2)."""
    points = np.array([vertex[:2] for vertex in stroke.vertices]) * size
    count = len(points)
    result: list[NDArray[np.float64]] = []
    for i, point in enumerate(points):
        reach = stroke.vertices[i][2] * radius
        if reach <= 0 or (not stroke.closed and i in {0, count - 1}):
            result.append(point[None])
        else:
            result.append(_corner(points[i - 1], point, points[(i + 1) % count], reach))
    return np.concatenate(result)


def _prolonged(points: NDArray[np.float64], size: NDArray[np.float64], thick: float) -> NDArray[np.float64]:
    """Lengthen ends that run into a side of the glyph's square, so that they reach the side of its box."""
    longer = points.copy()
    for end, before in ((0, 1), (-1, -2)):
        way = points[end] - points[before]
        leaves = ((points[end] <= 0) & (way < 0)) | ((points[end] >= size) & (way > 0))
        if leaves.any():
            longer[end] += way * thick / max(float(np.hypot(*way)), 1e-6)
    return longer


def _corner(
    before: NDArray[np.float64], point: NDArray[np.float64], after: NDArray[np.float64], reach: float
) -> NDArray[np.float64]:
    """A quadratic-like arc that leaves and meets the two sides at most half their length from the corner."""
    start = point + _limited(before - point, reach)
    end = point + _limited(after - point, reach)
    t = np.linspace(0, 1, 9)[:, None]
    weight = 0.75  # A rational quadratic: sqrt(1/2) would be a circle at a right angle; plates are a bit squarer.
    basis = (1 - t) ** 2 + 2 * weight * t * (1 - t) + t**2
    arc: NDArray[np.float64] = ((1 - t) ** 2 * start + 2 * weight * t * (1 - t) * point + t**2 * end) / basis
    return arc


def _limited(side: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    length = float(np.hypot(*side))
    limited: NDArray[np.float64] = side * min(reach / max(length, 1e-6), 0.5)
    return limited


def paint_line(
    mask: NDArray[np.uint8],
    points: NDArray[np.float64],
    thick: float,
    *,
    closed: bool = False,
    round_ends: bool = False,
) -> None:
    """Paint a polyline (N, 2) of `thick` pixels with 255 into `mask`; joints are round, ends flat unless asked."""
    ends = np.concatenate([points, points[:1]]) if closed else points
    for a, b in pairwise(ends):
        side = np.array([a[1] - b[1], b[0] - a[0]])
        side *= thick / 2 / max(float(np.hypot(*side)), 1e-6)
        cv2.fillConvexPoly(mask, _fixed(np.stack([a + side, b + side, b - side, a - side])), 255, cv2.LINE_AA, 4)
    for joint in points if closed or round_ends else points[1:-1]:
        cv2.circle(mask, _fixed(joint).tolist(), round(thick / 2 * 16), 255, -1, cv2.LINE_AA, 4)


def _fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    """Pixel coordinates in OpenCV's fixed point with four fractional bits."""
    return np.rint(points * 16 - 8).astype(np.int32)
