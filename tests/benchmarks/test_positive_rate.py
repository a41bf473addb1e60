"""Frames with and without plates."""

import numpy as np

from benchmarks.positive_rate import SHARES, Scene, film, mixed

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
