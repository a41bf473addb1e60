"""Raw counts of a rendered street beside its truth, before any release rule.

python -m benchmarks.scene DIR --json

DIR is what `python -m hil.scenes --out DIR` made (or `make demo`, in var/demo). Prints one JSON line:
``{"passages", "counted", "missed", "spurious", "wrong_direction", "worst_error", "within_3_percent", "classes": […],
"ms_per_frame"}``. A counted passage matches a true one that crossed within 1.5 s of it in the same direction; it has
a wrong direction where the only such true one went the other way. ``worst_error`` is the largest difference between
counted and true number of one class and direction, in passages; ``within_3_percent`` asks it of every class, one
passage being allowed anywhere.
"""

import tempfile
import time
from collections import Counter as Tally
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import msgspec

from edge import keys
from edge.camera.file import FileSource
from edge.camera.frame import EndOfSource
from edge.categories import Attributes, Direction, PlateKind
from edge.config import ModelsConfig, ViewConfig
from edge.keys import Role
from edge.plates.detect import Detector
from edge.plates.inference import load_models
from edge.plates.passage import Passage
from edge.plates.read import Reader
from edge.plates.recognise import Recogniser
from edge.registry.enrich import Enricher
from edge.registry.pack import Pack
from edge.windows import local_day
from hil.register.packing import make_pack
from hil.scenes import truth as truths
from hil.scenes.traffic import TruePassage, Truth

MODELS = Path(__file__).parent.parent / "models"
NEAR_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Counted:
    """One counted passage; what a camera forgets at once."""

    time: float
    direction: Direction
    kind: PlateKind
    vehicle_class: Attributes


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class in one direction."""

    direction: str
    plate: str
    vehicle_type: str
    drive: str
    truth: int
    counted: int

    @property
    def error(self) -> int:
        """Passages too many or too few."""
        return abs(self.counted - self.truth)


@dataclass(frozen=True, slots=True)
class Score:
    """What the JSON line says."""

    passages: int
    counted: int
    missed: int
    spurious: int
    wrong_direction: int
    worst_error: int
    within_3_percent: bool
    classes: tuple[ClassScore, ...]
    ms_per_frame: float


def score(folder: Path) -> Score:
    """Count the scene in ``folder`` with the parts of the camera, and compare."""
    truth = truths.load(folder / "truth.json")
    counted, ms_per_frame = count(folder, truth)
    same, other = match(counted, truth.passages)
    classes = compare(counted, truth.passages)
    return Score(
        passages=len(truth.passages),
        counted=len(counted),
        missed=len(truth.passages) - same - other,
        spurious=len(counted) - same - other,
        wrong_direction=other,
        worst_error=max((one.error for one in classes), default=0),
        within_3_percent=all(one.error <= max(1, 0.03 * one.truth) for one in classes),
        classes=classes,
        ms_per_frame=round(ms_per_frame, 2),
    )


def count(folder: Path, truth: Truth) -> tuple[list[Counted], float]:
    """Return the counted passages, and the wall time per frame in ms."""
    models = load_models(ModelsConfig(MODELS, "cpu", 2, MODELS))
    view = ViewConfig(truth.line, "down", (), ())
    recogniser = Recogniser(Detector(models.detector, view), Reader(models.reader), view)
    source = FileSource(folder / "street.mkv", truth.start)
    found: list[Counted] = []
    with closing(source), tempfile.TemporaryDirectory() as place, closing(_register(folder, Path(place))) as registry:
        begun = time.perf_counter()
        try:
            while True:
                found += [_counted(passage, registry) for passage in recogniser.passages(source.read())]
        except EndOfSource:
            found += [_counted(passage, registry) for passage in recogniser.finish()]
        seconds = time.perf_counter() - begun
    return found, 1000 * seconds / max(1, source.stats.delivered)


def _register(exports: Path, folder: Path) -> Pack:
    """Build the scene's register in ``folder``, and open it as a camera does."""
    make_pack(exports, folder / "register.db")
    _, key = keys.read_public(folder / "registry.pub", Role.REGISTRY)
    return Pack(folder / "register.db", key)


def match(counted: Sequence[Counted], passages: Sequence[TruePassage]) -> tuple[int, int]:
    """Match counted to true passages by time; return how many went the same way, and how many the other way."""
    left = list(passages)
    unmatched = [one for one in counted if not _take(left, one.time, one.direction)]
    other = [one for one in unmatched if _take(left, one.time, None)]
    return len(counted) - len(unmatched), len(other)


def compare(counted: Sequence[Counted], passages: Sequence[TruePassage]) -> tuple[ClassScore, ...]:
    """Count both per direction, plate, vehicle type and drive."""
    ours, theirs = Tally(map(_key, counted)), Tally(map(_key, passages))
    return tuple(ClassScore(*key, theirs[key], ours[key]) for key in sorted(ours.keys() | theirs.keys()))


def _counted(passage: Passage, registry: Pack) -> Counted:
    seen = Enricher(lookup=registry.lookup).attributes(passage.plate, passage.kind, local_day(passage.time))
    return Counted(passage.time, passage.direction, passage.kind, seen)


def _take(left: list[TruePassage], moment: float, direction: Direction | None) -> bool:
    """Remove the true passage nearest in time, of one direction or any; tell whether there is one."""
    near = [one for one in left if abs(one.time - moment) <= NEAR_SECONDS and direction in {None, one.direction}]
    if near:
        left.remove(min(near, key=lambda one: abs(one.time - moment)))
    return bool(near)


def _key(one: Counted | TruePassage) -> tuple[str, str, str, str]:
    seen = one.vehicle_class
    return one.direction, one.kind, seen.vehicle_type, seen.drive


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="One line of JSON.")
def main(folder: Path, *, as_json: bool) -> None:
    """Compare raw counts of the rendered street in FOLDER with its truth."""
    found = score(folder)
    if as_json:
        click.echo(msgspec.json.encode(asdict(found)).decode())
        return
    for name, value in asdict(found).items():
        if name != "classes":
            click.echo(f"{name:18} {value}")
    for one in found.classes:
        click.echo(f"{one.direction:4}{one.plate:12}{one.vehicle_type:15}{one.drive:10}{one.truth:5}{one.counted:5}")


if __name__ == "__main__":
    main()
