"""Crossing the counting line."""

import itertools
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.categories import Direction
from edge.config import ViewConfig
from edge.errors import ConfigError
from edge.plates.line import CLEAR, CountingLine, Course, Crossing
from edge.plates.track import Point
from tests.plates.drawn import ASPECT, VIEW

WIDTH = 0.1
IN, OUT = Direction.IN, Direction.OUT


def point(time: float, distance: float, x: float = 0.8) -> Point:
    """Place a plate ``distance`` plate widths below the line."""
    return Point(time, np.array([x, 0.5 + distance * WIDTH], np.float32), WIDTH)


def crossings(*distances: float, view: ViewConfig = VIEW, x: float = 0.8) -> list[Crossing]:
    """Move a plate through places at 10 frames a second."""
    course = Course(CountingLine(view, ASPECT))
    found = [course.add(point(index / 10, distance, x)) for index, distance in enumerate(distances)]
    return [crossing for crossing in [*found, course.finish()] if crossing is not None]


def directions(*distances: float) -> list[Direction]:
    """Return only which way."""
    return [crossing.direction for crossing in crossings(*distances)]


def test_down_and_up() -> None:
    """A vehicle that goes the way of `inwards` comes in, one against it goes out."""
    assert directions(-3, -2, -1, 1, 2, 3) == [IN]
    assert directions(3, 2, 1, -1, -2, -3) == [OUT]


def test_one_stray_look_is_no_crossing() -> None:
    """A A A B A A A crosses in neither direction, however far B is."""
    assert directions(-2, -2, -2, 2, -2, -2, -2) == []
    assert directions(2, 2, 2, -0.6, 2, 2, 2) == []


@pytest.mark.parametrize("first", [-2.0, 2.0])
def test_stray_looks_at_the_beginning_are_no_crossing(first: float) -> None:
    """Neither A B A A nor A B A B B is one."""
    assert directions(first, -first, first, first) == []
    assert directions(first, -first, first, -first, -first) == []


def test_two_clear_looks_on_each_side_are_needed() -> None:
    """Looks nearer than half a plate's width to the line say nothing."""
    assert directions(-2, -0.4, 0.4, 0.45) == []
    assert directions(-0.6, -0.6, 0.1, 0.6, 0.3, 0.6) == [IN]


def test_a_fast_vehicle_counts_from_one_look_before_the_line() -> None:
    """Its first look alone settles a side if it is far from the line, and so are those on the other side."""
    assert directions(-2.5, 1, 4) == [IN]
    assert directions(-0.7, 1, 4) == []
    assert directions(-2.5, 0.6, 0.9) == []


def test_a_fast_vehicle_counts_from_one_look_behind_the_line() -> None:
    """Its last look alone settles a side if it goes on as the two before it moved."""
    assert directions(-4, -2, 1.5) == [IN]
    assert directions(-4, -2, 0.8) == []


@pytest.mark.parametrize("places", [(-2.0, -2.0, 2.0), (-2.0, -3.0, 2.0), (-2.1, -2.0, 2.0)])
def test_a_leap_at_the_end_is_no_crossing(places: tuple[float, ...]) -> None:
    """A vehicle that stood, backed off or crept does not jump over the line with its last look."""
    assert directions(*places) == []


def test_a_leap_at_the_beginning_is_no_crossing() -> None:
    """A first look somewhere else, before a vehicle that comes towards the line or stands behind it."""
    assert directions(-4, 4, 3) == []
    assert directions(-4, 4, 4) == []
    assert directions(-4, 4, 4.5) == []
    course = Course(CountingLine(VIEW, ASPECT))
    looks = [point(0.0, -2, 0.2), point(0.1, 2, 1.2), point(0.2, 4, 1.2)]
    assert [course.add(look) for look in looks] == [None, None, None]


def test_two_looks_are_no_crossing() -> None:
    """One look on each side may be two vehicles."""
    assert directions(-3, 3) == []


def test_stopping_on_the_line_counts_once() -> None:
    """A car that stands on the line, nosing back and forth, crosses it once."""
    nosing = [0.8, 0.9, -0.8, -0.9, -0.8] * 15
    assert directions(-3, -2, -1, *nosing, 1, 2, 3) == [IN]


def test_turning_round_far_behind_the_line_counts_each_way() -> None:
    """In, and out again."""
    assert directions(-3, -1, 1, 3, 4, 3, 1, -1, -3, -4, -5) == [IN, OUT]


@given(st.lists(st.floats(-CLEAR + 0.01, CLEAR - 0.01), max_size=60))
def test_shaking_on_the_line_never_counts(places: list[float]) -> None:
    """A parked plate on the line is no crossing, however it shakes."""
    assert directions(*places) == []


@given(st.lists(st.floats(-6, 6), max_size=80))
def test_crossings_alternate(places: list[float]) -> None:
    """Nothing crosses twice the same way without having come back."""
    found = directions(*places)
    assert all(one is not other for one, other in itertools.pairwise(found))


@given(st.floats(0.3, 4.5), st.floats(0, 1), st.booleans())
def test_a_steady_drive_through_counts_exactly_once(step: float, phase: float, down: bool) -> None:  # noqa: FBT001
    """Whatever speed up to 4.5 plate widths a frame, and wherever its looks fall."""
    places = np.arange(-9 - step * phase, 9 + step, step)
    assert directions(*(places if down else -places)) == [IN if down else OUT]


def test_time_and_place_are_those_of_the_line() -> None:
    """The crossing lies between the looks before and after it."""
    crossing = crossings(-3, -1, 3, 5)[0]
    assert crossing.time == pytest.approx(0.125)
    assert crossing.along == pytest.approx(0.8)
    assert crossing.width == pytest.approx(WIDTH)


def test_the_line_ends_where_it_is_drawn() -> None:
    """A vehicle that passes beside the line does not cross it, and its side is known all the same."""
    short = msgspec.structs.replace(VIEW, line=((0.0, 0.5), (0.25, 0.5)))
    assert crossings(-3, -2, -1, 1, 2, 3, view=short, x=0.8) == []
    assert len(crossings(-3, -2, -1, 1, 2, 3, view=short, x=0.3)) == 1


def test_every_way_in() -> None:
    """`inwards` may point any way across the line."""
    upright = ((0.5, 0.0), (0.5, 1.0))
    for inwards, sign in (("right", 1), ("left", -1)):
        view = ViewConfig(line=upright, inwards=inwards, region=(), masks=())  # type: ignore[arg-type]  # from a loop
        line = CountingLine(view, ASPECT)
        centre = np.array([0.5 * ASPECT + 0.2, 0.5], np.float32)
        assert line.step(Point(0.0, centre, WIDTH)).distance == pytest.approx(sign * 2, abs=1e-5)


def test_inwards_along_the_line_is_refused() -> None:
    """Nothing can cross a level line to the left; the error says what can be."""
    with pytest.raises(ConfigError, match="up or down"):
        CountingLine(msgspec.structs.replace(VIEW, inwards="left"), ASPECT)


def test_distances_are_in_plate_widths() -> None:
    """The same place is nearer to the line for a larger plate."""
    line = CountingLine(VIEW, ASPECT)
    small = point(0.0, 2.0)
    assert line.step(small).distance == pytest.approx(2.0, abs=1e-5)
    assert line.step(replace(small, width=2 * WIDTH)).distance == pytest.approx(1.0, abs=1e-5)
