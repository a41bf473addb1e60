"""Sources that are opened again."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from edge.camera.file import FileSource
from edge.camera.frame import EndOfSource, Frame, Source
from edge.camera.live import CorruptFrameError, LiveSource
from edge.camera.steady import SteadySource
from edge.categories import CameraState
from edge.errors import ConfigError, SourceError
from tests.camera.clock import FakeClock
from tests.camera.devices import ScriptedDevice, refusing, shot
from tests.camera.videos import write_video


class Plug:
    """A camera that gives the next device each time that it is opened."""

    def __init__(self, clock: FakeClock, *openers: Callable[[], ScriptedDevice]) -> None:
        self.openings: list[float] = []
        self._clock = clock
        self._openers = list(openers)

    def open(self) -> Source:
        """Open it."""
        self.openings.append(self._clock())
        opener = self._openers.pop(0) if len(self._openers) > 1 else self._openers[0]
        return LiveSource("test", opener, self._clock)


def steady(clock: FakeClock, *openers: Callable[[], ScriptedDevice]) -> tuple[SteadySource, Plug]:
    """Return a source on a plug, both on the same clock."""
    plug = Plug(clock, *openers)
    return SteadySource(plug.open, clock, clock.sleep), plug


def state(source: SteadySource) -> CameraState:
    """Return its state now."""
    return source.state


def until_frame(source: SteadySource) -> Frame:
    """Read on until there is a frame."""
    while (frame := source.read()) is None:
        pass
    return frame


def test_a_camera_that_breaks_is_opened_again() -> None:
    """Frames go on with the next number; the breakage and the return are reported."""
    clock = FakeClock()
    source, plug = steady(clock, lambda: ScriptedDevice(shot(1), SourceError("cable")), lambda: ScriptedDevice(shot(2)))
    with capture_logs() as logs:
        frames = [until_frame(source), until_frame(source)]
    assert [(frame.index, frame.gray[0, 0]) for frame in frames] == [(0, 1), (1, 2)]
    assert [entry["event"] for entry in logs] == ["camera_delivering", "camera_lost", "camera_delivering"]
    assert logs[1] == {"event": "camera_lost", "error": "cable", "retry_in_s": 1, "log_level": "warning"}
    assert logs[2] == {"event": "camera_delivering", "width": 16, "height": 12, "reopened": 1, "log_level": "info"}
    assert plug.openings == [1_000, 1_001]
    source.close()


def test_a_camera_that_falls_silent_is_opened_again() -> None:
    """Silence of five seconds is a breakage; health sees it as stalled until frames come again."""
    clock = FakeClock()
    first = ScriptedDevice(shot(1))
    source, _ = steady(clock, lambda: first, lambda: ScriptedDevice(shot(2)))
    assert state(source) is CameraState.STALLED
    until_frame(source)
    assert state(source) is CameraState.DELIVERING
    clock.sleep(5.1)
    assert source.read() is None
    assert state(source) is CameraState.STALLED
    assert first.closed == 1
    until_frame(source)
    assert state(source) is CameraState.DELIVERING
    assert source.stats.reopened == 1
    source.close()


def test_reading_returns_within_a_second() -> None:
    """A camera without frames, and one waiting for its next opening, leave the caller its turn."""
    source = SteadySource(lambda: LiveSource("test", ScriptedDevice))
    begun = time.monotonic()
    assert source.read() is None
    assert time.monotonic() - begun < 2
    source.close()
    clock = FakeClock()
    waiting, _ = steady(clock, refusing(SourceError("gone")))
    for _ in range(20):
        before = clock()
        assert waiting.read() is None
        assert clock() - before <= 1
    waiting.close()


def test_openings_wait_longer_each_time_and_a_minute_is_the_end() -> None:
    """One, two, four, eight, sixteen seconds, then thirty; after a minute the process is to start anew."""
    clock = FakeClock()
    source, plug = steady(clock, refusing(SourceError("source test: gone")))
    with capture_logs() as logs, pytest.raises(SourceError, match="source test: gone"):
        until_frame(source)
    assert [entry["retry_in_s"] for entry in logs] == [1, 2, 4, 8, 16, 30]
    assert [opening - 1_000 for opening in plug.openings] == [0, 1, 3, 7, 15, 31, 61]
    source.close()


def test_a_frame_ends_the_waiting() -> None:
    """After success the next breakage is tried again soon, and has its own minute."""
    clock = FakeClock()
    gone = refusing(SourceError("gone"))
    source, plug = steady(
        clock, gone, gone, gone, lambda: ScriptedDevice(shot(1), SourceError("cable")), lambda: ScriptedDevice(shot(2))
    )
    until_frame(source)
    clock.sleep(100)
    until_frame(source)
    assert [opening - 1_000 for opening in plug.openings] == [0, 1, 3, 7, 108]
    assert source.stats.reopened == 2
    source.close()


def test_counters_add_up_over_openings() -> None:
    """Dropped and corrupt frames of every opening count."""
    clock = FakeClock()
    first = ScriptedDevice(CorruptFrameError(), shot(0), shot(1), SourceError("cable"))
    second = ScriptedDevice(CorruptFrameError(), shot(2))
    source, _ = steady(clock, lambda: first, lambda: second)
    first.events.join()
    until_frame(source)
    until_frame(source)
    stats = source.stats
    assert (stats.delivered, stats.dropped, stats.corrupt, stats.reopened) == (2, 1, 2, 1)
    source.close()
    assert source.stats == stats


def test_a_source_that_can_never_work_is_not_tried_again() -> None:
    """A mistake in the configuration goes up at once."""
    source, plug = steady(FakeClock(), refusing(ConfigError("no such option")))
    with pytest.raises(ConfigError, match="no such option"):
        until_frame(source)
    assert len(plug.openings) == 1
    source.close()


def test_files_pass_straight_through(tmp_path: Path) -> None:
    """Every frame, then the end; nothing is opened again."""
    file = write_video(tmp_path / "street.avi", 5)
    source = SteadySource(lambda: FileSource(file, None))
    assert not source.live
    assert [until_frame(source).index for _ in range(5)] == [0, 1, 2, 3, 4]
    assert state(source) is CameraState.DELIVERING
    for _ in range(2):
        with pytest.raises(EndOfSource):
            source.read()
    assert state(source) is CameraState.ENDED
    assert source.stats.delivered == 5
    source.close()
