"""Raspberry Pi cameras, with a picamera2 that behaves as version 0.3.38 does."""

import sys
import threading
import time
import types
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.camera.live import LiveSource
from edge.camera.picamera import PiDevice, PiOptions, lores_size, open_picamera
from edge.errors import ConfigError, SourceError

WALL, BOOT = 1_790_000_000.0, 500.0


class FakeRequest:
    """One instant: planes whose luma is the number of the request, rows longer than the picture."""

    def __init__(self, camera: "FakePicamera2", number: int) -> None:
        self._camera = camera
        self._number = number

    def get_metadata(self) -> dict[str, int]:
        """Return when it was captured: 40 ms ago."""
        return {"SensorTimestamp": int((BOOT - 0.04) * 1e9)}

    def make_array(self, name: str) -> NDArray[np.uint8]:
        """Return YUV420 planes, chroma and padding in another value than the luma."""
        width, height = self._camera.configuration[name]["size"]
        planes = np.full((height * 3 // 2, width + 32), 255, np.uint8)
        planes[:height, :width] = self._number
        return planes

    def release(self) -> None:
        """Give the buffers back."""
        self._camera.held -= 1


class FakeJob:
    """A request to come."""

    def __init__(self, camera: "FakePicamera2") -> None:
        self._camera = camera

    def get_result(self, timeout: float) -> FakeRequest:
        """Return the request, or time out as concurrent.futures does."""
        if not self._camera.ready.acquire(timeout=min(timeout, 0.02)):
            raise TimeoutError
        self._camera.held += 1
        self._camera.taken += 1
        return FakeRequest(self._camera, self._camera.taken)


class FakePicamera2:
    """What is used of picamera2.Picamera2."""

    cameras = 1

    def __init__(self, camera_num: int = 0) -> None:
        if camera_num >= self.cameras:
            raise IndexError("list index out of range")
        self.configuration: dict[str, Any] = {}
        self.ready = threading.Semaphore(0)
        self.jobs = self.taken = self.held = 0
        self.calls: list[str] = []

    def create_video_configuration(self, **configuration: Any) -> dict[str, Any]:
        """Return what configure takes."""
        return configuration

    def configure(self, configuration: dict[str, Any]) -> None:
        """Take it."""
        self.configuration = configuration
        self.calls.append("configure")

    def start(self) -> None:
        """Begin."""
        self.calls.append("start")

    def capture_request(self, *, wait: bool) -> FakeJob:
        """Queue a job."""
        assert not wait
        self.jobs += 1
        return FakeJob(self)

    def close(self) -> None:
        """End."""
        self.calls.append("close")


def device(camera: FakePicamera2, options: PiOptions | None = None) -> PiDevice:
    """Return a device on ``camera``, both clocks held."""
    return PiDevice("picamera2:", lambda: camera, options or PiOptions(), lambda: WALL, lambda: BOOT)


def test_both_pictures_come_from_one_request() -> None:
    """Small and full luma, cut from their planes, of the same instant; the request is given back."""
    camera = FakePicamera2()
    camera.ready.release()
    shot = device(camera).grab()
    assert shot is not None
    assert (shot.gray.shape, shot.full.shape) == ((360, 640), (1080, 1920))
    assert np.unique(shot.gray) == np.unique(shot.full) == 1
    assert camera.held == 0


def test_the_time_is_that_of_the_sensor() -> None:
    """The sensor saw it 40 ms ago, whenever we got to it."""
    camera = FakePicamera2()
    camera.ready.release()
    shot = device(camera).grab()
    assert shot is not None
    assert shot.time == pytest.approx(WALL - 0.04, abs=1e-6)


def test_the_camera_is_configured_as_the_options_say() -> None:
    """Both streams are YUV420 of the same proportions, at the rate asked for."""
    camera = FakePicamera2()
    device(camera, PiOptions(size="1536x864", fps=50.0))
    assert camera.calls == ["configure", "start"]
    assert camera.configuration == {
        "main": {"size": (1536, 864), "format": "YUV420"},
        "lores": {"size": (640, 360), "format": "YUV420"},
        "controls": {"FrameDurationLimits": (20_000, 20_000)},
    }


def test_a_job_that_times_out_is_waited_for_again() -> None:
    """picamera2 keeps a job that timed out, and would keep its request for ever: there is never a second one."""
    camera = FakePicamera2()
    opened = device(camera)
    assert opened.grab() is None
    assert opened.grab() is None
    assert camera.jobs == 1
    camera.ready.release()
    assert opened.grab() is not None
    assert camera.held == 0


def test_a_request_is_given_back_also_when_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that can't be read must not starve the camera of buffers."""
    camera = FakePicamera2()
    camera.ready.release()
    monkeypatch.setattr(FakeRequest, "get_metadata", lambda _self: {})
    with pytest.raises(KeyError):
        device(camera).grab()
    assert camera.held == 0


@pytest.mark.parametrize(
    ("size", "lores"), [((1920, 1080), (640, 360)), ((2028, 1520), (640, 480)), ((320, 240), (320, 240))]
)
def test_the_small_stream_keeps_the_proportions(size: tuple[int, int], lores: tuple[int, int]) -> None:
    """Plates are found in the small picture and cut from the full one."""
    assert lores_size(*size) == lores


def test_it_is_opened_through_the_installed_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number goes to picamera2, frames come through the thread, and the camera is closed."""
    opened: list[FakePicamera2] = []

    def make(number: int) -> FakePicamera2:
        opened.append(FakePicamera2(number))
        opened[0].ready.release()
        return opened[0]

    monkeypatch.setitem(sys.modules, "picamera2", types.SimpleNamespace(Picamera2=make))
    source = open_picamera("", PiOptions(), time.time)
    assert source.read().full.shape == (1080, 1920)
    source.close()
    assert opened[0].calls == ["configure", "start", "close"]


def read_error(source: LiveSource) -> str:
    """Return what the first read says."""
    with pytest.raises(SourceError) as caught:
        source.read()
    source.close()
    return str(caught.value)


def test_a_missing_camera_may_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to check."""
    monkeypatch.setitem(sys.modules, "picamera2", types.SimpleNamespace(Picamera2=FakePicamera2))
    error = read_error(open_picamera("1", PiOptions(), time.time))
    assert error.startswith("source picamera2:1: no such camera; check its cable")


def test_a_camera_in_use_may_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message passes on what libcamera said."""

    def busy(_number: int) -> FakePicamera2:
        raise RuntimeError("Camera __init__ sequence did not complete.")

    monkeypatch.setitem(sys.modules, "picamera2", types.SimpleNamespace(Picamera2=busy))
    assert "perhaps in use: Camera __init__" in read_error(open_picamera("0", PiOptions(), time.time))


def test_without_picamera2_the_message_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator learns what to install, and where."""
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(ConfigError, match=r"install the \[pi\] extra on a Raspberry Pi"):
        open_picamera("", PiOptions(), time.time)


def test_what_is_no_number_is_refused() -> None:
    """The message says what is allowed."""
    with pytest.raises(ConfigError, match="is no camera number; allowed: picamera2: or picamera2:0"):
        open_picamera("front", PiOptions(), time.time)
