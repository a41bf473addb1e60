"""Video files: every frame, with the video's own clock."""

from datetime import datetime
from pathlib import Path
from typing import Final

import cv2

from edge.camera.frame import EndOfSource, Frame, SourceStats
from edge.camera.luma import to_luma
from edge.camera.quiet import silence_libraries
from edge.errors import ConfigError

# A packet that can't be decoded is one failed grab, the end is failed grabs for ever: so many in a row are the end.
# They cost 0.04 s there.
CORRUPT_RUN: Final = 1_000
USUAL_FPS: Final = 25.0


class FileSource:
    """The frames of one video file.

    The time of a frame is ``start`` plus its presentation time, so variable frame rates and cut-out stretches keep
    their clock; without ``start`` it is the file's modification time. ``stats.corrupt`` counts the frames that can't
    be decoded, and at the end also those that an AVI or MP4 file announces but does not hold.
    """

    live = False

    def __init__(self, file: Path, start: datetime | None) -> None:
        self.stats = SourceStats()
        self._file = file
        head = _head(file)
        self._start = file.stat().st_mtime if start is None else start.timestamp()
        self._capture = _open(file)
        self._announced = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)) if _counts_frames(head) else 0
        self._interval = 1 / (self._capture.get(cv2.CAP_PROP_FPS) or USUAL_FPS)
        self._position = -self._interval

    def read(self) -> Frame:
        """Return the next frame that can be decoded.

        Raises:
            EndOfSource: there is none.
            ConfigError: there was none at all.
        """
        while self._grab():
            decoded, picture = self._capture.retrieve()
            if decoded:
                return self._frame(picture)
            self.stats.corrupt += 1
        self.stats.corrupt = max(self.stats.corrupt, self._announced - self.stats.delivered)
        if not self.stats.delivered:
            raise ConfigError(f"source {self._file}: holds no frame that can be decoded")
        raise EndOfSource

    def close(self) -> None:
        """Close the file."""
        self._capture.release()

    def _grab(self) -> bool:
        for failed in range(CORRUPT_RUN):
            if self._capture.grab():
                self.stats.corrupt += failed
                return True
        return False

    def _frame(self, picture: cv2.typing.MatLike) -> Frame:
        gray = to_luma(picture)
        frame = Frame(self.stats.delivered, self._start + self._advance(), gray, gray)
        self.stats.delivered += 1
        return frame

    def _advance(self) -> float:
        """Return the seconds since the video's begin; a stream without times, or one that jumps back, goes on."""
        position = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1_000
        self._position = position if position > self._position else self._position + self._interval
        return self._position


def _head(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(12)
    except OSError as error:
        raise ConfigError(f"source {file}: can't be read: {error.strerror}") from error


def _open(file: Path) -> cv2.VideoCapture:
    silence_libraries()
    # An absolute path: FFmpeg takes "name:" at the beginning of a relative one for a protocol.
    capture = cv2.VideoCapture(str(file.absolute()), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise ConfigError(f"source {file}: is no video that FFmpeg can open, or is cut off before its index")
    return capture


def _counts_frames(head: bytes) -> bool:
    """Tell whether the container counts its frames; elsewhere OpenCV guesses, from duration and rate."""
    return head.startswith(b"RIFF") or head[4:8] == b"ftyp"
