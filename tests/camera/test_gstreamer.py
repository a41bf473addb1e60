"""GStreamer pipelines, run for real."""

import os
import shutil
import signal
import threading
import time
from collections import deque
from pathlib import Path

import pytest

from edge.camera.gstreamer import PROGRAM, open_gstreamer
from edge.errors import AnprError, ConfigError, SourceError

real = pytest.mark.skipif(shutil.which(PROGRAM) is None, reason=f"{PROGRAM} is not installed (.ci/run installs it)")
BALL = "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=30/1"


def children() -> set[str]:
    """Return the processes that this one has started and not ended."""
    return {child for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()}


@real
def test_a_pipeline_delivers_luma_at_its_size() -> None:
    """A ball on black: the size is the pipeline's, and the picture has both."""
    before = children()
    source = open_gstreamer(BALL, lambda: 77.0)
    frames = [source.read() for _ in range(5)]
    source.close()
    assert all(frame.gray.shape == (240, 320) for frame in frames)
    assert all(frame.gray.min() < 20 and frame.gray.max() > 200 for frame in frames)
    assert all(frame.full is frame.gray and frame.time == 77.0 for frame in frames)
    assert children() == before


@real
@pytest.mark.parametrize("size", [(322, 242), (319, 241), (4056, 3040)])
def test_odd_sizes_become_ones_without_padding(size: tuple[int, int]) -> None:
    """A horizontal ramp stays one: no row is shifted against the row above it."""
    caps = f"video/x-raw,width={size[0]},height={size[1]},format=GRAY8"
    source = open_gstreamer(f"videotestsrc is-live=true pattern=gradient ! {caps}", time.time)
    gray = source.read().gray
    source.close()
    assert abs(gray.shape[0] - size[1]) <= 8
    assert abs(gray.shape[1] - size[0]) <= 8
    assert int(gray.max(axis=1).astype(int).__sub__(gray.min(axis=1)).max()) <= 8
    assert gray.max() - gray.min() > 100


@real
def test_frames_come_at_the_rate_of_the_pipeline() -> None:
    """A slow reader gets the newest and counts the rest."""
    source = open_gstreamer(BALL, time.time)
    source.read()
    time.sleep(0.5)
    source.read()
    source.close()
    assert source.stats.dropped >= 1


@real
@pytest.mark.parametrize(
    ("pipeline", "kind", "message"),
    [
        ("nosuchelement", ConfigError, "no element"),
        ("videotestsrc !", ConfigError, "erroneous pipeline: syntax error"),
        ("(", ConfigError, "could not be constructed"),
        ("v4l2src device=/dev/video97", SourceError, "Cannot identify device"),
        ("videotestsrc num-buffers=0", SourceError, "has no more frames"),
        ("audiotestsrc", ConfigError, "could not link"),
    ],
)
def test_a_pipeline_that_cannot_run_says_why(pipeline: str, kind: type[AnprError], message: str) -> None:
    """A mistake in the pipeline is for the operator, a device that fails may come back."""
    source = open_gstreamer(pipeline, time.time)
    with pytest.raises(kind, match=message) as caught:
        source.read()
    source.close()
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)


@real
def test_a_pipeline_that_ends_is_an_error_to_reopen() -> None:
    """A camera has no end: what came is delivered, then the source is broken."""
    source = open_gstreamer("videotestsrc num-buffers=3", time.time)
    assert source.read().gray.shape == (240, 320)
    with pytest.raises(SourceError, match="it has no more frames"):
        deque(iter(source.read, None), maxlen=0)
    source.close()


@real
def test_a_pipeline_killed_from_outside_is_an_error() -> None:
    """A killed pipeline is noticed at once, without waiting for the stall."""
    before = children()
    source = open_gstreamer(BALL, time.time)
    source.read()
    (child,) = children() - before
    os.kill(int(child), signal.SIGKILL)
    begun = time.monotonic()
    with pytest.raises(SourceError):
        deque(iter(source.read, None), maxlen=0)
    assert time.monotonic() - begun < 3
    source.close()
    assert children() == before


@real
def test_a_frozen_pipeline_is_ended_all_the_same() -> None:
    """A pipeline that ignores its end is killed."""
    before = children()
    source = open_gstreamer(BALL, time.time)
    source.read()
    (child,) = children() - before
    os.kill(int(child), signal.SIGSTOP)
    source.close()
    deadline = time.monotonic() + 3
    while children() != before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert children() == before


@real
def test_what_elements_print_does_not_disturb_the_frames() -> None:
    """Some elements print to standard output; the frames have a pipe of their own."""
    talk = "fakesrc num-buffers=4 ! fdsink fd=1 sync=false"
    source = open_gstreamer(f"{talk} {BALL}", time.time)
    assert source.read().gray.shape == (240, 320)
    source.close()


@real
def test_no_secret_of_a_pipeline_shows() -> None:
    """Address and password of a camera stay out of the message."""
    source = open_gstreamer(
        "rtspsrc location=rtsp://admin:b4ckd00r@127.0.0.1:9/b4ckd00r user-pw=b4ckd00r ! fakesink nosuch", time.time
    )
    with pytest.raises(AnprError) as caught:
        source.read()
    source.close()
    assert "b4ckd00r" not in str(caught.value)
    assert "127.0.0.1:9" in str(caught.value)


@real
def test_threads_and_descriptors_are_given_back() -> None:
    """Opening and closing leaves nothing behind."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(2):
        source = open_gstreamer(BALL, time.time)
        source.read()
        source.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert "camera" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize(("pipeline", "message"), [("  ", "the pipeline is empty"), ("a 'b", "No closing quotation")])
def test_no_pipeline_at_all_is_refused(pipeline: str, message: str) -> None:
    """The message says how one is written."""
    with pytest.raises(ConfigError, match=message):
        open_gstreamer(pipeline, time.time)


def test_without_gstreamer_the_message_names_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator learns what to install."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConfigError, match=r"gst-launch-1\.0 is not installed; on Debian: gstreamer1\.0-tools"):
        open_gstreamer("videotestsrc", time.time)
