"""Find and read plates on folders of labelled photographs, each by itself.

    python -m benchmarks.plates DIR... [--json] [--equal O0,I1] [--part valid_] [--least 40] [--precision fp32]

Each DIR holds photographs and a labels.csv with the column ``file`` and, as far as known, ``plate`` and ``xmin, ymin,
xmax, ymax``; two rows of one file are two plates. What is not known is null in the result.

plates           labelled plates that are asked for
exact            those that were read letter by letter
wrong            those not read, where something like it, at most NEAR edits away, or in the same place, was
missed           the others
recall_iou50     share of labelled boxes that a found box meets with an IoU of 0.5
false_per_image  found boxes that meet no labelled box, per photograph (unlabelled plates in the distance too)
false_readings_per_image  those of them that say a text
median_ms, p95_ms  from the decoded photograph to the texts, second look included

A box is found where the camera would keep it: sure, or read, and not said to be no plate by the reader. ``--least``
leaves out plates narrower than so many pixels, neither asked for nor false. What is printed are counts and times,
never a plate.
"""

import csv
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.clips import MODELS, VIEW, nearest
from benchmarks.macs import count
from edge.camera.frame import Frame
from edge.config import ModelsConfig
from edge.errors import AnprError, ConfigError
from edge.plates.detect import Detector
from edge.plates.evidence import says_plate, text_of
from edge.plates.geometry import Floats, bounds, overlap
from edge.plates.inference import DETECTOR, READER, SUFFIXES, Precision, load_models
from edge.plates.look import Looker
from edge.plates.passage import Look
from edge.plates.read import Reader
from edge.plates.track import Tracker

MEETS = 0.5
NO_PLATE = 2  # Place of "not a plate" among the reader's kinds.
APART = 10.0  # Seconds between photographs, so that nothing is remembered from one to the next.


@dataclass(frozen=True, slots=True)
class Label:
    """One labelled plate: its text, empty if not known, and its box (4,) in pixels, None if not known."""

    plate: str = field(repr=False)
    box: Floats | None


@dataclass(frozen=True, slots=True)
class Sight:
    """One found plate: its upright box (4,) in pixels, and what it says, empty if nothing."""

    box: Floats
    text: str = field(repr=False)


class Figures(msgspec.Struct):
    """What the JSON line of one folder says."""

    dir: str
    plates: int
    exact: int | None
    wrong: int | None
    missed: int | None
    recall_iou50: float | None
    false_per_image: float | None
    false_readings_per_image: float | None
    median_ms: float
    p95_ms: float
    detector_mmac: float
    reader_mmac: float
    threads: int


@dataclass
class Tally:
    """Counts over the photographs of a folder."""

    images: int = 0
    texts: int = 0
    exact: int = 0
    wrong: int = 0
    boxes: int = 0
    met: int = 0
    false: int = 0
    false_readings: int = 0
    plates: int = 0
    milliseconds: list[float] = field(default_factory=list)

    def add(self, labels: Sequence[Label], sights: Sequence[Sight], least: float) -> None:
        """Add one photograph."""
        wanted = [label for label in labels if label.box is None or label.box[2] - label.box[0] >= least]
        self.images += 1
        self.plates += len(wanted)
        for label in wanted:
            self._read(label, sights)
        boxes = [label.box for label in labels if label.box is not None]
        self.boxes += sum(label.box is not None for label in wanted)
        self.met += sum(_meets(label.box, [sight.box for sight in sights]) for label in wanted if label.box is not None)
        strays = [sight for sight in sights if boxes and not _meets(sight.box, boxes)]
        self.false += len(strays)
        self.false_readings += sum(bool(sight.text) for sight in strays)

    def _read(self, label: Label, sights: Sequence[Sight]) -> None:
        if not label.plate:
            return
        self.texts += 1
        here = [sight.text for sight in sights if sight.text and _is_at(sight, label)]
        right = label.plate in here
        self.exact += right
        self.wrong += bool(here) and not right

    def figures(self, folder: Path, macs: Mapping[str, float], threads: int) -> Figures:
        """Turn counts into shares."""
        cuts = statistics.quantiles(self.milliseconds, n=20) if len(self.milliseconds) > 1 else self.milliseconds
        return Figures(
            dir=folder.name,
            plates=self.plates,
            exact=self.exact if self.texts else None,
            wrong=self.wrong if self.texts else None,
            missed=self.texts - self.exact - self.wrong if self.texts else None,
            recall_iou50=round(self.met / self.boxes, 4) if self.boxes else None,
            false_per_image=round(self.false / self.images, 4) if self.boxes else None,
            false_readings_per_image=round(self.false_readings / self.images, 4) if self.boxes else None,
            median_ms=round(statistics.median(self.milliseconds), 2),
            p95_ms=round(cuts[-1], 2),
            detector_mmac=round(macs[DETECTOR], 1),
            reader_mmac=round(macs[READER], 1),
            threads=threads,
        )


