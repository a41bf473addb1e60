"""The thread behind live cameras."""

import threading
import time

import pytest

from edge.camera.frame import SourceStalledError
from edge.camera.live import CorruptFrameError, LiveSource
from edge.errors import ConfigError, SourceError
from tests.camera.clock import FakeClock
from tests.camera.devices import ScriptedDevice, refusing, shot


def test_the_newest_frame_is_delivered_and_the_others_are_counted() -> None:
    """A reader that is late gets what is now, and the loss is known."""
    device = ScriptedDevice(*(shot(level) for level in range(5)))
    source = LiveSource("test", lambda: device)
    device.events.join()
    assert source.read().gray[0, 0] == 4
    assert source.stats.delivered == 1
    assert source.stats.dropped == 4
    source.close()


def test_a_frame_is_delivered_once() -> None:
    """The same frame never comes twice: without a new one there is none."""
    device = ScriptedDevice(shot())
    source = LiveSource("test", lambda: device)
    assert source.read().index == 0
    assert source.poll(0.05) is None
    device.events.put(shot(7, time=9.0))
    frame = source.read()
    assert (frame.index, frame.time, frame.gray[0, 0]) == (1, 9.0, 7)
    source.close()


def test_reading_waits_for_a_frame() -> None:
    """A reader ahead of the camera gets the frame when it comes."""
    device = ScriptedDevice()
    source = LiveSource("test", lambda: device)
    threading.Timer(0.2, device.events.put, [shot(3)]).start()
    assert source.read().gray[0, 0] == 3
    source.close()


def test_a_camera_that_falls_silent_is_stalled_after_five_seconds() -> None:
    """No error comes from the device, so the silence itself is the error."""
    clock = FakeClock()
    device = ScriptedDevice(shot())
    source = LiveSource("test", lambda: device, clock)
    source.read()
    clock.sleep(4.9)
    assert source.poll(0.01) is None
    clock.sleep(0.2)
    with pytest.raises(SourceStalledError, match="source test: no frame for 5 s"):
        source.poll(0.01)
    source.close()


def test_the_first_frame_may_take_longer() -> None:
    """Opening a stream can take a key frame's interval: it is stalled only after twenty seconds."""
    clock = FakeClock()
    source = LiveSource("test", ScriptedDevice, clock)
    clock.sleep(19.9)
    assert source.poll(0.01) is None
    clock.sleep(0.2)
    with pytest.raises(SourceStalledError, match="no frame for 20 s"):
        source.poll(0.01)
    source.close()


def test_a_slow_reader_is_no_stalled_camera() -> None:
    """The camera's silence counts, not the reader's."""
    clock = FakeClock()
    device = ScriptedDevice(shot())
    source = LiveSource("test", lambda: device, clock)
    source.read()
    clock.sleep(30)
    device.events.put(shot(1))
    device.events.join()
    assert source.read().gray[0, 0] == 1
    source.close()


def test_corrupt_frames_are_skipped_and_counted() -> None:
    """A frame that can't be decoded costs itself."""
    device = ScriptedDevice(CorruptFrameError(), CorruptFrameError(), shot(9))
    source = LiveSource("test", lambda: device)
    assert source.read().gray[0, 0] == 9
    assert source.stats.corrupt == 2
    assert source.stats.dropped == 0
    source.close()


def test_nothing_but_corrupt_frames_is_a_stall() -> None:
    """A camera that delivers only rubbish does not count as delivering."""
    clock = FakeClock()
    device = ScriptedDevice(shot())
    source = LiveSource("test", lambda: device, clock)
    source.read()
    clock.sleep(6)
    device.events.put(CorruptFrameError())
    device.events.join()
    with pytest.raises(SourceStalledError):
        source.poll(0.01)
    source.close()


def test_a_frame_before_the_breakage_is_still_delivered() -> None:
    """What was seen is not lost; then comes the error, as often as it is asked for."""
    device = ScriptedDevice(shot(), SourceError("cable"))
    source = LiveSource("test", lambda: device)
    device.events.join()
    assert source.read().index == 0
    for _ in range(2):
        with pytest.raises(SourceError, match="cable"):
            source.read()
    assert device.closed == 1
    source.close()


@pytest.mark.parametrize("error", [SourceError("no camera"), ConfigError("no such option")])
def test_an_error_of_opening_comes_from_the_first_read(error: SourceError | ConfigError) -> None:
    """It keeps its kind, which decides whether the process is started again."""
    source = LiveSource("test", refusing(error))
    with pytest.raises(type(error), match=str(error)):
        source.read()
    source.close()


def test_whatever_a_driver_throws_reaches_the_reader() -> None:
    """A surprise in the thread is one line for the reader, not a silent end."""
    device = ScriptedDevice(OSError(19, "No such device"))
    source = LiveSource("test", lambda: device)
    with pytest.raises(SourceError, match=r"source test: OSError: .*No such device"):
        source.read()
    source.close()


def test_closing_releases_the_device_once() -> None:
    """Close waits until the thread has released the device; a second close does nothing."""
    device = ScriptedDevice(shot())
    source = LiveSource("test", lambda: device)
    source.read()
    source.close()
    source.close()
    assert device.closed == 1
    assert "camera" not in {thread.name for thread in threading.enumerate()}


def test_a_driver_that_hangs_does_not_hold_up_the_end() -> None:
    """Closing gives up on a stuck thread after two seconds, so that the process can end."""
    stuck = threading.Event()

    class StuckDevice(ScriptedDevice):
        def grab(self) -> None:
            stuck.wait()

    source = LiveSource("test", StuckDevice)
    begun = time.monotonic()
    source.close()
    assert time.monotonic() - begun < 3
    stuck.set()
    source.close()
