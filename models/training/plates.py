"""Flat renderings of number plates, with the place of every character known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training import marks, texts
from models.training.glyphs import Face
from models.training.styles import MOTORCYCLE, Kind, PlateStyle, Separator, random_style

SCALE: Final = 2
"""Characters are painted at this many pixels per mm, and reduced."""
_SEPARATOR_WIDTHS: Final = {
    "none": 0.0,
    "gap": 0.3,
    "dash": 0.26,
    "dot": 0.2,
    "seal": 0.5,
    "seals": 0.42,
    "shield": 0.5,
    "crest": 0.32,
}
_COUNTRIES: Final = (
    "D",
    "B",
    "F",
    "SK",
    "CZ",
    "PL",
    "H",
    "A",
    "I",
    "RO",
    "LT",
    "LV",
    "EST",
    "GB",
    "E",
    "P",
    "DK",
    "BG",
)


@dataclass(frozen=True, slots=True)
class RenderedPlate:
    """A flat plate seen from the front, about one pixel per mm, perhaps in its holder."""

    image: NDArray[np.uint8]
    """(H, W, 3), blue, green, red."""
    text: str
    """A-Z and 0-9, no dashes, as read."""
    boxes: NDArray[np.float64]
    """(len(text), 4): x0, y0, x1, y1 of each character in pixels."""
    rows: NDArray[np.int64]
    """(len(text),): the row, 0 or 1, of each character."""
    kind: Kind
    quad: NDArray[np.float64]
    """(4, 2): corners of the plate without its holder, top-left first, clockwise."""


@dataclass(frozen=True, slots=True)
class _Item:
    """A character or a separator and its width over character height."""

    char: str
    separator: Separator
    width: float


def random_plate(rng: np.random.Generator, fonts: Sequence[Face] = ()) -> RenderedPlate:
    """A plate of random text and style: three Dutch ones for two foreign ones; `fonts` are further faces."""
    if rng.random() < 0.6:
        return render_plate(texts.random_dutch(rng), rng, random_style(rng, "dutch", fonts))
    text, groups = texts.random_foreign(rng)
    return render_plate(text, rng, replace(random_style(rng, "foreign", fonts), groups=groups))


def motorcycle_plate(rng: np.random.Generator) -> RenderedPlate:
    """A Dutch plate of a motorcycle's size, its text in two rows."""
    style = replace(random_style(rng, "dutch"), size=MOTORCYCLE, rows=2, height=float(rng.uniform(0.6, 0.76)))
    return render_plate(texts.random_dutch(rng), rng, style)


def render_plate(text: str, rng: np.random.Generator, style: PlateStyle) -> RenderedPlate:
    """Draw `text` (A-Z, 0-9) in `style`; needs no font files. Dashes come from the sidecode or the style's groups."""
    width, height = style.size
    image = np.full((height, width, 3), style.back, np.uint8)
    marks.paint_band(image, style, "NL" if style.kind == "dutch" else str(rng.choice(_COUNTRIES)), rng)
    marks.paint_border(image, style.clutter.border, style.ink)
    boxes, rows = _write(image, text, rng, style)
    marks.paint_screws(image, style.clutter, rng)
    if style.clutter.specks:
        marks.paint_specks(image, rng)
    image = marks.paint_dirt(image, style.clutter.dirt, rng)
    quad = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    if style.clutter.frame:
        image, offset = marks.holder(image, style.clutter.frame, rng)
        boxes, quad = boxes + np.array(offset * 2), quad + np.array(offset)
    return RenderedPlate(image, text, boxes, rows, style.kind, quad)


