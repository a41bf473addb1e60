"""The pictures behind the model cards' curves: repeatable, with the plate where they say, and nobody's plate."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.plates.syntax import sidecode
from models.training.failures import may_be_shown
from models.training.sweep import Point, reached
from models.training.views import EASY, HEIGHT, WIDTH, Conditions, View, take, take_bare


def brightness(view: View, inner: float, outer: float) -> float:
    """Mean gray value of the ring between two quads, the plate's corners moved from its middle by a factor."""
    middle = view.quad.mean(axis=0)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for grown, value in ((outer, 255), (inner, 0)):
        cv2.fillConvexPoly(mask, np.round(middle + grown * (view.quad - middle)).astype(np.int32), value)
    return float(cv2.mean(view.image, mask)[0])


def test_the_same_number_gives_the_same_picture() -> None:
    """A curve can be drawn again: number and conditions decide every pixel, whatever was drawn between."""
    first = take(3, EASY)
    for other in (4, 5, 6):
        take(other, EASY)
    again = take(3, EASY)
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(take_bare(3), take_bare(3))


@given(st.integers(0, 10**6))
@settings(max_examples=8, deadline=None)
def test_only_plates_that_nobody_has_are_drawn(number: int) -> None:
    """Every plate is of sidecode 12."""
    assert sidecode(take(number, EASY).text) == 12
    assert sidecode(take(number, replace(EASY, form="motorcycle")).text) == 12


@pytest.mark.parametrize(
    "conditions",
    [
        replace(EASY, infrared=1.0),
        replace(EASY, infrared=1.0, form="two lines", roll=30.0),
        replace(EASY, infrared=1.0, form="motorcycle", width=40.0),
        replace(EASY, infrared=1.0, yaw=50.0, width=180.0),
    ],
    ids=["one line", "two lines", "motorcycle", "aside"],
)
def test_the_plate_is_where_the_view_says(conditions: Conditions) -> None:
    """Under the infrared lamp the plate shines inside its corners, and what is around it is dark."""
    for number in range(3):
        view = take(number, conditions)
        assert brightness(view, 0.0, 0.95) > 2 * brightness(view, 1.2, 1.5) > 0
        assert np.all(view.quad > 0)
        assert np.all(view.quad < (WIDTH, HEIGHT))


def test_the_plate_is_as_wide_as_asked() -> None:
    """Seen from the side it is narrower by the cosine, whatever its form."""
    for conditions in (replace(EASY, width=80.0), replace(EASY, width=80.0, yaw=60.0, form="motorcycle")):
        quad = take(5, conditions).quad
        across = (quad[1] + quad[2] - quad[0] - quad[3])[0] / 2
        assert across == pytest.approx(80 * np.cos(np.radians(conditions.yaw)), rel=0.02)


def test_only_what_varies_changes() -> None:
    """The same plate, vehicle and street are seen through more blur, or by less light."""
    sharp, dark = take(7, EASY), take(7, replace(EASY, lux=5.0))
    blurred = take(7, replace(EASY, defocus=0.08))
    assert sharp.text == dark.text == blurred.text
    assert np.array_equal(sharp.quad, dark.quad)
    assert dark.image.mean() < sharp.image.mean()
    assert np.abs(np.diff(blurred.image.astype(int))).mean() < np.abs(np.diff(sharp.image.astype(int))).mean()


def test_where_reading_ends_is_found_between_the_points() -> None:
    """A share is reached half-way where it lies half-way; at an end that nothing falls off there is no limit."""
    points = [Point(value, 1.0, read, read) for value, read in ((10, 0.2), (20, 0.8), (30, 1.0), (40, 1.0))]
    assert reached(points, 0.5) == (15.0, None)
    assert reached(points, 0.1) == (None, None)


@pytest.mark.parametrize("text", ["X99XXX", "X9XX9"])
def test_readings_that_are_nobodys_plate_are_shown(text: str) -> None:
    """Wrong readings of no series, or of the made-up one, are in the picture of failures."""
    assert may_be_shown(text)


@pytest.mark.parametrize("text", ["X999XX", "99XXX9", ""])
def test_readings_that_may_be_a_plate_are_not_shown(text: str) -> None:
    """A wrong reading that happens to be of a series on the road is left out."""
    assert not may_be_shown(text)
