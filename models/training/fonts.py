"""Faces from font files, for more variety than our own glyphs have; needs the `train` extra, not the camera."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTFont, TTLibError
from numpy.typing import NDArray

from models.training.glyphs import CHARACTERS

SUFFIXES: Final = {".ttf", ".otf", ".woff2", ".woff"}
# Slanted, serif, hairline and symbol faces are on no plate.
_UNLIKELY: Final = re.compile(
    "italic|oblique|thin|light|serif|slab|math|symbol|z003|chancery|dingbats|bookman|roman|schola|c059|p052|d050"
    "|hairline|stencil|ultra|black",
    re.IGNORECASE,
)


# Nearest to what plates bear: drawn four times as often as the others.
_PLATE_LIKE: Final = re.compile("nummernschild|osp-din|rg2014|barlow|saira|share-tech|rajdhani|din", re.IGNORECASE)


class _Outline(BasePen):
    """Collects a glyph as closed polygons; curves become eight straight pieces."""

    def __init__(self, glyphs: Any) -> None:
        super().__init__(glyphs)
        self.polygons: list[list[tuple[float, float]]] = []

    def _moveTo(self, pt: tuple[float, float]) -> None:  # noqa: N802  (the pen protocol)
        self.polygons.append([pt])

    def _lineTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
        self.polygons[-1].append(pt)

    def _curveToOne(  # noqa: N802
        self, pt1: tuple[float, float], pt2: tuple[float, float], pt3: tuple[float, float]
    ) -> None:
        control = np.array([self.polygons[-1][-1], pt1, pt2, pt3], float)
        for t in np.arange(1, 9) / 8:
            basis = np.array([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3])
            x, y = basis @ control
            self.polygons[-1].append((float(x), float(y)))


@dataclass(frozen=True, slots=True)
class FontFace:
    """The outlines of one font, each glyph scaled to the unit square, y downwards."""

    name: str
    outlines: dict[str, tuple[NDArray[np.float32], ...]]
    aspects: dict[str, float]

    def aspect(self, char: str) -> float:
        """Width over height of the character `char`."""
        return self.aspects[char]

    def paint(self, mask: NDArray[np.uint8], char: str, box: tuple[float, float, float, float]) -> None:
        """Paint `char` with 255 into `mask` (H, W) so that it fills `box` (x, y, width, height in pixels)."""
        x, y, width, height = box
        size, origin = np.array([width, height]), np.array([x, y])
        polygons = [np.rint((p * size + origin) * 16 - 8).astype(np.int32) for p in self.outlines[char]]
        cv2.fillPoly(mask, polygons, 255, cv2.LINE_AA, 4)


def load_fonts(folder: Path) -> list[FontFace]:
    """Likely faces in `folder`, plate-like ones four times; an empty list where there is no such folder."""
    files = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES)
    likely = [path for path in files if not _UNLIKELY.search(path.name)]
    faces = [face for face in map(_load, likely) if face]
    return faces + 3 * [face for face in faces if _PLATE_LIKE.search(face.name)]


def _load(path: Path) -> FontFace | None:
    try:
        font = TTFont(path, lazy=True)
        glyphs, names = font.getGlyphSet(), font.getBestCmap() or {}
        shapes = {char: _shape(glyphs, names[ord(char)]) for char in CHARACTERS}
    except (TTLibError, KeyError, ValueError, IndexError):
        return None
    tall = float(np.ptp(np.concatenate(shapes["H"])[:, 1]))
    outlines = {char: _unit(shape) for char, shape in shapes.items()}
    return FontFace(path.stem, outlines, {char: _width(shape) / tall for char, shape in shapes.items()})


def _shape(glyphs: Any, name: str) -> list[NDArray[np.float64]]:
    pen = _Outline(glyphs)
    glyphs[name].draw(pen)
    return [np.array(polygon, float) for polygon in pen.polygons]


def _width(shape: list[NDArray[np.float64]]) -> float:
    return float(np.ptp(np.concatenate(shape)[:, 0]))


def _unit(shape: list[NDArray[np.float64]]) -> tuple[NDArray[np.float32], ...]:
    """Scale polygons to the unit square and turn y downwards."""
    points = np.concatenate(shape)
    low, size = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1e-6)
    return tuple((((p - low) / size) * [1, -1] + [0, 1]).astype(np.float32) for p in shape)
