"""The empty street: its ground as flat paint, warped into the picture, and the posts and trees at its sides."""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hil.scenes.camera import HEIGHT, WIDTH, Camera, Image
from hil.scenes.light import Light
from hil.scenes.shapes import Floats, Material, Mesh, join, loft

Layer = NDArray[Any]
"""float32, for the same reason as `Image`."""

SCALE: Final = 90
"""Pixels per metre of the flat ground."""
LEFT: Final = -8.0
NEAR: Final = 11.0
SPAN: Final = (14.0, 25.5)
"""Metres of ground that are painted: across from LEFT, along from NEAR."""
KERB: Final = 2.75
PATH: Final = 4.3
"""Right edge of the red cycle path, which begins at the kerb."""
BAY: Final = -4.85
"""The parking bay reaches from the left kerb to here."""


@dataclass(frozen=True, slots=True)
class Street:
    """Layers in the picture, and what stands upright.

    ``colour`` (h, w, 3) is as if lit evenly, ``shade`` (h, w) 0..1 where trees take the sun, ``lamp`` (h, w) 0..1 the
    street lamp's pool.
    """

    colour: Layer
    shade: Layer
    lamp: Layer
    scenery: Mesh


def make_street(camera: Camera, rng: np.random.Generator) -> Street:
    """Paint the ground once; `lit` then gives it the light of a moment."""
    flat = _ground(rng)
    colour = _seen(flat, camera).astype(np.float32) / 255
    grain = cv2.GaussianBlur(rng.normal(0, 1, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 0.8)
    colour *= 1 + 0.05 * grain[..., None]
    return Street(colour, _seen(_branches(rng), camera), _seen(_lamp_pool(), camera), _scenery(rng))


def lit(street: Street, light: Light) -> Image:
    """The street (h, w, 3) in the light of one moment."""
    sun = light.sunlight * (0.3 + 0.7 * light.sun[2])
    direct = (1 - 0.75 * street.shade)[..., None] * sun.astype(np.float32)
    lamp = street.lamp[..., None] * (np.array([0.34, 0.46, 0.55]) * light.dusk).astype(np.float32)
    picture = street.colour * (light.sky.astype(np.float32) * 1.35 + direct + lamp) * 255
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def _seen(flat: Layer, camera: Camera) -> Layer:
    """Warp a flat layer (y along the road, nearest first) into the picture."""
    metres = np.array([[1 / SCALE, 0, LEFT], [0, 1 / SCALE, NEAR], [0, 0, 1]])
    view = camera.ground() @ metres
    seen: Layer = cv2.warpPerspective(
        flat, view, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return seen


def _column(x: float) -> int:
    return round((x - LEFT) * SCALE)


def _row(y: float) -> int:
    return round((y - NEAR) * SCALE)


def _noise(rng: np.random.Generator, cells: float, contrast: float) -> Layer:
    """Smooth noise around 1 with ``cells`` cells per metre."""
    coarse = rng.normal(0, 1, (int(SPAN[1] * cells), int(SPAN[0] * cells))).astype(np.float32)
    size = (round(SPAN[0] * SCALE), round(SPAN[1] * SCALE))
    return 1 + contrast * cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)


def _ground(rng: np.random.Generator) -> Image:
    """Asphalt, kerbs, parking bay, pavements, markings, manhole and autumn leaves."""
    ground = np.empty((round(SPAN[1] * SCALE), round(SPAN[0] * SCALE), 3), np.float32)
    ground[:] = (104, 104, 106)
    _tiles(ground, (LEFT, BAY), 0.3, (128, 134, 140), rng)
    _tiles(ground, (BAY, -KERB), 0.105, (78, 84, 122), rng)
    ground[:, _column(KERB) : _column(PATH)] = (66, 62, 132)
    _tiles(ground, (PATH, LEFT + SPAN[0]), 0.3, (128, 134, 140), rng)
    _asphalt(ground, rng)
    for x in (-KERB - 0.12, KERB, PATH, BAY - 0.1):
        ground[:, _column(x) : _column(x + 0.12)] = (150, 154, 156)
    _markings(ground)
    ground *= (_noise(rng, 30, 0.045) * _noise(rng, 6, 0.03) * _noise(rng, 0.5, 0.05))[..., None]
    painted = np.clip(ground, 0, 255, out=ground).astype(np.uint8)
    _litter(painted, rng)
    return painted


def _tiles(
    ground: Layer, across: tuple[float, float], size: float, colour: tuple[int, int, int], rng: np.random.Generator
) -> None:
    """Lay paving of square tiles or bricks, each a little different, with dark joints."""
    left, right = _column(across[0]), _column(across[1])
    step = max(6, round(size * SCALE))
    rows, columns = ground.shape[0] // step + 1, (right - left) // step + 1
    shades = np.array(colour) * rng.normal(1, 0.06, (rows, columns, 1))
    laid = np.repeat(np.repeat(shades, step, axis=0), step, axis=1)[: ground.shape[0], : right - left]
    laid[::step] *= 0.72
    laid[:, ::step] *= 0.72
    ground[:, left:right] = laid


def _asphalt(ground: Layer, rng: np.random.Generator) -> None:
    """Wheel tracks polished darker, a mended strip, a manhole."""
    middle = (np.arange(ground.shape[1]) / SCALE + LEFT)[None, :]
    tracks = sum(np.exp(-(((middle - x) / 0.25) ** 2)) for x in (-2.15, -0.65, 0.65, 2.15))
    inside = np.abs(middle) < KERB
    ground *= np.where(inside, 1 - 0.09 * tracks, 1)[..., None]
    ground[_row(24.0) : _row(24.9), _column(-KERB) : _column(0.0)] *= 0.86
    spot = (_column(0.25), _row(19.6))
    cv2.circle(ground, spot, round(0.33 * SCALE), (74, 74, 76), -1, cv2.LINE_AA)
    cv2.circle(ground, spot, round(0.27 * SCALE), (92, 92, 94), 3, cv2.LINE_AA)
    for angle in rng.uniform(0, np.pi, 1):
        for shift in np.linspace(-0.2, 0.2, 5):
            along = np.array([np.cos(angle), np.sin(angle)])
            centre = np.array(spot) + np.array([-along[1], along[0]]) * shift * SCALE
            ends = [np.rint(centre + s * 0.17 * SCALE * along).astype(int).tolist() for s in (-1, 1)]
            cv2.line(ground, ends[0], ends[1], (70, 70, 72), 4, cv2.LINE_AA)


def _markings(ground: Layer) -> None:
    """Dashes in the middle, and blocks along the parking bay."""
    for y in np.arange(NEAR + 0.4, NEAR + SPAN[1], 3.6):
        ground[_row(y) : _row(y + 1.2), _column(-0.05) : _column(0.05)] = (196, 200, 202)
    for y in np.arange(NEAR, NEAR + SPAN[1], 5.6):
        ground[_row(y) : _row(y + 0.1), _column(BAY) : _column(-KERB)] = (176, 180, 184)


def _litter(ground: Image, rng: np.random.Generator) -> None:
    """Fallen leaves, most of them along the kerbs."""
    colours = ((38, 96, 150), (30, 66, 110), (52, 120, 168), (34, 52, 74))
    edges = rng.choice([-KERB, -KERB, KERB, BAY], 900) + rng.normal(0, 0.25, 900)
    strewn = rng.uniform(LEFT, LEFT + SPAN[0], 500)
    for x in np.concatenate([edges, strewn]):
        place = (_column(float(x)), int(rng.integers(ground.shape[0])))
        axes = (int(rng.integers(2, 4)), int(rng.integers(1, 3)))
        cv2.ellipse(ground, place, axes, float(rng.uniform(0, 180)), 0, 360, colours[rng.integers(4)], -1, cv2.LINE_AA)


def _branches(rng: np.random.Generator) -> Layer:
    """The shadow of bare trees on the left: trunks that lie across the road, and their branches, soft."""
    flat = np.zeros((round(SPAN[1] * SCALE), round(SPAN[0] * SCALE)), np.uint8)
    for y in (13.5, 20.5, 27.5):
        _branch(flat, np.array([-6.2, y]), np.array([8.4, 3.3]), rng)
    blurred = cv2.GaussianBlur(flat, (0, 0), 0.05 * SCALE)
    return blurred.astype(np.float32) / 255


def _branch(flat: Image, start: Floats, along: Floats, rng: np.random.Generator) -> None:
    """Draw one branch, a vector in metres, and recursively those that leave it."""
    ends = [(_column(float(p[0])), _row(float(p[1]))) for p in (start, start + along)]
    width = 0.029 * float(np.linalg.norm(along))
    cv2.line(flat, ends[0], ends[1], 255, max(1, round(width * SCALE)), cv2.LINE_AA)
    if width < 0.015:
        return
    for _ in range(5):
        turn = rng.uniform(0.25, 0.9) * rng.choice([-1, 1])
        turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ along
        _branch(flat, start + along * rng.uniform(0.35, 1.0), turned * 0.45, rng)


def _lamp_pool() -> Layer:
    """What a street lamp lights: bright under it, weaker further on, never quite dark."""
    y, x = np.mgrid[0 : round(SPAN[1] * SCALE), 0 : round(SPAN[0] * SCALE)].astype(np.float32) / SCALE
    far = ((x + LEFT - 2.2) / 5.0) ** 2 + ((y + NEAR - 21.0) / 8.0) ** 2
    pool: Layer = (0.25 + 0.75 * np.exp(-far)).astype(np.float32)
    return pool


def _post(x: float, y: float, sizes: tuple[tuple[float, float], ...], material: Material) -> Mesh:
    """Something upright and round: pairs of height and radius from the ground."""
    turns = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    rings = [np.column_stack([x + r * np.cos(turns), y + r * np.sin(turns), np.full(12, z)]) for z, r in sizes]
    return loft(np.array(rings), [material])


def _scenery(rng: np.random.Generator) -> Mesh:
    """Trees and bollards on the left, a lamp post on the right."""
    bark, iron = Material((0.13, 0.16, 0.19)), Material((0.16, 0.17, 0.17), gloss=0.1)
    red = Material((0.08, 0.07, 0.3), gloss=0.1)
    parts = []
    for y in (20.5, 27.5, 34.5):
        girth = rng.uniform(0.16, 0.22)
        parts.append(_post(-6.1, y, ((0, girth * 1.5), (0.2, girth * 1.1), (2, girth), (4.2, girth * 0.9)), bark))
    for y in np.arange(16.0, 38.0, 2.6):
        bollard = ((0.0, 0.1), (0.75, 0.08), (0.78, 0.1), (0.95, 0.09), (1.0, 0.03))
        parts.append(_post(BAY - 0.35, y, bollard, red))
    parts.append(_post(PATH - 0.3, 27.0, ((0, 0.14), (1.0, 0.12), (1.05, 0.08), (6, 0.07)), iron))
    return join(parts)
