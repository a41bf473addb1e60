"""Raspberry Pi cameras through picamera2."""

import importlib
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import msgspec
import numpy as np

from edge.camera.frame import Luma
from edge.camera.live import POLL_S, LiveSource, Shot
from edge.camera.quiet import silence_libraries
from edge.camera.url import Fps, Size, pixels
from edge.errors import ConfigError, SourceError

LORES_WIDTH: Final = 640
NS_PER_S: Final = 1_000_000_000
US_PER_S: Final = 1_000_000


class PiOptions(msgspec.Struct, frozen=True):
    """Options behind the camera's number; ``size`` is that of the full stream."""

    size: Size = "1920x1080"
    fps: Fps = 30.0


def open_picamera(number: str, options: PiOptions, clock: Callable[[], float]) -> LiveSource:
    """Open the camera of that number as ``rpicam-hello --list-cameras`` counts them; the first when it is empty.

    Raises:
        ConfigError: it is no number, or picamera2 is not installed.
    """
    name = f"picamera2:{number}" if number else "picamera2"
    if not (number or "0").isdecimal():
        raise ConfigError(f"source {name}: is no camera number; allowed: picamera2: or picamera2:0, picamera2:1, ...")
    silence_libraries()
    camera_class = _camera_class(name)
    return LiveSource(name, lambda: PiDevice(name, partial(camera_class, int(number or "0")), options, clock))


def since_boot() -> float:
    """Return the clock of libcamera's SensorTimestamp, in seconds (its control reference names CLOCK_BOOTTIME)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class PiDevice:
    """One camera with two streams; both pictures of a shot come from the same request.

    The time of a frame is the sensor's, not its arrival.
    """

    def __init__(
        self,
        name: str,
        make_camera: Callable[[], Any],
        options: PiOptions,
        clock: Callable[[], float],
        boottime: Callable[[], float] = since_boot,
    ) -> None:
        self._clock = clock
        self._boottime = boottime
        self._full = pixels(options.size)
        self._lores = lores_size(*self._full)
        self._job: Any = None
        self._camera = _make(name, make_camera)
        self._configure(round(US_PER_S / options.fps))
        self._camera.start()

    def grab(self) -> Shot | None:
        """Wait a second for the next request; its buffers are copied and go back to the camera at once."""
        # A job that timed out stays queued in picamera2 and would keep its request: so it is waited for again.
        self._job = self._job or self._camera.capture_request(wait=False)
        try:
            request = self._job.get_result(timeout=POLL_S)
        except TimeoutError:
            return None
        self._job = None
        try:
            return self._shot(request)
        finally:
            request.release()

    def close(self) -> None:
        """Stop the camera and release it."""
        self._camera.close()

    def _configure(self, interval_us: int) -> None:
        configuration = self._camera.create_video_configuration(
            main={"size": self._full, "format": "YUV420"},
            lores={"size": self._lores, "format": "YUV420"},
            controls={"FrameDurationLimits": (interval_us, interval_us)},
        )
        self._camera.configure(configuration)

    def _shot(self, request: Any) -> Shot:
        captured = request.get_metadata()["SensorTimestamp"] / NS_PER_S
        age = self._boottime() - captured
        gray = _luma(request.make_array("lores"), *self._lores)
        full = _luma(request.make_array("main"), *self._full)
        return Shot(self._clock() - age, gray, full)


def lores_size(width: int, height: int) -> tuple[int, int]:
    """Return the size of the stream for detection: 640 pixels wide at most, same proportions, both even."""
    scale = min(1.0, LORES_WIDTH / width)
    return 2 * round(width * scale / 2), 2 * round(height * scale / 2)


def _luma(planes: Luma, width: int, height: int) -> Luma:
    """Cut the luma out of YUV420 planes (3/2 h, stride), whose rows may be longer than the picture."""
    return np.ascontiguousarray(planes[:height, :width])


def _camera_class(name: str) -> Callable[[int], Any]:
    try:
        camera_class: Callable[[int], Any] = importlib.import_module("picamera2").Picamera2
    except ImportError as error:
        raise ConfigError(
            f"source {name}: picamera2 can't be loaded ({error}); install the [pi] extra on a Raspberry Pi, "
            "in an environment made with --system-site-packages"
        ) from error
    return camera_class


def _make(name: str, make_camera: Callable[[], Any]) -> Any:
    try:
        return make_camera()
    except IndexError as error:
        raise SourceError(
            f"source {name}: no such camera; check its cable and `rpicam-hello --list-cameras`"
        ) from error
    except RuntimeError as error:
        raise SourceError(f"source {name}: can't be opened, perhaps in use: {error}") from error
