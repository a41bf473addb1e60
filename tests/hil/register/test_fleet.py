"""Made-up vehicles."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.categories import Attributes, Drive, EmissionClass, VehicleType
from edge.errors import ConfigError
from edge.plates.syntax import sidecode
from edge.registry.vehicle import Category, VehicleClass
from hil.register.bodies import BODIES, Kind
from hil.register.fleet import Fleet, make_fleet, next_week, of_vehicles
from hil.register.forms import codes_of
from hil.register.fuels import FUELS
from hil.register.series import MOST

MANY = 60_000


@pytest.fixture(scope="module")
def many() -> Fleet:
    """Enough vehicles for proportions."""
    return make_fleet(MANY, 1)


def truths(fleet: Fleet) -> dict[str, VehicleClass]:
    """All vehicles by their plate."""
    return dict(fleet.truth(place) for place in range(len(fleet)))


def test_plates_are_lawful_and_different(many: Fleet) -> None:
    """No plate comes twice, and each is of a sidecode that is issued."""
    plates = truths(many)
    assert len(plates) == MANY
    codes = {plate: sidecode(plate) for plate in plates}
    assert set(codes.values()) == {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13}
    assert [codes[many.truth(place)[0]] for place in range(1000)] == codes_of(many.plates[:1000]).tolist()


def test_types_are_as_common_as_in_the_netherlands(many: Fleet) -> None:
    """Kinds of vehicles have their share of 16.6 million, and sidecodes theirs."""
    kinds = np.bincount(np.array([body.kind for body in BODIES])[many.body], minlength=len(Kind)) / MANY * 16.6
    shares = {Kind.CAR: 9.3, Kind.VAN: 1.1, Kind.TRUCK: 0.09, Kind.TRACTOR_UNIT: 0.08, Kind.BUS: 0.01,
              Kind.MOTORCYCLE: 0.75, Kind.MOPED: 1.2, Kind.NAMELESS: 0}  # fmt: skip
    for kind, millions in shares.items():
        assert kinds[kind] == pytest.approx(millions, rel=0.05, abs=0.02)
    codes = np.bincount(codes_of(many.plates), minlength=15) / MANY * 16.6
    assert codes[1:4].sum() < 0.2
    assert codes[[4, 5]] == pytest.approx(0.93, abs=0.06)
    assert codes[6:12].min() > 1.3


def test_a_fifth_of_all_cars_has_several_fuels(many: Fleet) -> None:
    """Hybrids and cars with gas have two rows or more; a twentieth of cars or so is electric."""
    cars = many.fuel[np.array([body.kind is Kind.CAR for body in BODIES])[many.body]]
    rows = np.array([len(fuel.rows) for fuel in FUELS.values()])[cars]
    assert (rows > 1).mean() == pytest.approx(0.19, abs=0.03)
    assert (rows > 0).all()
    electric = np.array([fuel.drive is Drive.ELECTRIC for fuel in FUELS.values()])[cars]
    assert electric.mean() == pytest.approx(0.06, abs=0.02)


def test_age_goes_with_the_series(many: Fleet) -> None:
    """Four of five cars are as old as their plate, the others older; no car of today has the engine of yesterday."""
    chosen = (codes_of(many.plates) == 9) & (np.array([body.kind for body in BODIES])[many.body] == Kind.CAR)
    years = np.array([many.truth(int(place))[1].first_year for place in np.flatnonzero(chosen)])
    assert years.max() == 2018
    assert (years < 2014).mean() == pytest.approx(0.15, abs=0.05)
    old = {EmissionClass.E0, EmissionClass.E1, EmissionClass.E2, EmissionClass.E3}
    modern = [known for known in truths(many).values() if (known.first_year or 0) > 2016]
    cars = [known for known in modern if known.vehicle_type is VehicleType.PASSENGER_CAR]
    assert not any(known.emission_class in old for known in cars)


def test_the_same_seed_makes_the_same_fleet() -> None:
    """Another seed makes another one."""
    one, same, other = make_fleet(500, 3), make_fleet(500, 3), make_fleet(500, 4)
    for column in fields(Fleet):
        assert (getattr(one, column.name) == getattr(same, column.name)).all()
    assert truths(one).keys() != truths(other).keys()


@given(st.integers(0, 40), st.integers(0, 2**32))
def test_a_fleet_may_be_small(rows: int, seed: int) -> None:
    """Any number of vehicles is made, none included."""
    assert len(truths(make_fleet(rows, seed))) == rows


def test_there_are_not_plates_for_everything() -> None:
    """More vehicles than plates are refused."""
    with pytest.raises(ConfigError, match="19,000,000 vehicles; there are plates for 0 to 18,000,000"):
        make_fleet(MOST + 1_000_000, 1)


BURNING = (Drive.PETROL, Drive.DIESEL, Drive.HYBRID, Drive.GAS, Drive.OTHER)
DRIVES = [
    (Drive.ELECTRIC, EmissionClass.Z),
    (Drive.HYDROGEN, EmissionClass.Z),
    (Drive.HYDROGEN, EmissionClass.E6),
    (Drive.UNKNOWN, EmissionClass.UNKNOWN),
    *((drive, emission) for drive in BURNING for emission in EmissionClass if emission is not EmissionClass.Z),
]


def test_given_vehicles_are_what_was_given() -> None:
    """Every possible type, drive and class comes out as it went in, with a category that fits, twice the same."""
    combinations = [Attributes(kind, *pair) for kind in VehicleType for pair in DRIVES]
    given_vehicles = [(f"V{place // 100:02}B{'BDFGHJKLMN'[place // 10 % 10]}{'BDFGHJKLMN'[place % 10]}", attributes)
                      for place, attributes in enumerate(combinations)]  # fmt: skip
    fleet = of_vehicles(given_vehicles)
    found = truths(fleet)
    for plate, known in given_vehicles:
        got = found[plate]
        assert Attributes(got.vehicle_type, got.drive, got.emission_class) == known
        if known.vehicle_type is VehicleType.VAN:
            assert got.category is Category.N1
        assert got.first_year is not None
    assert truths(of_vehicles(given_vehicles)) == found
    assert len(of_vehicles([])) == 0


@pytest.mark.parametrize(
    ("drive", "emission"),
    [(Drive.ELECTRIC, EmissionClass.E5), (Drive.PETROL, EmissionClass.Z), (Drive.UNKNOWN, EmissionClass.E6)],
)
def test_what_the_register_cannot_say_is_refused(drive: Drive, emission: EmissionClass) -> None:
    """The error names the place of the vehicle and what does not fit, never its plate."""
    good = Attributes(VehicleType.VAN, Drive.DIESEL, EmissionClass.E6)
    with pytest.raises(ConfigError, match=f"^vehicle 1: {drive} can't have emission class {emission}$"):
        of_vehicles([("V12BDF", good), ("V13BDF", Attributes(VehicleType.VAN, drive, emission))])


def test_a_week_changes_the_share_that_it_should() -> None:
    """Of the changed, 30 % are new with the newest plates, 15 % are gone, and all others have another class."""
    fleet = make_fleet(20_000, 5)
    before, after = truths(fleet), truths(next_week(fleet, 0.05, 6))
    new, gone = after.keys() - before.keys(), before.keys() - after.keys()
    assert (len(new), len(gone)) == (300, 150)
    assert {sidecode(plate) for plate in new} == {11}
    assert sum(before[plate] != after[plate] for plate in before.keys() & after.keys()) == 550
    for first in {plate[0] for plate in new}:
        older = [plate for plate in before if plate[0] == first and sidecode(plate) == 11]
        letters = [plate[:3] + plate[5] for plate in new if plate[0] == first]
        assert max((plate[:3] + plate[5] for plate in older), default="") <= min(letters)


def test_weeks_follow_each_other() -> None:
    """Plates stay different over many weeks, for a scene's few vehicles too."""
    fleet = make_fleet(2000, 7)
    for week in range(5):
        fleet = next_week(fleet, 0.2, week)
        assert len(truths(fleet)) == len(fleet)
    scene = of_vehicles([("V12BDF", Attributes(VehicleType.VAN, Drive.DIESEL, EmissionClass.E6))])
    assert truths(next_week(scene, 0.0, 1)) == truths(scene)
    assert truths(next_week(scene, 1.0, 1)) != truths(scene)
