"""Training batches for the detector: scenes from the pool and real streets, moved and toned anew."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.scenes import BOX, HEIGHT, IGNORE, WIDTH, Scene
from models.training.streets import Street

STRIDE = 8
ROWS, COLUMNS = HEIGHT // STRIDE, WIDTH // STRIDE


@dataclass(frozen=True, slots=True)
class Target:
    """What the network should say about one frame, on the grid [ROWS, COLUMNS]."""

    heat: NDArray[np.float32]  # 1 at the centre cell of a plate, falling off around it
    trust: NDArray[np.float32]  # 0 where no statement is made
    mask: NDArray[np.float32]  # 1 on plates
    quads: NDArray[np.float32]  # [ROWS, COLUMNS, 4, 2] the corners asked for, in input pixels
    kinds: NDArray[np.int8]  # EXACT, BOX or 0 where no corners are asked for


def target_of(scene: Scene) -> Target:
    """Spread a scene's plates over the grid."""
    target = Target(
        np.zeros((ROWS, COLUMNS), np.float32),
        np.ones((ROWS, COLUMNS), np.float32),
        np.zeros((ROWS, COLUMNS), np.float32),
        np.zeros((ROWS, COLUMNS, 4, 2), np.float32),
        np.zeros((ROWS, COLUMNS), np.int8),
    )
    for quad, kind in zip(scene.quads, scene.kinds, strict=True):
        _spread(target, quad, int(kind))
    return target


def _spread(target: Target, quad: NDArray[np.float32], kind: int) -> None:
    """Add one plate: a bump as wide as the plate's middle, its corners where the bump is high."""
    size = quad.max(axis=0) - quad.min(axis=0)
    covered = np.zeros((ROWS, COLUMNS), np.uint8)
    cv2.fillConvexPoly(covered, np.round((quad / STRIDE - 0.5) * 16).astype(np.int32), 1, cv2.LINE_8, 4)
    if kind == IGNORE:
        target.trust[cv2.dilate(covered, np.ones((3, 3), np.uint8)) > 0] = 0
        return
    x, y = quad.mean(axis=0) / STRIDE
    column, row = int(np.clip(x, 0, COLUMNS - 1)), int(np.clip(y, 0, ROWS - 1))
    sx, sy = np.clip(size / STRIDE * (0.13, 0.2), 0.5, 2.5)
    ys, xs = np.mgrid[0:ROWS, 0:COLUMNS]
    bump = np.exp(-(((xs - column) / sx) ** 2 + ((ys - row) / sy) ** 2) / 2).astype(np.float32)
    near = (bump > 0.3) & (bump > target.heat)
    target.quads[near], target.kinds[near] = quad, kind
    np.maximum(target.heat, bump, out=target.heat)
    target.mask[covered > 0] = 1


def move(rng: np.random.Generator, scene: Scene) -> Scene:
    """Scale, shift and tone a scene; what leaves the frame is dropped, what is cut is ignored."""
    image, quads, kinds = scene.image, scene.quads, scene.kinds
    if rng.random() < 0.7:
        scale = rng.uniform(0.75, 1.35)
        room = (1 - scale) * np.array([WIDTH, HEIGHT])
        shift = np.where(room > 0, 0.0, rng.uniform(0, 1, 2) * room) + rng.normal(0, 12, 2) * (rng.random() < 0.5)
        matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        moved = cv2.warpAffine(image, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderValue=114)
        image = moved.astype(np.uint8, copy=False)
        quads = (quads * scale + shift).astype(np.float32)
        quads, kinds = cut(quads, kinds)
    gain, bias = rng.uniform(0.75, 1.25), rng.normal(0, 12)
    if rng.random() < 0.5:
        image = np.clip(np.arange(256) * gain + bias, 0, 255).astype(np.uint8)[image]
    return Scene(image, quads, kinds)


