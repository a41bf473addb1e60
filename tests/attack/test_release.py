"""Attacks on what is released: none succeeds, and each succeeds against a gate without the rule that stops it."""

import math
import random
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from edge.categories import CellCount, CellKey, Direction, PlateKind, VehicleType
from edge.counting.part import key_of
from edge.gate import release as released_by
from edge.gate.interval import Group, Interval, Known
from edge.gate.release import Rule
from edge.gate.room import Source
from edge.gate.sights import Sight
from edge.release_rules import Measure
from tests.counts import cell, van
from tests.gate.attacker import learn
from tests.gate.streets import CAR, CLASSES, LADDER, run, sights, street

K, HOURS = 3, 4
RULE = Rule(K, Measure.PASSAGES)
STREETS, GROUPS = 40, 10
Weaken = Callable[[pytest.MonkeyPatch], None]


def _sound(_: pytest.MonkeyPatch) -> None:
    """Change nothing."""


def _without_interval(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Interval, "allows", lambda *_: True)


def _without_sums_of_days(patch: pytest.MonkeyPatch) -> None:
    """Judge each cell of a day alone, not all parts of an hour's cell together."""
    patch.setattr(Interval, "note", lambda self, rung, values, _: self.published[rung].add(values))


def _hours_whatever_they_told(patch: pytest.MonkeyPatch) -> None:
    """Take any hour without a cell of cars for one that may have had cars of any class."""
    patch.setattr(Interval, "_hours_of", lambda self, *_: frozenset(range(len(self._hours))))


def _classes_in_any_hour(patch: pytest.MonkeyPatch) -> None:
    """Judge hours and classes each by themselves."""

    def sources(self: Interval, vehicle_type: VehicleType, _: int, group: Group, known: Known) -> Iterator[Source]:
        yield Source(self._hours_of(vehicle_type, group, known), math.inf)

    patch.setattr(Interval, "_sources", sources)


