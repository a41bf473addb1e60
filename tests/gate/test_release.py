"""The release ladder, case by case; tests.gate.test_rules has its rules over random streets."""

from itertools import chain

import msgspec
import pytest

from edge.categories import Attributes, CellCount, CellKey, Direction, Drive, EmissionClass, PlateKind, VehicleType
from edge.counting.part import key_of
from edge.gate.interval import Published
from edge.gate.release import Rule, release
from edge.gate.sights import Sight
from edge.release_rules import Dimension, Measure, Period, Rung, Table
from edge.uplink.contract import Cell
from tests.counts import cell, unreadable, van
from tests.gate.streets import CAR, DIRECTION, HEAVY, LADDER, TYPE, every_class, hour

K = 10
RULE = Rule(K, Measure.PASSAGES)
FLAT = Table("emission", 1.0, (Rung(Period.HOUR, (DIRECTION, TYPE)),))
DRIVES = (Drive.PETROL, Drive.DIESEL, Drive.HYBRID, Drive.GAS, Drive.ELECTRIC, Drive.HYDROGEN)


def _car(drive: Drive, direction: Direction = Direction.IN) -> CellKey:
    seen = next(one for one in every_class() if one.vehicle_type is CAR and one.drive is drive)
    return key_of(direction, PlateKind.NL, seen)


def _seen(*cells: CellCount, hour: int = 0, part: int = 0) -> list[Sight]:
    return [Sight(hour, part, one) for one in cells]


def _told(cells: tuple[Cell, ...]) -> list[tuple[object, ...]]:
    return [
        (one.vehicle_type or one.vehicle_types, one.drive or one.emission_class or None, one.n, one.rest or ())
        for one in cells
    ]


