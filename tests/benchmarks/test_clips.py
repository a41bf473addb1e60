"""Scoring tracks on labelled clips."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.clips import LIVED, Said, Score, edit_distance, main, nearest, read_labels, score_clip
from edge.errors import ConfigError
from tests.plates import tiny_models

PLATE, OTHER = "V12BDF", "X34GHJ"
FAR = "99999ZZZ"


def scored(tracks: list[Said], plates: tuple[str, ...] = (PLATE,)) -> dict[str, int]:
    """Score one clip; return what is not zero, without the number of vehicles."""
    score = Score()
    score_clip(score, plates, tracks)
    assert score.vehicles == len(plates)
    names = ("exact", "wrong", "missed", "double", "spurious")
    return {name: getattr(score, name) for name in names if getattr(score, name)}


def said(vote: str, usual: str = "", looks: int = 9) -> Said:
    """Make a track."""
    return Said(vote, usual or vote, looks)


def test_a_right_vote_is_exact() -> None:
    """One per vehicle, two vehicles in a clip."""
    assert scored([said(PLATE)]) == {"exact": 1}
    assert scored([said(PLATE), said(OTHER)], (PLATE, OTHER)) == {"exact": 2}


def test_two_right_votes_are_exact_and_double() -> None:
    """The vehicle would count twice."""
    assert scored([said(PLATE), said(PLATE)]) == {"exact": 1, "double": 1}


def test_a_near_vote_is_wrong() -> None:
    """Also beside a right one."""
    assert scored([said("V12BDG")]) == {"wrong": 1}
    assert scored([said("V12BDG"), said(PLATE)]) == {"exact": 1, "wrong": 1}


def test_no_vote_is_a_miss() -> None:
    """Whether there is no track, or one that says nothing for sure."""
    assert scored([]) == {"missed": 1}
    assert scored([said("", "V12BD")]) == {"missed": 1}


def test_a_track_on_no_plate_is_spurious() -> None:
    """If it has a vote far from every plate, or lives for long without one."""
    assert scored([said(PLATE), said(FAR)]) == {"exact": 1, "spurious": 1}
    assert scored([said(PLATE), said("", FAR, LIVED)]) == {"exact": 1, "spurious": 1}
    assert scored([said(PLATE), said("", FAR, LIVED - 1)]) == {"exact": 1}


@given(st.text("AB1", max_size=6), st.text("AB1", max_size=6), st.text("AB1", max_size=6))
def test_edit_distance_is_a_distance(one: str, two: str, three: str) -> None:
    """Zero only for equals, symmetric, no detour is shorter, never more than the longer text."""
    assert (edit_distance(one, two) == 0) is (one == two)
    assert edit_distance(one, two) == edit_distance(two, one)
    assert edit_distance(one, three) <= edit_distance(one, two) + edit_distance(two, three)
    assert edit_distance(one, two) <= max(len(one), len(two))


def test_nearest_plate() -> None:
    """At most three edits away."""
    assert nearest("X34GH", (PLATE, OTHER)) == 1
    assert nearest(FAR, (PLATE, OTHER)) is None
    assert nearest("", (PLATE,)) is None


def clips(place: Path, labels: str) -> Path:
    """Write a folder with one black clip and its labels."""
    writer = cv2.VideoWriter(str(place / "clip.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 12, (64, 48))
    for _ in range(5):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    (place / "labels.csv").write_text(labels, encoding="utf-8")
    return place


@pytest.fixture
def models(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Write tiny models."""
    return str(tiny_models.folder(tmp_path_factory.mktemp("models")))


def test_labels_lose_their_dashes(tmp_path: Path) -> None:
    """Two rows of a file are two vehicles."""
    folder = clips(tmp_path, "file,plate\nclip.avi,V-12-BDF\nclip.avi,x-34-ghj\n")
    assert read_labels(folder) == {"clip.avi": [PLATE, OTHER]}


def test_json_has_the_figures_and_no_plate(tmp_path: Path, models: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line per folder."""
    folder = clips(tmp_path, "file,plate\nclip.avi,V-12-BDF\n")
    assert main([str(folder), "--json", "--models", models, "--threads", "1"]) == 0
    printed = capsys.readouterr().out
    figures = json.loads(printed)
    assert list(figures) == ["vehicles", "exact", "wrong", "missed", "double", "spurious", "ms_per_frame_median"]
    assert (figures["vehicles"], figures["missed"]) == (1, 1)
    assert "12" not in printed.replace(str(figures["ms_per_frame_median"]), "")


def test_a_table_for_people(tmp_path: Path, models: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Names above figures, the folder behind them."""
    folder = clips(tmp_path, "file,plate\nclip.avi,V-12-BDF\n")
    assert main([str(folder), "--models", models]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[0] == "vehicles"
    assert row.endswith(folder.name)


@pytest.mark.parametrize("labels", [None, "name,number\nclip.avi,V-12-BDF\n"])
def test_missing_labels_are_one_clear_line(
    tmp_path: Path,
    models: str,
    labels: str | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The file is named, the status is that of a wrong configuration."""
    folder = clips(tmp_path, labels or "")
    if labels is None:
        (folder / "labels.csv").unlink()
    assert main([str(folder), "--models", models]) == ConfigError.exit_status
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1
    assert "labels.csv" in errors[0]


CLIPS = Path(__file__).parents[3] / "shared" / "data" / "clips-nl"


@pytest.mark.skipif(not CLIPS.is_dir(), reason=f"{CLIPS} is not there")
def test_real_clips(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every fourth of them, with the committed models: nearly all exact, none double, few wrong."""
    rows = (CLIPS / "labels.csv").read_text(encoding="utf-8").splitlines()
    chosen = sorted({row.split(",")[0] for row in rows[1:]})[::4]
    (tmp_path / "labels.csv").write_text("\n".join(rows[:1] + [row for row in rows if row.split(",")[0] in chosen]))
    for name in chosen:
        (tmp_path / name).symlink_to(CLIPS / name)
    assert main([str(tmp_path), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["exact"] >= 0.72 * figures["vehicles"]
    assert figures["wrong"] <= 0.08 * figures["vehicles"]
    assert figures["double"] == 0
