"""Boxes and points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.plates.geometry import bounds, in_heights, inside, overlap, plate_width
from tests.plates.drawn import ASPECT, box

SQUARE = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)


def test_a_plate_is_as_wide_as_its_long_edges() -> None:
    """Rotated too."""
    level = in_heights(box(0.5, 0.5, 0.1).corners, ASPECT)
    turn = np.array([(0.8, 0.6), (-0.6, 0.8)], np.float32)
    assert plate_width(level) == pytest.approx(0.1 * ASPECT, rel=1e-4)
    assert plate_width(level @ turn) == pytest.approx(0.1 * ASPECT, rel=1e-4)


@given(st.floats(-0.5, 1.5), st.floats(-0.5, 1.5))
def test_inside_a_square(x: float, y: float) -> None:
    """A point is inside exactly between the edges."""
    if min(abs(x), abs(y), abs(1 - x), abs(1 - y)) > 1e-6:
        assert inside(np.array((x, y), np.float32), SQUARE) is (0 < x < 1 and 0 < y < 1)


def test_inside_a_hollow_form() -> None:
    """The bay of an L is outside."""
    form = np.array([(0, 0), (1, 0), (1, 0.4), (0.4, 0.4), (0.4, 1), (0, 1)], np.float32)
    assert inside(np.array((0.2, 0.8), np.float32), form)
    assert not inside(np.array((0.8, 0.8), np.float32), form)


@given(st.floats(0, 3), st.floats(0, 3))
def test_overlap_is_that_of_squares(x: float, y: float) -> None:
    """Shared area over united area."""
    shared = max(0.0, 1 - x) * max(0.0, 1 - y)
    moved = bounds(SQUARE + np.array((x, y), np.float32))
    assert overlap(bounds(SQUARE), moved[None])[0] == pytest.approx(shared / (2 - shared), abs=1e-5)
