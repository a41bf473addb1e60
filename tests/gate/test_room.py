"""Whether cells of a day leave room, against an exact flow."""

from collections.abc import Sequence
from math import inf

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from edge.gate.room import Hours, Source, Told, is_left
from tests.examples import examples

HOURS, MOST = 4, 2
PLENTY = 1_000

hours = st.frozensets(st.integers(0, HOURS - 1))
bounded = st.lists(st.builds(Source, hours, st.just(MOST)), min_size=1, max_size=4).map(tuple)
unbounded = st.builds(Source, hours, st.just(inf)).map(lambda source: (source,))
cells = st.lists(st.builds(Told, st.integers(1, 8), bounded | unbounded), min_size=1, max_size=3)


def test_one_cell_of_hours_leaves_one_empty() -> None:
    """Three hours with two at most in each: four may have been without any one of them, five not."""
    source = Source(frozenset({0, 1, 2}), inf)
    assert is_left([Told(4, (source,))], MOST)
    assert not is_left([Told(5, (source,))], MOST)


def test_cells_that_share_hours_are_judged_together() -> None:
    """Each by itself leaves room; both have only the hours that there are."""
    first, both = Source(frozenset({0, 1}), inf), Source(frozenset({0, 1, 2}), inf)
    assert is_left([Told(2, (first,)), Told(2, (both,))], MOST)
    assert not is_left([Told(2, (first,)), Told(3, (both,))], MOST)


def test_a_class_that_only_one_hour_can_have_had_goes_with_it() -> None:
    """Three classes and four hours seem to be plenty; without the first hour one class is left."""
    only, anywhere = Source(frozenset({0}), MOST), Source(frozenset({0, 1, 2, 3}), MOST)
    assert is_left([Told(2, (only, only, anywhere))], MOST)
    assert not is_left([Told(3, (only, only, anywhere))], MOST)


@examples(300)
@given(cells)
def test_it_is_as_an_exact_flow_says(some: list[Told]) -> None:
    """Through every hour but one, and every bounded source but one."""
    sources = [(at, place) for at, cell in enumerate(some) for place in range(len(cell.sources))]
    closed = [source for source in sources if some[source[0]].sources[source[1]].most < inf]
    without = [_flows(some, frozenset({hour}), None) for hour in range(HOURS)] + [
        _flows(some, frozenset(), source) for source in closed
    ]
    assert is_left(some, MOST) is all(without)


def _flows(some: Sequence[Told], gone: Hours, closed: tuple[int, int] | None) -> bool:
    """Tell whether all cells can be filled; by the nodes start, cells, sources, hours and end."""
    sources = [(at, place) for at, cell in enumerate(some) for place in range(len(cell.sources))]
    first_source, first_hour = 1 + len(some), 1 + len(some) + len(sources)
    end = first_hour + HOURS
    room = np.zeros((end + 1, end + 1), np.int32)
    room[0, 1:first_source] = [cell.n for cell in some]
    for number, (at, place) in enumerate(sources, first_source):
        source = some[at].sources[place]
        room[1 + at, number] = 0 if (at, place) == closed else min(source.most, PLENTY)
        room[number, [first_hour + hour for hour in source.hours]] = PLENTY
    room[first_hour:end, end] = [0 if hour in gone else MOST for hour in range(HOURS)]
    return bool(maximum_flow(csr_array(room), 0, end).flow_value == sum(cell.n for cell in some))
