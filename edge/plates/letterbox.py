"""Fit a part of a frame into the detector's input, and bring its corners back."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.plates.geometry import Floats, bounds

WIDTH, HEIGHT = 384, 288
FILL = 114  # Of what the frame does not cover.
SCRATCH = 4 * WIDTH * HEIGHT  # Pixels of a reduced crop at most: less than twice the input each way.

Rows = slice
Columns = slice


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How a ``crop`` of frames of one ``shape`` (height, width) maps to the input.

    The crop is ``reduced`` (height, width) by a power of two, and from there to ``size`` (width, height): three times
    faster than at once, and no worse, for averaging whole pixels is quick and the rest is less than half. ``masks``
    are polygons in pixels of the input.
    """

    shape: tuple[int, int]
    crop: tuple[Rows, Columns]
    reduced: tuple[int, int] | None
    size: tuple[int, int]
    masks: tuple[NDArray[np.int32], ...]

    def draw(self, gray: NDArray[np.uint8], target: NDArray[np.uint8], scratch: NDArray[np.uint8]) -> None:
        """Scale the crop of a frame into ``target`` (288, 384), masks painted over; the rest is left as it is.

        ``scratch`` (SCRATCH,) is overwritten.
        """
        source, area = gray[self.crop], target[: self.size[1], : self.size[0]]
        if self.reduced is not None:
            high, wide = self.reduced
            reduced = scratch[: high * wide].reshape(high, wide)
            cv2.resize(source, (wide, high), dst=reduced, interpolation=cv2.INTER_AREA)
            source = reduced
        cv2.resize(source, self.size, dst=area, interpolation=cv2.INTER_LINEAR)
        for mask in self.masks:
            cv2.fillPoly(area, [mask], FILL)

    def to_shares(self, corners: Floats) -> Floats:
        """Turn pixels of the input into shares of the frame."""
        rows, columns = self.crop
        scale = np.array([(columns.stop - columns.start) / self.size[0], (rows.stop - rows.start) / self.size[1]])
        pixels = corners * scale + np.array([columns.start, rows.start])
        return np.asarray(pixels / np.array([self.shape[1], self.shape[0]]), np.float32)


def fit_letterbox(
    shape: tuple[int, int], crop: tuple[Rows, Columns], masks: list[Floats], largest: float = math.inf
) -> Letterbox:
    """Fit a crop, at most ``largest`` times its size; ``masks`` are polygons in shares of the frame."""
    factor = _reduction(crop[0].stop - crop[0].start, crop[1].stop - crop[1].start)
    rows, columns = _whole_blocks(crop[0], factor), _whole_blocks(crop[1], factor)
    high, wide = rows.stop - rows.start, columns.stop - columns.start
    size = _fitted(high, wide, largest)
    reduced = (high // factor, wide // factor) if factor > 1 else None
    origin, extent = np.array([columns.start, rows.start]), np.array([shape[1], shape[0]])
    painted = [(mask * extent - origin) * (np.array(size) / np.array([wide, high])) for mask in masks]
    outlines = tuple(np.rint(mask).astype(np.int32) for mask in painted)
    return Letterbox(shape, (rows, columns), reduced, size, outlines)


def crop_to(shape: tuple[int, int], region: Floats) -> tuple[Rows, Columns]:
    """Return rows and columns of a region's bounding box (N, 2) in shares, of the whole frame where there is none."""
    if not len(region):
        return slice(0, shape[0]), slice(0, shape[1])
    left, top, right, bottom = bounds(region) * np.array([shape[1], shape[0], shape[1], shape[0]])
    rows = slice(min(int(top), shape[0] - 1), max(int(np.ceil(bottom)), int(top) + 1))
    columns = slice(min(int(left), shape[1] - 1), max(int(np.ceil(right)), int(left) + 1))
    return rows, columns


def _fitted(high: int, wide: int, largest: float) -> tuple[int, int]:
    """Return the width and height to which a crop is scaled."""
    scale = min(WIDTH / wide, HEIGHT / high, largest)
    return max(1, round(wide * scale)), max(1, round(high * scale))


def _reduction(high: int, wide: int) -> int:
    """Return the largest power of two by which a crop can be reduced and still be no smaller than the input."""
    factor = 1
    while 2 * factor <= min(max(wide / WIDTH, high / HEIGHT), wide, high):
        factor *= 2
    return factor


def _whole_blocks(span: slice, factor: int) -> slice:
    """Cut off the last pixels that fill no block."""
    return slice(span.start, span.stop - (span.stop - span.start) % factor)
