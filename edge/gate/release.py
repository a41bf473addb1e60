"""The release rule: which cells of a window may leave.

A cell needs ``k`` different vehicles. Vision counts in full detail; here cells are made coarser, parts of a window are
put together, and wherever it can't be known whether two vehicles are one, they count as one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from edge.categories import ELSEWHERE, CellCount, CellKey, Direction, PlateKind, WindowCounts
from edge.release_rules import Dimension, Measure, Release
from edge.uplink.contract import Cell

Values = tuple[str | int, ...]  # One value per dimension.


@dataclass(frozen=True, slots=True)
class Tally:
    """What one part saw of one coarse cell.

    ``vehicles`` are at least so many different ones with a readable plate; ``unreadable`` are passages without.
    """

    passages: int
    vehicles: int
    unreadable: int


def release(parts: Sequence[WindowCounts], rule: Release, measure: Measure) -> tuple[Cell, ...]:
    """Return the cells of one window that have at least ``rule.k`` different vehicles, in the order of their values.

    Everything else is withheld. ``parts`` are all parts of the window, in any order.
    """
    tallies = [coarsen(part.cells, rule.dimensions) for part in parts]
    every = sorted(set().union(*tallies))
    seen = {values: [tally[values] for tally in tallies if values in tally] for values in every}
    return tuple(
        _cell(rule.dimensions, values, _number(seen[values], measure))
        for values in every
        if _different(seen[values]) >= rule.k
    )


def coarsen(cells: Iterable[CellCount], dimensions: Sequence[Dimension]) -> Mapping[Values, Tally]:
    """Reduce the cells of one part to ``dimensions``."""
    groups: defaultdict[Values, list[CellCount]] = defaultdict(list)
    for cell in cells:
        groups[tuple(getattr(cell.key, dimension) for dimension in dimensions)].append(cell)
    return {values: _tally(group) for values, group in groups.items()}


def _tally(cells: Sequence[CellCount]) -> Tally:
    unreadable = sum(cell.n for cell in cells if cell.key.plate is PlateKind.UNREADABLE)
    return Tally(sum(cell.n for cell in cells), _vehicles(cells), unreadable)


def _vehicles(cells: Iterable[CellCount]) -> int:
    """Count different vehicles over cells of one part.

    In one part a vehicle has one class, so classes add up; but it may have driven in and out, so of the two
    directions the larger number counts.
    """
    most: defaultdict[CellKey, int] = defaultdict(int)
    for cell in cells:
        vehicle_class = msgspec.structs.replace(cell.key, direction=Direction.IN)
        most[vehicle_class] = max(most[vehicle_class], cell.vehicles)
    return sum(most.values())


def _different(tallies: Sequence[Tally]) -> int:
    """Return how many different vehicles there were for sure.

    Vehicles of two parts can't be told apart, so the larger part counts. Unreadable ones count only where a cell
    holds nothing else: beside readable ones they may be the same vehicles.
    """
    if all(tally.passages == tally.unreadable for tally in tallies):
        return max(tally.unreadable for tally in tallies)
    return max(tally.vehicles for tally in tallies)


def _number(tallies: Sequence[Tally], measure: Measure) -> int:
    """Return what the cell says: all passages, or the vehicles of the larger part."""
    if measure is Measure.PASSAGES:
        return sum(tally.passages for tally in tallies)
    return max(tally.vehicles + tally.unreadable for tally in tallies)


def _cell(dimensions: Sequence[Dimension], values: Values, number: int) -> Cell:
    fields = {dimension: _written(value) for dimension, value in zip(dimensions, values, strict=True)}
    return msgspec.structs.replace(Cell(n=number), **fields)


def _written(value: str | int) -> str:
    """Write a value as messages do: numbers are municipalities."""
    if isinstance(value, str):
        return value
    return "elsewhere" if value == ELSEWHERE else f"GM{value:04}"
