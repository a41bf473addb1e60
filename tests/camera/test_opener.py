"""The one way to a frame source."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.camera.file import FileSource
from edge.camera.folder import FolderSource
from edge.camera.live import LiveSource
from edge.camera.opener import SCHEMES, open_source
from edge.errors import AnprError, ConfigError
from tests.camera.test_folder import fill
from tests.camera.videos import write_video

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def test_a_path_is_a_file_or_a_folder(tmp_path: Path) -> None:
    """No scheme is needed for either, and both take the start."""
    video = write_video(tmp_path / "street.avi", 2)
    folder = tmp_path / "frames"
    folder.mkdir()
    fill(folder, ["1.jpg"])
    for url in (str(video), f"file:{video}", str(folder), f"folder:{folder}"):
        source = open_source(url, start=START)
        assert isinstance(source, FileSource | FolderSource)
        assert not source.live
        assert source.read().time == START.timestamp()
        source.close()


@pytest.mark.parametrize("prefix", ["", "folder:"])
def test_a_folder_takes_its_rate_from_the_url(tmp_path: Path, prefix: str) -> None:
    """Behind a question mark."""
    fill(tmp_path, ["1.jpg", "2.jpg"])
    source = open_source(f"{prefix}{tmp_path}?fps=4", start=START)
    assert [source.read().time - START.timestamp() for _ in range(2)] == [0, 0.25]


@pytest.mark.parametrize(
    "url", ["v4l2:/dev/video97", "/dev/video97?size=640x480", "rtsp://127.0.0.1:9/x", "RTSP://127.0.0.1:9/x"]
)
def test_cameras_are_live_and_open_in_the_background(url: str) -> None:
    """Whether the camera is there shows at the first read."""
    source = open_source(url)
    assert isinstance(source, LiveSource)
    assert source.live
    with pytest.raises(AnprError):
        source.read()
    source.close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("rstp://admin:b4ckd00r@10.0.0.5/x", 'source "rstp://10.0.0.5/..." is of no known form; did you mean rtsp?'),
        (
            "http://10.0.0.5/b4ckd00r",
            'source "http://10.0.0.5/..." is of no known form; did you mean rtsp?; allowed: FILE',
        ),
        ("picamera2", "did you mean picamera2:?"),
        ("", 'source "" is of no known form'),
        ("gone.mp4", "source gone.mp4: can't be read: No such file or directory"),
        ("folder:gone", "source gone: can't be read: No such file or directory"),
        ("x" * 5_000, "File name too long"),
        ("folder:x?fsp=3", "unknown option fsp; did you mean fps?"),
        ("v4l2:/dev/video0?size=big", "size=big; allowed: WIDTHxHEIGHT"),
        ("v4l2:video0", "source video0: is no device"),
        ("picamera2:?fps=1e9", "fps=1e9; allowed: frames per second"),
        ("gst:", "the pipeline is empty"),
    ],
)
def test_a_wrong_url_is_refused_in_one_line(url: str, message: str) -> None:
    """Configuration errors, exit status 78, without a secret."""
    with pytest.raises(ConfigError) as caught:
        open_source(url)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "b4ckd00r" not in str(caught.value)
    assert caught.value.exit_status == 78


def test_an_unknown_form_lists_all_forms() -> None:
    """Whoever reads the message knows what can be written."""
    with pytest.raises(ConfigError) as caught:
        open_source("ftp://x")
    assert all(scheme.form in str(caught.value) for scheme in SCHEMES.values())


def test_a_live_camera_takes_no_start() -> None:
    """Its clock is the wall clock."""
    with pytest.raises(ConfigError, match=r"source rtsp://10\.0\.0\.5/\.\.\.: a start is for files and folders"):
        open_source("rtsp://admin:b4ckd00r@10.0.0.5/x", start=START)


def test_a_start_needs_its_offset(tmp_path: Path) -> None:
    """Without one, an hour a year would be ambiguous."""
    with pytest.raises(ConfigError, match=r"has no offset from UTC; such as \+01:00 or Z"):
        open_source(str(tmp_path), start=START.replace(tzinfo=None))
