"""Look at a frame: which plates are in it, and what each says.

The detector alone can't tell a faint plate from a grille: with a threshold that drops the one it loses the other. So
it has two. What it is sure of is a look, read or not; of what it is unsure of, the reader decides. And where neither
of them knows, or a plate that was there a moment ago is not found, one place in each frame is looked at again from
close by: plates of motorcycles are small, and bright lamps beside a plate draw the first look away from it.
"""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.camera.frame import Frame
from edge.plates.evidence import says_plate
from edge.plates.geometry import Floats, bounds, overlap
from edge.plates.passage import Look, PlateBox, Reading

SURE_BOX = 0.5
MAX_UNSURE = 4  # Boxes of a frame that only the reader can confirm: each costs a reading.
_LARGE = 0.5  # Of the picture's width: the corners of so large a plate are inexact by some of the detector's cells.
_SAME_PLATE = 0.3
_PAUSE = 1.0  # Seconds in which a place where a closer look found nothing is left alone,
_PLACE = 0.02  # as far as this around it, in shares of the picture.
_PLACES = 16


class Memory(Protocol):
    """What is known from earlier frames, edge.plates.track.Tracker."""

    def knows(self, time: float, box: PlateBox) -> bool:
        """Tell whether a box needs no reading."""

    def missing(self, time: float, looks: Sequence[Look]) -> list[PlateBox]:
        """Return where plates should be that none of the looks is at."""


class PlateFinder(Protocol):
    """What finds plates, edge.plates.detect.Detector on a camera."""

    def detect(self, gray: NDArray[np.uint8]) -> list[PlateBox]:
        """Return what may be plates in a frame (h, w), best first."""

    def zoom(self, full: NDArray[np.uint8], box: PlateBox) -> list[PlateBox]:
        """Return what may be plates around a box in a frame (H, W), best first."""


class PlateReader(Protocol):
    """What reads plates, edge.plates.read.Reader on a camera."""

    def read(self, full: NDArray[np.uint8], boxes: Sequence[PlateBox]) -> list[Reading | None]:
        """Return one reading per box of a frame (H, W), None where there is none."""


class Looker:
    """Detector and reader together; remembers for a second where there was nothing to see."""

    def __init__(self, detector: PlateFinder, reader: PlateReader) -> None:
        self._detector, self._reader = detector, reader
        self._nothing: deque[tuple[float, Floats]] = deque(maxlen=_PLACES)

    def look(self, frame: Frame, memory: Memory) -> list[Look]:
        """Return the looks of one frame; boxes that ``memory`` knows have no reading."""
        boxes = _without_excess(self._detector.detect(frame.gray))
        known = [Look(frame.time, box, None) for box in boxes if memory.knows(frame.time, box)]
        fresh = self._read(frame, [box for box in boxes if not memory.knows(frame.time, box)])
        looks = known + [look for look in fresh if _is_plate(look)]
        doubtful = [look.box for look in fresh if (look.box.whole or _is_large(look.box)) and not _is_read(look)]
        closer = self._look_closer(frame, memory.missing(frame.time, looks) + doubtful)
        return _keep(_merged(looks, closer), [*fresh, *closer])

    def _read(self, frame: Frame, boxes: list[PlateBox]) -> list[Look]:
        readings = self._reader.read(frame.full, boxes)
        return [Look(frame.time, box, reading) for box, reading in zip(boxes, readings, strict=True)]

    def _look_closer(self, frame: Frame, places: list[PlateBox]) -> list[Look]:
        """Look again at the first place that was not looked at in vain a moment ago."""
        place = next((place for place in places if not self._in_vain(frame.time, place)), None)
        if place is None:
            return []
        boxes = _without_excess(self._detector.zoom(frame.full, place))
        seen = self._read(frame, [box for box in boxes if box.whole])
        found = _keep([look for look in seen if _is_read(look)], seen)
        if not found:
            self._nothing.append((frame.time, _centre(place)))
        return found

    def _in_vain(self, time: float, box: PlateBox) -> bool:
        recent = [centre for when, centre in self._nothing if abs(time - when) < _PAUSE]
        return any(np.abs(_centre(box) - centre).max() < _PLACE for centre in recent)


def _without_excess(boxes: list[PlateBox]) -> list[PlateBox]:
    sure = sum(box.score >= SURE_BOX for box in boxes)
    return boxes[: sure + MAX_UNSURE]


def _is_plate(look: Look) -> bool:
    return look.box.score >= SURE_BOX or _is_read(look)


def _is_large(box: PlateBox) -> bool:
    """Tell whether a box is so wide that it may touch the edge of what the detector saw with a whole plate in it."""
    return bool(np.ptp(box.corners[:, 0]) >= _LARGE)


def _is_read(look: Look) -> bool:
    return look.reading is not None and says_plate(look.reading)


def _merged(looks: list[Look], closer: list[Look]) -> list[Look]:
    """Add closer looks: they replace those at the same place that read nothing, and give way to those that did."""
    for look in closer:
        same = [other for other in looks if _overlap(look.box, other.box) > _SAME_PLATE]
        if not any(_is_read(other) for other in same):
            looks = [other for other in looks if other not in same] + [look]
    return looks


def _keep(kept: list[Look], made: list[Look]) -> list[Look]:
    """Overwrite what was read in vain; return what is kept."""
    for look in made:
        if look.reading is not None and look not in kept:
            look.reading.wipe()
    return kept


def _overlap(one: PlateBox, other: PlateBox) -> float:
    return float(overlap(bounds(one.corners), bounds(other.corners)[None])[0])


def _centre(box: PlateBox) -> Floats:
    return np.asarray(box.corners.mean(axis=0), np.float32)
