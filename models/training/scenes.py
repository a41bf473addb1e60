"""Street scenes for the detector: vehicles with rendered plates, real streets with exchanged plates, and traps.

    python -m models.training.scenes POOL [--shards 240] [--backgrounds DIR] [--processes 2]

writes shards of scenes into POOL; ANPR_STREET_RO names the folder of real street scenes, if there is one.
"""

import argparse
import multiprocessing
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.backgrounds import Backgrounds, load_backgrounds
from models.training.cars import draw_vehicle
from models.training.clutter import burn_text, draw_sign, scatter
from models.training.heavies import draw_lorry, draw_motorcycle
from models.training.painter import Painter
from models.training.plates import RenderedPlate, motorcycle_plate, random_plate
from models.training.streets import Street, load_streets
from models.training.weather import LIGHTS, ODDS, film, light_scene

HEIGHT, WIDTH = 288, 384
MOST = 8  # plates per scene in a shard
SHARD = 256  # scenes per shard
EXACT, BOX, IGNORE = 1, 2, 3  # corners known; only the upright box known; no statement
NARROWEST, WIDEST = 9.0, 372.0  # plate width in input pixels
CAR_PLATE, MOTORCYCLE_PLATE = 520.0, 210.0  # millimetres

Gray = NDArray[np.uint8]
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scene:
    """A gray frame [288, 384]; quads float32 [n, 4, 2] in pixels, reading order; kinds int8 [n]."""

    image: Gray
    quads: NDArray[np.float32]
    kinds: NDArray[np.int8]


@dataclass(slots=True)
class _Canvas:
    """A scene being composed at `zoom` times the final size."""

    frame: Gray
    zoom: int
    quads: list[NDArray[np.float64]]
    kinds: list[int]


@dataclass(frozen=True, slots=True)
class Sources:
    """What scenes are made of."""

    backgrounds: Backgrounds
    streets: tuple[Street, ...]


def random_scene(rng: np.random.Generator, sources: Sources) -> Scene:
    """Compose one scene: drawn vehicles, bare plates on anything, or a real street with exchanged plates."""
    pick = rng.random()
    if sources.streets and pick < 0.35:
        return _exchanged(rng, sources.streets[int(rng.integers(len(sources.streets)))])
    zoom = 2 if rng.random() < 0.5 else 1
    canvas = _Canvas(sources.backgrounds.sample(rng, HEIGHT * zoom, WIDTH * zoom), zoom, [], [])
    light = str(rng.choice(LIGHTS, p=ODDS))
    for _ in range(int(rng.integers(0, 3))):
        _add_sign(rng, canvas)
    for width in np.sort(_widths(rng)):
        if pick < 0.85:
            _add_vehicle(rng, canvas, float(width) * zoom, lit=light != "day" and bool(rng.random() < 0.8))
        else:
            _add_plate(rng, canvas, float(width) * zoom)
    return _finish(rng, canvas, light)


def _widths(rng: np.random.Generator) -> NDArray[np.float64]:
    """How wide the plates of one scene are, in input pixels: mostly 20 to 150."""
    count = int(rng.choice([0, 1, 2, 3], p=[0.04, 0.5, 0.3, 0.16]))
    if rng.random() < 0.2:
        return np.exp(rng.uniform(np.log(120), np.log(WIDEST), 1))
    return np.exp(rng.uniform(np.log(NARROWEST), np.log(170), count))


def _finish(rng: np.random.Generator, canvas: _Canvas, light: str) -> Scene:
    """Light, reduce to the input size, burn in text, film."""
    quads = np.array(canvas.quads, np.float32).reshape(-1, 4, 2)
    frame = light_scene(rng, canvas.frame, quads, light)
    if canvas.zoom > 1:
        frame = cv2.resize(frame, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.uint8)
    quads = ((quads + 0.5) / canvas.zoom - 0.5).astype(np.float32)
    before = frame.copy()
    if rng.random() < 0.2:
        burn_text(rng, frame)
    kinds = [
        IGNORE if k == EXACT and _changed(before, frame, q) else k for q, k in zip(quads, canvas.kinds, strict=True)
    ]
    finest = min((float(np.linalg.norm(q[1] - q[0])) for q in quads), default=60.0)
    return Scene(film(rng, frame, finest), quads[:MOST], np.array(kinds[:MOST], np.int8))


