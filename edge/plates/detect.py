"""Find plates in a frame: letterbox, run the detector, decode its peaks.

The detector's interface, models/detector.md: `image` uint8 [N, 288, 384], scaled to fit, top left aligned, the rest
114; `score` [N, h, w] and `corners` [N, h, w, 4, 2] in pixels of that input.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.config import ViewConfig
from edge.plates.geometry import Floats, bounds, inside, overlap
from edge.plates.inference import Session
from edge.plates.passage import PlateBox

WIDTH, HEIGHT = 384, 288
FILL = 114
THRESHOLD = 0.25  # Low: what comes of the unsure ones is edge.plates.look's business.
MAX_BOXES = 16  # Two lanes hold no more; a wall of lettering must not cost a second per frame.
_SAME_PLATE = 0.3  # Neighbouring cells find the same plate again, boxes of two plates hardly overlap.
_EDGE = 1.5  # Pixels of the detector's input that must be left free around a whole plate.
_OUTPUTS = ("score", "corners")


@dataclass(frozen=True, slots=True)
class Peaks:
    """Candidates in the detector's pixels, best first: ``corners`` (N, 4, 2), ``scores`` (N,)."""

    corners: Floats
    scores: Floats


@dataclass(frozen=True, slots=True)
class _Letterbox:
    """How one frame size maps to the detector's input.

    ``crop`` of the frame is reduced by a power of two into ``reduced``, and from there to ``size`` (width, height):
    three times faster than at once, and no worse, for averaging whole pixels is quick and the rest is less than half.
    """

    shape: tuple[int, int]
    crop: tuple[slice, slice]
    reduced: NDArray[np.uint8] | None
    size: tuple[int, int]
    masks: tuple[NDArray[np.int32], ...]

    def scale(self, gray: NDArray[np.uint8], target: NDArray[np.uint8]) -> None:
        """Draw the frame into ``target``, masks painted over."""
        source = gray[self.crop]
        if self.reduced is not None:
            size = (self.reduced.shape[1], self.reduced.shape[0])
            cv2.resize(source, size, dst=self.reduced, interpolation=cv2.INTER_AREA)
            source = self.reduced
        cv2.resize(source, self.size, dst=target, interpolation=cv2.INTER_LINEAR)
        for mask in self.masks:
            cv2.fillPoly(target, [mask], FILL)

    def to_shares(self, corners: Floats) -> Floats:
        """Turn pixels of the input into shares of the frame."""
        rows, columns = self.crop
        scale = np.array([(columns.stop - columns.start) / self.size[0], (rows.stop - rows.start) / self.size[1]])
        pixels = corners * scale + np.array([columns.start, rows.start])
        return np.asarray(pixels / np.array([self.shape[1], self.shape[0]]), np.float32)


class Detector:
    """Finds plates inside the region of interest, outside the masks."""

    def __init__(self, session: Session, view: ViewConfig, threshold: float = THRESHOLD) -> None:
        self._session = session
        self._threshold = threshold
        self._region = np.array(view.region, np.float32)
        self._masks = [np.array(mask, np.float32) for mask in view.masks]
        self._input = np.full((1, HEIGHT, WIDTH), FILL, np.uint8)
        self._box: _Letterbox | None = None

    def detect(self, gray: NDArray[np.uint8]) -> list[PlateBox]:
        """Return the plates in a frame (h, w), best first."""
        box = self._letterbox(gray)
        score, corners = self._session.run(_OUTPUTS, {"image": self._input})
        peaks = without_doubles(find_peaks(score[0], corners[0], self._threshold))
        whole = is_whole(peaks.corners, box.size)
        shares = box.to_shares(peaks.corners)
        found = zip(shares, peaks.scores, whole, strict=True)
        return [PlateBox(place, float(score), bool(all_in)) for place, score, all_in in found if self._wanted(place)]

    def _letterbox(self, gray: NDArray[np.uint8]) -> _Letterbox:
        """Scale the region of interest into the input buffer; nothing is allocated once the frame size is known."""
        if self._box is None or self._box.shape != gray.shape:
            self._box = _letterbox_for((gray.shape[0], gray.shape[1]), self._region, self._masks)
            self._input[:] = FILL
        width, height = self._box.size
        self._box.scale(gray, self._input[0, :height, :width])
        return self._box

    def _wanted(self, corners: Floats) -> bool:
        """Tell whether a plate's centre is in the region and in no mask."""
        centre = corners.mean(axis=0)
        if len(self._region) and not inside(centre, self._region):
            return False
        return not any(inside(centre, mask) for mask in self._masks)


def find_peaks(score: Floats, corners: Floats, threshold: float) -> Peaks:
    """Return the cells of ``score`` (h, w) that reach the threshold and are the highest of their 3 x 3 neighbours."""
    highest = cv2.dilate(score, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((score >= threshold) & (score >= highest))
    order = np.argsort(-score[rows, columns], kind="stable")[: 2 * MAX_BOXES]
    rows, columns = rows[order], columns[order]
    return Peaks(corners[rows, columns], score[rows, columns])


def without_doubles(peaks: Peaks) -> Peaks:
    """Keep the best of each group of candidates that overlap, at most ``MAX_BOXES``."""
    boxes = bounds(peaks.corners) if len(peaks.scores) else np.empty((0, 4), np.float32)
    kept: list[int] = []
    for index, box in enumerate(boxes):
        if not np.any(overlap(box, boxes[kept]) > _SAME_PLATE):
            kept.append(index)
    kept = kept[:MAX_BOXES]
    return Peaks(peaks.corners[kept], peaks.scores[kept])


def is_whole(corners: Floats, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Tell for corners (N, 4, 2) which stay clear of the edges of a picture of ``size`` (width, height) pixels."""
    clear = (corners >= _EDGE) & (corners <= np.array(size) - _EDGE)
    return np.asarray(clear.all(axis=(1, 2)))


def _letterbox_for(shape: tuple[int, int], region: Floats, masks: list[Floats]) -> _Letterbox:
    rows, columns = _crop(shape, region)
    factor = _reduction(rows.stop - rows.start, columns.stop - columns.start)
    rows, columns = _whole_blocks(rows, factor), _whole_blocks(columns, factor)
    high, wide = rows.stop - rows.start, columns.stop - columns.start
    size = _fitted(high, wide)
    reduced = np.empty((high // factor, wide // factor), np.uint8) if factor > 1 else None
    origin, extent = np.array([columns.start, rows.start]), np.array([shape[1], shape[0]])
    painted = [(mask * extent - origin) * (np.array(size) / np.array([wide, high])) for mask in masks]
    outlines = tuple(np.rint(mask).astype(np.int32) for mask in painted)
    return _Letterbox(shape, (rows, columns), reduced, size, outlines)


def _fitted(high: int, wide: int) -> tuple[int, int]:
    """Return the width and height to which a crop is scaled."""
    scale = min(WIDTH / wide, HEIGHT / high)
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


def _crop(shape: tuple[int, int], region: Floats) -> tuple[slice, slice]:
    """Return rows and columns of the region's bounding box, the whole frame where there is none."""
    if not len(region):
        return slice(0, shape[0]), slice(0, shape[1])
    left, top, right, bottom = bounds(region) * np.array([shape[1], shape[0], shape[1], shape[0]])
    rows = slice(min(int(top), shape[0] - 1), max(int(np.ceil(bottom)), int(top) + 1))
    columns = slice(min(int(left), shape[1] - 1), max(int(np.ceil(right)), int(left) + 1))
    return rows, columns
