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
from edge.plates.vote import says_plate, text_of

WIDTH, HEIGHT = 144, 48
MIN_WIDTH = 24  # Pixels in the full frame: four for each character, with which nobody reads anything.
_MUCH = 0.05  # Of a character's probability.
_ROWS = 2
_BLANK = 0
_OUTPUTS = ("chars", "kind")


class Reader:
    """Reads the plates of one frame in one batch, and those that make no Dutch text once more, cut wider.

    Boxes that clip the first or last character are what costs most plates; wider cuts are read a little worse.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._crops = np.zeros((MAX_BOXES, HEIGHT, WIDTH), np.uint8)

    def read(self, full: NDArray[np.uint8], boxes: Sequence[PlateBox]) -> list[Reading | None]:
        """Return one reading per box; None where the plate is not whole, too small, or beyond the batch."""
        extent = np.array([full.shape[1], full.shape[0]], np.float32)
        quads = {at: box.corners * extent for at, box in enumerate(boxes) if box.whole}
        legible = [at for at, quad in quads.items() if plate_width(quad) >= MIN_WIDTH][:MAX_BOXES]
        readings = dict(zip(legible, self._run(full, [quads[at] for at in legible], _USUAL), strict=True))
        doubtful = [at for at in legible if not text_of(readings[at])[1]]
        again = self._run(full, [quads[at] for at in doubtful], _WIDE)
        readings |= {at: better(readings[at], second) for at, second in zip(doubtful, again, strict=True)}
        return [readings.get(at) for at in range(len(boxes))]

    def _run(self, full: NDArray[np.uint8], quads: list[Floats], inner: Floats) -> list[Reading]:
        """Read quadrilaterals (4, 2) in pixels whose corners go to ``inner`` in the crop."""
        if not quads:
            return []
        for slot, quad in enumerate(quads):
            cut_out(full, quad, self._crops[slot], inner)
        chars, kind = self._session.run(_OUTPUTS, {"plates": self._crops[: len(quads)]})
        return [Reading(collapse(columns), which) for columns, which in zip(chars, kind, strict=True)]


def better(first: Reading, second: Reading) -> Reading:
    """Return the second reading if it is a Dutch text, or its characters are much clearer; else the first."""
    return second if text_of(second)[1] or _clarity(second) > _clarity(first) + _MUCH else first


def cut_out(full: NDArray[np.uint8], quad: Floats, target: NDArray[np.uint8], inner: Floats) -> None:
    """Warp a plate upright into ``target`` (48, 144): its corners ``quad`` (4, 2), in pixels, go to ``inner``."""
    transform = cv2.getPerspectiveTransform(quad.astype(np.float32), inner)
    size = (WIDTH, HEIGHT)
    cv2.warpPerspective(full, transform, size, dst=target, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def inner_corners(widen_x: float, widen_y: float) -> Floats:
    """Return where a plate's corners lie in a crop that is wider by shares of its size on each side."""
    x, y = WIDTH * widen_x / (1 + 2 * widen_x), HEIGHT * widen_y / (1 + 2 * widen_y)
    return np.array([[x, y], [WIDTH - x, y], [WIDTH - x, HEIGHT - y], [x, HEIGHT - y]], np.float32)


def _clarity(reading: Reading) -> float:
    """Return the mean probability of the characters, 0 where it is no text of a plate."""
    return float(reading.slots.max(axis=1).mean()) if says_plate(reading) else 0.0


def collapse(columns: Floats) -> Floats:
    """Turn the reader's columns (72, 37) into slots (length, 36): what stands between blanks is one character.

    The reader was trained to leave a blank between neighbours. So columns of different classes side by side are one
    character that it can't decide on, such as 0 and O. A slot is the mean distribution of its columns, the blank left
    out.
    """
    rows = [_collapse_row(row) for row in np.split(columns, _ROWS)]
    return np.concatenate(rows).astype(np.float32)


def _collapse_row(columns: Floats) -> Floats:
    inked = columns.argmax(axis=1) != _BLANK
    starts = np.flatnonzero(np.diff(inked, prepend=not inked[0]))
    runs = [run for run in np.split(np.arange(len(inked)), starts[1:]) if inked[run[0]]]
    slots = np.array([columns[run, 1:].mean(axis=0) for run in runs]).reshape(-1, columns.shape[1] - 1)
    return np.asarray(slots / np.maximum(slots.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny), np.float32)


_USUAL = inner_corners(0.08, 0.15)  # As the reader was trained.
_WIDE = inner_corners(0.22, 0.35)
