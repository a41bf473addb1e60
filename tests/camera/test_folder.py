"""Folders of images."""

import os
from datetime import UTC, datetime
from pathlib import Path

import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.camera.folder import FolderOptions, FolderSource
from edge.camera.frame import EndOfSource, Frame
from edge.errors import ConfigError
from tests.camera.videos import picture, truncate

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
TWELVE = FolderOptions()


def fill(folder: Path, names: list[str]) -> Path:
    """Write one picture per name, each brighter than the one before."""
    for index, name in enumerate(names):
        assert cv2.imwrite(str(folder / name), picture(20 + 10 * index))
    return folder


def read_all(source: FolderSource) -> list[Frame]:
    """Read to the end."""
    frames = []
    try:
        while True:
            frames.append(source.read())
    except EndOfSource:
        return frames


def test_images_come_sorted_by_name(tmp_path: Path) -> None:
    """Order is that of the names, whatever the format; other files are no frames."""
    fill(tmp_path, ["b.jpg", "a.PNG", "c.bmp"])
    (tmp_path / "labels.csv").write_text("file,plate\n")
    frames = read_all(FolderSource(tmp_path, TWELVE, START))
    assert [round(float(frame.gray.mean()) / 10) for frame in frames] == [3, 2, 4]
    assert [frame.index for frame in frames] == [0, 1, 2]


@given(fps=st.floats(0.1, 240))
def test_the_clock_runs_at_the_chosen_rate(tmp_path_factory: pytest.TempPathFactory, fps: float) -> None:
    """Frame n is n / fps seconds after the start."""
    folder = fill(tmp_path_factory.mktemp("frames"), ["1.bmp", "2.bmp", "3.bmp"])
    frames = read_all(FolderSource(folder, FolderOptions(fps=fps), START))
    assert [frame.time - START.timestamp() for frame in frames] == pytest.approx([0, 1 / fps, 2 / fps], abs=1e-6)


def test_without_start_the_clock_is_the_first_image(tmp_path: Path) -> None:
    """The clock begins when the first image was last written."""
    fill(tmp_path, ["1.jpg", "2.jpg"])
    os.utime(tmp_path / "1.jpg", (0, 1_790_000_000))
    assert FolderSource(tmp_path, TWELVE, None).read().time == 1_790_000_000


@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp", "tif", "webp"])
def test_a_truncated_image_is_skipped_and_counted(tmp_path: Path, suffix: str) -> None:
    """A corrupt image costs itself, and the others keep their time."""
    fill(tmp_path, [f"{n}.{suffix}" for n in range(5)])
    truncate(tmp_path / f"2.{suffix}", 0.6)
    (tmp_path / f"3.{suffix}").write_bytes(b"")
    source = FolderSource(tmp_path, TWELVE, START)
    assert [round(12 * (frame.time - START.timestamp())) for frame in read_all(source)] == [0, 1, 4]
    assert source.stats.corrupt == 2
    assert source.stats.delivered == 3


def test_an_image_that_vanishes_is_skipped_and_counted(tmp_path: Path) -> None:
    """A file deleted while the folder is read costs itself."""
    source = FolderSource(fill(tmp_path, ["1.jpg", "2.jpg"]), TWELVE, START)
    (tmp_path / "2.jpg").unlink()
    assert len(read_all(source)) == 1
    assert source.stats.corrupt == 1


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """The message says which files count as images."""
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(ConfigError, match=r"holds no image; allowed: \.bmp, \.jpeg"):
        FolderSource(tmp_path, TWELVE, START)


def test_a_folder_of_corrupt_images_is_refused(tmp_path: Path) -> None:
    """Nothing but corrupt images is an error, not a quiet street."""
    truncate(fill(tmp_path, ["1.jpg"]) / "1.jpg", 0.3)
    with pytest.raises(ConfigError, match="none of its 1 images can be decoded"):
        read_all(FolderSource(tmp_path, TWELVE, START))


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    """The message names the folder."""
    with pytest.raises(ConfigError, match="gone: can't be read"):
        FolderSource(tmp_path / "gone", TWELVE, START)
