"""What the frames show."""

import numpy as np

from edge.categories import Direction
from hil.scenes.camera import HEIGHT, WIDTH
from hil.scenes.fleet import plate_height
from hil.scenes.motion import path_of
from hil.scenes.render import Renderer, Stretch
from hil.scenes.traffic import Traffic, make_traffic
from tests.hil.scenes.conftest import AFTERNOON


def around(renderer: Renderer, time: float) -> Stretch:
    """The stretch of a second before and after ``time``."""
    return renderer.stretch(time - 1, time + 1)


def test_the_same_moment_gives_the_same_picture(street: Traffic, renderer: Renderer) -> None:
    """Frames depend on the scene, its seed and the moment, not on what was rendered before."""
    moment = street.passes[0].time
    stretch = around(renderer, moment)
    first = stretch.frame(moment)
    stretch.frame(moment + 0.3)
    assert np.array_equal(first, stretch.frame(moment))
    assert np.array_equal(first, around(Renderer(street, seed=1), moment).frame(moment))
    assert first.shape == (HEIGHT, WIDTH, 3)


def test_plates_are_where_the_geometry_puts_them(street: Traffic, renderer: Renderer) -> None:
    """Yellow, as no other part of the street is, lies inside the projected plate and not around it."""
    passing = next(p for p in street.passes if len(street.vehicles[p.vehicle].plate) == 6)
    height = plate_height(street.vehicles[passing.vehicle], passing.direction)
    assert height is not None
    middle = renderer.camera.project(path_of(passing).at(passing.time) + np.array([0.0, -0.03, height]))
    x, y = np.rint(middle).astype(int)
    picture = around(renderer, passing.time).frame(passing.time).astype(int)
    yellow = (picture[..., 2] - picture[..., 0]) > 90
    assert yellow[y - 8 : y + 8, x - 40 : x + 40].mean() > 0.4
    assert yellow[y + 16 : y + 24, x - 40 : x + 40].mean() < 0.1


def test_the_picture_darkens_towards_dusk() -> None:
    """At five in November it is darker than at three."""
    traffic = make_traffic(AFTERNOON, 7_200.0, 1, seed=3)
    renderer = Renderer(traffic, seed=3)
    early, late = (renderer.stretch(t, t + 1).frame(t).mean() for t in (0.0, 7_150.0))
    assert late < 0.7 * early
    assert late > 15


def test_the_empty_street_stands_still() -> None:
    """Nothing changes between two frames without traffic, so that a codec stores nothing."""
    stretch = Renderer(make_traffic(AFTERNOON, 60.0, 1, seed=3), seed=3).stretch(0.0, 1.0)
    assert np.array_equal(stretch.frame(0.2), stretch.frame(0.8))


def test_a_vehicle_moves_down_when_it_comes_in(renderer: Renderer) -> None:
    """The changed part of the picture sinks from frame to frame."""
    traffic = renderer.traffic
    passing = next(p for p in traffic.passes if p.direction is Direction.IN)
    stretch = renderer.stretch(passing.time - 1, passing.time + 1)
    lowest = []
    for moment in (passing.time - 0.3, passing.time + 0.3):
        changed = np.abs(stretch.frame(moment).astype(int) - stretch.background).max(axis=2)[:, : WIDTH // 2] > 60
        lowest.append(np.flatnonzero(changed.mean(axis=1) > 0.05).max())
    assert lowest[1] > lowest[0] + 50
