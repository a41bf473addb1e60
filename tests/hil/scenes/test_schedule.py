"""What is filmed and what is skipped."""

from itertools import pairwise

from hil.scenes.motion import path_of
from hil.scenes.schedule import RATE, best_moment, shots
from hil.scenes.traffic import SIZES, Traffic


def ticks(traffic: Traffic) -> list[int]:
    """All filmed ticks."""
    return [tick for shot in shots(traffic) for tick in shot.ticks]


def test_ticks_rise_from_the_first_to_the_last_moment(demo: Traffic) -> None:
    """The film begins at 0 and lasts at least two hours; no tick comes twice."""
    filmed = ticks(demo)
    assert filmed[0] == 0
    assert filmed[-1] >= 7_200 * RATE
    assert all(a < b for a, b in pairwise(filmed))


def test_every_tenth_of_a_second_with_a_vehicle_is_filmed(demo: Traffic) -> None:
    """While a vehicle is in the picture no frame is missing."""
    filmed = set(ticks(demo))
    for passing in demo.passes:
        start, end = path_of(passing).shown(SIZES[demo.vehicles[passing.vehicle].body])
        assert set(range(int(start * RATE) + 1, int(end * RATE))) <= filmed


def test_two_quiet_seconds_lie_around_traffic(demo: Traffic) -> None:
    """Between the last vehicle and the jump over empty street there are two seconds of frames."""
    for shot in shots(demo)[1:-1]:
        steps = [b - a for a, b in pairwise(shot.ticks)]
        assert max(steps) <= RATE // 2
        assert shot.seconds[1] - shot.seconds[0] > 4


def test_empty_street_is_skipped(demo: Traffic) -> None:
    """Two hours need few enough frames to be rendered and watched in minutes."""
    assert len(ticks(demo)) < 15_000


def test_the_still_shows_vehicles(demo: Traffic) -> None:
    """The best moment is one that is filmed."""
    assert round(best_moment(demo) * RATE) in ticks(demo)
