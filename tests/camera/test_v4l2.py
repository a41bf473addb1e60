"""USB cameras; without one here, what can be said about them."""

import time
from pathlib import Path

import cv2
import pytest

from edge.camera.v4l2 import V4l2Options, open_v4l2, properties
from edge.errors import ConfigError, SourceError


def test_a_camera_that_is_not_there_may_come_back() -> None:
    """The message names the device; the process is to be started again."""
    source = open_v4l2(Path("/dev/video97"), V4l2Options(), time.time)
    with pytest.raises(SourceError, match=r"/dev/video97: no such camera; is it plugged in\?") as caught:
        source.read()
    assert caught.value.exit_status == 1
    source.close()


def test_a_device_that_is_no_camera_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    """The message says what to look at, and OpenCV says nothing."""
    source = open_v4l2(Path("/dev/null"), V4l2Options(), time.time)
    with pytest.raises(SourceError, match="/dev/null: can't be opened; is it a camera"):
        source.read()
    source.close()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("path", ["video0", "/srv/video0", ""])
def test_a_path_elsewhere_is_refused(path: str) -> None:
    """Only what lies below /dev is a device."""
    with pytest.raises(ConfigError, match="is no device; allowed: v4l2:/dev/video0"):
        open_v4l2(Path(path), V4l2Options(), time.time)


def test_options_become_properties_with_the_format_first() -> None:
    """A USB camera delivers large pictures only as MJPG, so it must know that before the size."""
    assert properties(V4l2Options(size="1920x1080", fps=25.0, format="MJPG")) == [
        (cv2.CAP_PROP_FOURCC, int.from_bytes(b"MJPG", "little")),
        (cv2.CAP_PROP_FRAME_WIDTH, 1920),
        (cv2.CAP_PROP_FRAME_HEIGHT, 1080),
        (cv2.CAP_PROP_FPS, 25.0),
    ]
    assert properties(V4l2Options()) == []
