"""Whether what the cells of a day say could also have been without any one hour, and without any one absent cell.

Vehicles of a cell come out of sources: absent cells, of which fewer than k is known each, in hours of which fewer than
k is known each. That is a flow; it fits if no cut through it is smaller (Ford and Fulkerson), and cuts are few, since
sources differ in few ways.
"""

from collections.abc import Iterable, Sequence
from math import inf
from typing import NamedTuple

Hours = frozenset[int]  # By their place in the day.


class Source(NamedTuple):
    """In which hours vehicles may have been, and how many at most; infinitely many where nothing says so."""

    hours: Hours
    most: float


class Told(NamedTuple):
    """A cell that says ``n``, and from which sources."""

    n: int
    sources: tuple[Source, ...]


def is_left(cells: Sequence[Told], most: int) -> bool:
    """Tell whether all that cells say fits into hours of ``most`` each, also where any one hour or source is empty.

    A source has room for ``most``, too, or for any number.
    """
    total = sum(cell.n for cell in cells)
    return all(_through(cells, cut, most) >= total for cut in _cuts(cells))


def _cuts(cells: Iterable[Told]) -> set[Hours]:
    """List the sets of hours that can be cut: all unions of what sources have."""
    unions = {Hours()}
    for hours in {source.hours for cell in cells for source in cell.sources}:
        unions |= {union | hours for union in unions}
    return unions


def _through(cells: Sequence[Told], cut: Hours, most: int) -> float:
    """Return what passes these hours and, beside them, the sources or cells that have others; the worst one missing."""
    beside = [(cell.n, sum(source.most for source in cell.sources if not source.hours <= cut)) for cell in cells]
    whole = sum(min(n, room) for n, room in beside)
    bounded = [whole - min(n, room) + min(n, room - most) for n, room in beside if 0 < room < inf]
    missing_source = len(cut) * most + min(bounded, default=inf)
    missing_hour = (len(cut) - 1) * most + whole if cut else whole
    return min(missing_source, missing_hour)