def cars(n: int) -> tuple[Cell, ...]:
    """Release an hour with ``n`` cars of six drives, nine at most of each but the last."""
    sizes = [9] * 5 + [n - 45] if n > 45 else [9] * (n // 9) + [n % 9]
    seen = [cell(_car(drive), size) for drive, size in zip(DRIVES, sizes, strict=False) if size]
    return hour(_seen(*seen), LADDER).cells


def test_a_van_that_passes_twenty_times_is_one_vehicle() -> None:
    """Its cell is withheld; with nine others it is released, and counts twenty."""
    assert hour(_seen(cell(van(), 1, 20)), LADDER).cells == ()
    assert _told(hour(_seen(cell(van(), 10, 29)), LADDER).cells) == [("van", "6", 29, ())]


@pytest.mark.parametrize(("vehicles", "cells"), [(9, 0), (10, 1)])
def test_the_threshold_is_k_itself(vehicles: int, cells: int) -> None:
    """Nine vehicles are withheld, ten leave."""
    assert len(hour(_seen(cell(van(), vehicles)), LADDER).cells) == cells


def test_tag_keys_are_not_added_for_k_but_for_passages() -> None:
    """Nine before and nine after a restart may be the same nine; ten and five are fifteen passages of ten vehicles."""
    nine = _seen(cell(van(), 9)) + _seen(cell(van(), 9), part=1)
    assert hour(nine, LADDER).cells == ()
    both = _seen(cell(van(), 10)) + _seen(cell(van(), 5), part=1)
    assert [one.n for one in hour(both, LADDER).cells] == [15]
    assert [one.n for one in hour(both, LADDER, measure=Measure.UNIQUE_VEHICLES).cells] == [10]


def test_over_a_day_a_vehicle_counts_once() -> None:
    """Five trucks each hour are five trucks, unless others come; keys are not added up over hours either."""
    truck = key_of(Direction.IN, PlateKind.NL, _class(VehicleType.TRUCK))
    same = [_seen(cell(truck, 5, fresh=5 if at == 0 else 0), hour=at) for at in range(3)]
    assert _day(list(chain.from_iterable(same))) == []
    others = [_seen(cell(truck, 5), hour=at) for at in range(2)]
    assert _day(list(chain.from_iterable(others))) == [(HEAVY, "6", 10, ())]
    restarted = [_seen(cell(truck, 5), hour=at, part=at) for at in range(3)]
    assert _day(list(chain.from_iterable(restarted))) == []


def _class(vehicle_type: VehicleType, emission_class: EmissionClass = EmissionClass.E6) -> Attributes:
    found = (one for one in every_class() if one.vehicle_type is vehicle_type)
    return next(one for one in found if one.emission_class is emission_class)


def _day(seen: list[Sight], hours: int = 24, published: Published | None = None) -> list[tuple[object, ...]]:
    return _told(release(seen, LADDER, Period.DAY, RULE, [published or {}] * hours).cells)


def test_unreadable_vehicles_help_no_other_cell_over_k() -> None:
    """Alone they count for themselves; beside readable ones they are passages only."""
    unknown = key_of(Direction.IN, PlateKind.NL, every_class()[-1])
    rule = Table("flat", 1.0, (Rung(Period.HOUR, (DIRECTION, TYPE)),))
    for unread, readable, expected in ((10, 0, [10]), (9, 0, []), (50, 9, []), (50, 10, [60])):
        seen = _seen(*(cell(key, n) for key, n in ((unreadable(), unread), (unknown, readable)) if n))
        assert [one.n for one in hour(seen, rule).cells] == expected
    apart = _seen(cell(unreadable(), 50)) + _seen(cell(unknown, 9), part=1)
    assert hour(apart, rule).cells == ()


def test_plates_are_told_apart_where_the_policy_asks() -> None:
    """With the plate among the dimensions unreadable vehicles have a cell of their own."""
    (only,) = hour(
        _seen(cell(unreadable(), 50), cell(key_of(Direction.IN, PlateKind.NL, every_class()[-1]), 9)), LADDER
    ).cells
    assert (only.plate, only.n, only.rest) == (PlateKind.UNREADABLE, 50, msgspec.UNSET)


def test_leftovers_of_an_hour_are_foundas_such() -> None:
    """Cars whose drives are too rare go by their number, which says what it leaves out."""
    petrol = cell(_car(Drive.PETROL), 20)
    rare = [cell(_car(drive), 6) for drive in (Drive.GAS, Drive.HYDROGEN)]
    assert _told(hour(_seen(petrol, *rare), LADDER).cells) == [
        ("passenger_car", "petrol", 20, ()),
        ("passenger_car", None, 12, ("drive",)),
    ]


def test_a_sum_that_proves_its_members_is_not_released() -> None:
    """Up to 45 of six drives one of them may have had none; 46 say that each had at least one."""
    assert _told(cars(45)) == [("passenger_car", None, 45, ("drive",))]
    assert cars(46) == ()


def test_what_was_published_is_no_member_of_the_leftovers() -> None:
    """With four of six drives published, 12 of two would prove three of each."""
    many = [cell(_car(drive), 20) for drive in DRIVES[:4]]
    assert len(hour(_seen(*many, cell(_car(DRIVES[4]), 6), cell(_car(DRIVES[5]), 6)), LADDER).cells) == 4


@pytest.mark.parametrize(("hours", "cells"), [(4, 1), (3, 0)])
def test_a_day_proves_no_hour(hours: int, cells: int) -> None:
    """27 vans of a class in four hours that did not tell it: one may have had none. In three, each had some."""
    seen = [one for at in range(3) for one in _seen(cell(van(), 9), hour=at)]
    assert len([one for one in _day(seen, hours) if one[1]]) == cells


@pytest.mark.parametrize(("told", "cells"), [(Drive.DIESEL, 1), (Drive.PETROL, 0)])
def test_an_hour_that_told_the_drive_is_no_place_for_its_class(told: Drive, cells: int) -> None:
    """Cars of class 1 run on petrol: where hours told petrol they were in none of these, but in both of the others."""
    oldest = _car(Drive.PETROL)
    seen = [one for at in range(2) for one in _seen(cell(oldest, 9), hour=at)]
    hours: list[Published] = [{}, {}, {0: {(Direction.IN, CAR, told)}}, {0: {(Direction.IN, CAR, told)}}]
    found = release(seen, LADDER, Period.DAY, RULE, hours).cells
    assert oldest.emission_class is EmissionClass.E1
    assert len([one for one in found if one.emission_class]) == cells


def test_all_cells_of_a_day_together_prove_no_hour() -> None:
    """Of cars an hour tells no emission class: 16 of one and 20 of another in four hours prove nine in each hour."""
    five, six = (key_of(Direction.IN, PlateKind.NL, _class(CAR, one)) for one in (EmissionClass.E5, EmissionClass.E6))
    seen = [one for at in range(4) for one in _seen(cell(five, 4), cell(six, 5), hour=at)]
    rest = ("hour", "drive")
    assert _day(seen, 5) == [("passenger_car", "5", 16, rest), ("passenger_car", "6", 20, rest)]
    # The second goes where other vehicles may have been, too.
    assert [one[2] for one in _day(seen, 4)] == [16, 20]
    assert not _day(seen, 4)[1][0]


def test_an_hour_that_saw_nothing_hides_nothing() -> None:
    """It is no place where vehicles may have been: without hours no leftover of hours can leave as such."""
    assert [one for one in _day(_seen(cell(van(), 12)), hours=0) if one[0]] == []


def test_unreadable_vehicles_hide_no_others() -> None:
    """Twelve of unknown type are ten readable ones at least: of two kinds with nine at most, each had some."""
    table = Table("plates", 1.0, (*LADDER.rungs[2:3], Rung(Period.HOUR, (DIRECTION, TYPE))))
    kinds = (PlateKind.NL, PlateKind.FOREIGN)
    seen = [cell(key_of(Direction.IN, plate, every_class()[-1]), 5) for plate in kinds]
    assert hour(_seen(*seen, cell(unreadable(), 2)), table).cells == ()


def test_what_no_rung_serves_is_withheld() -> None:
    """A policy may leave vehicles out."""
    only_vans = Table("vans", 1.0, (Rung(Period.HOUR, (DIRECTION, TYPE), (VehicleType.VAN,)),))
    outcome = hour(_seen(cell(_car(Drive.PETROL), 50), cell(van(), 10)), only_vans)
    assert (_told(outcome.cells), [one.cell.n for one in outcome.left]) == ([("van", None, 10, ())], [50])


def test_nothing_else_is_told_of_a_vehicle_of_unknown_type() -> None:
    """Whatever a damaged register says of its engine."""
    odd = key_of(Direction.IN, PlateKind.NL, msgspec.structs.replace(every_class()[-1], drive=Drive.GAS))
    table = Table("drive", 1.0, (Rung(Period.HOUR, (DIRECTION, TYPE, Dimension.DRIVE)),))
    assert _told(hour(_seen(cell(odd, 12)), table).cells) == [("unknown", "unknown", 12, ())]


@pytest.mark.parametrize(("origin", "code"), [(0, "elsewhere"), (14, "GM0014"), (9_999, "GM9999")])
def test_a_municipality_leaves_under_its_code(origin: int, code: str) -> None:
    """The wall carries its number, the contract its code of Statistics Netherlands."""
    key = msgspec.structs.replace(van(), origin=origin)
    table = Table("origin", 1.0, (Rung(Period.HOUR, (DIRECTION, Dimension.ORIGIN)),))
    (released,) = hour(_seen(cell(key, 12)), table).cells
    assert msgspec.to_builtins(released) == {"n": 12, "direction": "in", "origin": code}


def test_an_empty_bin_has_no_cells() -> None:
    """It is released all the same."""
    assert hour([], LADDER).cells == ()
