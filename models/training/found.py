"""Figures of a detector: plates found and false boxes on photographs with boxes.

    python -m models.training.found models/detector.onnx DIR [--part valid_] [--threshold 0.3] [--least 0]

Each DIR holds photographs and labels.csv (file, xmin, ymin, xmax, ymax). Plates narrower than --least pixels of the
photograph are not asked for, boxes on them are not false.
"""

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

HEIGHT, WIDTH, FILL = 288, 384, 114
Boxes = NDArray[np.float32]  # [n, 4] left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Found:
    """Plates of one photograph, best first: quads [n, 4, 2] in its pixels, scores [n]."""

    quads: NDArray[np.float32]
    scores: NDArray[np.float32]


def letterbox(gray: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """Scale a photograph into the input, top-left aligned; returns the input [288, 384] and the scale."""
    scale = min(WIDTH / gray.shape[1], HEIGHT / gray.shape[0])
    size = (round(gray.shape[1] * scale), round(gray.shape[0] * scale))
    frame = np.full((HEIGHT, WIDTH), FILL, np.uint8)
    frame[: size[1], : size[0]] = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    return frame, scale


def decode(score: NDArray[np.float32], corners: NDArray[np.float32], threshold: float) -> Found:
    """Local maxima of the score [h, w] over the threshold, weaker boxes that overlap stronger ones removed."""
    peaks = (score >= threshold) & (score == cv2.dilate(score, np.ones((3, 3), np.uint8)))
    order = np.argsort(-score[peaks])
    quads, scores = corners[peaks][order], score[peaks][order]
    kept: list[int] = []
    boxes = upright(quads)
    for k in range(len(boxes)):
        if all(overlap(boxes[k], boxes[j]) < 0.3 for j in kept):
            kept.append(k)
    return Found(quads[kept], scores[kept])


def upright(quads: NDArray[np.float32]) -> Boxes:
    """The upright boxes around quads [n, 4, 2]."""
    return np.concatenate((quads.min(axis=1), quads.max(axis=1)), axis=1)


def overlap(a: Boxes, b: Boxes) -> float:
    """Intersection over union of two boxes."""
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    common = float(np.prod(np.maximum(0, high - low)))
    return common / float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - common + 1e-9)


def detect(session: ort.InferenceSession, gray: NDArray[np.uint8], threshold: float) -> Found:
    """Find the plates of one gray photograph."""
    frame, scale = letterbox(gray)
    score, corners = session.run(None, {"image": frame[None]})
    found = decode(score[0], corners[0], threshold)
    return Found(found.quads / scale, found.scores)


def labels(folder: Path, part: str) -> dict[str, Boxes]:
    """Boxes of each photograph whose name begins with `part`."""
    rows: dict[str, list[list[float]]] = {}
    with (folder / "labels.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            if row["file"].startswith(part):
                rows.setdefault(row["file"], []).append([float(row[k]) for k in ("xmin", "ymin", "xmax", "ymax")])
    return {name: np.array(boxes, np.float32) for name, boxes in sorted(rows.items())}


def match(found: Boxes, wanted: Boxes) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which wanted plates are found (IoU of 0.5 at least), and which found boxes meet a plate."""
    table = np.array([[overlap(f, w) for w in wanted] for f in found]).reshape(len(found), len(wanted)) >= 0.5
    return np.asarray(table.any(axis=0)), np.asarray(table.any(axis=1))


def figures(session: ort.InferenceSession, folder: Path, part: str, threshold: float, least: float) -> dict[str, float]:
    """Recall and false boxes per photograph of one folder."""
    asked = hits = false = count = 0
    for name, wanted in labels(folder, part).items():
        gray = cv2.imread(str(folder / name), cv2.IMREAD_GRAYSCALE)
        if gray is None:
            raise FileNotFoundError(folder / name)
        there, real = match(upright(detect(session, gray.astype(np.uint8), threshold).quads), wanted)
        big = wanted[:, 2] - wanted[:, 0] >= least
        asked, hits = asked + int(big.sum()), hits + int((there & big).sum())
        false, count = false + int((~real).sum()), count + 1
    return {"plates": asked, "recall_iou50": hits / asked, "false_per_image": false / count}


def main() -> None:
    """Print the figures of each folder."""
    parser = argparse.ArgumentParser(description="Plates found and false boxes on photographs with boxes.")
    parser.add_argument("model", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--part", default="")
    parser.add_argument("--threshold", type=float, default=0.3)
    parser.add_argument("--least", type=float, default=0.0)
    args = parser.parse_args()
    session = ort.InferenceSession(str(args.model), providers=["CPUExecutionProvider"])
    for folder in args.folders:
        print(folder.name, figures(session, folder, args.part, args.threshold, args.least))


if __name__ == "__main__":
    main()
