"""What plates look like: colours, sizes, bands, faces and clutter; fixed Dutch styles and random ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np

from models.training.glyphs import DrawnFace, Face

Colour = tuple[int, int, int]
"""Blue, green, red."""
Kind = Literal["dutch", "foreign"]
Separator = Literal["none", "gap", "dash", "dot", "seal", "seals", "shield", "crest"]

ONE_LINE: Final = (520, 110)
TWO_LINES: Final = (340, 210)
MOTORCYCLE: Final = (210, 143)
YELLOW: Final = (20, 184, 246)
WHITE: Final = (235, 238, 238)
BLACK: Final = (28, 26, 26)
BAND_BLUE: Final = (150, 60, 10)


@dataclass(frozen=True, slots=True)
class Clutter:
    """What else is on a plate and around its characters; amounts from 0 (clean) to 1."""

    screws: int = 0
    dirt: float = 0.0
    frame: float = 0.0
    """Height of the holder below the plate over the plate's height; it bears the dealer's name."""
    duplicate: bool = False
    """The small duplicate code at the first dash."""
    border: int = 2
    """Width of the printed border in mm, 0 for none."""
    specks: bool = False
    """Small stickers or lettering at the edge."""


@dataclass(frozen=True, slots=True)
class PlateStyle:
    """Everything about a plate but its text; lengths in mm, drawn at one pixel per mm."""

    size: tuple[int, int] = ONE_LINE
    back: Colour = YELLOW
    ink: Colour = BLACK
    band: Colour | None = BAND_BLUE
    """Colour of the country band at the left."""
    band_right: bool = False
    kind: Kind = "dutch"
    face: Face = field(default_factory=DrawnFace)
    height: float = 0.7
    """Character height over the height of a row."""
    spacing: float = 0.2
    """Gap between characters over character height."""
    groups: tuple[int, ...] | None = None
    """Lengths of the groups; None: by sidecode."""
    separators: tuple[Separator, ...] = ("dash",)
    """Between the groups, in turn."""
    leading: Separator = "none"
    """Before the first group."""
    rows: int = 1
    break_after: int = 1
    """Groups on the first of two rows."""
    shift: float = 0.0
    """Text off centre, over the free width, -0.5 to 0.5."""
    clutter: Clutter = Clutter()


DUTCH: Final = PlateStyle()
DUTCH_OLD: Final = PlateStyle(band=None)
DUTCH_WHITE: Final = PlateStyle(back=WHITE)
DUTCH_TAXI: Final = PlateStyle(back=(232, 196, 120))
DUTCH_GREEN: Final = PlateStyle(back=(110, 170, 80))
DUTCH_DARK_BLUE: Final = PlateStyle(back=(110, 50, 20), ink=WHITE, band=None)
DUTCH_TWO_LINES: Final = PlateStyle(size=TWO_LINES, rows=2, height=0.72)
DUTCH_MOTORCYCLE: Final = PlateStyle(size=MOTORCYCLE, rows=2, height=0.7)
DUTCH_STYLES: Final = (
    DUTCH,
    DUTCH_OLD,
    DUTCH_WHITE,
    DUTCH_TAXI,
    DUTCH_GREEN,
    DUTCH_DARK_BLUE,
    DUTCH_TWO_LINES,
    DUTCH_MOTORCYCLE,
)
_DUTCH_WEIGHTS: Final = (0.43, 0.09, 0.07, 0.05, 0.04, 0.07, 0.17, 0.08)
_FOREIGN_COLOURS: Final[tuple[tuple[Colour, Colour], ...]] = (
    (WHITE, BLACK),
    (WHITE, BLACK),
    (WHITE, BLACK),
    (WHITE, (40, 30, 150)),
    (WHITE, (130, 60, 20)),
    (WHITE, (60, 110, 30)),
    (YELLOW, BLACK),
    (BLACK, WHITE),
    ((150, 60, 20), WHITE),
)
_FOREIGN_SEPARATORS: Final[tuple[tuple[Separator, ...], ...]] = (
    ("gap",),
    ("gap",),
    ("none",),
    ("dash",),
    ("seals",),
    ("seal",),
    ("shield", "gap"),
    ("shield", "none"),
    ("shield", "dash"),
    ("seals", "gap"),
    ("seal", "dash"),
    ("gap", "dash"),
    ("dot",),
    ("crest",),
    ("crest", "none"),
    ("crest", "gap"),
)
_LEADING: Final[tuple[Separator, ...]] = ("none", "none", "none", "none", "shield", "seals", "seal")


def random_face(rng: np.random.Generator, fonts: Sequence[Face] = ()) -> Face:
    """Our own glyphs in random proportions, or every third time one of `fonts`, if there are any."""
    if fonts and rng.random() < 0.35:
        return fonts[int(rng.integers(len(fonts)))]
    narrow = bool(rng.random() < 0.3)  # As Italian plates, whose G and C differ by little.
    return DrawnFace(
        width=float(rng.uniform(0.38, 0.5) if narrow else rng.uniform(0.46, 0.76)),
        stroke=float(rng.uniform(0.09, 0.13) if narrow else rng.uniform(0.1, 0.17)),
        radius=float(rng.uniform(0.16, 0.36)),
        variant=int(rng.integers(0, 11)),
        breadth=float(rng.uniform(-0.1, 1.0)),
        round_ends=bool(rng.random() < 0.3),
    )


def random_dutch_face(rng: np.random.Generator, fonts: Sequence[Face] = ()) -> Face:
    """Near the Dutch proportions three times out of four, otherwise any face."""
    if rng.random() < 0.25:
        return random_face(rng, fonts)
    return DrawnFace(
        width=float(rng.uniform(0.54, 0.66)),
        stroke=float(rng.uniform(0.115, 0.16)),
        radius=float(rng.uniform(0.2, 0.32)),
        variant=int(rng.integers(0, 11)) if rng.random() < 0.4 else 0,
        breadth=float(rng.uniform(-0.1, 1.1)),
    )


def random_clutter(rng: np.random.Generator) -> Clutter:
    """Screws on half of the plates, dirt on a third, holders on half."""
    return Clutter(
        screws=int(rng.choice([0, 0, 1, 2, 2, 4])),
        dirt=float(max(0.0, rng.normal(0.0, 0.35))),
        frame=float(rng.uniform(0.1, 0.28)) if rng.random() < 0.5 else 0.0,
        duplicate=bool(rng.random() < 0.15),
        border=int(rng.integers(0, 6)),
        specks=bool(rng.random() < 0.2),
    )


def random_style(rng: np.random.Generator, kind: Kind, fonts: Sequence[Face] = ()) -> PlateStyle:
    """A style of the kind asked for; `fonts` are further faces to choose from."""
    return _random_dutch(rng, fonts) if kind == "dutch" else _random_foreign(rng, fonts)


def _random_dutch(rng: np.random.Generator, fonts: Sequence[Face]) -> PlateStyle:
    base = DUTCH_STYLES[rng.choice(len(DUTCH_STYLES), p=_DUTCH_WEIGHTS)]
    return replace(
        base,
        back=_tinted(base.back, rng),
        ink=_tinted(base.ink, rng),
        band=base.band if rng.random() < 0.85 else None,
        face=random_dutch_face(rng, fonts),
        height=base.height * float(rng.uniform(0.88, 1.1)),
        spacing=float(rng.uniform(0.12, 0.26)),
        separators=("dash",) if rng.random() < 0.9 else ("gap",),
        break_after=int(rng.integers(1, 3)),
        shift=float(rng.normal(0, 0.12)),
        clutter=random_clutter(rng),
    )


def _random_foreign(rng: np.random.Generator, fonts: Sequence[Face]) -> PlateStyle:
    back, ink = _FOREIGN_COLOURS[rng.integers(len(_FOREIGN_COLOURS))]
    two = bool(rng.random() < 0.1)
    return PlateStyle(
        size=(int(rng.integers(280, 341)), 210) if two else (int(rng.integers(440, 525)), 110),
        back=_tinted(back, rng),
        ink=_tinted(ink, rng),
        band=_foreign_band(rng),
        band_right=bool(rng.random() < 0.12),
        kind="foreign",
        face=random_face(rng, fonts),
        height=float(rng.uniform(0.58, 0.8)),
        spacing=float(rng.uniform(0.06, 0.24)),
        groups=(),
        separators=_FOREIGN_SEPARATORS[rng.integers(len(_FOREIGN_SEPARATORS))],
        leading=_LEADING[rng.integers(len(_LEADING))],
        rows=2 if two else 1,
        shift=float(rng.normal(0, 0.15)),
        clutter=random_clutter(rng),
    )


def _foreign_band(rng: np.random.Generator) -> Colour | None:
    """Mostly the blue one; a white one bears a coat of arms, as older ones do."""
    choice = rng.random()
    if choice < 0.5:
        return BAND_BLUE
    return WHITE if choice < 0.68 else None


def _tinted(colour: Colour, rng: np.random.Generator) -> Colour:
    """The colour as light, age and paint make it: brighter or darker, each channel a little off."""
    varied = np.array(colour) * rng.uniform(0.8, 1.1) + rng.normal(0, 8, 3)
    blue, green, red = np.clip(varied, 0, 255).astype(int).tolist()
    return blue, green, red
