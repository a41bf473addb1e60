"""Live cameras through OpenCV, with a capture that a test directs."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.camera.capture import CaptureDevice
from edge.camera.live import CorruptFrameError, LiveSource
from edge.errors import SourceError


class FakeCapture:
    """Grabs as often as there are pictures; None is one that can't be decoded."""

    def __init__(self, *pictures: NDArray[np.uint8] | None) -> None:
        self.released = False
        self._pictures = list(pictures)

    def grab(self) -> bool:
        """Tell whether there is another."""
        return bool(self._pictures)

    def retrieve(self) -> tuple[bool, NDArray[np.uint8]]:
        """Return the next."""
        picture = self._pictures.pop(0)
        return picture is not None, np.empty(0, np.uint8) if picture is None else picture

    def release(self) -> None:
        """Note it."""
        self.released = True


COLOUR = np.full((6, 8, 3), (0, 255, 0), np.uint8)


def test_colour_becomes_luma_at_the_time_of_arrival() -> None:
    """Green has a luma of 150 (ITU-R BT.601), and the clock is the one passed in."""
    shot = CaptureDevice("test", FakeCapture(COLOUR), lambda: 77.0).grab()
    assert shot.gray.shape == (6, 8)
    assert shot.gray[0, 0] == 150
    assert shot.full is shot.gray
    assert shot.time == 77.0


def test_a_camera_that_sees_grey_is_taken_as_it_is() -> None:
    """Infrared cameras deliver one plane."""
    gray = np.full((6, 8), 40, np.uint8)
    assert CaptureDevice("test", FakeCapture(gray), lambda: 0.0).grab().gray is gray


def test_what_cannot_be_decoded_is_corrupt() -> None:
    """The frame is corrupt; the next one is fine."""
    device = CaptureDevice("test", FakeCapture(None, COLOUR), lambda: 0.0)
    with pytest.raises(CorruptFrameError):
        device.grab()
    assert device.grab().gray.shape == (6, 8)


def test_an_unplugged_camera_breaks_its_source() -> None:
    """Through the thread: the frames, then one clear error, and the device is released."""
    capture = FakeCapture(COLOUR)
    source = LiveSource("/dev/video0", lambda: CaptureDevice("/dev/video0", capture, lambda: 0.0))
    assert source.read().index == 0
    with pytest.raises(SourceError, match="source /dev/video0: stopped delivering"):
        source.read()
    source.close()
    assert capture.released
