"""The rules of the release ladder, over random streets; `make attack` tries many more of them."""

import random
from collections.abc import Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.categories import Direction
from edge.gate.release import Rule
from edge.release_rules import Measure, Period, Table
from edge.uplink.contract import Cell
from tests.examples import dices, examples
from tests.gate.attacker import learn, street_of
from tests.gate.streets import HEAVY, LADDER, LADDERS, TOTALS, Pass, Released, per_part, run, sights, street, take

HOURS = 4
many = examples(300)
ks = st.sampled_from([2, 3, 5, 10])
ladders = st.sampled_from(LADDERS)
parts = st.sampled_from([1, 1, 2, 3])


def _members(stream: list[Pass], released: Released, table: Table) -> Iterator[tuple[Cell, list[Pass]]]:
    """Give each cell with its passages, worked out from what cells say and never from the gate."""
    left = []
    for hour, cells in enumerate(released.hours):
        rest = [one for one in stream if one.hour == hour]
        for cell in cells:
            members, rest = take(rest, cell, table, Period.HOUR)
            yield cell, members
        left += rest
    for cell in released.day:
        members, left = take(left, cell, table, Period.DAY)
        yield cell, members


@many
@given(dices, ladders, ks, parts)
def test_every_passage_is_in_one_cell_or_withheld(dice: random.Random, table: Table, k: int, parts: int) -> None:
    """A cell says how many of those that are left it holds; what is in none is what the gate has left."""
    stream = street(dice, HOURS, parts)
    released = run(sights(stream), table, Rule(k, Measure.PASSAGES), HOURS)
    cells = list(_members(stream, released, table))
    assert [cell.n for cell, _ in cells] == [len(members) for _, members in cells]
    assert sum(cell.n for cell, _ in cells) + sum(one.cell.n for one in released.left) == len(stream)


@many
@given(dices, ladders, ks, parts)
def test_a_cell_has_k_different_vehicles_of_one_tag_key(dice: random.Random, table: Table, k: int, parts: int) -> None:
    """However often each passes; unreadable ones count where there are no others."""
    stream = street(dice, HOURS, parts)
    released = run(sights(stream), table, Rule(k, Measure.PASSAGES), HOURS)
    for cell, members in _members(stream, released, table):
        readable = per_part(members)
        assert max(map(len, readable.values()), default=0) >= k or (not readable and cell.n >= k)


@many
@given(dices, st.sampled_from(LADDERS[1:3]), ks, parts)
def test_unique_vehicles_are_at_least_k_and_at_most_those_that_there_were(
    dice: random.Random, table: Table, k: int, parts: int
) -> None:
    """In bins of one length, as the policy demands with this measure."""
    stream = street(dice, HOURS, parts)
    released = run(sights(stream), table, Rule(k, Measure.UNIQUE_VEHICLES), HOURS)
    for cell, members in _members(stream, released, table):
        unread = sum(one.vehicle is None for one in members)
        assert k <= cell.n <= max(map(len, per_part(members).values()), default=0) + unread


@many
@given(dices, ladders, ks)
def test_another_street_without_a_group_gives_the_same_reports(dice: random.Random, table: Table, k: int) -> None:
    """Whichever absent cell an attacker asks about: there is a street where it is empty, and nobody can tell."""
    released = run(sights(street(dice, HOURS)), table, Rule(k, Measure.PASSAGES), HOURS)
    direction = dice.choice(tuple(Direction))
    knowledge = learn(released, table, k, direction)
    for group in dice.sample(knowledge.absent, min(3, len(knowledge.absent))):
        empty = knowledge.least(group)
        assert empty is not None
        assert group @ empty == 0
        again = run(street_of(knowledge, empty), table, Rule(k, Measure.PASSAGES), HOURS)
        assert again.hours == [_of(cells, direction) for cells in released.hours]
        assert again.day == _of(released.day, direction)


def _of(cells: tuple[Cell, ...], direction: Direction) -> tuple[Cell, ...]:
    return tuple(cell for cell in cells if cell.direction is direction)


@many
@given(dices, ladders, ks)
def test_no_sum_of_places_is_found_out(dice: random.Random, table: Table, k: int) -> None:
    """Any sum over hours and classes: the linear program never says that it is at least 1 and below k."""
    released = run(sights(street(dice, HOURS)), table, Rule(k, Measure.PASSAGES), HOURS)
    knowledge = learn(released, table, k, dice.choice(tuple(Direction)))
    size = dice.choice((1, 3, len(knowledge.places) // 2))
    group = np.zeros(len(knowledge.places))
    group[dice.sample(range(len(group)), size)] = 1.0
    assert not knowledge.proves(group, k)


@many
@given(dices, ladders, ks)
def test_what_is_withheld_of_a_direction_may_be_nothing(dice: random.Random, table: Table, k: int) -> None:
    """From the output it is known only as none or fewer than k: without it the reports are the same."""
    stream = street(dice, HOURS)
    seen, rule = sights(stream), Rule(k, Measure.PASSAGES)
    released = run(seen, table, rule, HOURS)
    kept = [one for one in seen if one not in released.left]
    again = run(kept, table, rule, HOURS)
    assert (again.hours, again.day) == (released.hours, released.day)


@many
@given(dices, ladders, ks)
def test_leftovers_say_so(dice: random.Random, table: Table, k: int) -> None:
    """A cell has a value for each dimension of its rung, or names it among its rest, or no rung before told it."""
    released = run(sights(street(dice, HOURS)), table, Rule(k, Measure.PASSAGES), HOURS)
    for cell in (*released.day, *(cell for cells in released.hours for cell in cells)):
        assert not any(getattr(cell, name) for name in cell.rest or () if name != "hour")
    for cell in released.day:
        heavy = cell.vehicle_types == HEAVY or cell.vehicle_type == "other"
        assert ("hour" in (cell.rest or ())) is (table is TOTALS or (table is LADDER and not heavy))


@many
@given(dices, ladders, ks)
def test_the_order_of_passages_says_nothing(dice: random.Random, table: Table, k: int) -> None:
    """Neither which cells there are nor their order."""
    seen, rule = sights(street(dice, HOURS)), Rule(k, Measure.PASSAGES)
    assert run(dice.sample(seen, len(seen)), table, rule, HOURS).day == run(seen, table, rule, HOURS).day
