"""Draw the pictures of the model cards: what detector and reader make of made-up plates as conditions get harder.

    python -m models.training.curves [--models models] [--out models/pictures] [--plates 150]

Both models run as on the camera, on whole pictures, each a single look: detector, reader, second look. Writes
detector.svg and reader.svg, their numbers as curves.json, and failures.png. Takes minutes on one core.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import click
import cv2
import msgspec

from benchmarks.clips import MODELS, VIEW
from edge.config import ModelsConfig
from edge.errors import AnprError
from edge.plates.detect import Detector
from edge.plates.inference import load_models
from edge.plates.look import Looker
from edge.plates.read import Reader
from models.training.charts import draw_detector, draw_reader
from models.training.failures import draw_failures
from models.training.sweep import Curve, Watch, sweep
from models.training.views import EASY, HEIGHT, PITCH, WIDTH

_NOTE = f"""Elsewhere: one line, {EASY.width:.0f} px wide in a
picture of {WIDTH} x {HEIGHT}, from {PITCH:.0f}° above
and {EASY.yaw:.0f}° aside, {EASY.lux:.0f} lux, {EASY.mud:.0%} mud,
motion and blur disc {EASY.sideways:.0%} of the width.
One look at each of {{plates}} drawn plates,
the same ones at every point.
Found: a box with an IoU of 0.5."""
_DOTTED = "\nDotted: of those that are found."


class Report(msgspec.Struct, frozen=True):
    """curves.json: ``models`` are the SHA-256 of both files, ``easy`` what holds while something else varies."""

    plates: int
    models: Mapping[str, str]
    easy: Mapping[str, float | str | bool]
    curves: Sequence[Curve]


@click.command()
@click.option("--models", type=click.Path(path_type=Path), default=MODELS, help="Folder of the ONNX files.")
@click.option("--out", type=click.Path(path_type=Path), default=MODELS / "pictures", help="Folder of the pictures.")
@click.option("--plates", type=click.IntRange(min=1), default=150, show_default=True, help="Plates for each point.")
def main(models: Path, out: Path, plates: int) -> None:
    """Measure, draw and write."""
    cv2.setNumThreads(1)
    try:
        opened = load_models(ModelsConfig(models, "cpu", 1, models / "engines"))
    except AnprError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_status)
    out.mkdir(parents=True, exist_ok=True)
    watch = Watch(Looker(Detector(opened.detector, VIEW), Reader(opened.reader)))
    report = Report(plates, opened.identity, asdict(EASY), sweep(watch, plates))
    write(report, out)
    draw_failures(watch, out / "failures.png")


def write(report: Report, out: Path) -> None:
    """Write numbers and curves, and say where the reading of each line ends."""
    note = _NOTE.format(plates=report.plates)
    draw_detector(report.curves, note, out / "detector.svg")
    draw_reader(report.curves, note + _DOTTED, out / "reader.svg")
    text = msgspec.json.format(msgspec.json.encode(report), indent=2)
    (out / "curves.json").write_bytes(text + b"\n")
    for curve in report.curves:
        click.echo(f"{curve.panel}, {curve.line}: read between {curve.reached}")


if __name__ == "__main__":
    main()
