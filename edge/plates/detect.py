"""Find plates in a frame: letterbox, run the detector, decode its peaks.

The detector's interface, models/detector.md: `image` uint8 [N, 288, 384], scaled to fit, top left aligned, the rest
114; `score` [N, h, w] and `corners` [N, h, w, 4, 2] in pixels of that input.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.config import ViewConfig
from edge.plates.geometry import Floats, bounds, inside, overlap, plate_width
from edge.plates.inference import Session
from edge.plates.letterbox import FILL, HEIGHT, SCRATCH, WIDTH, Columns, Letterbox, Rows, crop_to, fit_letterbox
from edge.plates.passage import PlateBox

THRESHOLD = 0.2  # Low: what comes of the unsure ones is edge.plates.look's business.
MAX_BOXES = 16  # Two lanes hold no more; a wall of lettering must not cost a second per frame.
_SAME_PLATE = 0.3  # Neighbouring cells find the same plate again, boxes of two plates hardly overlap.
_EDGE = 1.5  # Pixels of the detector's input that must be left free around a whole plate.
_ROOM = 2.0  # Widths of the box that a zoom shows at least.
_OUTPUTS = ("score", "corners")


@dataclass(frozen=True, slots=True)
class Peaks:
    """Candidates in the detector's pixels, best first: ``corners`` (N, 4, 2), ``scores`` (N,)."""

    corners: Floats
    scores: Floats


class Detector:
    """Finds plates inside the region of interest, outside the masks."""

    def __init__(self, session: Session, view: ViewConfig, threshold: float = THRESHOLD) -> None:
        self._session = session
        self._threshold = threshold
        self._region = np.array(view.region, np.float32)
        self._masks = [np.array(mask, np.float32) for mask in view.masks]
        self._input = np.full((1, HEIGHT, WIDTH), FILL, np.uint8)
        self._zoomed = np.full_like(self._input, FILL)
        self._scratch = np.empty(SCRATCH, np.uint8)
        self._usual: Letterbox | None = None

    def detect(self, gray: NDArray[np.uint8]) -> list[PlateBox]:
        """Return the plates in a frame (h, w), best first."""
        shape = (gray.shape[0], gray.shape[1])
        if self._usual is None or self._usual.shape != shape:
            self._usual = fit_letterbox(shape, crop_to(shape, self._region), self._masks)
            self._input[:] = FILL
        return self._find(gray, self._usual, self._input)

    def zoom(self, full: NDArray[np.uint8], box: PlateBox) -> list[PlateBox]:
        """Return the plates around ``box`` in a frame (H, W), seen pixel by pixel where that is closer than before.

        A plate that is wider than half of the input is seen from farther, also where no frame is around it.
        """
        shape = (full.shape[0], full.shape[1])
        self._zoomed[:] = FILL
        pixels = _pixels_per_pixel(shape, box)
        return self._find(
            full, fit_letterbox(shape, _window(shape, box, pixels), self._masks, 1 / pixels), self._zoomed
        )

    def _find(self, gray: NDArray[np.uint8], part: Letterbox, buffer: NDArray[np.uint8]) -> list[PlateBox]:
        part.draw(gray, buffer[0], self._scratch)
        score, corners = self._session.run(_OUTPUTS, {"image": buffer})
        peaks = without_doubles(find_peaks(score[0], corners[0], self._threshold))
        whole = is_whole(peaks.corners, part.size)
        found = zip(part.to_shares(peaks.corners), peaks.scores, whole, strict=True)
        return [PlateBox(place, float(score), bool(all_in)) for place, score, all_in in found if self._wanted(place)]

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


def _pixels_per_pixel(shape: tuple[int, int], box: PlateBox) -> float:
    """Return how many pixels of a frame (height, width) one of the input shows, at least one, in a zoom on a box."""
    extent = np.array([shape[1], shape[0]], np.float32)
    return max(1.0, _ROOM * plate_width(box.corners * extent) / WIDTH)


def _window(shape: tuple[int, int], box: PlateBox, pixels: float) -> tuple[Rows, Columns]:
    """Return rows and columns around a box: what fills the input, as far as the frame goes."""
    extent = np.array([shape[1], shape[0]], np.float32)
    size = np.minimum(np.array([WIDTH, HEIGHT]) * pixels, extent).astype(int)
    low = np.clip((box.corners * extent).mean(axis=0) - size / 2, 0, extent - size).astype(int)
    return slice(int(low[1]), int(low[1] + size[1])), slice(int(low[0]), int(low[0] + size[0]))
