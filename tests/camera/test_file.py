"""Video files."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.camera.file import FileSource
from edge.camera.frame import EndOfSource, Frame
from edge.errors import ConfigError
from tests.camera.videos import punch, spoil, truncate, write_variable, write_video

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def read_all(source: FileSource) -> list[Frame]:
    """Read to the end."""
    frames = []
    try:
        while True:
            frames.append(source.read())
    except EndOfSource:
        return frames


def test_every_frame_comes_once_on_the_clock_of_the_video(tmp_path: Path) -> None:
    """A frame's time is the start plus its place in the video, however fast it is read."""
    source = FileSource(write_video(tmp_path / "street.mp4", 30, "mp4v"), START)
    frames = read_all(source)
    assert [frame.index for frame in frames] == list(range(30))
    assert [frame.time - START.timestamp() for frame in frames] == pytest.approx([n / 12 for n in range(30)], abs=2e-3)
    assert source.stats.delivered == 30
    assert source.stats.corrupt == 0
    assert not source.live


def test_pictures_are_luma_in_order(tmp_path: Path) -> None:
    """Both pictures are the same luma, and frame n holds what was written as frame n."""
    frames = read_all(FileSource(write_video(tmp_path / "street.avi", 20), START))
    assert all(frame.gray is frame.full and frame.gray.shape == (120, 160) for frame in frames)
    levels = [float(frame.gray.mean()) for frame in frames]
    assert levels == pytest.approx([22.5 + n for n in range(20)], abs=1)


def test_a_variable_frame_rate_keeps_its_clock(tmp_path: Path) -> None:
    """A file that skips an empty street still says when each frame was; the gap is no corruption."""
    ticks = [0, 1, 2, 30, 31, 43_200]
    source = FileSource(write_variable(tmp_path / "street.mkv", ticks), START)
    assert [frame.time - START.timestamp() for frame in read_all(source)] == pytest.approx(
        [t / 12 for t in ticks], abs=2e-3
    )
    assert source.stats.corrupt == 0


def test_without_start_the_clock_is_the_modification_time(tmp_path: Path) -> None:
    """The first frame of an unnamed hour is when the file was last written."""
    file = write_video(tmp_path / "street.avi", 3)
    os.utime(file, (0, 1_790_000_000))
    assert FileSource(file, None).read().time == 1_790_000_000


def test_after_the_end_comes_the_end(tmp_path: Path) -> None:
    """Reading on after the end says so again, and counts nothing twice."""
    source = FileSource(truncate(write_video(tmp_path / "street.avi", 40), 0.5), START)
    read_all(source)
    corrupt = source.stats.corrupt
    assert read_all(source) == []
    assert source.stats.corrupt == corrupt


@pytest.mark.parametrize(("name", "codec"), [("street.mp4", "mp4v"), ("street.avi", "MJPG")])
def test_corrupt_frames_are_skipped_and_counted(tmp_path: Path, name: str, codec: str) -> None:
    """A hole in the middle costs its own frames, and what lies behind it is delivered."""
    source = FileSource(punch(write_video(tmp_path / name, 60, codec), 0.5, 0.6), START)
    delivered = len(read_all(source))
    assert 45 <= delivered < 60
    assert delivered + source.stats.corrupt == 60


def test_corrupt_frames_in_matroska_keep_the_clock(tmp_path: Path) -> None:
    """Frames behind a corrupt one have the time that they had; Matroska announces no number, so it is not compared."""
    source = FileSource(spoil(write_video(tmp_path / "street.mkv", 60), [20, 21, 40]), START)
    frames = read_all(source)
    ticks = [tick for tick in range(60) if tick not in {20, 21, 40}]
    assert [frame.time - START.timestamp() for frame in frames] == pytest.approx([t / 12 for t in ticks], abs=2e-3)
    assert source.stats.corrupt == 3


def test_a_file_cut_off_counts_what_it_announced(tmp_path: Path) -> None:
    """The frames that a truncated AVI file no longer holds are corrupt ones."""
    source = FileSource(truncate(write_video(tmp_path / "street.avi", 60), 0.5), START)
    delivered = len(read_all(source))
    assert 20 <= delivered <= 40
    assert source.stats.corrupt == 60 - delivered


@pytest.mark.parametrize("content", [b"", b"no video at all\n" * 100])
def test_a_file_that_is_no_video_is_refused(tmp_path: Path, content: bytes) -> None:
    """The message names the file and says what is wrong."""
    file = tmp_path / "notes.mp4"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"notes\.mp4: is no video"):
        FileSource(file, START)


def test_a_video_cut_off_before_its_index_is_refused(tmp_path: Path) -> None:
    """An MP4 file whose recording never ended can't be opened."""
    with pytest.raises(ConfigError, match="cut off before its index"):
        FileSource(truncate(write_video(tmp_path / "street.mp4", 30, "mp4v"), 0.5), START)


def test_a_video_without_one_good_frame_is_refused(tmp_path: Path) -> None:
    """A file of nothing but corrupt frames is an error, not a quiet street."""
    source = FileSource(spoil(write_video(tmp_path / "street.mkv", 10), range(10)), START)
    with pytest.raises(ConfigError, match="holds no frame that can be decoded"):
        read_all(source)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(ConfigError, match=r"gone\.mp4: can't be read: No such file"):
        FileSource(tmp_path / "gone.mp4", START)


def test_nothing_is_written_to_standard_error(tmp_path: Path) -> None:
    """The libraries complain about a broken video a hundred times; the user hears nothing of it."""
    file = punch(write_video(tmp_path / "street.mp4", 60, "mp4v"), 0.4, 0.6)
    code = "import sys; from collections import deque; from edge.camera.opener import open_source; \
deque(iter(open_source(sys.argv[1]).read, None), maxlen=1)"
    ended = subprocess.run([sys.executable, "-c", code, file], capture_output=True, text=True, check=False)
    assert "edge.camera.frame.EndOfSource" in ended.stderr
    assert "mpeg4" not in ended.stderr


def test_closing_twice_is_safe(tmp_path: Path) -> None:
    """The second close does nothing."""
    source = FileSource(write_video(tmp_path / "street.avi", 3), START)
    source.close()
    source.close()
