"""What is shown to the camera: a rendered scene, or real clips one after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.clips import read_labels
from edge.errors import AnprError, ConfigError
from edge.proof.canary import AFTER, Passing, moments
from hil.register import exports
from hil.register.exports import Style
from hil.register.fleet import make_fleet
from hil.scenes import truth as truths
from hil.scenes.camera import Point

START: Final = datetime.fromisoformat("2026-11-17T15:00:00+01:00")
"""When clips are shown: any day under the policy of the examples."""
PAUSE: Final = 3.5
"""Seconds of darkness after each clip: in the middle of them nobody may be remembered any more."""
MIDDLE: Final = ((0.0, 0.5), (1.0, 0.5))
VEHICLES: Final = 1_000
"""Made-up ones in the register, when clips are shown: real ones are in none."""

Picture = NDArray[np.uint8]


class ShowError(AnprError):
    """What can't be shown."""


@dataclass(frozen=True, slots=True)
class Show:
    """A video that begins at ``start``, what passes in it, and the ``moments`` (Unix seconds) at which to search.

    ``register`` is a folder with the register's exports.
    """

    video: Path
    start: datetime
    line: tuple[Point, Point]
    passings: Sequence[Passing]
    moments: Sequence[float]
    register: Path


def of_place(place: Path, draft: Path, gap: float) -> Show:
    """Show a scene of hil.scenes, or a folder of clips with its labels.csv; what has to be made goes into ``draft``.

    Of crossings in a scene that follow each other within ``gap`` seconds only the first is looked after at once.

    Raises:
        ConfigError: it is neither.
        ShowError: the clips can't be joined.
    """
    if (place / "truth.json").exists():
        return _of_scene(place, gap)
    if (place / "labels.csv").exists():
        return _of_clips(place, draft)
    raise ConfigError(f"{place}: has neither the truth.json of a scene nor the labels.csv of clips")


def _of_scene(folder: Path, gap: float) -> Show:
    truth = truths.load(folder / "truth.json")
    passings = [Passing(one.time, one.plate) for one in truth.passages]
    return Show(folder / "street.mkv", truth.start, truth.line, passings, moments(passings, gap), folder)


def _of_clips(folder: Path, draft: Path) -> Show:
    """Join the clips; a plate has passed when its clip is over. Each is looked at in its middle, and two seconds later.

    Vehicles in them don't cross a line, they are filmed while they stand, so each picture slides down over it.
    """
    passings, times, labels = list[Passing](), list[float](), read_labels(folder)
    with _Joined(draft / "clips.mkv") as film:
        for name, plates in labels.items():
            begin = START.timestamp() + film.seconds
            film.add(_pictures(folder / name))
            end = START.timestamp() + film.seconds
            film.darken()
            passings += [Passing(end, plate) for plate in plates]
            times += [(begin + end) / 2, end + AFTER]
    exports.write(make_fleet(VEHICLES, 1), draft, Style.EXPORT)
    return Show(film.file, START, MIDDLE, passings, times, draft)


class _Joined:
    """A video without loss, of clips of one size and rate."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.seconds = 0.0
        self._writer: cv2.VideoWriter | None = None
        self._rate, self._dark = 0.0, np.zeros((0, 0), np.uint8)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.release()

    def add(self, clip: tuple[float, Sequence[Picture]]) -> None:
        """Add a clip, its rate and pictures, each moved from above the picture to below it."""
        rate, pictures = clip
        height = pictures[0].shape[0]
        if self._writer is None:
            self._begin(rate, pictures[0])
        if (rate, pictures[0].shape) != (self._rate, self._dark.shape):
            raise ShowError("the clips have different sizes or frame rates; a camera has one of each")
        for picture, down in zip(pictures, np.linspace(-height / 2, height / 2, len(pictures)), strict=True):
            self._write(_moved(picture, round(float(down))))

    def darken(self) -> None:
        """Add darkness."""
        for _ in range(round(PAUSE * self._rate)):
            self._write(self._dark)

    def _begin(self, rate: float, picture: Picture) -> None:
        size = (picture.shape[1], picture.shape[0])
        self._rate, self._dark = rate, np.zeros_like(picture)
        code = cv2.VideoWriter.fourcc(*"FFV1")
        self._writer = cv2.VideoWriter(str(self.file), cv2.CAP_FFMPEG, code, rate, size)
        if not self._writer.isOpened():
            raise ShowError(f"{self.file}: can't be written as FFV1 video by this build of OpenCV")

    def _write(self, picture: Picture) -> None:
        if self._writer is not None:
            self._writer.write(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))
            self.seconds += 1 / self._rate


def _moved(picture: Picture, down: int) -> Picture:
    """Return a picture (h, w) moved down, or up, with darkness where it was."""
    moved = np.roll(picture, down, axis=0)
    moved[slice(0, down) if down >= 0 else slice(down, None)] = 0
    return moved


def _pictures(file: Path) -> tuple[float, list[Picture]]:
    """Return a clip's rate and its pictures (h, w)."""
    clip = cv2.VideoCapture(str(file.absolute()), cv2.CAP_FFMPEG)
    pictures = list(_read(clip))
    rate = clip.get(cv2.CAP_PROP_FPS)
    clip.release()
    if not pictures:
        raise ShowError(f"{file}: holds no picture that can be decoded")
    return rate, pictures


def _read(clip: cv2.VideoCapture) -> Iterator[Picture]:
    while True:
        found, picture = clip.read()
        if not found:
            return
        yield np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
