"""Release with differential privacy: what one vehicle changes, worked out exactly over all noise that matters."""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import chain, product
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.categories import Admitted, Direction, Drive, PlateKind, VehicleType
from edge.counting.part import key_of
from edge.gate import private
from edge.gate.combinations import Values, listed
from edge.gate.sights import Sight, values_of
from edge.release_rules import Period, Privacy, Release, Rung, Table
from edge.uplink.contract import Cell
from tests.counts import cell, unreadable, van
from tests.gate.streets import CLASSES, DIRECTION, DRIVE, LADDERS, TYPE, sights, street

NEVER = -100_000  # Noise that lets nothing through.
VANS = (VehicleType.VAN,)
THREE = Table(
    "three",
    1.0,
    (
        Rung(Period.HOUR, (DIRECTION, TYPE, DRIVE), VANS),
        Rung(Period.HOUR, (DIRECTION, TYPE), VANS),
        Rung(Period.DAY, (DIRECTION,), VANS),
    ),
)
THRESHOLD = 5
REACH = 12  # Noise further out is left away; with it the losses below would differ by less than `TAILS`.
TAILS = 0.005


# The cells that leave in the hour, and those of the day.
Way = tuple[tuple[Cell, ...], tuple[Cell, ...]]
# Of each rung: the cell that a van comes to, and how many cells there are.
PLACES = [(listed(rung).index(values_of(van(), rung.dimensions)), len(listed(rung))) for rung in THREE.rungs]


class Day(NamedTuple):
    """A day with one hour: vans like the one that may be ``there``, and others, with it from the second rung on."""

    like: int
    others: int
    there: bool

    def sights(self) -> list[Sight]:
        """Count as vision does."""
        other = van(drive=Drive.PETROL)
        return [Sight(0, 0, cell(van(), self.like + self.there)), Sight(0, 0, cell(other, self.others))]


def _way(day: Day, noise: Sequence[int]) -> Way:
    """Release hour and day: the cells that the van comes to get this noise, others none that matters."""
    draws = iter(
        [
            amount if at == place else NEVER
            for (place, cells), amount in zip(PLACES, noise, strict=True)
            for at in range(cells)
        ]
    )
    hour = private.release(day.sights(), THREE, Period.HOUR, THRESHOLD, draws.__next__)
    rest = private.release(hour.left, THREE, Period.DAY, THRESHOLD, draws.__next__)
    return hour.cells, rest.cells


def _chances(day: Day, scale: Fraction) -> Mapping[Way, float]:
    """Return how probable each outcome is, over all noise within reach."""
    ratio, found = math.exp(-1 / scale), defaultdict[Way, float](float)
    for noise in product(range(-REACH, REACH + 1), repeat=len(THREE.rungs)):
        found[_way(day, noise)] += math.prod((1 - ratio) / (1 + ratio) * ratio ** abs(one) for one in noise)
    return found


def _inside(way: Way) -> bool:
    """Tell whether no number of an outcome is so far out that its noise was not within reach on both sides."""
    return all(one.n < THRESHOLD + REACH - 2 for one in chain(*way))


def _loss(scale: Fraction, like: int, others: int) -> float:
    """Return how much any outcome tells of one van that drives in: the largest logarithm of its odds."""
    there, gone = (_chances(Day(like, others, there), scale) for there in (True, False))
    both = [way for way in there.keys() & gone.keys() if _inside(way)]
    assert sum(there[way] for way in both) > 0.9
    return max(abs(math.log(there[way] / gone[way])) for way in both)


@pytest.mark.parametrize(("like", "others"), [(0, 0), (3, 2), (5, 5)])
def test_a_vehicle_loses_what_the_scale_says(like: int, others: int) -> None:
    """On its way in, over both rungs of the hour and the one of the day, half the budget: it may drive out too."""
    privacy = Privacy(budget=6.0)
    assert _loss(privacy.scale(THREE), like, others) <= privacy.budget / 2 + TAILS


def test_the_bound_is_reached() -> None:
    """Where the van's cells would just leave on all three rungs and do not: each rung must be charged."""
    privacy = Privacy(budget=6.0)
    assert _loss(privacy.scale(THREE), 5, 5) >= privacy.budget / 2 - TAILS


