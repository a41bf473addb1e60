"""The counting line, region and masks drawn on a still, for whoever aims the camera."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.config import ViewConfig
from edge.plates.geometry import Floats, bounds
from edge.plates.line import CountingLine
from edge.plates.passage import PlateBox

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]  # Blue, green, red.

LINE: Colour = (0, 160, 255)
IN: Colour = (80, 200, 60)
OUT: Colour = (60, 60, 230)
REGION: Colour = (230, 180, 40)
_DIMMED = 0.45  # Brightness that is left outside the region and in masks.
_ARROW = 0.14  # Length, in heights of the picture.
_BLOCKS = (4, 2)  # What is left of a plate: fewer blocks across than it has characters.
_DETAIL = 160  # Of a plate an eighth of the picture wide, 20 columns are left: not three for a character.
_MARGIN = 0.3  # Of a plate's size, pixelated around it too.


def draw_view(gray: Picture, view: ViewConfig, plates: Sequence[PlateBox] = ()) -> Picture:
    """Return a still (h, w) as BGR picture (h, w, 3) with what ``view`` says on it.

    Where nothing is looked for it is dark; arrows say which way over the line is in and which is out. The picture is
    blurred so far that a plate has no legible strokes, and the ``plates`` found in it are pixelated as well: a large
    one is surely found, and a small one that is missed is blurred enough.

    Raises:
        ConfigError: the line runs along ``inwards``.
    """
    hidden = _without_plates(_blurred(gray), plates)
    picture = np.ascontiguousarray(cv2.cvtColor(hidden, cv2.COLOR_GRAY2BGR), np.uint8)
    extent = np.array([gray.shape[1], gray.shape[0]], np.float32)
    _dim(picture, view, extent)
    _outline(picture, view, extent)
    _draw_line(picture, view, extent)
    return picture


def _blurred(gray: Picture) -> Picture:
    """Leave no more detail than a picture of ``_DETAIL`` columns has."""
    high, wide = gray.shape
    small = cv2.resize(gray, (_DETAIL, max(1, round(_DETAIL * high / wide))), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (wide, high), interpolation=cv2.INTER_LINEAR), np.uint8)


def _without_plates(gray: Picture, plates: Sequence[PlateBox]) -> Picture:
    for plate in plates:
        left, top, right, bottom = _around(plate, gray.shape)
        patch = gray[top:bottom, left:right]
        if patch.size:
            coarse = cv2.resize(patch, _BLOCKS, interpolation=cv2.INTER_AREA)
            patch[:] = cv2.resize(coarse, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST)
    return gray


def _around(plate: PlateBox, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom in pixels of a plate and its margin."""
    left, top, right, bottom = bounds(plate.corners) * np.array([shape[1], shape[0], shape[1], shape[0]])
    wide, high = _MARGIN * (right - left) / 2, _MARGIN * (bottom - top)
    low = np.floor((left - wide, top - high)).astype(int)
    far = np.ceil((right + wide, bottom + high)).astype(int)
    columns, rows = np.clip((low[0], far[0]), 0, shape[1]), np.clip((low[1], far[1]), 0, shape[0])
    return int(columns[0]), int(rows[0]), int(columns[1]), int(rows[1])


def _dim(picture: Picture, view: ViewConfig, extent: Floats) -> None:
    """Darken masks and whatever is outside the region."""
    wanted = np.full(picture.shape[:2], 0 if view.region else 1, np.uint8)
    if view.region:
        cv2.fillPoly(wanted, [_pixels(view.region, extent)], 1)
    for mask in view.masks:
        cv2.fillPoly(wanted, [_pixels(mask, extent)], 0)
    unwanted = wanted == 0
    picture[unwanted] = (picture[unwanted] * _DIMMED).astype(np.uint8)


def _outline(picture: Picture, view: ViewConfig, extent: Floats) -> None:
    thick = _thickness(picture)
    if view.region:
        cv2.polylines(picture, [_pixels(view.region, extent)], True, REGION, thick, cv2.LINE_AA)  # noqa: FBT003
    for mask in view.masks:
        cv2.polylines(picture, [_pixels(mask, extent)], True, OUT, thick, cv2.LINE_AA)  # noqa: FBT003


def _draw_line(picture: Picture, view: ViewConfig, extent: Floats) -> None:
    start, end = _pixels(view.line, extent)
    cv2.line(picture, _point(start), _point(end), LINE, 2 * _thickness(picture), cv2.LINE_AA)
    inwards = CountingLine(view, float(extent[0] / extent[1])).inwards * np.float32(_ARROW * extent[1])
    along = (end - start).astype(np.float32)
    _arrow(picture, start + along * np.float32(0.4), inwards, "in", IN)
    _arrow(picture, start + along * np.float32(0.6), -inwards, "out", OUT)


def _arrow(picture: Picture, foot: Floats, way: Floats, word: str, colour: Colour) -> None:
    thick, size = _thickness(picture), picture.shape[0] / 500
    cv2.arrowedLine(picture, _point(foot), _point(foot + way), colour, 2 * thick, cv2.LINE_AA, tipLength=0.3)
    (wide, high), _ = cv2.getTextSize(word, cv2.FONT_HERSHEY_SIMPLEX, size, thick)
    beyond = foot + way * np.float32(1.3) + np.array([-wide / 2, high / 2])
    corner = np.clip(beyond, (0, high), (picture.shape[1] - wide, picture.shape[0] - thick))
    cv2.putText(picture, word, _point(corner), cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 4 * thick, cv2.LINE_AA)
    cv2.putText(picture, word, _point(corner), cv2.FONT_HERSHEY_SIMPLEX, size, colour, thick, cv2.LINE_AA)


def _pixels(points: Sequence[tuple[float, float]], extent: Floats) -> NDArray[np.int32]:
    return np.rint(np.array(points) * (extent - 1)).astype(np.int32)


def _point(place: Floats | NDArray[np.int32]) -> tuple[int, int]:
    return round(float(place[0])), round(float(place[1]))


def _thickness(picture: Picture) -> int:
    return max(1, int(picture.shape[0]) // 360)
