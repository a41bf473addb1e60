"""Frames with and without plates."""

from collections.abc import Sequence
from itertools import islice

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.positive_rate import NOISE, SHARES, Scene, film, mixed, still, still_street
from edge.plates.passage import PlateBox, Reading
from tests.plates.drawn import VIEW

PLATE, BARE = np.ones((2, 2), np.uint8), np.zeros((2, 2), np.uint8)


def test_shares_are_exact_and_evenly_mixed() -> None:
    """Of each four vehicles as many show their plates as the share says."""
    scenes = [Scene((PLATE, PLATE), (BARE, BARE))] * 8
    for share in SHARES:
        shown = [int(picture.any()) for picture in mixed(scenes, share)]
        assert [sum(shown[start : start + 8]) for start in (0, 8)] == [8 * share // 100] * 2


def test_plates_are_taken_off_and_nothing_else() -> None:
    """Both kinds of each picture differ in a small place, and in that alone."""
    (scene,) = film(1)
    assert len(scene.plates) == len(scene.bare) > 10
    shares = [float((one != other).mean()) for one, other in zip(scene.plates, scene.bare, strict=True)]
    assert 0 < min(shares) <= max(shares) < 0.03


class Slow:
    """A detector that finds nothing, and takes its time."""

    def detect(self, gray: NDArray[np.uint8]) -> list[PlateBox]:
        """Sort some rows of the frame."""
        np.sort(gray[:400], axis=None)
        return []

    def zoom(self, full: NDArray[np.uint8], box: PlateBox) -> list[PlateBox]:
        """Find nothing."""
        del full, box
        return []

    def read(self, full: NDArray[np.uint8], boxes: Sequence[PlateBox]) -> list[Reading | None]:
        """Read nothing."""
        del full
        return [None for _ in boxes]


def test_the_still_street_differs_in_noise_alone() -> None:
    """It is fresh in every picture, and nobody drives."""
    one, other = (frame.gray.astype(np.float32) for frame in islice(still_street(), 2))
    assert float(np.std(one - other)) == pytest.approx(2**0.5 * NOISE, rel=0.1)
    assert abs(float(np.mean(one - other))) < 0.1


def test_a_still_street_costs_a_part_of_looking_at_every_frame() -> None:
    """A tenth of the looks, and what it takes to tell."""
    finder = Slow()
    cost = still(finder, finder, VIEW)
    assert cost["still_ms_per_s"] > 0
    assert 0.05 < cost["still_share"] < 0.3
