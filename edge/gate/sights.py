"""What the gate knows of a bin, and how much of it is surely of different vehicles."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

from edge.categories import UNKNOWN_ATTRIBUTES, CellCount, CellKey, PlateKind
from edge.gate.combinations import Value, Values
from edge.release_rules import CONSTANT, Dimension, Measure

T = TypeVar("T")


class Sight(NamedTuple):
    """One cell of the hour that starts at ``hour`` (Unix seconds), as the ``part``-th tag key of the day saw it."""

    hour: int
    part: int
    cell: CellCount


def values_of(key: CellKey, dimensions: Sequence[Dimension]) -> Values:
    """Reduce a cell to some dimensions."""
    return tuple(_value(key, dimension) for dimension in dimensions)


def different(sights: Sequence[Sight]) -> int:
    """Return how many different vehicles there were for sure, in one direction.

    Vehicles of two tag keys can't be told apart, so the key with more counts. Unreadable ones count only where there
    is nothing else: beside readable ones they may be the same vehicles.
    """
    keys = _apart((sight.part, sight) for sight in sights)
    if all(_is_unreadable(sight) for sight in sights):
        return max(sum(sight.cell.n for sight in one) for one in keys)
    return max(map(_vehicles, keys))


def number(sights: Sequence[Sight], measure: Measure) -> int:
    """Return what the cell says: all passages, or the vehicles of the key with more."""
    if measure is Measure.PASSAGES:
        return sum(sight.cell.n for sight in sights)
    keys = _apart((sight.part, sight) for sight in sights)
    return max(_vehicles(one) + sum(sight.cell.n for sight in one if _is_unreadable(sight)) for one in keys)


def _vehicles(sights: Sequence[Sight]) -> int:
    """Count what one key told apart.

    A vehicle is fresh once a day, so fresh ones add up over hours and classes; in one hour a vehicle has one class, so
    all of that hour add up.
    """
    hours = _apart((sight.hour, sight) for sight in sights)
    fresh = sum(sight.cell.fresh for sight in sights)
    return max(fresh, *(sum(sight.cell.vehicles for sight in one) for one in hours))


def _is_unreadable(sight: Sight) -> bool:
    return sight.cell.key.plate is PlateKind.UNREADABLE


def _value(key: CellKey, dimension: Dimension) -> Value:
    owner = UNKNOWN_ATTRIBUTES if dimension in CONSTANT.get(key.vehicle_type, ()) else key
    value: Value = getattr(owner, dimension)
    return value


def _apart(pairs: Iterable[tuple[int, T]]) -> list[list[T]]:
    groups: defaultdict[int, list[T]] = defaultdict(list)
    for place, one in pairs:
        groups[place].append(one)
    return list(groups.values())
