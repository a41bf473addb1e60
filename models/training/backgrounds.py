"""What stands behind the vehicles: photographs where a folder of them is given, drawn streets and textures else."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.clutter import scatter

Gray = NDArray[np.uint8]
LEAST, MOST = 240, 1200  # pixels of a photograph's shorter and longer side
_UNFIT = {"screenshot", "leuvenA", "leuvenB"}  # previews of wallpapers; a street with parked cars


@dataclass(frozen=True, slots=True)
class Backgrounds:
    """Photographs without plates (gray, any size); may be empty."""

    photos: tuple[Gray, ...]

    def sample(self, rng: np.random.Generator, height: int, width: int) -> Gray:
        """Give one background of the given size, uint8 [height, width]."""
        pick = rng.random()
        if self.photos and pick < 0.55:
            return _crop(rng, self.photos[int(rng.integers(len(self.photos)))], height, width)
        if pick < 0.85:
            return draw_street(rng, height, width)
        return draw_texture(rng, height, width)


def load_backgrounds(folder: Path | None) -> Backgrounds:
    """Read every picture and film below a folder; none without a folder."""
    files = (
        sorted(p for p in folder.rglob("*") if p.is_file() and not _UNFIT & set(p.name.split("."))) if folder else []
    )
    photos = (photo for path in files for photo in _photos(path))
    return Backgrounds(tuple(_small(p) for p in photos if min(p.shape) >= LEAST))


def _photos(path: Path) -> Iterator[Gray]:
    """Give the picture in a file, or every twelfth frame of a film; nothing of other files."""
    if path.suffix in {".jpg", ".jpeg", ".png"}:
        photo = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if photo is not None:
            yield photo.astype(np.uint8, copy=False)
    elif path.suffix == ".avi":
        film = cv2.VideoCapture(str(path))
        for k in range(100_000):
            there, frame = film.read()
            if not there:
                return
            if k % 12 == 0:
                yield cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)


def _small(photo: Gray) -> Gray:
    """Reduce to MOST pixels at the longer side: a background needs no more, and memory is finite."""
    part = min(1.0, MOST / max(photo.shape))
    return cv2.resize(photo, None, fx=part, fy=part, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _crop(rng: np.random.Generator, photo: Gray, height: int, width: int) -> Gray:
    """A random part of a photograph, perhaps mirrored, scaled to the size wanted."""
    rows, columns = photo.shape
    part = rng.uniform(0.35, 1.0) * min(rows / height, columns / width)
    h, w = int(height * part), int(width * part)
    y, x = int(rng.integers(0, rows - h + 1)), int(rng.integers(0, columns - w + 1))
    piece = photo[y : y + h, x : x + w]
    piece = piece[:, ::-1] if rng.random() < 0.5 else piece
    way = cv2.INTER_AREA if h > height else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(piece), (width, height), interpolation=way).astype(np.uint8, copy=False)


def _ramp(rng: np.random.Generator, height: int, width: int, low: float, high: float) -> NDArray[np.float32]:
    """A smooth random field between two shades."""
    small = rng.uniform(low, high, (int(rng.integers(2, 5)), int(rng.integers(2, 5)))).astype(np.float32)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32, copy=False)


def draw_texture(rng: np.random.Generator, height: int, width: int) -> Gray:
    """Smooth shades, noise of several grain sizes, scattered shapes."""
    field = _ramp(rng, height, width, 0, 255)
    for grain in (4, 16, 64):
        size = (max(2, width // grain), max(2, height // grain))
        noise = rng.normal(0, rng.uniform(0, 30), (size[1], size[0])).astype(np.float32)
        field += cv2.resize(noise, (width, height), interpolation=cv2.INTER_LINEAR)
    frame = np.clip(field, 0, 255).astype(np.uint8)
    scatter(rng, frame, int(rng.integers(0, 40)))
    return frame


def draw_street(rng: np.random.Generator, height: int, width: int) -> Gray:
    """Sky, houses with windows, trees, poles, a road with markings or paving."""
    horizon = int(height * rng.uniform(0.1, 0.55))
    frame = np.clip(_ramp(rng, height, width, 90, 255), 0, 255).astype(np.uint8)
    _houses(rng, frame, horizon)
    _trees(rng, frame, horizon)
    _road(rng, frame, horizon)
    scatter(rng, frame, int(rng.integers(0, 8)))
    return frame


def _houses(rng: np.random.Generator, frame: Gray, horizon: int) -> None:
    """Blocks with a grid of windows that stand on the horizon."""
    width = frame.shape[1]
    for _ in range(int(rng.integers(0, 7))):
        x, wide, tall = int(rng.integers(-50, width)), int(rng.integers(60, 300)), int(rng.integers(40, 300))
        wall, pane = int(rng.integers(30, 230)), int(rng.integers(10, 250))
        cv2.rectangle(frame, (x, horizon - tall), (x + wide, horizon), wall, -1)
        step, share = int(rng.integers(12, 50)), rng.uniform(0.3, 0.7)
        for top in range(horizon - tall + 5, horizon - step, step):
            for left in range(x + 5, x + wide - step, step):
                corner = (left + int(step * share), top + int(step * share * 0.9))
                cv2.rectangle(frame, (left, top), corner, int(np.clip(pane + rng.normal(0, 25), 0, 255)), -1)


def _trees(rng: np.random.Generator, frame: Gray, horizon: int) -> None:
    """Crowns of many small blobs, trunks, poles."""
    width = frame.shape[1]
    for _ in range(int(rng.integers(0, 5))):
        x, size, shade = int(rng.integers(width)), int(rng.integers(20, 120)), rng.uniform(15, 130)
        cv2.line(frame, (x, horizon - size), (x, horizon + size // 4), int(shade * 0.6), max(2, size // 12))
        for dx, dy in rng.normal(0, size * 0.45, (90, 2)):
            at, r = (int(x + dx), int(horizon - size * 1.2 + dy)), int(rng.integers(2, 5 + size // 8))
            cv2.circle(frame, at, r, int(np.clip(shade + rng.normal(0, 25), 0, 255)), -1)


def _road(rng: np.random.Generator, frame: Gray, horizon: int) -> None:
    """Asphalt or paving below the horizon, with grain and white markings."""
    height, width = frame.shape
    rows = height - horizon
    ground = _ramp(rng, rows, width, 40, 180) + rng.normal(0, rng.uniform(1, 12), (rows, width)).astype(np.float32)
    frame[horizon:] = np.clip(ground, 0, 255).astype(np.uint8)
    vanish = (int(width * rng.uniform(0.2, 0.8)), horizon)
    for _ in range(int(rng.integers(0, 6))):
        foot = int(rng.uniform(-0.5, 1.5) * width)
        strip = np.array([vanish, (foot, height), (foot + int(rng.integers(8, 50)), height)], np.int32)
        cv2.fillPoly(frame, [strip], int(rng.integers(60, 255)), cv2.LINE_AA)
    if rng.random() < 0.3:
        for y in range(horizon, height, int(rng.integers(8, 30))):
            cv2.line(frame, (0, y), (width, y), int(rng.integers(20, 110)), 1)
