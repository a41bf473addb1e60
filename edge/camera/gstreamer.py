"""GStreamer pipelines, such as a Jetson's CSI camera; run by the system's gst-launch-1.0.

The pipeline ends in video/x-raw in system memory. Behind it comes GStreamer's encoder to YUV4MPEG2, whose head names
the size, so that nothing has to be guessed; the stream has a pipe of its own, since elements print to standard output.
"""

import contextlib
import fcntl
import os
import selectors
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable
from typing import IO, Final

from edge.camera.live import POLL_S, LiveSource, Shot
from edge.camera.url import masked
from edge.camera.y4m import Y4mReader
from edge.errors import AnprError, ConfigError, SourceError

PROGRAM: Final = "gst-launch-1.0"
# GStreamer pads rows to 4 bytes and heights to even numbers: at these sizes there is nothing to pad.
CAPS: Final = "video/x-raw,format=I420,width=(int)[8,16384,8],height=(int)[2,16384,2]"
PIPE_BYTES: Final = 1 << 20  # what Linux grants without privilege
COMPLAINT_BYTES: Final = 4_096
END_S: Final = 1.5


def open_gstreamer(pipeline: str, clock: Callable[[], float]) -> LiveSource:
    """Run ``pipeline``, written as behind gst-launch-1.0 in a shell.

    Raises:
        ConfigError: it is empty or has an open quote, or the program is not installed.
    """
    name = f"gst:{masked(pipeline)}"
    words = _words(name, pipeline)
    if shutil.which(PROGRAM) is None:
        raise ConfigError(f"source {name}: {PROGRAM} is not installed; on Debian: gstreamer1.0-tools, -plugins-good")
    return LiveSource(name, lambda: GstDevice(name, words, clock))


class GstDevice:
    """One running pipeline; the time of a frame is its arrival."""

    def __init__(self, name: str, words: list[str], clock: Callable[[], float]) -> None:
        self._name = name
        self._clock = clock
        self._process, self._frames = _launch(words)
        self._reader = Y4mReader(self._frames)
        self._complaints = b""
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._frames, selectors.EVENT_READ)
        self._selector.register(_stderr(self._process), selectors.EVENT_READ)

    def grab(self) -> Shot | None:
        """Take what the pipeline has to give, waiting a second at most; a shot when that completes a frame.

        Raises:
            ConfigError: the pipeline can't be built.
            SourceError: it ended.
        """
        ready = {key.fileobj for key, _ in self._selector.select(POLL_S)}
        if _stderr(self._process) in ready:
            self._listen()
        return self._receive() if self._frames in ready else None

    def close(self) -> None:
        """End the pipeline in order, as Ctrl-C does: the daemon behind a Jetson's camera takes a kill badly."""
        self._selector.close()
        os.close(self._frames)
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        _stderr(self._process).close()

    def _receive(self) -> Shot | None:
        try:
            gray = self._reader.receive()
        except EOFError:
            raise self._ended() from None
        except ValueError as error:
            raise SourceError(f"source {self._name}: {error}") from error
        return None if gray is None else Shot(self._clock(), gray, gray)

    def _listen(self) -> bool:
        """Keep what the pipeline said last; false when it has said all."""
        said = os.read(_stderr(self._process).fileno(), COMPLAINT_BYTES)
        self._complaints = (self._complaints + said)[-COMPLAINT_BYTES:]
        if not said:
            self._selector.unregister(_stderr(self._process))
        return bool(said)

    def _ended(self) -> AnprError:
        """Say why the pipeline ended, in its own words."""
        while _stderr(self._process) in self._selector.get_map() and self._selector.select(END_S):
            self._listen()
        lines = self._complaints.decode(errors="replace").splitlines()
        reason = next((line for line in lines if line.startswith(("ERROR", "WARNING"))), "it has no more frames")
        kind = ConfigError if "erroneous pipeline" in reason or "could not be constructed" in reason else SourceError
        return kind(f"source {self._name}: {masked(reason)}")


def _words(name: str, pipeline: str) -> list[str]:
    try:
        words = shlex.split(pipeline)
    except ValueError as error:
        raise ConfigError(f"source {name}: {error}") from error
    if not words:
        raise ConfigError(f"source {name}: the pipeline is empty; allowed: gst:ELEMENT ! ELEMENT ...")
    return words


def _launch(words: list[str]) -> tuple[subprocess.Popen[bytes], int]:
    """Start the pipeline; return its process, and the descriptor from which its frames are read."""
    reader, writer = os.pipe()
    with contextlib.suppress(PermissionError):  # A larger pipe saves calls; a smaller one does too.
        fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    tail = ["videoconvert", "!", "videoscale", "!", CAPS, "!", "y4menc", "!", "fdsink", f"fd={writer}"]
    try:
        process = subprocess.Popen(  # noqa: S603  (the operator's pipeline, no shell)
            [PROGRAM, "-q", *words, "!", *tail],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[writer],
            env={**os.environ, "LC_ALL": "C"},
            start_new_session=True,  # Ctrl-C reaches us; we end the pipeline.
        )
    finally:
        os.close(writer)
    return process, reader


def _stderr(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stderr is None:
        raise SourceError(f"{PROGRAM}: no standard error")
    return process.stderr
