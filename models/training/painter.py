"""A gray canvas in millimetres with an alpha mask: what the drawn vehicles and signs are painted on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Point: TypeAlias = tuple[float, float]

_SHIFT = 4  # four fractional bits: OpenCV's sub-pixel drawing
_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_PLAIN,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)


@dataclass(frozen=True, slots=True)
class Painter:
    """Paints on `shade` and `alpha` (uint8, same shape); x to the right, y down, both in millimetres."""

    shade: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    scale: float  # pixels per millimetre
    origin: Point  # the millimetre position of the top-left pixel

    def pixels(self, points: Sequence[Point]) -> NDArray[np.float64]:
        """Millimetres to pixels, shape [n, 2]."""
        return (np.asarray(points, np.float64) - self.origin) * self.scale

    def _fixed(self, points: Sequence[Point]) -> NDArray[np.int32]:
        return np.round(self.pixels(points) * (1 << _SHIFT)).astype(np.int32)

    def polygon(self, points: Sequence[Point], value: float) -> None:
        """Fill a polygon with one shade."""
        corners = [self._fixed(points)]
        cv2.fillPoly(self.shade, corners, int(np.clip(value, 0, 255)), cv2.LINE_AA, _SHIFT)
        cv2.fillPoly(self.alpha, corners, 255, cv2.LINE_AA, _SHIFT)

    def outline(self, points: Sequence[Point], value: float, width: float, *, closed: bool = True) -> None:
        """Draw a line of the given width along the points."""
        thick = max(1, round(width * self.scale))
        shade = int(np.clip(value, 0, 255))
        cv2.polylines(self.shade, [self._fixed(points)], closed, shade, thick, cv2.LINE_AA, _SHIFT)

    def ellipse(self, centre: Point, radii: Point, value: float, width: float = 0.0, angle: float = 0.0) -> None:
        """Fill an ellipse, or draw its rim where a width is given; `angle` in degrees."""
        turn = np.linspace(0.0, 2 * np.pi, 28, endpoint=False)
        c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        x, y = radii[0] * np.cos(turn), radii[1] * np.sin(turn)
        points = list(zip(centre[0] + c * x - s * y, centre[1] + s * x + c * y, strict=True))
        if width:
            self.outline(points, value, width)
        else:
            self.polygon(points, value)

    def gradient(self, points: Sequence[Point], top: float, bottom: float) -> None:
        """Fill a polygon with a vertical ramp between two shades."""
        mask = np.zeros_like(self.alpha)
        cv2.fillPoly(mask, [self._fixed(points)], 255, cv2.LINE_AA, _SHIFT)
        x, y, w, h = cv2.boundingRect(mask)
        if w == 0 or h == 0:
            return
        ramp = np.linspace(top, bottom, h, dtype=np.float32)[:, None]
        weight = mask[y : y + h, x : x + w].astype(np.float32) / 255
        patch = self.shade[y : y + h, x : x + w]
        patch[:] = np.clip(patch * (1 - weight) + ramp * weight, 0, 255).astype(np.uint8)
        np.maximum(self.alpha, mask, out=self.alpha)

    def text(self, rng: np.random.Generator, words: str, at: Point, height: float, value: float) -> None:
        """Letter `words` with its baseline's left end at a point; `height` of a capital in millimetres."""
        font = _FONTS[int(rng.integers(len(_FONTS)))]
        size = max(height * self.scale / 21.0, 0.05)
        thick = max(1, round(height * self.scale * rng.uniform(0.05, 0.16)))
        x, y = np.round(self.pixels([at])[0]).astype(int)
        cv2.putText(self.shade, words, (int(x), int(y)), font, size, int(value), thick, cv2.LINE_AA)


def painter(box: tuple[float, float, float, float], scale: float) -> Painter:
    """Give an empty canvas for the millimetre box (left, top, right, bottom)."""
    left, top, right, bottom = box
    shape = (max(2, round((bottom - top) * scale)), max(2, round((right - left) * scale)))
    return Painter(np.zeros(shape, np.uint8), np.zeros(shape, np.uint8), scale, (left, top))


def rounded(left: float, top: float, right: float, bottom: float, radius: float) -> list[Point]:
    """Corner points of a rectangle whose corners are rounded with a radius (mm)."""
    r = min(radius, (right - left) / 2, (bottom - top) / 2)
    turn = np.linspace(0.0, np.pi / 2, 5)
    centres = ((right - r, bottom - r), (left + r, bottom - r), (left + r, top + r), (right - r, top + r))
    return [
        (cx + r * float(np.cos(a + k * np.pi / 2)), cy + r * float(np.sin(a + k * np.pi / 2)))
        for k, (cx, cy) in enumerate(centres)
        for a in turn
    ]