def _changed(before: Gray, after: Gray, quad: NDArray[np.float32]) -> bool:
    """Whether something was painted over more than a tenth of the quad."""
    return _share((before != after).astype(np.uint8), quad) > 0.1


def _share(mask: Gray, quad: NDArray[np.floating]) -> float:
    """The share of the quad's pixels where the mask is set."""
    x, y, w, h = cv2.boundingRect(np.round(quad).astype(np.int32))
    x0, y0 = max(x, 0), max(y, 0)
    part = mask[y0 : y + h, x0 : x + w]
    if part.size == 0:
        return 0.0
    inside = np.zeros(part.shape, np.uint8)
    cv2.fillConvexPoly(inside, np.round(quad - (x0, y0)).astype(np.int32), 1)
    return float((part[inside > 0] > 0).mean()) if inside.any() else 0.0


def _place(rng: np.random.Generator, canvas: _Canvas, width: float, real: float = CAR_PLATE) -> Matrix:
    """A view: the homography from millimetres around a plate's centre to pixels; `real` of them become `width`."""
    yaw, pitch = rng.normal(0, 0.4), rng.normal(0, 0.16)
    roll = float(rng.choice([rng.normal(0, 0.03), rng.normal(0, 0.12), rng.uniform(-0.55, 0.55)], p=[0.5, 0.3, 0.2]))
    yaw, pitch = np.clip([yaw, pitch], (-1.05, -0.9), (1.05, 0.6))
    turn = _rotation(2, roll) @ _rotation(1, yaw) @ _rotation(0, pitch)
    depth = rng.uniform(2000, 12000)  # millimetres from lens to plate: how strong the perspective is
    height, wide = canvas.frame.shape
    edge = -0.02 if rng.random() < 0.08 else min(0.45, 0.55 * width / wide)
    centre = (rng.uniform(edge, 1 - edge) * wide, rng.uniform(min(edge * 0.6, 0.3), 0.97) * height)
    camera = np.array([[depth, 0, centre[0]], [0, depth, centre[1]], [0, 0, 1.0]])
    view = camera @ np.column_stack([turn[:, 0], turn[:, 1], [0, 0, depth]])
    scale = width / real
    zoom = np.array([[scale, 0, centre[0] * (1 - scale)], [0, scale, centre[1] * (1 - scale)], [0, 0, 1.0]])
    result: Matrix = zoom @ view
    return result


def _rotation(axis: int, angle: float) -> Matrix:
    """A rotation in space about one of the axes x, y, z (radians)."""
    c, s = np.cos(angle), np.sin(angle)
    a, b = ((1, 2), (2, 0), (0, 1))[axis]
    result = np.eye(3)
    result[a, a], result[a, b], result[b, a], result[b, b] = c, -s, s, c
    return result


def _add_vehicle(rng: np.random.Generator, canvas: _Canvas, width: float, *, lit: bool) -> None:
    """Draw a vehicle whose plate is `width` pixels wide; every seventh has none."""
    pick = rng.random()
    if pick < 0.1:
        _add_motorcycle(rng, canvas, min(width, 140.0 * canvas.zoom), lit=lit)
        return
    view, scale = _place(rng, canvas, width), min(0.6, width / CAR_PLATE)
    vehicle = (draw_lorry if pick < 0.2 else draw_vehicle)(rng, scale, lit=lit)
    _paste_painter(canvas, vehicle.painter, view, vehicle.plate)
    if rng.random() < 0.86:
        _paste_plate(rng, canvas, view)


