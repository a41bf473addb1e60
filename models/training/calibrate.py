"""Fit edge/plates/calibration.py: how often what the looks at a vehicle say together is right.

    python -m models.training.calibrate [--reader models/reader.onnx] [--vehicles 20000] [--fonts DIR] [--picture FILE]

Lets made-up vehicles pass, fits the weights on every other one, and tries them on the rest. Prints the weights, how
far predictions are off before and after, and what each limit of belief costs. Six minutes on one core.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
import cv2
import matplotlib as mpl
import numpy as np
import onnxruntime as ort
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from edge.categories import PlateKind
from edge.plates.calibration import features
from edge.plates.read import Reader
from edge.plates.vote import candidate, shows_nothing
from models.training.fonts import load_fonts
from models.training.tracks import Passing, passing

Floats = NDArray[np.float64]

EDGES: Final = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 1.0)
LIMITS: Final = (0.0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)
_SAME: Final = str.maketrans("OI", "01")
_RIDGE: Final = 1e-3
_STEPS: Final = 30


@dataclass(frozen=True, slots=True)
class Cases:
    """Texts of one kind that enough looks agree on: ``features`` (n, 3), ``raw`` (n,) as the looks' sum has it."""

    features: Floats
    raw: Floats
    right: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Bin:
    """Cases with predictions between two edges."""

    cases: int
    predicted: float
    observed: float


