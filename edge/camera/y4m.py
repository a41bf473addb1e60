"""Luma out of a YUV4MPEG2 stream, 4:2:0 with 8 bits."""

import os
import re
from typing import Final

import numpy as np

from edge.camera.frame import Luma

WORD: Final = b"FRAME\n"
HEAD: Final = re.compile(rb"YUV4MPEG2 (?=.*\bW([1-9][0-9]{0,4})\b)(?=.*\bH([1-9][0-9]{0,4})\b)")
HEAD_MAX: Final = 256


class Y4mReader:
    """Takes what a file descriptor has to give, a part of a frame at a time."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._size: tuple[int, int] | None = None
        self._frame = np.empty(0, np.uint8)
        self._filled = 0

    def receive(self) -> Luma | None:
        """Read once; return the luma (h, w) uint8 of the frame that this completed, or None.

        Raises:
            EOFError: the stream has ended.
            ValueError: it is no such stream.
        """
        if self._size is None:
            self._size = _read_size(self._descriptor)
            self._begin(*self._size)
            return None
        count = os.readv(self._descriptor, [self._frame.data[self._filled :]])
        if not count:
            raise EOFError
        self._filled += count
        return self._finish(*self._size) if self._filled == len(self._frame) else None

    def _begin(self, width: int, height: int) -> None:
        chroma = 2 * ((width + 1) // 2) * ((height + 1) // 2)
        self._frame = np.empty(len(WORD) + width * height + chroma, np.uint8)
        self._filled = 0

    def _finish(self, width: int, height: int) -> Luma:
        frame = self._frame
        self._begin(width, height)
        if frame[: len(WORD)].tobytes() != WORD:
            raise ValueError("a frame that does not begin with its word")
        return frame[len(WORD) :][: width * height].reshape(height, width)


def _read_size(descriptor: int) -> tuple[int, int]:
    """Read the head, one line, and return (width, height)."""
    head = b""
    while not head.endswith(b"\n") and len(head) < HEAD_MAX:
        byte = os.read(descriptor, 1)
        if not byte:
            raise EOFError
        head += byte
    if not (match := HEAD.match(head)):
        raise ValueError("a head that names no size")
    return int(match[1]), int(match[2])
