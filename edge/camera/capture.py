"""Live cameras through OpenCV."""

import time
from collections.abc import Callable
from typing import Protocol

import cv2

from edge.camera.live import CorruptFrameError, Shot
from edge.camera.luma import to_luma
from edge.errors import SourceError


class Capture(Protocol):
    """What is used of ``cv2.VideoCapture``."""

    def grab(self) -> bool:
        """Wait for a frame."""

    def retrieve(self) -> tuple[bool, cv2.typing.MatLike]:
        """Decode it."""

    def release(self) -> None:
        """Close the device."""


class CaptureDevice:
    """A stream or camera that OpenCV opened; the time of a frame is its arrival."""

    def __init__(self, name: str, capture: Capture, clock: Callable[[], float] = time.time) -> None:
        self._name = name
        self._capture = capture
        self._clock = clock

    def grab(self) -> Shot:
        """Wait for the next frame, until the timeout that OpenCV was given.

        Raises:
            CorruptFrameError: it can't be decoded.
            SourceError: none came, or the camera has gone.
        """
        if not self._capture.grab():
            raise SourceError(f"source {self._name}: stopped delivering")
        arrival = self._clock()
        decoded, picture = self._capture.retrieve()
        if not decoded:
            raise CorruptFrameError
        gray = to_luma(picture)
        return Shot(arrival, gray, gray)

    def close(self) -> None:
        """Release the camera."""
        self._capture.release()