def cut(quads: NDArray[np.float32], kinds: NDArray[np.int8]) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Drop plates outside the frame, ignore those that its edge cuts."""
    low, high = quads.min(axis=1), quads.max(axis=1)
    gone = (high <= 1).any(axis=1) | (low >= (WIDTH - 1, HEIGHT - 1)).any(axis=1)
    whole = (low >= -1.5).all(axis=1) & (high <= (WIDTH + 0.5, HEIGHT + 0.5)).all(axis=1)
    return quads[~gone], np.where(whole, kinds, IGNORE).astype(np.int8)[~gone]


def real_scene(rng: np.random.Generator, street: Street) -> Scene:
    """A real street, whole or in part, perhaps mirrored; its boxes as corners of kind BOX."""
    image, boxes = street.image, street.boxes
    height, width = image.shape
    if rng.random() < 0.5:
        image, boxes = np.ascontiguousarray(image[:, ::-1]), boxes * (-1, 1, -1, 1) + (width, 0, width, 0)
        boxes = boxes[:, [2, 1, 0, 3]]
    whole = min(WIDTH / width, HEIGHT / height)
    scale = whole if rng.random() < 0.35 else whole * float(np.exp(rng.uniform(-0.2, 1.1)))
    room = np.minimum(0, (WIDTH, HEIGHT) - scale * np.array([width, height]))
    shift = rng.uniform(0, 1, 2) * room
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    soft = cv2.GaussianBlur(image, (0, 0), 0.35 / scale) if scale < 0.8 else image
    frame = cv2.warpAffine(soft, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderValue=114)
    quads = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]] * scale + shift
    quads, kinds = cut(quads.astype(np.float32), np.full(len(quads), BOX, np.int8))
    return Scene(_tone(rng, frame.astype(np.uint8)), quads, kinds)


def _tone(rng: np.random.Generator, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Another exposure, gamma and noise for the same photograph."""
    tone = 255 * (np.arange(256) / 255) ** rng.uniform(0.6, 1.6) * rng.uniform(0.6, 1.3)
    result = np.clip(tone, 0, 255).astype(np.uint8)[frame]
    if rng.random() < 0.5:
        noise = rng.standard_normal(frame.shape, np.float32) * rng.uniform(0, 6)
        result = np.clip(result + noise, 0, 255).astype(np.uint8)
    result[frame == 114] = 114  # the letterbox stays as it is
    return result


@dataclass(slots=True)
class Pool:
    """The shards of a folder, read as they appear."""

    folder: Path
    shards: dict[str, dict[str, NDArray[Any]]] = field(default_factory=dict)

    def refresh(self) -> None:
        """Read the shards that are new."""
        for path in sorted(self.folder.glob("*.npz")):
            if path.name not in self.shards:
                with np.load(path) as data:
                    self.shards[path.name] = {name: data[name] for name in data.files}

    def draw(self, rng: np.random.Generator) -> Scene:
        """One random scene."""
        shard = self.shards[str(rng.choice(sorted(self.shards)))]
        k = int(rng.integers(len(shard["images"])))
        there = shard["kinds"][k] > 0
        return Scene(shard["images"][k], shard["quads"][k][there], shard["kinds"][k][there])


Batch = tuple[NDArray[np.uint8], Target]


def batch_of(rng: np.random.Generator, pool: Pool, streets: tuple[Street, ...], size: int, real: float) -> Batch:
    """Stack `size` scenes, a share `real` of them real streets where there are any."""
    scenes = []
    for k in range(size):
        if streets and k < size * real:
            scenes.append(real_scene(rng, streets[int(rng.integers(len(streets)))]))
        else:
            scenes.append(move(rng, pool.draw(rng)))
    targets = [target_of(scene) for scene in scenes]
    stacked = Target(*(np.stack([getattr(t, name) for t in targets]) for name in Target.__slots__))
    return np.stack([scene.image for scene in scenes]), stacked


def batches(
    pool: Pool, streets: tuple[Street, ...], size: int, real: float, seed: int, steps: range
) -> Iterator[Batch]:
    """Batches for the given steps, prepared one thread ahead; a step's batch depends on seed, step and pool only."""
    ready: Queue[Batch] = Queue(maxsize=4)

    def prepare() -> None:
        for step in steps:
            if step % 100 == 0 or not pool.shards:
                pool.refresh()
            ready.put(batch_of(np.random.default_rng([seed, step]), pool, streets, size, real))

    Thread(target=prepare, daemon=True).start()
    for _ in steps:
        yield ready.get()
