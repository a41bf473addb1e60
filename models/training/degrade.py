"""From a flat plate to the crop that the reader sees: scene, light, lens, sensor, codec, and inexact corners."""

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ConfigError
from models.training import marks
from models.training.plates import RenderedPlate

Gray = NDArray[np.uint8]
Points = NDArray[np.float64]
Light = NDArray[Any]
"""(H, W) floats, 0-255 and beyond."""

HEIGHT: Final = 48
WIDTH: Final = 144
COLUMN: Final = 4
"""Pixels of the crop per column of the reader's output."""
COLUMNS: Final = WIDTH // COLUMN
WIDEN_X: Final = 0.08
WIDEN_Y: Final = 0.15
IGNORE: Final = -1
KINDS: Final = ("dutch", "foreign", "nothing")
LEGIBLE: Final = 0.48
"""Least legibility of a crop that is trained on; below it people read few plates."""
_LUMA: Final = np.array([0.114, 0.587, 0.299], np.float32)


@dataclass(frozen=True, slots=True)
class Crop:
    """One training example."""

    image: Gray
    """(48, 144)."""
    text: str
    """Empty where there is no plate."""
    target: NDArray[np.int8]
    """(72,): class of each column, two rows of 36; 0 blank, 1-10 digits, 11-36 letters, -1 not judged."""
    kind: int
    """Index into KINDS."""


@dataclass(frozen=True, slots=True)
class Dice:
    """Random numbers of one look; who throws some of them again gets a look at the same vehicle a moment later."""

    scene: np.random.Generator
    """For what stays as it is: colours, surroundings, pose, sensor and codec."""
    moment: np.random.Generator
    """For what changes on the way: light and blur."""
    frame: np.random.Generator
    """For what is new in every frame: noise."""


def char_class(char: str) -> int:
    """Class of a character: 1 to 10 for digits, 11 to 36 for letters."""
    return int(char, 36) + 1