def _add_motorcycle(rng: np.random.Generator, canvas: _Canvas, width: float, *, lit: bool) -> None:
    view = _place(rng, canvas, width, MOTORCYCLE_PLATE)
    vehicle = draw_motorcycle(rng, min(0.8, width / MOTORCYCLE_PLATE), lit=lit)
    _paste_painter(canvas, vehicle.painter, view, vehicle.plate)
    _paste_flat(rng, canvas, motorcycle_plate(rng), view @ _rotation(2, rng.normal(0, 0.015)))


def _paste_painter(canvas: _Canvas, p: Painter, view: Matrix, at: tuple[float, float]) -> None:
    """Warp a painter's picture into the frame; plates that it hides are no longer asked for."""
    x, y = p.origin[0] - at[0], p.origin[1] - at[1]
    matrix = view @ np.array([[1 / p.scale, 0, x], [0, 1 / p.scale, y], [0, 0, 1]])
    _paste(canvas, p.shade, p.alpha, matrix)


def _paste(canvas: _Canvas, shade: Gray, alpha: Gray, matrix: Matrix) -> None:
    size = canvas.frame.shape[::-1]
    top = cv2.warpPerspective(shade, matrix, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpPerspective(alpha, matrix, size, flags=cv2.INTER_LINEAR)
    _hide(canvas, mask.astype(np.uint8))
    weight = mask.astype(np.uint16)
    canvas.frame[:] = ((canvas.frame * (255 - weight) + top * weight) // 255).astype(np.uint8)


def _hide(canvas: _Canvas, mask: Gray) -> None:
    """Plates under the mask: drop those that are gone, ignore those that are partly covered."""
    covered = [_share(mask, quad) for quad in canvas.quads]
    kept = [i for i, share in enumerate(covered) if share < 0.9]
    canvas.kinds = [IGNORE if covered[i] > 0.08 else canvas.kinds[i] for i in kept]
    canvas.quads = [canvas.quads[i] for i in kept]


def _paste_plate(rng: np.random.Generator, canvas: _Canvas, view: Matrix) -> None:
    """Mount a random plate, a little askew, and note its corners."""
    _paste_flat(rng, canvas, random_plate(rng), view @ _rotation(2, rng.normal(0, 0.015)))


def _paste_flat(rng: np.random.Generator, canvas: _Canvas, plate: RenderedPlate, mount: Matrix) -> None:
    """Paste a plate whose centre is the origin of `mount` (millimetres to pixels)."""
    image = cv2.cvtColor(plate.image, cv2.COLOR_BGR2GRAY)
    middle = plate.quad.mean(axis=0)
    matrix = mount @ np.array([[1, 0, -middle[0]], [0, 1, -middle[1]], [0, 0, 1.0]])
    edges = plate.quad - 0.5  # OpenCV counts from pixel centres, a plate's edge lies half a pixel before
    quad = cv2.perspectiveTransform(edges[None], matrix)[0]
    shrink = float(
        np.clip(np.linalg.norm(quad[1] - quad[0]) / np.linalg.norm(plate.quad[1] - plate.quad[0]) * 1.2, 0.03, 1)
    )
    small = cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    back = np.diag([image.shape[1] / small.shape[1], image.shape[0] / small.shape[0], 1.0])
    back[:2, 2] = (np.diag(back)[:2] - 1) / 2  # pixel centres
    tone = rng.uniform(0.75, 1.1)
    alpha = np.full(small.shape, 255, np.uint8)
    _paste(canvas, np.clip(small * tone, 0, 255).astype(np.uint8), alpha, matrix @ back)
    canvas.quads.append(quad)
    canvas.kinds.append(EXACT if _inside(quad, canvas.frame.shape) else IGNORE)


def _inside(quad: Matrix, shape: tuple[int, ...]) -> bool:
    """Whether the whole quad is in the frame, but for a pixel."""
    return bool(np.all(quad >= -1.5) and np.all(quad <= (shape[1] + 0.5, shape[0] + 0.5)))


def _add_plate(rng: np.random.Generator, canvas: _Canvas, width: float) -> None:
    """A plate on whatever is there, sometimes on a plain panel."""
    view = _place(rng, canvas, width)
    if rng.random() < 0.4:
        panel = np.full((8, 8), int(rng.integers(0, 256)), np.uint8)
        w, h = rng.uniform(560, 1500), rng.uniform(150, 900)
        shift = rng.uniform(-0.5, 0.5, 2) * (w - 540, h - 130)
        matrix = view @ np.array([[w / 8, 0, shift[0] - w / 2], [0, h / 8, shift[1] - h / 2], [0, 0, 1]])
        _paste(canvas, panel, np.full((8, 8), 255, np.uint8), matrix)
    _paste_plate(rng, canvas, view)


def _add_sign(rng: np.random.Generator, canvas: _Canvas) -> None:
    """A sign somewhere."""
    width = float(np.exp(rng.uniform(np.log(10), np.log(160)))) * canvas.zoom
    sign = draw_sign(rng, float(np.clip(width / 800, 0.03, 0.5)))
    middle = (
        sign.origin[0] + sign.shade.shape[1] / sign.scale / 2,
        sign.origin[1] + sign.shade.shape[0] / sign.scale / 2,
    )
    _paste_painter(canvas, sign, _place(rng, canvas, width), middle)


def _exchanged(rng: np.random.Generator, street: Street) -> Scene:
    """A part of a real street, some of its plates covered by rendered ones of the same place and light."""
    canvas = _Canvas(street.image.copy(), 1, [], [])
    for box in street.boxes:
        if rng.random() < 0.8:
            _exchange(rng, canvas, box)
        else:
            canvas.quads.append(np.array([box[[0, 1]], box[[2, 1]], box[[2, 3]], box[[0, 3]]], np.float64))
            canvas.kinds.append(BOX)
    frame, border, quads = _view_of(rng, canvas)
    if rng.random() < 0.2:
        scatter(rng, frame, 3)
    before = _shown(quads)
    kinds = [k if shown else IGNORE for k, shown in zip(canvas.kinds, before, strict=True)]
    if rng.random() < 0.3:
        gain = rng.uniform(0.3, 1.6)
        frame = np.clip(frame * gain, 0, 255).astype(np.uint8)
    seen = np.where(border > 0, 114, film(rng, frame, 40.0)).astype(np.uint8)
    return Scene(seen, quads[:MOST].astype(np.float32), np.array(kinds[:MOST], np.int8))


def _exchange(rng: np.random.Generator, canvas: _Canvas, box: NDArray[np.float32]) -> None:
    """Cover one real plate: as bright, as dark and as large as it was, turned a little."""
    x0, y0, x1, y1 = np.round(box).astype(int)
    old = canvas.frame[max(y0, 0) : y1, max(x0, 0) : x1]
    low, high = np.percentile(old, [4, 96]) if old.size else (20, 200)
    plate = random_plate(rng)
    wide, tall = plate.quad[1] - plate.quad[0], plate.quad[3] - plate.quad[0]
    scale = max(1.06 * (x1 - x0) / float(np.linalg.norm(wide)), 1.12 * (y1 - y0) / float(np.linalg.norm(tall)))
    turn = _rotation(2, rng.normal(0, 0.03)) + np.array([[0, rng.normal(0, 0.05), 0], [0, 0, 0], [0, 0, 0]])
    place = np.array([[scale, 0, (x0 + x1) / 2], [0, scale, (y0 + y1) / 2], [0, 0, 1.0]]) @ turn
    gray = plate.image.astype(np.float32).mean(axis=2)
    toned = np.clip(low + (high - low) * gray / max(1.0, float(gray.max())) * rng.uniform(0.85, 1.2), 0, 255)
    lit = RenderedPlate(
        np.repeat(toned[..., None], 3, 2).astype(np.uint8), plate.text, plate.boxes, plate.rows, plate.kind, plate.quad
    )
    _paste_flat(rng, canvas, lit, place)


def _view_of(rng: np.random.Generator, canvas: _Canvas) -> tuple[Gray, Gray, NDArray[np.float64]]:
    """Cut the input frame out of a real street, around a plate or nearly whole: frame, letterbox mask, quads."""
    height, width = canvas.frame.shape
    whole = min(WIDTH / width, HEIGHT / height)
    if rng.random() < 0.3 or not canvas.quads:
        scale, corner = whole * rng.uniform(0.85, 1.3), rng.uniform(0, 0.15, 2) * (width, height)
    else:
        quad = canvas.quads[int(rng.integers(len(canvas.quads)))]
        have = float(np.linalg.norm(quad[1] - quad[0]))
        scale = float(np.clip(np.exp(rng.uniform(np.log(12), np.log(200))) / have, whole * 0.8, 3.0))
        want = rng.uniform(0.15, 0.85, 2) * (WIDTH, HEIGHT)
        corner = np.clip(
            quad.mean(axis=0) - want / scale, 0, np.maximum(0, (width - WIDTH / scale, height - HEIGHT / scale))
        )
    turn = rng.normal(0, 0.04) if rng.random() < 0.4 else 0.0
    matrix = scale * _rotation(2, turn)[:2]
    matrix[:, 2] = -matrix[:, :2] @ corner
    soft = canvas.frame if scale > 0.6 else cv2.GaussianBlur(canvas.frame, (0, 0), 0.4 / scale)
    frame = cv2.warpAffine(soft, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderValue=114)
    border = 255 - cv2.warpAffine(np.full_like(soft, 255), matrix, (WIDTH, HEIGHT), flags=cv2.INTER_NEAREST)
    quads = np.array(canvas.quads).reshape(-1, 4, 2) @ matrix[:, :2].T + matrix[:, 2]
    return frame.astype(np.uint8), border.astype(np.uint8), quads


def _shown(quads: NDArray[np.floating]) -> list[bool]:
    return [_inside(quad, (HEIGHT, WIDTH)) for quad in quads]


def write_shard(path: Path, seed: int, number: int, sources: Sources) -> None:
    """Compose SHARD scenes into one file; the same seed and number give the same scenes."""
    rng = np.random.default_rng([seed, number])
    images = np.empty((SHARD, HEIGHT, WIDTH), np.uint8)
    quads = np.zeros((SHARD, MOST, 4, 2), np.float32)
    kinds = np.zeros((SHARD, MOST), np.int8)
    for k in range(SHARD):
        scene = random_scene(rng, sources)
        n = len(scene.kinds)
        images[k], quads[k, :n], kinds[k, :n] = scene.image, scene.quads, scene.kinds
    with path.with_suffix(".part").open("wb") as target:
        np.savez(target, images=images, quads=quads, kinds=kinds)
    path.with_suffix(".part").rename(path)


def fill(pool: Path, numbers: range, seed: int, backgrounds: Path | None) -> None:
    """Write the shards of these numbers that are not there yet."""
    cv2.setNumThreads(1)
    streets = os.environ.get("ANPR_STREET_RO")
    sources = Sources(load_backgrounds(backgrounds), load_streets(Path(streets) if streets else None))
    for number in numbers:
        path = pool / f"{number:05d}.npz"
        if not path.exists():
            write_shard(path, seed, number, sources)
            print(path.name, flush=True)


def main() -> None:
    """Write the shards asked for with as many processes as asked."""
    parser = argparse.ArgumentParser(description="Compose street scenes for the detector.")
    parser.add_argument("pool", type=Path)
    parser.add_argument("--shards", type=int, default=240)
    parser.add_argument("--seed", type=int, default=12)
    parser.add_argument("--backgrounds", type=Path)
    parser.add_argument("--processes", type=int, default=1)
    args = parser.parse_args()
    args.pool.mkdir(parents=True, exist_ok=True)
    parts = [range(k, args.shards, args.processes) for k in range(args.processes)]
    jobs = [(args.pool, part, args.seed, args.backgrounds) for part in parts]
    with multiprocessing.get_context("spawn").Pool(args.processes) as workers:
        workers.starmap(fill, jobs, chunksize=1)


if __name__ == "__main__":
    main()
