"""Draws small numbers with given weights, many millions at a time."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SLOTS = 1 << 16


class Lottery:
    """A row of weights per case; a weight below 1/65,536 of its row may never win."""

    def __init__(self, weights: Sequence[Sequence[float]]) -> None:
        rows = [tuple(row) for row in weights]
        different = {row: place for place, row in enumerate(dict.fromkeys(rows))}
        self._row = np.array([different[row] for row in rows], np.uint32)
        self._slots = np.stack([_spread(row) for row in different])

    def draw(self, case: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Return for each of the cases (n,) which of its weights won."""
        won: NDArray[np.uint8] = self._slots[self._row[case], rng.integers(0, SLOTS, len(case), np.uint16)]
        return won


def _spread(weights: Sequence[float]) -> NDArray[np.uint8]:
    bounds = np.rint(np.cumsum(weights) / np.sum(weights) * SLOTS).astype(np.int64)
    return np.repeat(np.arange(len(weights), dtype=np.uint8), np.diff(bounds, prepend=0))