def _passages_for_vehicles(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(released_by, "different", lambda seen: sum(one.cell.n for one in seen))


def _keys_added(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(released_by, "different", lambda seen: sum(one.cell.vehicles for one in seen))


def _found_out(dice: random.Random) -> int:
    """Count absent cells of a random street that a linear program shows to hold 1 to k-1 vehicles."""
    result = run(sights(street(dice, HOURS)), LADDER, RULE, HOURS)
    knowledge = learn(result, LADDER, K, Direction.IN)
    groups = dice.sample(knowledge.absent, min(GROUPS, len(knowledge.absent)))
    return sum(knowledge.proves(group, K) for group in groups)


def _day_of_two_classes(fives: int, sixes: int) -> list[Sight]:
    """Cars of two emission classes that no hour tells apart, in every hour of the day."""
    cars = [one for one in CLASSES if one.vehicle_type is CAR and one.drive == "petrol" and one.emission_class in "56"]
    keys = [key_of(Direction.IN, PlateKind.NL, one) for one in cars]
    return [
        Sight(hour, 0, CellCount(key, n, n, n))
        for hour in range(HOURS)
        for key, n in zip(keys, (fives, sixes), strict=True)
    ]


@pytest.mark.parametrize(("weaken", "succeeds"), [(_sound, False), (_without_interval, True)])
def test_the_linear_program(monkeypatch: pytest.MonkeyPatch, weaken: Weaken, succeeds: bool) -> None:  # noqa: FBT001
    """Everything published, absent cells, algorithm and policy: over many streets no small group is proven."""
    weaken(monkeypatch)
    found = sum(_found_out(random.Random(seed)) for seed in range(STREETS))
    assert (found > 0) is succeeds


@pytest.mark.parametrize(("weaken", "succeeds"), [(_sound, False), (_without_sums_of_days, True)])
def test_sums_of_a_day(monkeypatch: pytest.MonkeyPatch, weaken: Weaken, succeeds: bool) -> None:  # noqa: FBT001
    """Add the day's cells of cars by class: together they would prove that each hour had some."""
    weaken(monkeypatch)
    result = run(_day_of_two_classes(1, 1), LADDER, RULE, HOURS)
    knowledge = learn(result, LADDER, K, Direction.IN)
    hours = [
        np.array([float(hour == at and key.vehicle_type == "passenger_car") for hour, key in knowledge.places])
        for at in range(HOURS)
    ]
    assert any(knowledge.proves(group, K) for group in hours) is succeeds


def _day_of_one_class(numbers: list[int]) -> list[Sight]:
    """Petrol cars of a class that no other drive has, so many in each hour."""
    return [Sight(hour, 0, cell(_car("petrol"), n)) for hour, n in enumerate(numbers)]


@pytest.mark.parametrize(("weaken", "succeeds"), [(_sound, False), (_hours_whatever_they_told, True)])
def test_hours_that_told_the_drive(monkeypatch: pytest.MonkeyPatch, weaken: Weaken, succeeds: bool) -> None:  # noqa: FBT001
    """Petrol cars of two hours are told; those of the day, of a class that only petrol has, were in the two others."""
    weaken(monkeypatch)
    result = run(_day_of_one_class([2, 2, 3, 3]), LADDER, RULE, HOURS)
    knowledge = learn(result, LADDER, K, Direction.IN)
    hours = [
        np.array([float(hour == at and key.vehicle_type is CAR) for hour, key in knowledge.places]) for at in (0, 1)
    ]
    assert all(knowledge.proves(group, K) for group in hours) is succeeds


@pytest.mark.parametrize(("weaken", "succeeds"), [(_sound, False), (_classes_in_any_hour, True)])
def test_hours_that_told_nearly_all(monkeypatch: pytest.MonkeyPatch, weaken: Weaken, succeeds: bool) -> None:  # noqa: FBT001
    """Three hours told every drive but the clean ones; of these the day's sum is too large without the first hour."""
    weaken(monkeypatch)
    told = [Sight(at, 0, cell(_car(drive), K)) for at in (1, 2, 3) for drive in ("petrol", "diesel", "gas", "hybrid")]
    few = [Sight(0, 0, cell(_car("petrol"), 2)), Sight(1, 0, cell(_car("electric"), 1))]
    knowledge = learn(run([*told, *few], LADDER, RULE, HOURS), LADDER, K, Direction.IN)
    first = [hour == 0 and key.vehicle_type is CAR for hour, key in knowledge.places]
    assert knowledge.proves(np.array(first, float), K) is succeeds


def _car(drive: str) -> CellKey:
    seen = next(one for one in CLASSES if one.vehicle_type is CAR and one.drive == drive)
    return key_of(Direction.IN, PlateKind.NL, seen)


@pytest.mark.parametrize(("weaken", "succeeds"), [(_sound, False), (_passages_for_vehicles, True)])
def test_one_van_that_passes_twenty_times(monkeypatch: pytest.MonkeyPatch, weaken: Weaken, succeeds: bool) -> None:  # noqa: FBT001
    """Drive round the block until your victim's cell is full: it needs different vehicles."""
    weaken(monkeypatch)
    result = run([Sight(0, 0, cell(van(), 1, 20))], LADDER, RULE, HOURS)
    assert bool(result.hours[0] or result.day) is succeeds


@pytest.mark.parametrize(("weaken", "succeeds"), [(_sound, False), (_keys_added, True)])
def test_restarts_to_lift_k(monkeypatch: pytest.MonkeyPatch, weaken: Weaken, succeeds: bool) -> None:  # noqa: FBT001
    """Pull the plug between the passages of one van: each key knows one vehicle."""
    weaken(monkeypatch)
    result = run([Sight(0, part, cell(van(), 1)) for part in range(20)], LADDER, RULE, HOURS)
    assert bool(result.hours[0] or result.day) is succeeds


@pytest.mark.parametrize(("k", "succeeds"), [(10, False), (1, True)])
def test_small_hours_of_the_night(k: int, succeeds: bool) -> None:  # noqa: FBT001
    """Wait for the hour in which only the victim drives."""
    result = run([Sight(3, 0, cell(van(), 1))], LADDER, Rule(k, Measure.PASSAGES), HOURS)
    assert any(result.hours) is succeeds


@pytest.mark.parametrize(("weaken", "succeeds"), [(_sound, False), (_without_interval, True)])
def test_register_matching_on_leftovers(monkeypatch: pytest.MonkeyPatch, weaken: Weaken, succeeds: bool) -> None:  # noqa: FBT001
    """Look the rare class up in the register: the day's sum would say that each hour had one of its vehicles."""
    weaken(monkeypatch)
    rare = next(one for one in CLASSES if one.vehicle_type is VehicleType.VAN)
    key = key_of(Direction.IN, PlateKind.NL, rare)
    result = run([Sight(hour, 0, cell(key, 2)) for hour in range(HOURS)], LADDER, RULE, HOURS)
    knowledge = learn(result, LADDER, K, Direction.IN)
    assert any(knowledge.proves(group, K) for group in knowledge.absent) is succeeds
