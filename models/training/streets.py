"""The real street scenes with boxes: only files named train_*, from the folder in ANPR_STREET_RO."""

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Street:
    """A gray photograph (uint8 [H, W]) and the boxes of its plates, float32 [n, 4] as left, top, right, bottom."""

    image: NDArray[np.uint8]
    boxes: NDArray[np.float32]


def load_streets(folder: Path | None, part: str = "train_") -> tuple[Street, ...]:
    """Read the photographs whose names begin with `part`; none without a folder."""
    if folder is None:
        return ()
    boxes: dict[str, list[list[float]]] = {}
    with (folder / "labels.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            if row["file"].startswith(part):
                boxes.setdefault(row["file"], []).append([float(row[k]) for k in ("xmin", "ymin", "xmax", "ymax")])
    return tuple(_street(folder / name, found) for name, found in sorted(boxes.items()))


def _street(path: Path, boxes: list[list[float]]) -> Street:
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise FileNotFoundError(path)
    return Street(image.astype(np.uint8, copy=False), np.array(boxes, np.float32))
