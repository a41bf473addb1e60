"""Network cameras: RTSP, over TCP."""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import cv2

from edge.camera.capture import CaptureDevice
from edge.camera.live import LiveSource
from edge.camera.quiet import silence_libraries
from edge.camera.url import masked
from edge.errors import ConfigError, SourceError

OPEN_MS: Final = 10_000
READ_MS: Final = 5_000


def open_rtsp(url: str, clock: Callable[[], float], open_ms: int = OPEN_MS, read_ms: int = READ_MS) -> LiveSource:
    """Open ``rtsp://`` or ``rtsps://``; its user, password and path never show in a message.

    Raises:
        ConfigError: the URL names no host, or a wrong port.
    """
    _check(url)
    name = masked(url)
    return LiveSource(name, lambda: CaptureDevice(name, _connect(url, open_ms, read_ms), clock))


def _check(url: str) -> None:
    form = "allowed: rtsp://[user:password@]host[:port]/path"
    try:
        address = urlsplit(url)
        port = address.port
    except ValueError:
        raise ConfigError(f"source {masked(url)}: is no address; {form}") from None  # The cause may show a password.
    if not address.hostname or port == 0:
        raise ConfigError(f"source {masked(url)}: names no host; {form}")


def _connect(url: str, open_ms: int, read_ms: int) -> cv2.VideoCapture:
    silence_libraries()
    # OpenCV asks FFmpeg for RTSP over TCP unless told otherwise: over UDP a lost packet is a torn picture.
    timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, open_ms, cv2.CAP_PROP_READ_TIMEOUT_MSEC, read_ms]
    capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, timeouts)
    if not capture.isOpened():
        raise SourceError(f"source {masked(url)}: no stream; check address, user and password, and that it is on")
    return capture
