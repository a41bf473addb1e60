"""The canary over scenes and clips."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from edge.camera.file import FileSource
from edge.camera.frame import EndOfSource, Frame
from edge.errors import ConfigError
from edge.proof.canary import AFTER
from edge.proof.search import Find
from hil.canary import __main__ as command
from hil.canary.run import Result, Row
from hil.canary.show import PAUSE, START, ShowError, of_place
from hil.scenes import truth

FIND = Find("memory of vision", "text", 0, 7)


def clip(file: Path, brightness: int, size: tuple[int, int] = (64, 48)) -> None:
    """Film a second of one shade, at 10 frames a second."""
    writer = cv2.VideoWriter(str(file), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"FFV1"), 10.0, size)
    for _ in range(10):
        writer.write(np.full((size[1], size[0], 3), brightness, np.uint8))
    writer.release()


def frames(video: Path) -> list[Frame]:
    """Return all frames as a camera gets them."""
    source, found = FileSource(video, START), []
    try:
        while True:
            found.append(source.read())
    except EndOfSource:
        return found


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Two clips with three vehicles."""
    folder = tmp_path / "clips"
    folder.mkdir()
    clip(folder / "one.mkv", 100)
    clip(folder / "two.mkv", 200)
    rows = ["file,plate", "one.mkv,X-99-XXX", "two.mkv,X-99-XXZ", "two.mkv,X-99-XZX"]
    (folder / "labels.csv").write_text("\n".join(rows))
    return folder


def test_clips_are_shown_one_after_the_other(clips: Path, tmp_path: Path) -> None:
    """Each slides down through the picture; between them it is dark until nobody may be remembered any more."""
    show = of_place(clips, tmp_path, gap=3.0)
    seen = frames(show.video)
    bright = [int(frame.full.max()) for frame in seen]
    assert bright == [100] * 10 + [0] * round(10 * PAUSE) + [200] * 10 + [0] * round(10 * PAUSE)
    tops = [int(np.flatnonzero(frame.full[:, 0])[0]) for frame in seen[:10]]
    bottoms = [int(np.flatnonzero(frame.full[:, 0])[-1]) for frame in seen[:10]]
    assert (tops[0], bottoms[0], tops[-1], bottoms[-1]) == (0, 23, 24, 47)


def test_clips_are_looked_at_while_they_run_and_two_seconds_later(clips: Path, tmp_path: Path) -> None:
    """All plates of a clip have passed at its end."""
    show = of_place(clips, tmp_path, gap=3.0)
    begin = show.start.timestamp()
    assert [round(one.time - begin, 3) for one in show.passings] == [1.0, 5.5, 5.5]
    assert [round(one - begin, 3) for one in show.moments] == [0.5, 1.0 + AFTER, 5.0, 5.5 + AFTER]
    assert frames(show.video)[-1].time > show.moments[-1]


def test_clips_of_two_sizes_are_refused(clips: Path, tmp_path: Path) -> None:
    """They are not one camera's."""
    clip(clips / "two.mkv", 200, (32, 24))
    with pytest.raises(ShowError, match="different sizes"):
        of_place(clips, tmp_path, gap=3.0)


def test_a_file_that_is_no_clip_is_refused(clips: Path, tmp_path: Path) -> None:
    """By its name."""
    (clips / "one.mkv").write_bytes(b"nothing")
    with pytest.raises(ShowError, match=r"one\.mkv: holds no picture"):
        of_place(clips, tmp_path, gap=3.0)


def test_another_folder_is_refused(tmp_path: Path) -> None:
    """It says what was looked for."""
    with pytest.raises(ConfigError, match=r"truth\.json.*labels\.csv"):
        of_place(tmp_path, tmp_path, gap=3.0)


def test_a_scene_is_looked_at_after_its_passages(one_vehicle: Path, tmp_path: Path) -> None:
    """Two seconds after each."""
    (passage,) = truth.load(one_vehicle / "truth.json").passages
    show = of_place(one_vehicle, tmp_path, gap=0.0)
    assert [one.time for one in show.passings] == [passage.time]
    assert passage.time + AFTER in show.moments


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (Result(1, 1, 1, [Row("memory of vision", "twice", [])]), 0),
        (Result(1, 1, 1, [Row("memory of vision", "twice", [FIND]), Row("packets", "1 MB", [])]), 1),
        (Result(1, 0, 0, [Row("memory of vision", "twice", [])]), 1),
    ],
)
def test_a_find_fails_and_so_does_a_search_that_finds_nothing_anywhere(
    one_vehicle: Path, monkeypatch: pytest.MonkeyPatch, result: Result, status: int
) -> None:
    """And what is printed spells no plate."""
    monkeypatch.setattr(command, "run", lambda *_: result)
    outcome = CliRunner().invoke(command.main, [str(one_vehicle)])
    assert outcome.exit_code == status
    assert ("1 as text" in outcome.output) == any(row.finds for row in result.rows)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root reads the memory of processes that hide theirs")
def test_nothing_is_found_after_a_scene(one_vehicle: Path) -> None:
    """One vehicle passes the three processes; its plate was held, and is nowhere."""
    outcome = CliRunner().invoke(command.main, [str(one_vehicle)])
    (passage,) = truth.load(one_vehicle / "truth.json").passages
    assert outcome.exit_code == 0, outcome.output
    assert "1 plates; vision held 1 of them while it may, and before the end of the day tags of 1" in outcome.output
    assert passage.plate not in outcome.output
