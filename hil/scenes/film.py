"""Writes video whose frames carry their own times, with what OpenCV brings along."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import AnprError
from hil.scenes.camera import HEIGHT, WIDTH
from hil.scenes.schedule import RATE

KEY_EVERY = 50
CODEC = "mp4v"
SIZE = (WIDTH, HEIGHT)


class FilmError(AnprError):
    """A video that can't be written."""


@dataclass(frozen=True, slots=True)
class Reel:
    """A piece of film: a file of compressed frames, and the tick of each."""

    file: Path
    ticks: tuple[int, ...]


def shoot(reel: Reel, frames: Iterable[NDArray[np.uint8]]) -> None:
    """Compress frames into the reel's file; AVI keeps the codec's headers inside the frames, so reels can be joined."""
    options = [cv2.VIDEOWRITER_PROP_KEY_INTERVAL, KEY_EVERY]
    writer = _open(reel.file, options)
    for frame in frames:
        writer.write(frame)
    writer.release()


def splice(reels: list[Reel], file: Path) -> None:
    """Join reels into one Matroska file in which every frame is shown at its tick; nothing is compressed again."""
    writer = _open(file, [cv2.VIDEOWRITER_PROP_RAW_VIDEO, 1])
    for reel in reels:
        _append(writer, reel)
    writer.release()


def _append(writer: cv2.VideoWriter, reel: Reel) -> None:
    packets = cv2.VideoCapture(str(reel.file), cv2.CAP_FFMPEG, [cv2.CAP_PROP_FORMAT, -1])
    for tick in reel.ticks:
        found, packet = packets.read()
        if not found:
            raise FilmError(f"{reel.file}: ends early; is the disk full?")
        writer.set(cv2.VIDEOWRITER_PROP_KEY_FLAG, packets.get(cv2.CAP_PROP_LRF_HAS_KEY_FRAME))
        writer.set(cv2.VIDEOWRITER_PROP_PTS, tick)
        writer.write(packet)
    packets.release()


def _open(file: Path, options: list[int]) -> cv2.VideoWriter:
    code = cv2.VideoWriter.fourcc(*CODEC)
    writer = cv2.VideoWriter(str(file), cv2.CAP_FFMPEG, code, RATE, SIZE, options)
    if not writer.isOpened():
        raise FilmError(f"{file}: can't be written as {CODEC} video by this build of OpenCV")
    return writer
