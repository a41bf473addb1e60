"""Look at a frame: which plates are in it, and what each says.

The detector alone can't tell a faint plate from a grille: with a threshold that drops the one it loses the other. So
it has two. What it is sure of is a look, read or not; of what it is unsure of, the reader decides.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.camera.frame import Frame
from edge.plates.passage import Look, PlateBox, Reading
from edge.plates.vote import says_plate

SURE_BOX = 0.5
MAX_UNSURE = 4  # Boxes of a frame that only the reader can confirm: each costs a reading.


class PlateFinder(Protocol):
    """What finds plates, edge.plates.detect.Detector on a camera."""

    def detect(self, gray: NDArray[np.uint8]) -> list[PlateBox]:
        """Return what may be plates in a frame (h, w), best first."""


class PlateReader(Protocol):
    """What reads plates, edge.plates.read.Reader on a camera."""

    def read(self, full: NDArray[np.uint8], boxes: Sequence[PlateBox]) -> list[Reading | None]:
        """Return one reading per box of a frame (H, W), None where there is none."""


class Looker:
    """Detector and reader together."""

    def __init__(self, detector: PlateFinder, reader: PlateReader) -> None:
        self._detector, self._reader = detector, reader

    def look(self, frame: Frame, known: Callable[[PlateBox], bool] = lambda _: False) -> list[Look]:
        """Return the looks of one frame; boxes that are ``known`` need no reading."""
        boxes = _without_excess(self._detector.detect(frame.gray))
        fresh = [box for box in boxes if not known(box)]
        readings = {id(box): reading for box, reading in zip(fresh, self._reader.read(frame.full, fresh), strict=True)}
        looks = [Look(frame.time, box, readings.get(id(box))) for box in boxes]
        return [look for look in looks if id(look.box) not in readings or _is_plate(look)]


def _without_excess(boxes: list[PlateBox]) -> list[PlateBox]:
    sure = sum(box.score >= SURE_BOX for box in boxes)
    return boxes[: sure + MAX_UNSURE]


def _is_plate(look: Look) -> bool:
    return look.box.score >= SURE_BOX or (look.reading is not None and says_plate(look.reading))
