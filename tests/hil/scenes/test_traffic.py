"""Made-up traffic has what a street has, and is the same each time."""

from collections import Counter, defaultdict
from itertools import pairwise

from edge.categories import Direction, PlateKind, VehicleType
from hil.scenes.traffic import LANE, REGULAR, BodyKind, Pass, Traffic, between_plates, make_traffic
from tests.hil.scenes.conftest import AFTERNOON


def test_the_same_arguments_give_the_same_traffic(street: Traffic) -> None:
    """Traffic is a function of its arguments; another seed gives other traffic."""
    assert make_traffic(AFTERNOON, 120.0, 12, seed=1) == street
    assert make_traffic(AFTERNOON, 120.0, 12, seed=2) != street


def test_every_vehicle_passes_at_least_once(demo: Traffic) -> None:
    """No vehicle of the fleet is left out, and some come back."""
    times = Counter(passing.vehicle for passing in demo.passes)
    assert set(times) == set(range(600))
    assert 620 <= len(demo.passes) <= 700


def test_one_van_passes_ten_times_in_both_directions(demo: Traffic) -> None:
    """The delivery van passes ten times, five each way."""
    vehicle, number = Counter(passing.vehicle for passing in demo.passes).most_common(1)[0]
    assert number == REGULAR
    assert demo.vehicles[vehicle].body is BodyKind.VAN
    assert Counter(p.direction for p in demo.passes if p.vehicle == vehicle) == {Direction.IN: 5, Direction.OUT: 5}


def test_three_lorries_drive_as_a_convoy(demo: Traffic) -> None:
    """Somewhere three lorries come behind each other."""
    inwards = [demo.vehicles[p.vehicle].body for p in demo.passes if p.direction is Direction.IN]
    assert any(inwards[i : i + 3] == [BodyKind.LORRY] * 3 for i in range(len(inwards)))


def test_the_mix_is_that_of_a_city_street(demo: Traffic) -> None:
    """All types, foreign, unreadable and drawn trailers are there; cars are three of four."""
    kinds = Counter(vehicle.kind for vehicle in demo.vehicles)
    types = Counter(vehicle.vehicle_class.vehicle_type for vehicle in demo.vehicles)
    assert 5 <= kinds[PlateKind.UNREADABLE] <= 20
    assert 8 <= kinds[PlateKind.FOREIGN] <= 30
    assert 0.7 < types[VehicleType.PASSENGER_CAR] / 600 < 0.85
    assert all(
        types[kind] > 0 for kind in (VehicleType.VAN, VehicleType.TRUCK, VehicleType.BUS, VehicleType.TWO_WHEELER)
    )
    assert any(vehicle.trailer.startswith("W") for vehicle in demo.vehicles)


def test_motorcycles_only_leave(demo: Traffic) -> None:
    """They have no front plate, so one that approached could not be counted by its plate."""
    ways = {p.direction for p in demo.passes if demo.vehicles[p.vehicle].body is BodyKind.MOTORCYCLE}
    assert ways == {Direction.OUT}


def test_vehicles_of_a_lane_keep_apart(demo: Traffic) -> None:
    """Whoever follows is at least two metres behind when it reaches the line."""
    lanes: defaultdict[Direction, list[Pass]] = defaultdict(list)
    for passing in demo.passes:
        lanes[passing.direction].append(passing)
    for lane in lanes.values():
        for ahead, behind in pairwise(lane):
            room = between_plates(demo.vehicles[ahead.vehicle], demo.vehicles[behind.vehicle], ahead.direction)
            assert (behind.time - ahead.time) * min(ahead.speed, behind.speed) > room + 2


def test_vehicles_stay_in_their_lanes(demo: Traffic) -> None:
    """The widest lorry neither crosses the middle nor the kerb."""
    assert all(abs(passing.offset) + 2.5 / 2 <= LANE + 0.2 for passing in demo.passes)
