"""Read plates: cut each one out upright, run the reader, collapse its columns to characters.

The reader's interface, models/reader.md: `plates` uint8 [N, 48, 144]; `chars` [N, 72, 37], softmax over blank, digits,
letters in two rows of 36 columns; `kind` [N, 3], softmax over dutch, foreign, not a plate.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.plates.detect import MAX_BOXES
from edge.plates.geometry import Floats, plate_width
from edge.plates.inference import Session
from edge.plates.passage import PlateBox, Reading

WIDTH, HEIGHT = 144, 48
WIDEN_X, WIDEN_Y = 0.08, 0.15  # Of the plate's width and height, on each side; the reader was trained with it.
MIN_WIDTH = 24  # Pixels in the full frame: four for each character, with which nobody reads anything.
_ROWS = 2
_BLANK = 0
_OUTPUTS = ("chars", "kind")


class Reader:
    """Reads the plates of one frame in one batch."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._crops = np.zeros((MAX_BOXES, HEIGHT, WIDTH), np.uint8)

    def read(self, full: NDArray[np.uint8], boxes: Sequence[PlateBox]) -> list[Reading | None]:
        """Return one reading per box; None where the plate is not whole, too small, or beyond the batch."""
        extent = np.array([full.shape[1], full.shape[0]], np.float32)
        quads = [box.corners * extent if box.whole else None for box in boxes]
        legible = [at for at, quad in enumerate(quads) if quad is not None and plate_width(quad) >= MIN_WIDTH]
        legible = legible[:MAX_BOXES]
        for slot, at in enumerate(legible):
            cut_out(full, boxes[at].corners * extent, self._crops[slot])
        readings: list[Reading | None] = [None] * len(boxes)
        for at, reading in zip(legible, self._run(len(legible)), strict=True):
            readings[at] = reading
        return readings

    def _run(self, count: int) -> list[Reading]:
        if not count:
            return []
        chars, kind = self._session.run(_OUTPUTS, {"plates": self._crops[:count]})
        return [Reading(collapse(columns), which) for columns, which in zip(chars, kind, strict=True)]


def cut_out(full: NDArray[np.uint8], quad: Floats, target: NDArray[np.uint8]) -> None:
    """Warp the plate with corners ``quad`` (4, 2) in pixels, and a margin, upright into ``target`` (48, 144)."""
    transform = cv2.getPerspectiveTransform(quad.astype(np.float32), _INNER)
    size = (WIDTH, HEIGHT)
    cv2.warpPerspective(full, transform, size, dst=target, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def collapse(columns: Floats) -> Floats:
    """Turn the reader's columns (72, 37) into slots (length, 36): equal neighbours are one character, blanks none.

    A slot is the mean distribution of its columns, the blank left out.
    """
    rows = [_collapse_row(row) for row in np.split(columns, _ROWS)]
    return np.concatenate(rows).astype(np.float32)


def _collapse_row(columns: Floats) -> Floats:
    best = columns.argmax(axis=1)
    starts = np.flatnonzero(np.diff(best, prepend=-1))
    runs = [run for run in np.split(np.arange(len(best)), starts[1:]) if best[run[0]] != _BLANK]
    slots = np.array([columns[run, 1:].mean(axis=0) for run in runs]).reshape(-1, columns.shape[1] - 1)
    return np.asarray(slots / np.maximum(slots.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny), np.float32)


def _inner() -> Floats:
    """Return where the plate's own corners lie in the crop."""
    x, y = WIDTH * WIDEN_X / (1 + 2 * WIDEN_X), HEIGHT * WIDEN_Y / (1 + 2 * WIDEN_Y)
    return np.array([[x, y], [WIDTH - x, y], [WIDTH - x, HEIGHT - y], [x, HEIGHT - y]], np.float32)


_INNER = _inner()
