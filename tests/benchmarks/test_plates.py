"""Scoring photographs of plates."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import macs
from benchmarks.clips import MODELS
from benchmarks.plates import Label, Sight, Tally, main, read_labels
from edge.errors import ConfigError

PLATE, OTHER = "V12BDF", "X99ZZZ"
HERE = np.array([10, 10, 110, 30], np.float32)
ELSEWHERE = np.array([300, 10, 400, 30], np.float32)


def _tally(labels: list[Label], sights: list[Sight], least: float = 0.0) -> Tally:
    tally = Tally()
    tally.add(labels, sights, least)
    return tally


def test_a_plate_is_read_misread_or_missed() -> None:
    """Right letters count as exact; others in its place, or hardly different ones where no box is known, as wrong."""
    cases = [(PLATE, 1, 0), ("V12BDG", 0, 1), (OTHER, 0, 1), ("", 0, 0)]
    for text, exact, wrong in cases:
        tally = _tally([Label(PLATE, HERE)], [Sight(HERE, text)])
        assert (tally.texts, tally.exact, tally.wrong) == (1, exact, wrong)
    for text, exact, wrong in [(PLATE, 1, 0), ("V12BDG", 0, 1), (OTHER, 0, 0)]:
        tally = _tally([Label(PLATE, None)], [Sight(ELSEWHERE, text)])
        assert (tally.exact, tally.wrong) == (exact, wrong)


def test_boxes_are_met_or_false() -> None:
    """A box beside every label is false, and a false reading where it says something."""
    tally = _tally([Label("", HERE)], [Sight(HERE + 3, ""), Sight(ELSEWHERE, "")])
    assert (tally.boxes, tally.met, tally.false, tally.false_readings) == (1, 1, 1, 0)
    assert _tally([Label("", HERE)], [Sight(ELSEWHERE, OTHER)]).false_readings == 1


def test_small_plates_are_neither_asked_for_nor_false() -> None:
    """A box on one that is too small is left alone."""
    tally = _tally([Label("", HERE)], [Sight(HERE, "")], least=120)
    assert (tally.plates, tally.boxes, tally.false) == (0, 0, 0)


def test_labels_are_read_with_and_without_boxes(tmp_path: Path) -> None:
    """Of the wanted part only; letters that look alike can be taken as one."""
    (tmp_path / "labels.csv").write_text("file,plate,xmin,ymin,xmax,ymax\na1.png,X-99-OOO,1,2,3,4\nb1.png,,,,,\n")
    (label,) = read_labels(tmp_path, "a", {ord("O"): ord("0")})["a1.png"]
    assert label.plate == "X99000"
    assert label.box is not None
    assert read_labels(tmp_path, "b", {})["b1.png"] == [Label("", None)]
    with pytest.raises(ConfigError, match="names no photograph that begins with 'c'"):
        read_labels(tmp_path, "c", {})


def test_the_command_prints_one_line_for_each_folder(tmp_path: Path) -> None:
    """What has no ground truth is null; no plate is printed."""
    (tmp_path / "labels.csv").write_text(f"file,plate\ngray.png,{PLATE}\n")
    cv2.imwrite(str(tmp_path / "gray.png"), np.full((120, 160), 90, np.uint8))
    done = CliRunner().invoke(main, [str(tmp_path), "--json"])
    found = json.loads(done.output)
    assert (found["plates"], found["exact"], found["missed"], found["recall_iou50"]) == (1, 0, 1, None)
    assert PLATE not in done.output


def test_multiply_adds_are_those_of_the_model_cards() -> None:
    """Counted from the files themselves."""
    assert macs.count(MODELS / "detector.onnx") == pytest.approx(362.0, abs=0.1)
    assert macs.count(MODELS / "reader.onnx") == pytest.approx(58.7, abs=0.1)
