"""The interval rule: a cell of leftovers may leave only if each of its members could be zero.

That a finer cell is absent from a report says it had fewer than k vehicles. So with m absent members a sum above
(m-1)(k-1) proves that each had at least one. What may be said is worked out from published cells and the public table
alone: then an absent member that is zero gives the same reports as the truth.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import inf

from edge.categories import UNKNOWN_ATTRIBUTES, VehicleType
from edge.gate.combinations import Value, Values, kinds, sure
from edge.release_rules import Dimension, Period, Table

# Per rung, by its number, the values of the cells that one bin has published.
Published = Mapping[int, set[Values]]
Known = Mapping[Dimension, Value]


class Interval:
    """Judges the cells of one bin of one table, and remembers those that were released."""

    def __init__(self, table: Table, k: int, hours: Sequence[Published] = ()) -> None:
        """``hours`` are those of the day, for the bin of a day, without hours in which the camera saw nothing."""
        self._table, self._k, self._hours = table, k, hours
        self.published: defaultdict[int, set[Values]] = defaultdict(set)
        self._taken: Counter[tuple[int, Values]] = Counter()

    def allows(self, rung: int, values: Values, n: int) -> bool:
        """Tell whether a cell that says ``n`` leaves every absent member the chance to be zero."""
        return self._fits(n, self._members(rung, values)) and all(
            self._fits(self._taken[group] + n, self._open_hours(*group)) for group in self._groups(rung, values)
        )

    def note(self, rung: int, values: Values, n: int) -> None:
        """Remember a cell that is released."""
        self.published[rung].add(values)
        for group in self._groups(rung, values):
            self._taken[group] += n

    def _fits(self, n: int, members: float) -> bool:
        return members == inf or n <= (members - 1) * (self._k - 1)

    def _members(self, rung: int, values: Values) -> float:
        """Count the absent members of which fewer than k is known; infinitely many where one may be of any size."""
        known, found = self._known(rung, values), set[tuple[int, int, Values]]()
        for vehicle_type in self._types(rung, known):
            members = self._members_of(vehicle_type, rung, known)
            if members is None:
                return inf
            found |= members
        return len(found)

    def _members_of(self, vehicle_type: VehicleType, rung: int, known: Known) -> set[tuple[int, int, Values]] | None:
        """Name the members that hold vehicles of a type, by bin, rung and values; None where any size is possible."""
        before = self._table.before(rung, vehicle_type)
        if before is None:
            return None
        if self._table.rungs[before].period is self._table.rungs[rung].period:
            bins: Sequence[Published] = [self.published]
        elif self._is_part(vehicle_type, rung, before):
            return None  # A part of what hours have left: the sum over that group is judged.
        else:
            bins = self._hours
        return {
            (at, before, kind) for at, one in enumerate(bins) for kind in self._open(vehicle_type, before, known, one)
        }

    def _open(self, vehicle_type: VehicleType, rung: int, known: Known, published: Published) -> list[Values]:
        """List the absent cells of a rung that surely may hold something and agree with what is ``known``."""
        dimensions = sure(self._table.rungs[rung].dimensions)
        closed = {self._reduced(rung, values, dimensions) for values in published.get(rung, ())}
        return [
            kind
            for kind in kinds(vehicle_type, dimensions) - closed
            if _agree(found := dict(zip(dimensions, kind, strict=True)), known)
            and self._is_fed(vehicle_type, rung, found, published)
        ]

    def _is_fed(self, vehicle_type: VehicleType, rung: int, known: Known, published: Published) -> bool:
        """Tell whether anything that the rungs before have left may be in a cell."""
        before = self._table.before(rung, vehicle_type)
        if before is None:
            return True
        same = self._table.rungs[before].period is self._table.rungs[rung].period
        bins = [published] if same else self._hours
        return any(self._open(vehicle_type, before, known, one) for one in bins)

    def _groups(self, rung: int, values: Values) -> set[tuple[int, Values]]:
        """Name the cells of the last hour rung, in whichever hour, of whose leftovers a cell of a day is a part."""
        if self._table.rungs[rung].period is Period.HOUR:
            return set()
        known = self._known(rung, values)
        return set(self._groups_of(rung, known))

    def _groups_of(self, rung: int, known: Known) -> Iterator[tuple[int, Values]]:
        for vehicle_type in self._types(rung, known):
            last = self._table.last_hour(vehicle_type)
            if last is not None and self._is_part(vehicle_type, rung, last):
                dimensions = self._table.rungs[last].dimensions
                yield last, tuple(known.get(one) or getattr(UNKNOWN_ATTRIBUTES, one) for one in dimensions)

    def _open_hours(self, rung: int, values: Values) -> int:
        """Count the hours in which a cell of an hour rung is absent and may have held something."""
        known = self._known(rung, values)
        types = self._types(rung, known)
        return sum(
            values not in hour.get(rung, ()) and any(self._is_fed(one, rung, known, hour) for one in types)
            for hour in self._hours
        )

    def _is_part(self, vehicle_type: VehicleType, rung: int, hours: int) -> bool:
        """Tell whether the cells of a day rung are parts of those of an hour rung, and not sums of several."""
        rungs = self._table.rungs
        return rungs[rung].telling(vehicle_type) >= rungs[hours].telling(vehicle_type)

    def _types(self, rung: int, known: Known) -> Sequence[VehicleType]:
        vehicle_type = known.get(Dimension.VEHICLE_TYPE)
        return self._table.rungs[rung].vehicle_types if vehicle_type is None else (VehicleType(str(vehicle_type)),)

    def _known(self, rung: int, values: Values) -> Known:
        return dict(zip(self._table.rungs[rung].dimensions, values, strict=True))

    def _reduced(self, rung: int, values: Values, dimensions: Sequence[Dimension]) -> Values:
        known = self._known(rung, values)
        return tuple(known[dimension] for dimension in dimensions)


def _agree(one: Known, other: Known) -> bool:
    return all(one[dimension] == other[dimension] for dimension in one.keys() & other.keys())