def _write(
    image: NDArray[np.uint8], text: str, rng: np.random.Generator, style: PlateStyle
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Paint all rows; returns boxes (N, 4) and rows (N,) of the characters in reading order."""
    mask = np.zeros((image.shape[0] * SCALE, image.shape[1] * SCALE), np.uint8)
    lines = _lines(text, style)
    boxes, rows = [], []
    for number, line in enumerate(lines):
        placed = _place(line, style, number, len(lines))
        for item, box in zip(line, placed, strict=True):
            if item.char:
                x, y, w, h = (v * SCALE for v in box)
                style.face.paint(mask, item.char, (x, y, w, h))
                boxes.append((box[0], box[1], box[0] + box[2], box[1] + box[3]))
                rows.append(number)
            else:
                marks.paint_separator(image, item.separator, box, style.ink, rng)
        if style.clutter.duplicate and number == 0 and style.kind == "dutch":
            _duplicate(image, line, placed, style, rng)
    _ink(image, mask, style)
    return np.array(boxes), np.array(rows)


def _ink(image: NDArray[np.uint8], mask: NDArray[np.uint8], style: PlateStyle) -> None:
    small = cv2.resize(mask, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_AREA)
    share = small[..., None].astype(np.float32) / 255
    image[:] = (image * (1 - share) + np.array(style.ink, np.float32) * share).astype(np.uint8)


def _lines(text: str, style: PlateStyle) -> list[list[_Item]]:
    groups = style.groups or texts.dutch_groups(text) or (len(text),)
    parts, start = [], 0
    for length in groups:
        parts.append(text[start : start + length])
        start += length
    cut = min(style.break_after, len(parts) - 1) if style.rows > 1 else 0
    blocks = [parts[:cut], parts[cut:]] if cut else [parts]
    return [_items(block, style, first=number == 0) for number, block in enumerate(blocks)]


def _items(parts: list[str], style: PlateStyle, *, first: bool) -> list[_Item]:
    lead = style.leading if first else "none"
    items = [_Item("", lead, _SEPARATOR_WIDTHS[lead])] if lead != "none" else []
    for number, part in enumerate(parts):
        if number:
            kind = style.separators[(number - 1) % len(style.separators)]
            items.append(_Item("", kind, _SEPARATOR_WIDTHS[kind]))
        items.extend(_Item(char, "none", style.face.aspect(char)) for char in part)
    return items


def _place(line: list[_Item], style: PlateStyle, row: int, rows: int) -> list[tuple[float, float, float, float]]:
    """Boxes (x, y, width, height in mm) of a row's items, squeezed if they would not fit."""
    width, height = style.size
    band = marks.band_width(style)
    tall = style.height * height / rows
    widths = np.array([item.width for item in line]) * tall
    gaps = np.full(len(line), style.spacing * tall)
    free = (width - band) * 0.95
    squeeze = min(1.0, free / float(widths.sum() + gaps.sum()))
    widths, gaps = widths * squeeze, gaps * squeeze
    spare = free - float(widths.sum() + gaps.sum())
    start = (0 if style.band_right else band) + (width - band) * 0.025
    x = start + spare * (0.5 + float(np.clip(style.shift, -0.5, 0.5)))
    top = height * (0.04 + 0.92 * (row + 0.5) / rows) - tall / 2
    lefts = x + gaps[0] / 2 + np.concatenate([[0.0], np.cumsum(widths + gaps)[:-1]])
    return [(float(left), top, float(w), tall) for left, w in zip(lefts, widths, strict=True)]


def _duplicate(
    image: NDArray[np.uint8],
    line: list[_Item],
    placed: list[tuple[float, float, float, float]],
    style: PlateStyle,
    rng: np.random.Generator,
) -> None:
    """Paint the duplicate code: a small digit above, or a number below, the first dash."""
    dashes = [box for item, box in zip(line, placed, strict=True) if not item.char]
    if not dashes:
        return
    x, y, width, tall = dashes[0]
    above = rng.random() < 0.7
    code = str(rng.integers(1, 10) if above else rng.integers(10, 20))
    marks.lettering(image, code, (x + width / 2, y + tall * (0.2 if above else 0.82)), tall * 0.2, style.ink)
