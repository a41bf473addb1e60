"""The release rule, against an oracle that knows every vehicle."""

import random
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.categories import (
    Admitted,
    CellCount,
    CellKey,
    Direction,
    Drive,
    EmissionClass,
    Exemption,
    PlateKind,
    Trade,
    WindowCounts,
)
from edge.gate.release import release
from edge.release_rules import Dimension, Measure, Release
from edge.uplink.contract import Cell
from tests.counts import cell, counts, unreadable, van

K = 3
ALL = tuple(Dimension)


@dataclass(frozen=True)
class Pass:
    """One passage as only a test knows it; an unreadable vehicle is None."""

    part: int
    vehicle: int | None
    direction: Direction


def _class_of(vehicle: int | None, part: int) -> CellKey:
    """Give each vehicle one class per part; in another part some have another one."""
    if vehicle is None:
        return unreadable()
    changed = vehicle % 5 == 0 and part % 2
    drive = Drive.ELECTRIC if (vehicle % 2 == 0) != changed else Drive.DIESEL
    return msgspec.structs.replace(
        van(drive=drive, emission=EmissionClass.Z if vehicle % 3 == 0 else EmissionClass.E6),
        admitted=Admitted.EXEMPT if vehicle % 4 == 1 else Admitted.NO,
        exemption=Exemption.DAY if vehicle % 4 == 1 else Exemption.NONE,
        origin=[0, 5, 344, 1_980][vehicle % 4],
        trade=Trade.PRIVATE if vehicle % 7 else Trade.TRANSPORT,
    )


def _key(one: Pass) -> CellKey:
    return msgspec.structs.replace(_class_of(one.vehicle, one.part), direction=one.direction)


def _parts(stream: list[Pass]) -> list[WindowCounts]:
    """Count as vision does."""
    parts = []
    for part in sorted({one.part for one in stream}):
        groups: defaultdict[CellKey, list[Pass]] = defaultdict(list)
        for one in stream:
            if one.part == part:
                groups[_key(one)].append(one)
        cells = [
            CellCount(key, len(group), len({one.vehicle for one in group} - {None})) for key, group in groups.items()
        ]
        parts.append(counts(*cells, part=part, final=False))
    return parts


def _rule(*dimensions: Dimension, k: int = K) -> Release:
    return Release(k, "emission", dimensions)


def _values(key: Any, dimensions: tuple[Dimension, ...]) -> tuple[str, ...]:
    """Return the values of a cell, as messages write them."""
    codes = {0: "elsewhere", 5: "GM0005", 344: "GM0344", 1_980: "GM1980"}
    values = [getattr(key, dimension) for dimension in dimensions]
    return tuple(codes[value] if isinstance(value, int) else value for value in values)


passes = st.builds(Pass, st.integers(0, 2), st.none() | st.integers(0, 15), st.sampled_from(Direction))
streams = st.lists(passes, max_size=60)
dimension_sets = st.lists(st.sampled_from(Dimension), min_size=1, unique=True).map(tuple)
measures = st.sampled_from(Measure)


def _members(stream: list[Pass], dimensions: tuple[Dimension, ...], released: Cell) -> list[Pass]:
    return [one for one in stream if _values(_key(one), dimensions) == _values(released, dimensions)]


@given(streams, dimension_sets, measures)
def test_no_cell_below_k_different_vehicles_leaves(
    stream: list[Pass], dimensions: tuple[Dimension, ...], measure: Measure
) -> None:
    """However often each passes, in whichever direction, before and after restarts."""
    for released in release(_parts(stream), _rule(*dimensions), measure):
        members = _members(stream, dimensions, released)
        readable = {one.vehicle for one in members} - {None}
        assert len(readable) >= K or (not readable and len(members) >= K)


@given(streams, dimension_sets, measures)
def test_no_number_is_more_than_was_counted(
    stream: list[Pass], dimensions: tuple[Dimension, ...], measure: Measure
) -> None:
    """A cell of passages says all of them; one of vehicles at least k, at most those that there were."""
    for released in release(_parts(stream), _rule(*dimensions), measure):
        members = _members(stream, dimensions, released)
        most = len({one.vehicle for one in members} - {None}) + sum(one.vehicle is None for one in members)
        if measure is Measure.PASSAGES:
            assert released.n == len(members)
        else:
            assert K <= released.n <= most


@given(streams, dimension_sets, measures)
def test_each_passage_is_in_one_cell_at_most(
    stream: list[Pass], dimensions: tuple[Dimension, ...], measure: Measure
) -> None:
    """No two cells have the same values, and each has a value for every dimension and for no other."""
    cells = release(_parts(stream), _rule(*dimensions), measure)
    assert len({_values(released, dimensions) for released in cells}) == len(cells)
    for released in cells:
        assert set(msgspec.to_builtins(released)) == {"n", *dimensions}


@given(streams, dimension_sets)
def test_nothing_large_enough_is_withheld(stream: list[Pass], dimensions: tuple[Dimension, ...]) -> None:
    """In a window of one part, with the direction among the dimensions, exactly the cells of k vehicles leave."""
    dimensions = tuple({**dict.fromkeys(dimensions), Dimension.DIRECTION: None})
    stream = [one for one in stream if one.part == 0]
    groups: defaultdict[tuple[str, ...], list[Pass]] = defaultdict(list)
    for one in stream:
        groups[_values(_key(one), dimensions)].append(one)
    enough = {values for values, group in groups.items() if len({one.vehicle for one in group} - {None} or group) >= K}
    released = release(_parts(stream), _rule(*dimensions), Measure.PASSAGES)
    assert {_values(one, dimensions) for one in released} == enough