def test_noise_as_for_one_rung_loses_more() -> None:
    """So the test would notice a ladder whose rungs are not all charged."""
    privacy, one_rung = Privacy(budget=2.0), msgspec.structs.replace(THREE, rungs=THREE.rungs[:1])
    assert _loss(privacy.scale(one_rung), 5, 5) > 2 * privacy.budget / 2


@given(st.randoms(use_true_random=False), st.sampled_from(LADDERS))
def test_one_vehicle_changes_one_cell_of_a_rung_by_one(dice: random.Random, table: Table) -> None:
    """In each direction and over the whole day: that is what the noise is scaled for."""
    stream = street(dice)
    gone = dice.choice([one.vehicle for one in stream] or [None])
    with_it, without = sights(stream), sights([one for one in stream if one.vehicle != gone or gone is None])
    for rung in table.rungs:
        changed = _held(with_it, rung)
        changed.subtract(_held(without, rung))
        for direction in Direction:
            of_it = [n for values, n in changed.items() if n and direction in values]
            assert of_it in ([], [1])


def _held(seen: Sequence[Sight], rung: Rung) -> Counter[Values]:
    """Return what the cells of a rung hold of all hours together, before anything is released."""
    found = Counter[Values]()
    for one in seen:
        if one.cell.key.vehicle_type in rung.vehicle_types:
            found[values_of(one.cell.key, rung.dimensions)] += one.cell.fresh
    return found


@given(st.randoms(use_true_random=False), st.sampled_from(LADDERS), st.integers(0, 60))
def test_a_fresh_vehicle_is_in_one_released_cell_or_left(dice: random.Random, table: Table, threshold: int) -> None:
    """Without noise the numbers of all cells, and what is left, are the vehicles of the day."""
    seen = sights(street(dice))
    hour = private.release(seen, table, Period.HOUR, max(1, threshold), lambda: 0)
    day = private.release(hour.left, table, Period.DAY, max(1, threshold), lambda: 0)
    told = sum(one.n for one in (*hour.cells, *day.cells))
    assert told + _fresh(day.left) == _fresh(seen)


def _fresh(seen: Iterable[Sight]) -> int:
    return sum(one.cell.fresh for one in seen)


@pytest.mark.parametrize("table", LADDERS)
def test_which_cells_there_are_does_not_depend_on_the_street(table: Table) -> None:
    """Every cell is noised: with noise that lifts all of them an empty street shows as many as a full one."""
    for period in Period:
        shown = [
            [
                msgspec.structs.replace(one, n=1)
                for one in private.release(seen, table, period, 1, lambda: 100_000).cells
            ]
            for seen in ([], sights(street(random.Random(1))), [Sight(0, 0, cell(unreadable(), 50))])
        ]
        assert shown[0] == shown[1] == shown[2]
        assert len(shown[0]) == sum(len(listed(rung)) for rung in table.rungs if rung.period is period)


@pytest.mark.parametrize("table", LADDERS)
def test_every_class_that_surely_exists_has_a_cell_of_its_rungs(table: Table) -> None:
    """In both directions, whatever the zone's rules say of it; without exemptions."""
    answers = [one for one in Admitted if one is not Admitted.EXEMPT]
    for rung, seen, direction, answer in product(table.rungs, CLASSES, Direction, answers):
        key = key_of(direction, PlateKind.NL, msgspec.structs.replace(seen, admitted=answer))
        if seen.vehicle_type in rung.vehicle_types:
            assert values_of(key, rung.dimensions) in listed(rung)


@pytest.mark.parametrize("budget", [0.1, 0.5, 1.0, 4.0, 10.0])
@pytest.mark.parametrize("table", LADDERS)
def test_an_empty_cell_is_shown_less_than_once_in_a_hundred_bins(table: Table, budget: float) -> None:
    """By the formula of the discrete Laplace distribution."""
    rules = Release(10, 15, (table,), dp=Privacy(budget, starts=3))
    assert rules.dp is not None
    ratio = math.exp(-1 / rules.dp.scale(table))
    assert ratio ** rules.threshold(table) / (1 + ratio) < 0.01


def test_unreadable_plates_and_repeated_passages_do_not_count() -> None:
    """Of the first nobody knows whose they are; of the second it is known."""
    seen = [Sight(0, 0, cell(unreadable(), 500)), Sight(0, 0, cell(van(), 7, n=900, fresh=3))]
    (only,) = private.release(seen, THREE, Period.HOUR, 1, lambda: 0).cells
    assert only.n == 3
