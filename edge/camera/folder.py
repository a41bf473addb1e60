"""Folders of images: one frame each, sorted by name, on a clock of their own."""

from datetime import datetime
from pathlib import Path
from typing import Final

import cv2
import msgspec
import numpy as np

from edge.camera.frame import EndOfSource, Frame, Luma, SourceStats
from edge.camera.luma import to_luma
from edge.camera.quiet import silence_libraries
from edge.camera.url import Fps
from edge.errors import ConfigError

SUFFIXES: Final = (".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".tif", ".tiff", ".webp")


class FolderOptions(msgspec.Struct, frozen=True):
    """Options behind a folder's name."""

    fps: Fps = 12.0


class FolderSource:
    """The images of one folder, ``fps`` per second; one that can't be decoded is skipped, counted, and keeps its time.

    The first image is at ``start``, without it at its modification time.
    """

    live = False

    def __init__(self, folder: Path, options: FolderOptions, start: datetime | None) -> None:
        silence_libraries()
        self.stats = SourceStats()
        self._folder = folder
        self._files = _images(folder)
        self._next = 0
        self._interval = 1 / options.fps
        self._start = self._files[0].stat().st_mtime if start is None else start.timestamp()

    def read(self) -> Frame:
        """Return the next image that can be decoded.

        Raises:
            EndOfSource: there is none.
            ConfigError: there was none at all.
        """
        while self._next < len(self._files):
            time = self._start + self._next * self._interval
            gray = _decode(self._files[self._next])
            self._next += 1
            if gray is not None:
                return self._frame(time, gray)
            self.stats.corrupt += 1
        if not self.stats.delivered:
            raise ConfigError(f"source {self._folder}: none of its {len(self._files)} images can be decoded")
        raise EndOfSource

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def _frame(self, time: float, gray: Luma) -> Frame:
        frame = Frame(self.stats.delivered, time, gray, gray)
        self.stats.delivered += 1
        return frame


def _images(folder: Path) -> list[Path]:
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise ConfigError(f"source {folder}: can't be read: {error.strerror}") from error
    if not files:
        raise ConfigError(f"source {folder}: the folder holds no image; allowed: {', '.join(SUFFIXES)}")
    return files


def _decode(file: Path) -> Luma | None:
    """Read one image; None where it is unreadable, truncated or no image. The camera's orientation tag is obeyed."""
    try:
        picture = cv2.imdecode(np.frombuffer(file.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
    except (OSError, cv2.error):  # OpenCV raises on an empty file.
        return None
    return None if picture is None else to_luma(picture)
