"""Made-up vehicles that pass: one plate each, and the looks that a camera gets at it, read as the camera reads them.

Looks at one vehicle share colours, surroundings, pose and camera, mostly light and blur, and half of the detector's
error; only noise is new each time. So they err together, which is what a vote over them has to know. Nothing is left
out because nobody could read it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

import cv2
import numpy as np

from edge.categories import PlateKind
from edge.plates.evidence import Evidence
from edge.plates.geometry import Floats
from edge.plates.look import PlateReader
from edge.plates.passage import Look, PlateBox
from edge.plates.syntax import SIDECODES, sidecode
from hil.register.bodies import Kind
from hil.register.forms import Form, form
from hil.register.series import SERIES
from models.training.degrade import Dice, Gray, Points, drawn_nothing, jittered, picture
from models.training.glyphs import Face
from models.training.plates import RenderedPlate, render_plate
from models.training.styles import PlateStyle, random_style
from models.training.texts import random_foreign

MOST_LOOKS: Final = 12
FOREIGN, NOTHING = 0.1, 0.04
"""Shares of vehicles with a foreign plate, and of things that are no plate."""
TRAFFIC: Final = (Kind.CAR, Kind.VAN, Kind.TRUCK, Kind.TRACTOR_UNIT, Kind.BUS, Kind.MOTORCYCLE)
"""Whose plates are drawn as the made-up register spreads them."""
ANY: Final = 0.1
"""Share of Dutch plates of any sidecode instead."""
SQUARE: Final = 0.25
"""Of the plates in two lines on which the reader is trained, so many pass: it sees more of them than a street does."""
NARROWEST, WIDEST = 32.0, 130.0
"""Pixels of the plate at the first look; at the last it is up to `GROWTH` times as wide, as in the demo's street."""
GROWTH: Final = 2.9
HEIGHTS: Final = (720, 1080)
"""Of the camera's picture, in pixels."""
CHANGE: Final = 0.15
"""Chance that light and blur are others than at the look before."""
SCORE: Final = (0.72, 0.12, 0.06)
"""Mean of the detector's scores in the demo's street, their spread between vehicles and between looks."""
_FLAT: Final = np.array([[30.0, 15.0], [150.0, 15.0], [150.0, 45.0], [30.0, 45.0]])
"""Corners of what is no plate in its picture."""


@dataclass(frozen=True, slots=True)
class Passing:
    """A vehicle and the looks at it; ``kind`` is None and ``text`` empty where there is no plate at all.

    ``looks`` are pairs: a look, and the plate's width in heights of the picture.
    """

    text: str
    kind: PlateKind | None
    looks: tuple[tuple[Look, float], ...] = field(repr=False)

    def evidence(self) -> Evidence:
        """Sum the looks as a track does."""
        evidence = Evidence()
        for look, width in self.looks:
            evidence.add(look, width)
        return evidence


def passing(seed: int, reader: PlateReader, fonts: Sequence[Face] = ()) -> Passing:
    """Let a vehicle pass; the same seed gives the same plate and pictures."""
    rng = np.random.default_rng(seed)
    plate = _plate(rng, fonts)
    widths, height = _widths(rng), int(rng.choice(HEIGHTS))
    mean, between, within = SCORE
    usual = rng.normal(mean, between)
    looks = []
    for width, (image, quad) in zip(widths, _sights(plate, widths, rng), strict=True):
        score = float(np.clip(rng.normal(usual, within), 0.2, 0.97))
        box = PlateBox(_shares(quad, image), score)
        looks.append((Look(0.0, box, reader.read(image, [box])[0]), width / height))
    return Passing(plate.text if plate else "", _kind(plate), tuple(looks))


def dutch_text(rng: np.random.Generator) -> str:
    """Draw a lawful Dutch plate."""
    forms, shares = _forms()
    code = int(rng.choice(list(SIDECODES)))
    each = form(code) if rng.random() < ANY else forms[int(rng.choice(len(forms), p=shares))]
    while True:
        text = str(each.plates(rng.integers(each.size, size=1))[0].tobytes(), "ascii")
        if sidecode(text) is not None:
            return text


@cache
def _forms() -> tuple[list[Form], list[float]]:
    """All series of the traffic, and which share of its vehicles each has."""
    spread = [(series.form, series.thousands.get(kind, {})) for series in SERIES for kind in TRAFFIC]
    rows = [(form_of(code), count) for form_of, thousands in spread for code, count in thousands.items()]
    total = sum(count for _, count in rows)
    return [each for each, _ in rows], [count / total for _, count in rows]


def _plate(rng: np.random.Generator, fonts: Sequence[Face]) -> RenderedPlate | None:
    chance = rng.random()
    if chance < NOTHING:
        return None
    if chance < NOTHING + FOREIGN:
        text, groups = random_foreign(rng)
        return render_plate(text, rng, replace(random_style(rng, "foreign", fonts), groups=groups))
    return render_plate(dutch_text(rng), rng, _dutch_style(rng, fonts))


def _dutch_style(rng: np.random.Generator, fonts: Sequence[Face]) -> PlateStyle:
    style = random_style(rng, "dutch", fonts)
    while style.rows > 1 and rng.random() > SQUARE:
        style = random_style(rng, "dutch", fonts)
    return style


def _kind(plate: RenderedPlate | None) -> PlateKind | None:
    if plate is None:
        return None
    return PlateKind.NL if plate.kind == "dutch" else PlateKind.FOREIGN


def _widths(rng: np.random.Generator) -> list[float]:
    """Draw the widths of the plate in pixels, from afar to near."""
    count = int(rng.integers(1, MOST_LOOKS + 1))
    first = np.exp(rng.uniform(np.log(NARROWEST), np.log(WIDEST)))
    return [float(width) for width in first * rng.uniform(1.0, GROWTH) ** np.linspace(0.0, 1.0, count)]


def _sights(
    plate: RenderedPlate | None, widths: Sequence[float], rng: np.random.Generator
) -> Iterator[tuple[Gray, Points]]:
    """Yield for each look what is seen, and the corners (4, 2) in its pixels as the detector gives them."""
    scene, habit, moment = rng.integers(2**32, size=3)
    for width in widths:
        if rng.random() < CHANGE:
            moment = rng.integers(2**32)
        dice = Dice(np.random.default_rng(scene), np.random.default_rng(moment), rng)
        image, quad = _seen(plate, width, dice)
        errors = [jittered(quad, source) - quad for source in (np.random.default_rng(habit), rng)]
        yield image, quad + np.sqrt(0.5) * (errors[0] + errors[1])


def _seen(plate: RenderedPlate | None, width: float, dice: Dice) -> tuple[Gray, Points]:
    """Return a picture and the true corners (4, 2) of what is or seems a plate in it."""
    if plate is None:
        scale = width / float(np.ptp(_FLAT[:, 0]))
        image = cv2.resize(drawn_nothing(dice), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return image.astype(np.uint8), _FLAT * scale
    image, to_picture = picture(plate, width, dice)
    return image, np.asarray(cv2.perspectiveTransform(plate.quad[None], to_picture)[0], float)


def _shares(quad: Points, image: Gray) -> Floats:
    """Turn pixels into shares of the picture's width and height."""
    return np.asarray(quad / np.array([image.shape[1], image.shape[0]]), np.float32)
