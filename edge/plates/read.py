"""Read plates: cut each one out upright, run the reader, collapse its columns to characters.

The reader's interface, models/reader.md: `plates` uint8 [N, 48, 144]; `chars` [N, 72, 37], softmax over blank, digits,
letters in two rows of 36 columns; `kind` [N, 3], softmax over dutch, foreign, not a plate.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.plates.detect import MAX_BOXES
from edge.plates.evidence import is_dutch, says_plate, text_of
from edge.plates.geometry import Floats, plate_width
from edge.plates.inference import Session
from edge.plates.passage import PlateBox, Reading, overwrite

WIDTH, HEIGHT = 144, 48
MIN_WIDTH = 24  # Pixels in the full frame: four for each character, with which nobody reads anything.
_AGAIN = 4  # Plates of a frame that are read in several cuts.
_FOREIGN = 0.7  # Of a voice for a Dutch text: half of one is read as a foreign text.
_ROWS = 2
_BLANK = 0
_OUTPUTS = ("chars", "kind")


class Reader:
    """Reads the plates of one frame in one batch, and those that make no Dutch text again, each in several cuts.

    Boxes that clip the first or last character are what costs most plates: a cut that shows more of one side or of
    both mends it, but wider cuts are read a little worse, so what most cuts say counts.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._crops = np.zeros((max(MAX_BOXES, _AGAIN * len(_CUTS)), HEIGHT, WIDTH), np.uint8)

    def read(self, full: NDArray[np.uint8], boxes: Sequence[PlateBox]) -> list[Reading | None]:
        """Return one reading per box; None where the plate is not whole, too small, or beyond the batch."""
        extent = np.array([full.shape[1], full.shape[0]], np.float32)
        quads = {at: box.corners * extent for at, box in enumerate(boxes) if box.whole}
        legible = [at for at, quad in quads.items() if plate_width(quad) >= MIN_WIDTH][:MAX_BOXES]
        readings = dict(zip(legible, self._run(full, [(quads[at], _USUAL) for at in legible]), strict=True))
        doubtful = [at for at in legible if not is_dutch(readings[at])][:_AGAIN]
        again = self._run(full, [(quads[at], inner) for at in doubtful for inner in _CUTS])
        for number, at in enumerate(doubtful):
            readings[at] = _best([readings[at], *again[number * len(_CUTS) : (number + 1) * len(_CUTS)]])
        return [readings.get(at) for at in range(len(boxes))]

    def _run(self, full: NDArray[np.uint8], cuts: Sequence[tuple[Floats, Floats]]) -> list[Reading]:
        """Read quadrilaterals (4, 2) in pixels, each with the corners in the crop (4, 2) that it goes to.

        Crops and what the model gave are overwritten: a quiet street would keep them for hours.
        """
        if not cuts:
            return []
        for slot, (quad, inner) in enumerate(cuts):
            cut_out(full, quad, self._crops[slot], inner)
        chars, kind = self._session.run(_OUTPUTS, {"plates": self._crops[: len(cuts)]})
        readings = [Reading(collapse(columns), which) for columns, which in zip(chars, kind, strict=True)]
        self._crops[: len(cuts)] = 0
        chars.fill(0.0)
        return readings


def _best(readings: Sequence[Reading]) -> Reading:
    """Return the reading that is agreed on, and overwrite the others."""
    best = agreed(readings)
    for reading in readings:
        if reading is not best:
            reading.wipe()
    return best


def agreed(readings: Sequence[Reading]) -> Reading:
    """Return the clearest reading of the text that the readings of one plate say most, each as far as it is clear."""
    clear = [_clarity(reading) for reading in readings]
    texts = [text_of(reading)[0] for reading in readings]
    voices = [sum(one for one, other in zip(clear, texts, strict=True) if other == text) for text in texts]
    for text in texts:
        overwrite(text)
    return readings[max(range(len(readings)), key=lambda at: (voices[at], clear[at]))]


def cut_out(full: NDArray[np.uint8], quad: Floats, target: NDArray[np.uint8], inner: Floats) -> None:
    """Warp a plate upright into ``target`` (48, 144): its corners ``quad`` (4, 2), in pixels, go to ``inner``."""
    transform = cv2.getPerspectiveTransform(quad.astype(np.float32), inner)
    size = (WIDTH, HEIGHT)
    cv2.warpPerspective(full, transform, size, dst=target, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def inner_corners(left: float, right: float, upright: float) -> Floats:
    """Return where a plate's corners lie in a crop that is wider by shares of its size on each side."""
    begin, end = WIDTH * left / (1 + left + right), WIDTH * (1 + left) / (1 + left + right)
    top = HEIGHT * upright / (1 + 2 * upright)
    return np.array([[begin, top], [end, top], [end, HEIGHT - top], [begin, HEIGHT - top]], np.float32)


def _clarity(reading: Reading) -> float:
    """Return the mean probability of the characters, less for a foreign text, 0 where it is no text of a plate."""
    if not says_plate(reading):
        return 0.0
    return float(reading.slots.max(axis=1).mean()) * (1.0 if is_dutch(reading) else _FOREIGN)


def collapse(columns: Floats) -> Floats:
    """Turn the reader's columns (72, 37) into slots (length, 36): what stands between blanks is one character.

    The reader was trained to leave a blank between neighbours. So columns of different classes side by side are one
    character that it can't decide on, such as 0 and O. A slot is the mean distribution of its columns, the blank left
    out.
    """
    rows = [_collapse_row(row) for row in np.split(columns, _ROWS)]
    slots = np.concatenate(rows)
    for row in rows:
        row.fill(0.0)
    return slots


def _collapse_row(columns: Floats) -> Floats:
    likeliest = columns.argmax(axis=1)
    inked = likeliest != _BLANK
    likeliest.fill(0)  # It spells the text.
    starts = np.flatnonzero(np.diff(inked, prepend=not inked[0]))
    runs = [run for run in np.split(np.arange(len(inked)), starts[1:]) if inked[run[0]]]
    slots = np.array([columns[run, 1:].mean(axis=0) for run in runs]).reshape(-1, columns.shape[1] - 1)
    return np.asarray(slots / np.maximum(slots.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny), np.float32)


_USUAL = inner_corners(0.08, 0.08, 0.15)  # As the reader was trained.
_CUTS = (  # Wider, narrower, more of the left, more of the right.
    inner_corners(0.22, 0.22, 0.35),
    inner_corners(0.14, 0.14, 0.22),
    inner_corners(0.03, 0.03, 0.08),
    inner_corners(0.2, 0.06, 0.15),
    inner_corners(0.06, 0.2, 0.15),
)