def look(plate: RenderedPlate, rng: np.random.Generator) -> Crop | None:
    """One degraded look at `plate`, or None where a character is cut off or has no column, or nobody could read it."""
    width = float(np.exp(rng.uniform(np.log(38), np.log(260))))
    scene, to_scene = picture(plate, width, Dice(rng, rng, rng))
    quad = jittered(cv2.perspectiveTransform(plate.quad[None], to_scene)[0], rng)
    to_crop = crop_transform(quad)
    image = cv2.warpPerspective(
        scene, to_crop, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    spans = _spans(plate.boxes, to_crop @ to_scene)
    if (spans.mean(axis=1) < 1).any() or (spans.mean(axis=1) > WIDTH - 1).any():
        return None
    if legibility(image.astype(np.uint8), plate, to_crop @ to_scene) < LEGIBLE:
        return None
    target = column_targets(plate.text, spans, plate.rows)
    if spelled(target) != [char_class(char) for char in plate.text]:
        return None
    return Crop(image.astype(np.uint8), plate.text, target, KINDS.index(plate.kind))


def spelled(target: NDArray[np.int8]) -> list[int]:
    """Classes that column labels (72,) spell: equal neighbours are one, blanks and what is not judged none."""
    judged = [int(label) for label in target if label != IGNORE]
    return [label for before, label in pairwise([0, *judged]) if label not in {0, before}]


def picture(plate: RenderedPlate, width: float, dice: Dice) -> tuple[Gray, Points]:
    """What a camera sees around `plate`, which is about `width` pixels wide in it, and the homography to there."""
    scene, to_scene = _scene(plate, width, dice.scene)
    return _camera(scene, width, dice), to_scene


def legibility(image: Gray, plate: RenderedPlate, transform: Points) -> float:
    """Correlation, -1 to 1, of what is finer than a character in a crop with the undegraded plate, over its text."""
    gray = cv2.cvtColor(plate.image, cv2.COLOR_BGR2GRAY)
    soft = cv2.GaussianBlur(gray, (0, 0), max(0.1, 0.4 * gray.shape[1] / WIDTH))
    area = np.zeros_like(gray)
    for x0, y0, x1, y1 in plate.boxes.astype(int):
        area[y0:y1, x0 - 4 : x1 + 4] = 255
    clean, inside = (cv2.warpPerspective(x, transform, (WIDTH, HEIGHT)) for x in (soft, area))
    chosen = inside > 127
    if not chosen.any():
        return 0.0
    a, b = (x - cv2.GaussianBlur(x, (0, 0), 5) for x in (image.astype(np.float32), clean.astype(np.float32)))
    return float(np.corrcoef(a[chosen], b[chosen] + 1e-3 * a[chosen])[0, 1])


def crop_transform(quad: Points) -> Points:
    """Homography from a scene to the 144x48 crop for corners (4, 2), widened by 8 % in x and 15 % in y."""
    x, y = WIDEN_X / (1 + 2 * WIDEN_X) * WIDTH, WIDEN_Y / (1 + 2 * WIDEN_Y) * HEIGHT
    inner = np.array([[x, y], [WIDTH - x, y], [WIDTH - x, HEIGHT - y], [x, HEIGHT - y]], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(quad.astype(np.float32), inner), float)


def _spans(boxes: Points, transform: Points) -> Points:
    """Left and right (N, 2) of each character in the crop, halfway up."""
    middle = (boxes[:, 1] + boxes[:, 3]) / 2
    ends = np.stack([np.stack([boxes[:, side], middle], axis=1) for side in (0, 2)], axis=1)
    return np.asarray(cv2.perspectiveTransform(ends, transform)[..., 0], float)


def column_targets(text: str, spans: Points, rows: NDArray[np.int64]) -> NDArray[np.int8]:
    """Class per column (72,): a character's middle bears its class, gaps between are blank, edges are not judged."""
    target = np.zeros(2 * COLUMNS, np.int8)
    centres = (np.arange(COLUMNS) + 0.5) * COLUMN
    for row in (0, 1):
        mine = np.flatnonzero(rows == row)
        line = target[row * COLUMNS : (row + 1) * COLUMNS]
        for i in mine:
            left, right = spans[i]
            middle, half = (left + right) / 2, (right - left) / 2
            line[np.abs(centres - middle) <= max(half * 1.15, COLUMN)] = IGNORE
        _part_neighbours(line, spans[mine])
        for i in mine:
            middle, half = spans[i].mean(), (spans[i, 1] - spans[i, 0]) / 2
            line[np.abs(centres - middle) <= max(half * 0.5, COLUMN * 0.51)] = char_class(text[i])
    return target


def _part_neighbours(line: NDArray[np.int8], spans: Points) -> None:
    """Blank the column nearest the middle between neighbours, so that equal characters stay two."""
    for before, after in pairwise(spans):
        middle = (before[1] + after[0]) / 2
        line[min(COLUMNS - 1, max(0, int(middle // COLUMN)))] = 0


def _gray(plate: RenderedPlate, rng: np.random.Generator) -> Gray:
    """Luma mostly; now and then another mix of channels, as under coloured light or an infrared lamp."""
    weights = _LUMA if rng.random() < 0.6 else rng.dirichlet([1, 2, 2]).astype(np.float32)
    gray: Gray = np.clip(plate.image.astype(np.float32) @ weights, 0, 255).astype(np.uint8)
    return gray


def _scene(plate: RenderedPlate, width: float, rng: np.random.Generator) -> tuple[Light, Points]:
    """A patch of a scene with the plate `width` pixels wide in it; float (H, W), and plate-to-scene homography."""
    flat = _gray(plate, rng)
    scale = width / float(np.ptp(plate.quad[:, 0]))
    small = cv2.resize(flat, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    height, wide = small.shape
    margin = round(width * 0.3) + 4
    canvas = background((height + 2 * margin, wide + 2 * margin), rng, float(flat.mean()))
    corners = np.array([[0, 0], [wide, 0], [wide, height], [0, height]], float)
    placed = _posed(corners, rng) + margin
    transform = np.asarray(cv2.getPerspectiveTransform(corners.astype(np.float32), placed.astype(np.float32)), float)
    size = (canvas.shape[1], canvas.shape[0])
    warped = cv2.warpPerspective(small, transform, size, flags=cv2.INTER_LINEAR)
    share = (
        cv2.warpPerspective(np.full_like(small, 255), transform, size, flags=cv2.INTER_LINEAR).astype(np.float32) / 255
    )
    return canvas * (1 - share) + warped * share, transform @ np.diag([scale, scale, 1.0])


def _posed(corners: Points, rng: np.random.Generator) -> Points:
    """Corners turned, sheared, foreshortened and in perspective."""
    centre = corners.mean(axis=0)
    angle, shear = rng.normal(0, 0.07), rng.normal(0, 0.08)
    squeeze = np.diag([1.0, 1.0]) if rng.random() < 0.5 else np.diag(rng.uniform(0.6, 1.0, 2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    posed = (corners - centre) @ (turn @ np.array([[1, shear], [0, 1]]) @ squeeze).T + centre
    return np.asarray(posed + rng.normal(0, 0.025, (4, 2)) * np.ptp(corners, axis=0).max() * [0.5, 0.35], float)


def background(shape: tuple[int, int], rng: np.random.Generator, near: float = 128.0) -> Light:
    """What is round a plate: bumper, shadow, grille, number plate recess; float (H, W), 0-255."""
    height, width = shape
    base = near if rng.random() < 0.25 else rng.uniform(5, 250)
    coarse = rng.normal(base, rng.uniform(2, 40), (int(rng.integers(2, 6)), int(rng.integers(2, 6))))
    canvas = cv2.resize(coarse.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    for _ in range(int(rng.integers(0, 7))):
        a, b = rng.uniform(-0.2, 1.2, (2, 2)) * (width, height)
        shade = float(rng.uniform(0, 255))
        if rng.random() < 0.5:
            flat = b[0], a[1] + rng.normal(0, height * 0.05)
            thick = int(rng.integers(1, max(2, height // 8)))
            cv2.line(canvas, _point(a), _point(np.array(flat)), shade, thick, cv2.LINE_AA)
        else:
            cv2.rectangle(canvas, _point(a), _point(b), shade, -1)
    return np.clip(canvas, 0, 255)


def _point(place: Points) -> tuple[int, int]:
    return round(float(place[0])), round(float(place[1]))


def _camera(scene: Light, width: float, dice: Dice) -> Gray:
    """Light, lens, motion, sensor and codec, in the order in which they happen."""
    rng = dice.scene
    lit = _light(scene, dice.moment)
    lit = _blur(lit, width, dice.moment)
    if rng.random() < 0.3:
        lit = _resampled(lit, rng)
    noisy = lit + dice.frame.normal(0, 1, lit.shape).astype(np.float32) * abs(rng.normal(0, 5))
    image = np.clip(noisy, 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        image = _sharpened(image, rng)
    return _jpeg(image, rng) if rng.random() < 0.6 else image


def _light(scene: Light, rng: np.random.Generator) -> Light:
    """Exposure, contrast, gamma, uneven light, a shadow's edge, glare."""
    height, width = scene.shape
    lit = 255 * np.power(np.clip(scene, 0, 255) / 255, np.exp(rng.normal(0, 0.3)))
    contrast = rng.uniform(0.25, 0.6) if rng.random() < 0.25 else rng.uniform(0.6, 1.3)
    lit = (lit - 128) * contrast + 128 + rng.normal(0, 24)
    x, y = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    slope = rng.normal(0, 0.2, 2)
    lit *= 1 + np.clip(slope[0] * x + slope[1] * y, -0.8, 0.8)
    if rng.random() < 0.2:
        edge = x * rng.normal() + y * rng.normal() > rng.normal(0, 0.5)
        lit = np.where(edge, lit * rng.uniform(0.3, 0.9), lit)
    if rng.random() < 0.12:
        spot = np.exp(
            -(
                (x - rng.uniform(-1, 1)) ** 2 / rng.uniform(0.01, 0.4)
                + (y - rng.uniform(-1, 1)) ** 2 / rng.uniform(0.05, 1)
            )
        )
        lit = lit + spot * rng.uniform(40, 220)
    return lit.astype(np.float32)


def _blur(scene: Light, width: float, rng: np.random.Generator) -> Light:
    """Defocus and motion; at most what leaves strokes just apart at this plate width."""
    blurred = cv2.GaussianBlur(scene, (0, 0), 0.35 + abs(rng.normal(0, 0.45)) * max(0.7, width / 110))
    if rng.random() > 0.3:
        return blurred
    length = 1 + rng.exponential(0.018) * width
    length = min(length, width * 0.06)
    angle = rng.normal(0, 0.4) if rng.random() < 0.6 else rng.uniform(0, np.pi)
    size = int(length) * 2 + 3
    kernel = np.zeros((size, size), np.float32)
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    centre = np.array([size // 2, size // 2])
    ends = [np.rint((centre + side * reach) * 16).astype(int).tolist() for side in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_8, 4)
    return cv2.filter2D(blurred, -1, kernel / kernel.sum())


def _resampled(scene: Light, rng: np.random.Generator) -> Light:
    """A smaller or interlaced source, scaled up again."""
    height, width = scene.shape
    factor = rng.uniform(0.5, 1.0)
    size = (max(8, round(width * factor)), max(8, round(height * (factor if rng.random() < 0.7 else 0.5))))
    small = cv2.resize(scene, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR if rng.random() < 0.6 else cv2.INTER_CUBIC)


def _sharpened(image: Gray, rng: np.random.Generator) -> Gray:
    soft = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.8, 2.0))
    amount = rng.uniform(0.3, 1.5)
    return cv2.addWeighted(image, 1 + amount, soft, -amount, 0).astype(np.uint8)


def _jpeg(image: Gray, rng: np.random.Generator) -> Gray:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(18, 96))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def jittered(quad: Points, rng: np.random.Generator) -> Points:
    """Corners as a detector gives them: shifted, too wide or too narrow, seldom an upright box round a tilted plate."""
    if rng.random() < 0.12:
        low, high = quad.min(axis=0), quad.max(axis=0)
        quad = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
    x, y = quad[1] - quad[0], quad[3] - quad[0]
    loose = 2.5 if rng.random() < 0.25 else 1.0
    grow = rng.normal(0.0, [0.025 * loose, 0.07 * loose]) + ([0.02, 0.04] if rng.random() < 0.5 else [0, 0])
    if rng.random() < 0.12:
        grow = grow + rng.uniform(0, [0.16, 0.3])
    shift = rng.normal(0, [0.018 * loose, 0.05 * loose])
    signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    moves = signs * grow + shift + rng.normal(0, [0.01 * loose, 0.035 * loose], (4, 2))
    moves[:, 0] = np.where(signs[:, 0] < 0, np.minimum(moves[:, 0], 0.12), np.maximum(moves[:, 0], -0.12))
    return np.asarray(quad + moves[:, :1] * x + moves[:, 1:] * y, float)


def nothing(rng: np.random.Generator, photos: Sequence[Gray] = ()) -> Crop:
    """A crop without a readable plate: a real patch out of `photos` if there are any, or a drawn one."""
    patch = _patch(rng, photos) if photos and rng.random() < 0.6 else drawn_nothing(Dice(rng, rng, rng))
    image = cv2.resize(patch, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return Crop(image.astype(np.uint8), "", np.zeros(2 * COLUMNS, np.int8), KINDS.index("nothing"))


def _patch(rng: np.random.Generator, photos: Sequence[Gray]) -> Gray:
    photo = photos[int(rng.integers(len(photos)))]
    width = int(min(photo.shape[1] - 1, np.exp(rng.uniform(np.log(30), np.log(300)))))
    height = int(min(photo.shape[0] - 1, width * rng.uniform(0.22, 0.7)))
    x, y = rng.integers(photo.shape[1] - width), rng.integers(photo.shape[0] - height)
    return photo[y : y + height, x : x + width]


def drawn_nothing(dice: Dice) -> Gray:
    """A picture (60, 180) of what a detector may take for a plate."""
    return _camera(_drawn_nothing(dice.scene), 120, dice)


def _drawn_nothing(rng: np.random.Generator) -> Light:
    """Grilles, lamps, lettering, stripes."""
    canvas = background((60, 180), rng)
    choice = rng.integers(4)
    if choice == 0:
        step = int(rng.integers(5, 24))
        for at in range(int(rng.integers(step)), 180, step):
            cv2.line(
                canvas, (at, 0), (at + int(rng.normal(0, 6)), 60), float(rng.uniform(0, 255)), int(rng.integers(1, 8))
            )
    elif choice == 1:
        for _ in range(int(rng.integers(1, 5))):
            axes = int(rng.integers(6, 60)), int(rng.integers(6, 30))
            centre = _point(rng.uniform(0, 1, 2) * (180, 60))
            cv2.ellipse(
                canvas,
                centre,
                axes,
                float(rng.uniform(0, 180)),
                0,
                360,
                float(rng.uniform(0, 255)),
                int(rng.choice([-1, 2, 5])),
            )
    elif choice == 2:
        word = "".join(rng.choice(list("abcdefghiklmnoprstuvwz -."), size=rng.integers(3, 16)))
        shade = int(rng.integers(256))
        bgr = np.repeat(canvas.astype(np.uint8)[..., None], 3, axis=2)
        marks.lettering(bgr, word, (90, 30), float(rng.uniform(8, 34)), (shade, shade, shade), int(rng.integers(3)))
        canvas = bgr[..., 0].astype(np.float32)
    else:
        step = int(rng.integers(4, 16))
        for at in range(int(rng.integers(step)), 60, step):
            cv2.line(
                canvas, (0, at), (180, at + int(rng.normal(0, 4))), float(rng.uniform(0, 255)), int(rng.integers(1, 6))
            )
    return canvas


def street_photos(limit: int = 400) -> list[Gray]:
    """Street scenes to cut negatives from: `train_*` of the folder in ANPR_STREET_RO, their plates painted over."""
    folder = Path(os.environ.get("ANPR_STREET_RO", "."))
    table = folder / "labels.csv"
    if not table.is_file():
        return []
    photos: dict[str, Gray] = {}
    for row in csv.DictReader(table.open(encoding="utf-8")):
        name = row["file"]
        if not name.startswith("train_") or (name not in photos and len(photos) >= limit):
            continue
        photo = photos.setdefault(name, _read_gray(folder / name))
        if row["xmin"]:
            x0, y0, x1, y1 = (int(float(row[key])) for key in ("xmin", "ymin", "xmax", "ymax"))
            photo[max(0, y0 - 3) : y1 + 3, max(0, x0 - 3) : x1 + 3] = int(photo[y0:y1, x0:x1].mean())
    return list(photos.values())


def _read_gray(path: Path) -> Gray:
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise ConfigError(f"{path}: not an image that OpenCV reads; ANPR_STREET_RO must name the street-ro folder")
    return np.asarray(image, np.uint8)
