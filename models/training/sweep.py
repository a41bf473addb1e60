"""Vary one condition at a time and count how many plates are found and read, one picture each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec
import numpy as np

from benchmarks.plates import APART, MEETS, Sight, look, sight
from edge.camera.frame import Luma
from edge.plates.geometry import Floats, bounds, overlap
from edge.plates.look import Looker
from models.training.views import EASY, Conditions, Form, View, take

SHARES: Final = (0.95, 0.5)
"""Of all plates read: where these are reached is said for each curve."""


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: the values that one condition takes."""

    name: str
    condition: str
    values: tuple[float, ...]
    base: Conditions = EASY


@dataclass(frozen=True, slots=True)
class Panel:
    """Curves over the same axis: logarithmic where it has ``ticks``, in per cent where values are ``relative``."""

    title: str
    axis: str
    lines: tuple[Line, ...]
    ticks: tuple[float, ...] = ()
    legend: str = "lower left"
    relative: bool = False


class Point(msgspec.Struct, frozen=True):
    """Shares of all plates at one value; ``read_of_found`` is null where none was found."""

    value: float
    found: float
    read: float
    read_of_found: float | None


class Curve(msgspec.Struct, frozen=True):
    """What one line came to; ``reached`` has for each of SHARES the lowest and highest value, null beyond the ends."""

    panel: str
    line: str
    points: list[Point]
    reached: dict[str, tuple[float | None, float | None]]


def _width(form: Form, *values: float) -> Line:
    return Line(form, "width", values, replace(EASY, form=form))


_STREAKS: Final = (0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.13)
_EXPOSURES: Final = (0.002, 0.005, 0.01, 0.03, 0.1, 1.0, 4.0, 8.0, 16.0, 32.0)
PANELS: Final = (
    Panel(
        "width",
        "width of the plate, pixels",
        (
            _width("one line", 20, 25, 30, 35, 40, 50, 60, 80, 120, 200),
            _width("two lines", 20, 25, 30, 35, 40, 50, 60, 80, 120, 200),
            _width("motorcycle", 20, 25, 30, 35, 40, 50, 60, 80, 120, 200),
        ),
        ticks=(20, 30, 40, 50, 60, 80, 100, 150, 200),
        legend="lower right",
    ),
    Panel(
        "motion",
        "way in the picture, % of width",
        (Line("across", "sideways", _STREAKS), Line("down", "ahead", _STREAKS)),
        relative=True,
    ),
    Panel(
        "defocus",
        "blur disc, % of width",
        (Line("one line", "defocus", (0.0, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08)),),
        relative=True,
    ),
    Panel(
        "angle",
        "degrees",
        (Line("roll", "roll", (0, 5, 10, 15, 20, 30, 40)), Line("yaw", "yaw", (0, 15, 30, 40, 50, 60, 70))),
    ),
    Panel(
        "light",
        "lux at a shutter of 1/500 s",
        (Line("one line", "lux", (1, 2, 3, 4, 6, 10, 30, 100, 1000)),),
        ticks=(1, 3, 10, 30, 100, 1000),
    ),
    Panel(
        "infrared",
        "exposure of the plate, 1 just fits",
        (
            Line("headlights off", "infrared", _EXPOSURES),
            Line("headlights on", "infrared", _EXPOSURES, replace(EASY, headlights=True)),
        ),
        ticks=(0.01, 0.1, 1, 10),
        legend="lower center",
    ),
    Panel(
        "mud",
        "contrast that it takes, %",
        (Line("one line", "mud", (0.0, 0.3, 0.5, 0.7, 0.8, 0.9)),),
        relative=True,
    ),
)


@dataclass(slots=True)
class Watch:
    """Looks at pictures, each by itself: nothing is remembered from one to the next."""

    looker: Looker
    seconds: float = 0.0

    def sights(self, image: Luma) -> list[Sight]:
        """Return what a camera would keep of a picture (h, w)."""
        self.seconds += APART
        return [sight(one, image.shape, {}) for one in look(self.looker, image, self.seconds)]


def meets(view: View, seen: Sight) -> float:
    """Return the intersection over union of a sight with the plate's upright box."""
    return float(overlap(seen.box, box_of(view)[None])[0])


def box_of(view: View) -> Floats:
    """Return the upright box (4,) of a view's plate: left, top, right, bottom in pixels."""
    return bounds(view.quad.astype(np.float32))


def sweep(watch: Watch, plates: int) -> list[Curve]:
    """Measure all panels; picture by picture, so that what stays the same is drawn once."""
    lines = [(panel, line) for panel in PANELS for line in panel.lines]
    tallies = [np.zeros((len(line.values), 3), int) for _, line in lines]
    for number in range(plates):
        for at, (_, line) in enumerate(lines):
            tallies[at] += _outcomes(watch, number, line)
        if (number + 1) % 10 == 0:
            print(f"plate {number + 1} of {plates}", flush=True)
    return [_curve(panel, line, tally, plates) for (panel, line), tally in zip(lines, tallies, strict=True)]


def _outcomes(watch: Watch, number: int, line: Line) -> list[tuple[bool, bool, bool]]:
    return [_outcome(watch, take(number, line.base.but(line.condition, value))) for value in line.values]


def _outcome(watch: Watch, view: View) -> tuple[bool, bool, bool]:
    """Tell whether a plate is found, read, and both."""
    sights = watch.sights(view.image)
    found = any(meets(view, seen) >= MEETS for seen in sights)
    read = any(seen.text == view.text for seen in sights)
    return found, read, found and read


def _curve(panel: Panel, line: Line, tally: np.ndarray, plates: int) -> Curve:
    points = [
        Point(value, _share(found, plates), _share(read, plates), _share(both, found) if found else None)
        for value, (found, read, both) in zip(line.values, tally.tolist(), strict=True)
    ]
    return Curve(panel.title, line.name, points, {f"{share:.0%}": reached(points, share) for share in SHARES})


def _share(part: int, whole: int) -> float:
    return round(part / whole, 3)


def reached(points: Sequence[Point], share: float) -> tuple[float | None, float | None]:
    """Return the lowest and highest value at which the share is read, between the points."""
    crossings = list(_crossings(points, share))
    low = crossings[0] if points[0].read < share and crossings else None
    high = crossings[-1] if points[-1].read < share and crossings else None
    return low, high


def _crossings(points: Sequence[Point], share: float) -> Iterator[float]:
    for i in range(1, len(points)):
        one, two = points[i - 1], points[i]
        if (one.read < share) != (two.read < share):
            yield float(f"{one.value + (share - one.read) / (two.read - one.read) * (two.value - one.value):.3g}")
