"""The command that renders a scene."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from hil.scenes import truth
from hil.scenes.__main__ import FILES, main


def test_a_scene_of_one_vehicle(tmp_path: Path) -> None:
    """The command writes the four files and nothing else; the video runs from the start to after the passage."""
    command = [sys.executable, "-m", "hil.scenes", "--out", str(tmp_path), "--vehicles", "1", "--hours", "0.01"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(FILES)
    known = truth.load(tmp_path / "truth.json")
    assert len(known.passages) == 1
    assert 'inwards = "down"' in done.stdout
    times = video_times(tmp_path / "street.mkv")
    assert times[0] == 0
    assert (np.diff(times) > 0).all()
    assert times[-1] > (known.passages[0].time - known.start.timestamp() + 2) * 1000
    assert known.passages[0].plate in (tmp_path / "vehicles.csv").read_text(encoding="utf-8")


def video_times(file: Path) -> list[float]:
    """Milliseconds of every frame."""
    video, times = cv2.VideoCapture(str(file)), []
    while video.grab():
        times.append(video.get(cv2.CAP_PROP_POS_MSEC))
    return times


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--start", "tomorrow"], "2026-11-17T15:00:00+01:00"),
        (["--start", "2026-11-17T15:00:00"], "offset"),
        (["--vehicles", "900", "--hours", "0.5"], "takes 1200 an hour"),
        (["--vehicles", "0"], "--vehicles"),
    ],
)
def test_wrong_options_are_named(options: list[str], said: str, tmp_path: Path) -> None:
    """A wrong value ends with status 2, the option's name and what is allowed, and nothing is written."""
    result = CliRunner().invoke(main, ["--out", str(tmp_path / "scene"), *options])
    assert result.exit_code == 2
    assert said in result.output
    assert not (tmp_path / "scene").exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """No traceback where the folder can't be made."""
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(main, ["--out", str(tmp_path / "file" / "scene"), "--vehicles", "1", "--hours", "0.01"])
    assert result.exit_code == 1
    assert "Not a directory" in result.output
