"""What every frame source delivers."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.errors import SourceError

Luma = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Frame:
    """One instant of one camera, luma only.

    ``gray`` (h, w) uint8 is what detection sees, ``full`` (H, W) uint8 the same instant and field of view at the
    resolution for plate crops; both are the same array where a source has one stream. ``time`` is the moment of
    capture in Unix seconds. ``index`` counts the delivered frames from 0.
    """

    index: int
    time: float
    gray: Luma
    full: Luma


@dataclass(slots=True)
class SourceStats:
    """Counters since the source was first opened."""

    delivered: int = 0
    dropped: int = 0
    corrupt: int = 0
    reopened: int = 0


class EndOfSource(Exception):  # noqa: N818  (the end of a file is no error)
    """A file or folder has no more frames."""


class SourceStalledError(SourceError):
    """A live source delivered nothing for too long."""


class Source(Protocol):
    """A stream of frames."""

    @property
    def live(self) -> bool:
        """Whether it delivers the newest frame and counts the ones it drops.

        Files are not live: they deliver every frame, with the video's own clock.
        """

    @property
    def stats(self) -> SourceStats:
        """Its counters."""

    def read(self) -> Frame:
        """Return the next frame.

        Raises:
            EndOfSource: a file has no more frames.
            SourceStalledError: a live source delivered nothing for 5 seconds.
            SourceError: it broke.
        """

    def close(self) -> None:
        """Release the device; safe to call twice."""