@given(streams, dimension_sets, measures, st.randoms(use_true_random=False))
def test_the_order_of_arrival_says_nothing(
    stream: list[Pass], dimensions: tuple[Dimension, ...], measure: Measure, dice: random.Random
) -> None:
    """Neither the order of parts nor that of passages changes the report, not even the order of its cells."""
    expected = release(_parts(stream), _rule(*dimensions), measure)
    shuffled = dice.sample(stream, len(stream))
    parts = _parts(shuffled)
    assert release(dice.sample(parts, len(parts)), _rule(*dimensions), measure) == expected


@given(streams, dimension_sets, measures)
def test_a_restart_never_lifts_a_cell_over_k(
    stream: list[Pass], dimensions: tuple[Dimension, ...], measure: Measure
) -> None:
    """A cell of readable vehicles leaves only where one part alone has k of them."""
    parts = _parts(stream)
    for released in release(parts, _rule(*dimensions), measure):
        members = _members(stream, dimensions, released)
        sizes = [
            len({one.vehicle for one in members if one.part == part} - {None}) for part in {one.part for one in members}
        ]
        assert max(sizes) >= K or all(one.vehicle is None for one in members)


def test_a_van_that_passes_twenty_times_is_one_vehicle() -> None:
    """Its cell is withheld; with nine others it is released, and counts twenty."""
    alone = [counts(cell(van(), 1, 20))]
    assert release(alone, _rule(*ALL, k=10), Measure.PASSAGES) == ()
    (released,) = release([counts(cell(van(), 10, 29))], _rule(*ALL, k=10), Measure.PASSAGES)
    assert (released.n, released.vehicle_type, released.drive) == (29, "van", "diesel")


@pytest.mark.parametrize(("vehicles", "cells"), [(9, 0), (10, 1)])
def test_the_threshold_is_k_itself(vehicles: int, cells: int) -> None:
    """Nine vehicles are withheld, ten leave."""
    assert len(release([counts(cell(van(), vehicles))], _rule(*ALL, k=10), Measure.PASSAGES)) == cells


def test_parts_are_not_added_for_k_but_for_passages() -> None:
    """Nine before and nine after a restart may be the same nine; ten and five are fifteen passages of ten vehicles."""
    nine = [counts(cell(van(), 9), part=part) for part in (0, 1)]
    assert release(nine, _rule(*ALL, k=10), Measure.PASSAGES) == ()
    parts = [counts(cell(van(), 10), part=0), counts(cell(van(), 5), part=1)]
    assert [one.n for one in release(parts, _rule(*ALL, k=10), Measure.PASSAGES)] == [15]
    assert [one.n for one in release(parts, _rule(*ALL, k=10), Measure.UNIQUE_VEHICLES)] == [10]


def test_both_directions_of_a_vehicle_are_one_vehicle() -> None:
    """Six in and six out may be the same six: without the direction they are not twelve."""
    both = [counts(cell(van(Direction.IN), 6), cell(van(Direction.OUT), 6))]
    assert release(both, _rule(Dimension.VEHICLE_TYPE, k=10), Measure.PASSAGES) == ()
    both = [counts(cell(van(Direction.IN), 10), cell(van(Direction.OUT), 6))]
    assert [one.n for one in release(both, _rule(Dimension.VEHICLE_TYPE, k=10), Measure.PASSAGES)] == [16]


def test_classes_of_one_part_add_up() -> None:
    """Six diesel vans and four electric ones are ten vans."""
    parts = [counts(cell(van(), 6), cell(van(drive=Drive.ELECTRIC), 4))]
    (released,) = release(parts, _rule(Dimension.VEHICLE_TYPE, k=10), Measure.PASSAGES)
    assert msgspec.to_builtins(released) == {"vehicle_type": "van", "n": 10}


def test_unreadable_vehicles_help_no_other_cell_over_k() -> None:
    """Alone they count for themselves; beside readable ones they are passages only."""
    rule = _rule(Dimension.DIRECTION, k=10)
    assert [one.n for one in release([counts(cell(unreadable(), 10))], rule, Measure.PASSAGES)] == [10]
    assert release([counts(cell(unreadable(), 9))], rule, Measure.PASSAGES) == ()
    assert release([counts(cell(unreadable(), 50), cell(van(), 9))], rule, Measure.PASSAGES) == ()
    mixed = [counts(cell(unreadable(), 50), cell(van(), 10))]
    assert [one.n for one in release(mixed, rule, Measure.PASSAGES)] == [60]
    apart = [counts(cell(unreadable(), 50), part=0), counts(cell(van(), 9), part=1)]
    assert release(apart, rule, Measure.PASSAGES) == ()


def test_plates_are_told_apart_where_the_policy_asks() -> None:
    """With the plate among the dimensions unreadable vehicles have a cell of their own."""
    rule = _rule(Dimension.PLATE, k=10)
    parts = [counts(cell(unreadable(), 50), cell(van(), 9))]
    (released,) = release(parts, rule, Measure.PASSAGES)
    assert (released.plate, released.n) == (PlateKind.UNREADABLE, 50)


@pytest.mark.parametrize(("origin", "code"), [(0, "elsewhere"), (14, "GM0014"), (9_999, "GM9999")])
def test_a_municipality_leaves_under_its_code(origin: int, code: str) -> None:
    """The wall carries its number, the contract its code of Statistics Netherlands."""
    key = msgspec.structs.replace(van(), origin=origin)
    (released,) = release([counts(cell(key, 12))], _rule(Dimension.ORIGIN), Measure.PASSAGES)
    assert msgspec.to_builtins(released) == {"n": 12, "origin": code}


def test_an_empty_window_has_no_cells() -> None:
    """It is released all the same."""
    assert release([counts()], _rule(*ALL), Measure.PASSAGES) == ()
