"""USB cameras and other Video4Linux devices."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import cv2
import msgspec
from msgspec import Meta

from edge.camera.capture import CaptureDevice
from edge.camera.live import LiveSource
from edge.camera.quiet import silence_libraries
from edge.camera.url import Fps, Size, pixels
from edge.errors import ConfigError, SourceError

PixelFormat = Annotated[
    str, Meta(pattern="^[A-Z0-9]{4}$", description="the four characters of a pixel format, such as MJPG or YUYV")
]


class V4l2Options(msgspec.Struct, frozen=True):
    """Options behind a device's name; what is left out, the driver chooses (mostly 640x480)."""

    size: Size | None = None
    fps: Fps | None = None
    format: PixelFormat | None = None


def open_v4l2(device: Path, options: V4l2Options, clock: Callable[[], float]) -> LiveSource:
    """Open a camera below /dev.

    Raises:
        ConfigError: the path is elsewhere.
    """
    if not device.is_relative_to("/dev"):
        raise ConfigError(f"source {device}: is no device; allowed: v4l2:/dev/video0 and the like")
    name = str(device)
    return LiveSource(name, lambda: CaptureDevice(name, _connect(device, options), clock))


def _connect(device: Path, options: V4l2Options) -> cv2.VideoCapture:
    silence_libraries()
    if not device.exists():
        found = ", ".join(sorted(str(path) for path in Path("/dev").glob("video*"))) or "none"
        raise SourceError(f"source {device}: no such camera; is it plugged in? Present: {found}")
    capture = cv2.VideoCapture(str(device), cv2.CAP_V4L2)
    if not capture.isOpened():
        raise SourceError(f"source {device}: can't be opened; is it a camera, not in use, and its group ours (video)?")
    for setting, value in properties(options):
        capture.set(setting, value)  # A driver takes the nearest that it can; the log shows the size that came.
    return capture


def properties(options: V4l2Options) -> list[tuple[int, float]]:
    """Return OpenCV's properties and their values; the pixel format first, since size and rate depend on it."""
    chosen: list[tuple[int, float]] = []
    if options.format is not None:
        chosen.append((cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*options.format)))
    if options.size is not None:
        width, height = pixels(options.size)
        chosen += [(cv2.CAP_PROP_FRAME_WIDTH, width), (cv2.CAP_PROP_FRAME_HEIGHT, height)]
    if options.fps is not None:
        chosen.append((cv2.CAP_PROP_FPS, options.fps))
    return chosen