def open_reader(file: Path) -> Reader:
    """Open a reader on one thread."""
    cv2.setNumThreads(1)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return Reader(ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"]))


def is_right(vehicle: Passing, kind: PlateKind, text: str) -> bool:
    """Tell whether a text is a vehicle's; a foreign one also with O for 0 and I for 1."""
    if kind is PlateKind.FOREIGN:
        return vehicle.kind is kind and text.translate(_SAME) == vehicle.text.translate(_SAME)
    return vehicle.kind is kind and text == vehicle.text


def collect(vehicles: Iterable[Passing]) -> dict[PlateKind, Cases]:
    """Return the cases that a vote would decide on."""
    rows: dict[PlateKind, list[tuple[float, ...]]] = {PlateKind.NL: [], PlateKind.FOREIGN: []}
    for vehicle in vehicles:
        evidence = vehicle.evidence()
        found = None if shows_nothing(evidence) else candidate(evidence)
        if found is not None:
            right = is_right(vehicle, found.kind, found.text.decode())
            rows[found.kind].append((*features(found.grounds), found.grounds.probability, right))
    tables = {kind: np.array(some) for kind, some in rows.items()}
    return {kind: Cases(table[:, :-2], table[:, -2], table[:, -1] > 0) for kind, table in tables.items()}


def fit(cases: Cases) -> Floats:
    """Return the weights under which what was seen is likeliest (Newton's method, all but without a prior)."""
    x, y = cases.features, cases.right.astype(float)
    weights = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        sure = predict(weights, cases)
        curve = (x * (sure * (1 - sure))[:, None]).T @ x + _RIDGE * np.eye(x.shape[1])
        weights += np.linalg.solve(curve, x.T @ (y - sure) - _RIDGE * weights)
    return weights


def predict(weights: Floats, cases: Cases) -> Floats:
    """Return the probabilities (n,) that the cases are right."""
    return np.asarray(1 / (1 + np.exp(-cases.features @ weights)), float)


def reliability(predicted: Floats, right: NDArray[np.bool_]) -> list[Bin]:
    """Compare predictions with what was seen, where there is anything between two edges."""
    place = np.clip(np.digitize(predicted, EDGES) - 1, 0, len(EDGES) - 2)
    groups = [np.flatnonzero(place == number) for number in range(len(EDGES) - 1)]
    return [Bin(len(each), float(predicted[each].mean()), float(right[each].mean())) for each in groups if len(each)]


def expected_error(bins: Sequence[Bin]) -> float:
    """Return the mean distance of predicted and observed shares, weighted by cases."""
    return sum(each.cases * abs(each.predicted - each.observed) for each in bins) / sum(each.cases for each in bins)


def surprise(predicted: Floats, right: NDArray[np.bool_]) -> float:
    """Return the mean negative log-likelihood, in nats."""
    return float(-np.log(np.clip(np.where(right, predicted, 1 - predicted), 1e-12, 1)).mean())


def costs(predicted: Floats, right: NDArray[np.bool_]) -> list[tuple[float, float, float]]:
    """Return for each limit the share of wrong ones among the believed, and of right ones that are kept."""
    believed = [(limit, predicted >= limit) for limit in LIMITS]
    return [
        (limit, float((~right)[some].mean()), float(right[some].sum() / right.sum()))
        for limit, some in believed
        if some.any()
    ]


def tell(kind: PlateKind, held_out: Cases, weights: Floats) -> None:
    """Print what the weights are worth on cases that they were not fitted on."""
    after = predict(weights, held_out)
    print(f"\n{kind.value}: {len(held_out.right):,} texts held out, {held_out.right.mean():.1%} of them right")
    for name, predicted in (("before", held_out.raw), ("after", after)):
        bins = reliability(predicted, held_out.right)
        nats = surprise(predicted, held_out.right)
        print(f"{name}: expected calibration error {expected_error(bins):.4f}, log-likelihood {-nats:.4f}")
        for each in bins:
            print(f"  predicted {each.predicted:.4f}  observed {each.observed:.4f}  texts {each.cases:6,}")
    for limit, wrong, kept in costs(after, held_out.right):
        print(f"  believed from {limit:.2f}: {wrong:.2%} wrong among them, {kept:.2%} of the right ones")


def draw(held_out: Cases, weights: Floats, file: Path) -> None:
    """Draw reliability before and after, and what a limit costs, as SVG; the same bytes for the same numbers."""
    with mpl.rc_context({"svg.hashsalt": "anpr-edge", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(9.6, 4.2), layout="constrained", facecolor="white")
        left, right = figure.subplots(1, 2)
        _draw_reliability(left, held_out, predict(weights, held_out))
        _draw_costs(right, costs(predict(weights, held_out), held_out.right))
        figure.savefig(file, metadata={"Date": None})


def _draw_reliability(axes: Axes, held_out: Cases, after: Floats) -> None:
    """Draw shares of wrong plates on logarithmic axes: nearly all predictions are close to one."""
    axes.plot([0.1, 100], [0.1, 100], ":", color="#888888")
    for name, predicted, colour in (("before", held_out.raw, "#c4420b"), ("after", after, "#0b62c4")):
        bins = [each for each in reliability(predicted, held_out.right) if each.observed < 1]
        places = [[100 * (1 - share) for share in (each.predicted, each.observed)] for each in bins]
        axes.plot(*zip(*places, strict=True), "o-", color=colour, label=name)
    axes.set(xlabel="wrong Dutch plates, predicted, %", ylabel="observed, %", xscale="log", yscale="log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")
    axes.legend(frameon=False)


def _draw_costs(axes: Axes, rows: Sequence[tuple[float, float, float]]) -> None:
    axes.plot([100 * kept for _, _, kept in rows], [100 * wrong for _, wrong, _ in rows], "o-", color="#0b62c4")
    for limit, wrong, kept in rows:
        axes.annotate(f"{limit:g}", (100 * kept, 100 * wrong), textcoords="offset points", xytext=(-4, 5), ha="right")
    axes.set(xlabel="right plates that are believed, %", ylabel="wrong among the believed, %, by limit", ylim=(0, None))


@click.command()
@click.option("--reader", type=click.Path(path_type=Path), default=Path("models/reader.onnx"))
@click.option("--vehicles", default=20_000)
@click.option("--fonts", type=click.Path(path_type=Path), default=Path("build/fonts"))
@click.option("--picture", type=click.Path(path_type=Path), default=Path("models/pictures/reliability.svg"))
def main(reader: Path, vehicles: int, fonts: Path, picture: Path) -> None:
    """Fit the weights of edge/plates/calibration.py, and show what they are worth."""
    opened, faces = open_reader(reader), load_fonts(fonts)
    fitted, held_out = (collect(passing(seed, opened, faces) for seed in range(part, vehicles, 2)) for part in (0, 1))
    weights = {kind: fit(cases) for kind, cases in fitted.items()}
    print("WEIGHTS = {")
    for kind, found in weights.items():
        print(f"    PlateKind.{kind.name}: ({', '.join(f'{weight:.2f}' for weight in found)}),")
    print("}")
    for kind, found in weights.items():
        tell(kind, held_out[kind], found)
    picture.parent.mkdir(parents=True, exist_ok=True)
    draw(held_out[PlateKind.NL], weights[PlateKind.NL], picture)


if __name__ == "__main__":
    main()
