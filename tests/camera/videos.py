"""Small videos and images with known content."""

import re
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE = (160, 120)
FPS = 12.0


def picture(level: int) -> NDArray[np.uint8]:
    """Return a picture (120, 160, 3) of one grey, with grain that keeps its packets from being tiny."""
    grain = np.random.default_rng(level).integers(0, 6, (*SIZE[::-1], 1), dtype=np.uint8)
    return np.repeat(grain + np.uint8(level), 3, axis=2)


def write_video(file: Path, frames: int, codec: str = "MJPG") -> Path:
    """Write ``frames`` pictures, each a little brighter, at 12 a second."""
    writer = cv2.VideoWriter(str(file), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), FPS, SIZE)
    assert writer.isOpened()
    for index in range(frames):
        writer.write(picture(20 + index))
    writer.release()
    return file


def write_variable(file: Path, ticks: Iterable[int]) -> Path:
    """Write a Matroska file of one picture at each of ``ticks``, twelfths of a second."""
    raw = [cv2.VIDEOWRITER_PROP_RAW_VIDEO, 1]
    writer = cv2.VideoWriter(str(file), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"MJPG"), FPS, SIZE, raw)
    assert writer.isOpened()
    for tick in ticks:
        writer.set(cv2.VIDEOWRITER_PROP_KEY_FLAG, 1)
        writer.set(cv2.VIDEOWRITER_PROP_PTS, tick)
        writer.write(cv2.imencode(".jpg", picture(20))[1])
    writer.release()
    return file


def punch(file: Path, begin: float, end: float) -> Path:
    """Overwrite the bytes between two shares of the file with zeros."""
    content = bytearray(file.read_bytes())
    first, last = int(len(content) * begin), int(len(content) * end)
    content[first:last] = bytes(last - first)
    file.write_bytes(content)
    return file


def spoil(file: Path, frames: Iterable[int]) -> Path:
    """Overwrite the heads of some pictures of a motion JPEG file, and nothing of the container."""
    content = file.read_bytes()
    begins = [match.start() for match in re.finditer(rb"\xff\xd8\xff", content)]
    spoilt = bytearray(content)
    for index in frames:
        spoilt[begins[index] : begins[index] + 300] = bytes(300)
    file.write_bytes(spoilt)
    return file


def truncate(file: Path, share: float) -> Path:
    """Cut a file off after a share of its bytes."""
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    return file
