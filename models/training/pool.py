"""A pool of rendered training crops on disk, made by as many processes as asked while training already reads it."""

import multiprocessing
import os
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from models.training.degrade import Crop, look, nothing, street_photos
from models.training.fonts import load_fonts
from models.training.plates import random_plate

SHARD: Final = 4096
HELD_OUT: Final = "held_out.npz"
"""Never trained on: the learning curve is measured on it."""
HELD_OUT_SEED: Final = 2**31
LOOKS: Final = 3
"""Degraded looks at each rendered plate."""
LONGEST: Final = 10
NOTHING_SHARE: Final = 0.08


def make_shard(path: Path, fonts: Path, seed: int) -> None:
    """Write a shard, which depends on its seed alone; nothing is done where it exists."""
    if path.exists():
        return
    rng = np.random.default_rng(seed)
    faces, photos = load_fonts(fonts), street_photos()
    crops: list[Crop] = []
    while len(crops) < SHARD:
        if rng.random() < NOTHING_SHARE:
            crops += [nothing(rng, photos) for _ in range(LOOKS)]
        else:
            plate = random_plate(rng, faces)
            crops += [crop for _ in range(LOOKS) if (crop := look(plate, rng))]
    _save(path, crops[:SHARD])


def _save(path: Path, crops: list[Crop]) -> None:
    texts = np.zeros((len(crops), LONGEST), np.int8)
    for row, crop in zip(texts, crops, strict=True):
        row[: len(crop.text)] = [int(char, 36) + 1 for char in crop.text]
    partial = path.with_suffix(".part.npz")
    np.savez(
        partial,
        image=np.stack([crop.image for crop in crops]),
        target=np.stack([crop.target for crop in crops]),
        text=texts,
        kind=np.array([crop.kind for crop in crops], np.int64),
    )
    partial.rename(path)


def fill(folder: Path, fonts: Path, first: int, count: int, processes: int) -> None:
    """Write the shard held out and `count` shards from `first` on with `processes` processes at low priority."""
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [(folder / HELD_OUT, fonts, HELD_OUT_SEED)]
    jobs += [(folder / f"shard_{number:05d}.npz", fonts, number) for number in range(first, first + count)]
    with multiprocessing.get_context("spawn").Pool(processes, initializer=_quiet, maxtasksperchild=8) as workers:
        workers.starmap(make_shard, jobs, chunksize=1)


def _quiet() -> None:
    os.nice(5)
    cv2.setNumThreads(1)
