"""The release ladder: which cells of a bin may leave, and what goes down to the next rung.

A passage climbs down until its cell is large enough: `k` different vehicles, and nothing that an absent cell beside it
would give away. docs/privacy.md states the rules.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from edge.categories import ELSEWHERE, VehicleType
from edge.gate.combinations import Value, Values
from edge.gate.interval import Interval, Published
from edge.gate.sights import Sight, different, number, values_of
from edge.release_rules import Dimension, Measure, Period, Rung, Table
from edge.uplink.contract import Cell, RestName


class Rule(NamedTuple):
    """What a policy says of all tables: the threshold, and what a cell's number counts."""

    k: int
    measure: Measure


class Outcome(NamedTuple):
    """What is released of one bin of one table, where those cells are on the ladder, and what is left."""

    cells: tuple[Cell, ...]
    published: Published
    left: list[Sight]


def release(
    sights: Sequence[Sight], table: Table, period: Period, rule: Rule, hours: Sequence[Published] = ()
) -> Outcome:
    """Try the rungs of a period in their order.

    Cells come by rung, then by their values, so that their order says nothing. ``hours`` are what the hours of the day
    have published, for a day; those in which the camera saw nothing are not among them.
    """
    left, cells = list(sights), list[Cell]()
    interval = Interval(table, rule.k, hours)
    for at, rung in enumerate(table.rungs):
        if rung.period is period:
            groups, left = grouped(left, rung)
            for values in sorted(groups):
                n = number(groups[values], rule.measure)
                if different(groups[values]) >= rule.k and interval.allows(at, values, n):
                    interval.note(at, values, n)
                    cells.append(written(table, at, values, n))
                else:
                    left += groups[values]
    return Outcome(tuple(cells), interval.published, left)


def grouped(sights: Sequence[Sight], rung: Rung) -> tuple[dict[Values, list[Sight]], list[Sight]]:
    """Put what a rung serves into its cells; also return the others."""
    groups, others = defaultdict[Values, list[Sight]](list), list[Sight]()
    for sight in sights:
        key = sight.cell.key
        served = key.vehicle_type in rung.vehicle_types
        (groups[values_of(key, rung.dimensions)] if served else others).append(sight)
    return groups, others


def written(table: Table, at: int, values: Values, n: int) -> Cell:
    """Write a cell of rung ``at`` as messages do."""
    rung = table.rungs[at]
    known = dict(zip(rung.dimensions, values, strict=True))
    fields = {dimension: _text(value) for dimension, value in known.items()}
    rest = _rest(table, at, known.get(Dimension.VEHICLE_TYPE)) or msgspec.UNSET
    return msgspec.structs.replace(Cell(n=n, rest=rest, vehicle_types=_types(rung)), **fields)


def _types(rung: Rung) -> tuple[VehicleType, ...] | msgspec.UnsetType:
    """Name the types that a cell holds, where its values don't."""
    named = Dimension.VEHICLE_TYPE in rung.dimensions or set(rung.vehicle_types) == set(VehicleType)
    return msgspec.UNSET if named else rung.vehicle_types


def _rest(table: Table, at: int, vehicle_type: Value | None) -> tuple[RestName, ...]:
    """Name what earlier rungs told of such vehicles and this one does not: the cell is what they left."""
    types = table.rungs[at].vehicle_types if vehicle_type is None else (VehicleType(str(vehicle_type)),)
    told, names = set[Dimension](), list[RestName]()
    for one in types:
        earlier = [rung for rung in table.rungs[:at] if one in rung.vehicle_types]
        told |= {dimension for rung in earlier for dimension in rung.telling(one)}
        if table.rungs[at].period is Period.DAY and any(rung.period is Period.HOUR for rung in earlier):
            names = ["hour"]
    return (*names, *(one.value for one in Dimension if one in told and one not in table.rungs[at].dimensions))


def _text(value: Value) -> str:
    """Write a value as messages do: numbers are municipalities."""
    if isinstance(value, str):
        return value
    return "elsewhere" if value == ELSEWHERE else f"GM{value:04}"
