"""Which frames are worth a look: an empty street costs next to nothing.

A frame is compared with one that was looked at up to ``PAUSE`` seconds ago, not with the one before it, so what creeps
or grows bright slowly adds up. Of a frame a few rows are read, an eighth of a picture of 1280 x 720, averaged along the
row into cells: that makes sensor noise smaller, and what is held of a frame is far too coarse for a plate. Four by four
cells are a block; it differs by the mean of what its cells differ.

How much of that is noise each block learns for itself, as the level below which three quarters of its differences
stay: up by three small steps where one is above, down by one where not. So a passing vehicle, however bright, changes
it little, and a flickering lamp makes its own surroundings less sensitive, no more. Nothing is learnt while a vehicle
is followed, and only up to a bound: where everything moves, as before a camera that shakes, every frame is looked at.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.camera.frame import Frame
from edge.config import Polygon, ViewConfig
from edge.plates.geometry import Floats
from edge.plates.letterbox import crop_to
from edge.plates.track import LOST

# Seconds between two looks at a still scene. One that is unseen for half a second the tracker takes for hidden, and
# then knows it again only very near its place; at ten frames a second or more this stays below, and a vehicle that
# drives off is still found 2.5 plate widths on.
PAUSE = 0.4
AFTER = LOST  # Seconds after the last change: until then a vehicle that stopped is known as parked, or as gone.
_ROWS, _COLUMNS = 96, 160  # Of cells, at most.
_BLOCK = 4
_CLEAR = 2.0  # Times its noise by which a block has changed: Gaussian noise never was in three million blocks.
_LEAST, _MOST = 1.5, 12.0  # Grey levels of noise: a compressed video's steps, and what no sensor's noise exceeds.
_STEP = 0.005  # Grey levels, down; up is three times as much. A sensor's noise is learnt in some seconds.
_QUARTILE = 4
_COVERED = 0.5  # Share of a block that must be of interest.
_WANTED = 255


class Motion:
    """Tells for one frame after the other whether it is worth a look."""

    def __init__(self, view: ViewConfig) -> None:
        self._view = view
        self._sketch: Sketch | None = None
        self._kept = self._changed = -np.inf

    def worth_a_look(self, frame: Frame, *, following: bool) -> bool:
        """Tell whether the next frame is to be looked at; ``following`` says that a vehicle on the move is in sight.

        It is while something moves, ``AFTER`` seconds longer, and every ``PAUSE`` seconds whatever happens.
        """
        sketch = self._fitted((frame.gray.shape[0], frame.gray.shape[1]))
        if sketch.differs(frame.gray, learn=not following):
            self._changed = frame.time
        due = not 0.0 <= frame.time - self._kept < PAUSE
        if due:
            sketch.keep()
            self._kept = frame.time
        return due or following or 0.0 <= frame.time - self._changed <= AFTER

    def _fitted(self, shape: tuple[int, int]) -> "Sketch":
        """Return the sketch of frames of this shape, an empty one where the last frame had another."""
        if self._sketch is None or self._sketch.shape != shape:
            self._sketch, self._kept = Sketch(shape, self._view), -np.inf
        return self._sketch


class Sketch:
    """The coarse picture of a frame that was looked at, and the noise in it, for frames of ``shape`` (height, width).

    It reads the region of interest without the masks. Its buffers are made once.
    """

    def __init__(self, shape: tuple[int, int], view: ViewConfig) -> None:
        self.shape = shape
        self._crop, self._blocks = _sampling(shape, np.array(view.region, np.float32))
        self._weights = _weights(_wanted(shape, view)[self._crop], self._blocks)
        self._now, self._kept, self._apart = np.zeros((3, *self._weights.shape), np.uint8)
        self._weighted = np.zeros_like(self._weights)
        self._levels, self._limits, self._steps = np.zeros((3, *self._blocks), np.float32)
        self._noise = np.full(self._blocks, _LEAST, np.float32)
        self._above = np.zeros(self._blocks, np.bool_)

    def differs(self, gray: NDArray[np.uint8], *, learn: bool) -> bool:
        """Tell whether a frame (h, w) differs from the one that was kept by more than noise."""
        cv2.resize(gray[self._crop], self._now.shape[::-1], dst=self._now, interpolation=cv2.INTER_AREA)
        cv2.absdiff(self._now, self._kept, dst=self._apart)
        np.multiply(self._apart, self._weights, out=self._weighted)
        cv2.resize(self._weighted, self._blocks[::-1], dst=self._levels, interpolation=cv2.INTER_AREA)
        np.multiply(self._noise, _CLEAR, out=self._limits)
        np.greater(self._levels, self._limits, out=self._above)
        changed = bool(self._above.any())
        if learn:
            self._learn()
        return changed

    def keep(self) -> None:
        """Compare later frames with the last one."""
        self._now, self._kept = self._kept, self._now

    def _learn(self) -> None:
        np.greater(self._levels, self._noise, out=self._above)
        np.multiply(self._above, _QUARTILE * _STEP, out=self._steps)
        np.subtract(self._steps, _STEP, out=self._steps)
        np.add(self._noise, self._steps, out=self._noise)
        np.clip(self._noise, _LEAST, _MOST, out=self._noise)


def _sampling(shape: tuple[int, int], region: Floats) -> tuple[tuple[slice, slice], tuple[int, int]]:
    """Return which rows and columns are read, and into how many blocks (down, across) they go.

    Cells are of whole pixels, which is three times faster: up to half a block is left out at each edge.
    """
    rows, columns = crop_to(shape, region)
    high, wide = rows.stop - rows.start, columns.stop - columns.start
    step = max(1, -(-high // _ROWS), -(-wide // _COLUMNS))
    blocks = max(1, high // step // _BLOCK), max(1, wide // step // _BLOCK)
    rows, columns = (_middle(span, _BLOCK * step * count) for span, count in zip((rows, columns), blocks, strict=True))
    return (slice(rows.start, rows.stop, step), columns), blocks


def _middle(span: slice, length: int) -> slice:
    """Return ``length`` pixels in the middle of a span, or all where it has fewer."""
    spare = max(0, span.stop - span.start - length)
    start = span.start + spare // 2
    return slice(start, min(start + length, span.stop))


def _weights(wanted: NDArray[np.uint8], blocks: tuple[int, int]) -> NDArray[np.float32]:
    """Return the weight of each cell in the mean of its block: none where some of it (h, w) is not wanted."""
    size = (_BLOCK * blocks[1], _BLOCK * blocks[0])
    whole = (cv2.resize(wanted, size, interpolation=cv2.INTER_AREA) == _WANTED).astype(np.float32)
    shares = cv2.resize(whole, blocks[::-1], interpolation=cv2.INTER_AREA)
    scales = np.where(shares >= _COVERED, 1.0 / np.maximum(shares, _COVERED), 0.0)
    return np.asarray(whole * np.kron(scales, np.ones((_BLOCK, _BLOCK))), np.float32)


def _wanted(shape: tuple[int, int], view: ViewConfig) -> NDArray[np.uint8]:
    """Return ``_WANTED`` for each pixel (h, w) inside the region of interest and outside the masks, else 0."""
    wanted = np.full(shape, 0 if view.region else _WANTED, np.uint8)
    if view.region:
        cv2.fillPoly(wanted, [_pixels(view.region, shape)], _WANTED)
    for mask in view.masks:
        cv2.fillPoly(wanted, [_pixels(mask, shape)], 0)
    return wanted


def _pixels(polygon: Polygon, shape: tuple[int, int]) -> NDArray[np.int32]:
    return np.asarray(np.rint(np.array(polygon) * np.array([shape[1], shape[0]])), np.int32)
