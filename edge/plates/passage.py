"""What recognition makes of frames: boxes, readings, looks and passages.

Those that hold arrays are equal only to themselves.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.categories import Direction, PlateKind


@dataclass(frozen=True, slots=True, eq=False)
class PlateBox:
    """One plate found in one frame.

    ``corners`` (4, 2) float32: x, y as shares of the picture's width and height; top left, top right, bottom right,
    bottom left as read. ``score`` is the detector's probability. A box is not ``whole`` where it touches the edge of
    what the detector saw: part of the plate may be outside, so nothing read from it is evidence.
    """

    corners: NDArray[np.float32]
    score: float
    whole: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the reader saw in one crop; its repr says nothing, for it would spell the plate.

    ``slots`` (length, 36) float32: per character the distribution over 0-9, A-Z. ``kind`` (3,) float32: dutch,
    foreign, not a plate.
    """

    slots: NDArray[np.float32] = field(repr=False)
    kind: NDArray[np.float32] = field(repr=False)

    def wipe(self) -> None:
        """Overwrite the characters with zeros."""
        self.slots.fill(0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One sight of one plate in one frame, ``time`` in Unix seconds."""

    time: float
    box: PlateBox
    reading: Reading | None


@dataclass(slots=True)
class Passage:
    """One vehicle that crossed the counting line.

    ``time`` is the moment of crossing in Unix seconds. ``plate`` holds ASCII capitals and digits in a buffer that can
    be wiped; empty where the plate is unreadable.
    """

    time: float
    direction: Direction
    kind: PlateKind
    plate: bytearray = field(default_factory=bytearray, repr=False)

    def wipe(self) -> None:
        """Overwrite the plate with zeros."""
        overwrite(self.plate)


def overwrite(text: bytearray) -> None:
    """Write zeros over a text, in place."""
    text[:] = bytes(len(text))
