"""Films carry their own clock."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from hil.scenes.camera import HEIGHT, WIDTH
from hil.scenes.film import FilmError, Reel, shoot, splice
from hil.scenes.schedule import RATE


def plain(grey: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A frame of one grey."""
    return np.full((HEIGHT, WIDTH, 3), grey, np.uint8)


def decoded(file: Path) -> list[tuple[float, float]]:
    """Milliseconds and mean grey of every frame."""
    video = cv2.VideoCapture(str(file))
    found: list[tuple[float, float]] = []
    while True:
        more, frame = video.read()
        if not more:
            return found
        found.append((video.get(cv2.CAP_PROP_POS_MSEC), float(np.mean(frame))))


def test_frames_come_back_at_their_own_times(tmp_path: Path) -> None:
    """Reels joined over a gap of an hour give every frame with its time, in order."""
    reels = [Reel(tmp_path / "a.avi", (0, 1, 2, 7)), Reel(tmp_path / "b.avi", (36_000, 36_001))]
    shoot(reels[0], (plain(40 * i) for i in range(4)))
    shoot(reels[1], (plain(200 + 20 * i) for i in range(2)))
    splice(reels, tmp_path / "film.mkv")
    frames = decoded(tmp_path / "film.mkv")
    assert [time for time, _ in frames] == pytest.approx([t * 1000 / RATE for t in (0, 1, 2, 7, 36_000, 36_001)])
    assert [grey for _, grey in frames] == pytest.approx([0, 40, 80, 120, 200, 220], abs=6)


def test_a_reel_that_ends_early_is_an_error(tmp_path: Path) -> None:
    """Missing frames are not papered over."""
    reel = Reel(tmp_path / "a.avi", (0, 1, 2))
    shoot(reel, [plain(9)])
    with pytest.raises(FilmError, match="ends early"):
        splice([reel], tmp_path / "film.mkv")