def read_labels(folder: Path, part: str, equal: Mapping[int, int]) -> dict[str, list[Label]]:
    """Return the labels of each photograph whose name begins with ``part``.

    Raises:
        ConfigError: there is no labels.csv, it has no column ``file``, or names no such photograph.
    """
    file = folder / "labels.csv"
    found: defaultdict[str, list[Label]] = defaultdict(list)
    try:
        with file.open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows):
                if row["file"].startswith(part):
                    found[row["file"]].append(_label(row, equal))
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}") from error
    except (KeyError, ValueError) as error:
        raise ConfigError(f"{file}: has no column file, or a box that is no number") from error
    if not found:
        raise ConfigError(f"{file}: names no photograph that begins with {part!r}")
    return found


def look(looker: Looker, gray: NDArray[np.uint8], second: float) -> list[Look]:
    """Return what a camera would keep of one photograph (h, w)."""
    looks = looker.look(Frame(0, second, gray, gray), Tracker())
    return [one for one in looks if one.reading is None or one.reading.kind.argmax() != NO_PLATE]


def sight(one: Look, shape: tuple[int, ...], equal: Mapping[int, int]) -> Sight:
    """Turn a look into pixels and text."""
    box = bounds(one.box.corners)
    text = text_of(one.reading)[0].decode() if one.reading is not None and says_plate(one.reading) else ""
    return Sight(box * np.array([shape[1], shape[0], shape[1], shape[0]], np.float32), text.translate(equal))


def score_folder(folder: Path, looker: Looker, labels: Mapping[str, list[Label]], equal: Mapping[int, int],
                 least: float) -> Tally:  # fmt: skip
    """Look at every labelled photograph of a folder.

    Raises:
        ConfigError: one of them can't be read.
    """
    tally = Tally()
    for number, (name, wanted) in enumerate(labels.items()):
        gray = cv2.imread(str(folder / name), cv2.IMREAD_GRAYSCALE)
        if gray is None:
            raise ConfigError(f"{folder / name}: is no picture")
        picture = gray.astype(np.uint8)
        begin = time.perf_counter()
        looks = look(looker, picture, number * APART)
        sights = [sight(one, picture.shape, equal) for one in looks]
        tally.milliseconds.append(1_000 * (time.perf_counter() - begin))
        tally.add(wanted, sights, least)
    return tally


def _label(row: Mapping[str, str], equal: Mapping[int, int]) -> Label:
    sides = [row.get(side) for side in ("xmin", "ymin", "xmax", "ymax")]
    box = np.array([float(side) for side in sides if side], np.float32) if all(sides) else None
    return Label((row.get("plate") or "").replace("-", "").upper().translate(equal), box)


def _is_at(sight: Sight, label: Label) -> bool:
    """Tell whether a sight is meant for a label: in its place, or saying something like it."""
    in_place = label.box is not None and _meets(label.box, [sight.box])
    return in_place or nearest(sight.text, [label.plate]) is not None


def _meets(box: Floats, others: Sequence[Floats]) -> bool:
    return bool(others) and bool(np.max(overlap(box, np.array(others))) >= MEETS)


def _pairs(_context: click.Context, _option: click.Parameter, value: str) -> dict[int, int]:
    """Read characters that count as equal."""
    pairs = [pair for pair in value.split(",") if pair]
    if any(len(pair) != 2 for pair in pairs):
        raise click.BadParameter(f"{value!r}: pairs of characters such as O0,I1")
    return {ord(pair[0]): ord(pair[1]) for pair in pairs}


def _lines(found: Sequence[Figures], *, as_json: bool) -> Iterator[str]:
    if as_json:
        yield from (msgspec.json.encode(one).decode() for one in found)
        return
    names = Figures.__struct_fields__[1:]
    for one in found:
        yield f"{one.dir}: " + ", ".join(f"{name} {getattr(one, name)}" for name in names)


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="One line of JSON per folder.")
@click.option("--equal", callback=_pairs, default="", metavar="PAIRS", help="Characters taken as one: O0,I1.")
@click.option("--part", default="", help="Only photographs whose names begin with this.")
@click.option("--least", type=float, default=0.0, help="Leave out plates narrower than so many pixels.")
@click.option("--models", type=click.Path(path_type=Path), default=MODELS, help="Folder of the ONNX files.")
@click.option("--precision", type=click.Choice(list(SUFFIXES)), help="Which files; without it, as the camera would.")
@click.option("--threads", type=int, default=2, show_default=True, help="Inference threads.")
def main(  # noqa: PLR0913, PLR0917  (options)
    folders: Sequence[Path],
    equal: dict[int, int],
    part: str,
    least: float,
    models: Path,
    precision: Precision | None,
    threads: int,
    *,
    as_json: bool,
) -> None:
    """Score the photographs of each folder."""
    try:
        opened = load_models(ModelsConfig(models, "auto", threads, models / "engines"), precision)
        macs = {model: count(models / f"{model}.onnx") for model in (DETECTOR, READER)}
        found = []
        for folder in folders:
            looker = Looker(Detector(opened.detector, VIEW), Reader(opened.reader))
            tally = score_folder(folder, looker, read_labels(folder, part, equal), equal, least)
            found.append(tally.figures(folder, macs, threads))
    except AnprError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_status)
    for line in _lines(found, as_json=as_json):
        click.echo(line)


if __name__ == "__main__":
    main()
