"""The interval rule: a cell of leftovers may leave only if each of its members could be zero.

That a finer cell is absent from a report says it had fewer than k vehicles. So with m absent members a sum above
(m-1)(k-1) proves that each had at least one. What may be said is worked out from published cells and the public table
alone: then an absent member that is zero gives the same reports as the truth.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf

from edge.categories import UNKNOWN_ATTRIBUTES, PlateKind, VehicleType
from edge.gate import room
from edge.gate.combinations import WHOLE, Value, Values, kinds, sure
from edge.gate.room import Hours, Source, Told
from edge.release_rules import Dimension, Period, Table

# Per rung, by its number, the values of the cells that one bin has published.
Published = Mapping[int, set[Values]]
Known = Mapping[Dimension, Value]
# A cell of the last hour rung, in whichever hour: the rung's number, and its values.
Group = tuple[int, Values]
_PLACES = {dimension: place for place, dimension in enumerate(WHOLE)}


class Interval:
    """Judges the cells of one bin of one table, and remembers those that were released."""

    def __init__(self, table: Table, k: int, hours: Sequence[Published] = ()) -> None:
        """``hours`` are those of the day, for the bin of a day, without hours in which the camera saw nothing."""
        self._table, self._k, self._hours = table, k, hours
        self.published: defaultdict[int, set[Values]] = defaultdict(set)
        self._told: defaultdict[Group, list[Told]] = defaultdict(list)
        # Kinds of vehicles: what came to a rung of an hour of the day, and what its hours have left.
        self._at_hours: dict[tuple[VehicleType, int, int], Iterable[Values]] = {}
        self._left: dict[VehicleType, set[Values]] = {}

    def allows(self, rung: int, values: Values, n: int) -> bool:
        """Tell whether a cell that says ``n`` leaves every absent member the chance to be zero."""
        return self._fits(n, self._members(rung, values)) and all(
            room.is_left([*self._told[group], Told(n, sources)], self._k - 1)
            for group, sources in self._groups(rung, values).items()
        )

    def note(self, rung: int, values: Values, n: int) -> None:
        """Remember a cell that is released."""
        groups = self._groups(rung, values)
        self.published[rung].add(values)
        for group, sources in groups.items():
            self._told[group].append(Told(n, sources))

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
            begun = self._begin(vehicle_type, self._table.rungs[rung].period)
            came = self._not_taken(begun, self._earlier(vehicle_type, before), self.published)
            return {(0, before, one) for one in self._open(before, came, known, self.published)}
        if self._is_part(vehicle_type, rung, before):
            return None  # A part of what hours have left: the sum over that group is judged.
        return {
            (at, before, one)
            for at, hour in enumerate(self._hours)
            for one in self._open(before, self._came(at, vehicle_type, before), known, hour)
        }

    def _open(self, rung: int, came: Iterable[Values], known: Known, published: Published) -> set[Values]:
        """Name the absent cells of a rung that surely may hold something and agree with what is ``known``.

        Of these kinds vehicles may have come to it.
        """
        dimensions = sure(self._table.rungs[rung].dimensions)
        left = self._not_taken(came, [rung], published)
        return {_reduced(kind, dimensions) for kind in left if _agrees(kind, known)}

    def _begin(self, vehicle_type: VehicleType, period: Period) -> Iterable[Values]:
        """List the kinds of vehicles that may come to the first rung of the bin that is judged."""
        last = self._table.last_hour(vehicle_type)
        if period is Period.HOUR or last is None:
            return kinds(vehicle_type, WHOLE)
        if vehicle_type not in self._left:
            hours = enumerate(self._hours)
            left = [self._not_taken(self._came(at, vehicle_type, last), [last], hour) for at, hour in hours]
            self._left[vehicle_type] = set().union(*left)
        return self._left[vehicle_type]

    def _came(self, at: int, vehicle_type: VehicleType, rung: int) -> Iterable[Values]:
        """List the kinds of vehicles that may have come to a rung of an hour of the day."""
        place = vehicle_type, rung, at
        if place not in self._at_hours:
            earlier = self._earlier(vehicle_type, rung)
            self._at_hours[place] = self._not_taken(kinds(vehicle_type, WHOLE), earlier, self._hours[at])
        return self._at_hours[place]

    def _earlier(self, vehicle_type: VehicleType, rung: int) -> list[int]:
        """Return the rungs of the same bin at which vehicles of a type are tried before."""
        rungs = self._table.rungs
        of_bin = [one for one in range(rung) if rungs[one].period is rungs[rung].period]
        return [one for one in of_bin if vehicle_type in rungs[one].vehicle_types]

    def _not_taken(self, came: Iterable[Values], rungs: Sequence[int], published: Published) -> Iterable[Values]:
        """Leave out the kinds of which all, or perhaps all, are in a cell that rungs have published."""
        for rung in rungs:
            dimensions = sure(self._table.rungs[rung].dimensions)
            closed = {self._sure_part(rung, values, dimensions) for values in published.get(rung, ())}
            came = [kind for kind in came if _reduced(kind, dimensions) not in closed]
        return came

    def _groups(self, rung: int, values: Values) -> dict[Group, tuple[Source, ...]]:
        """Name the cells of the last hour rung of whose leftovers a cell of a day is a part, and what it is made of."""
        found = defaultdict[Group, tuple[Source, ...]](tuple)
        if self._table.rungs[rung].period is Period.DAY:
            known = self._known(rung, values)
            for vehicle_type, group in self._groups_of(rung, known):
                found[group] += tuple(self._sources(vehicle_type, rung, group, known))
        return found

    def _sources(self, vehicle_type: VehicleType, rung: int, group: Group, known: Known) -> Iterator[Source]:
        """Give what vehicles of a type in a cell of a day come out of: hours, or absent cells of the rung before."""
        before = self._table.before(rung, vehicle_type)
        if before is None or self._table.rungs[before].period is Period.HOUR:
            yield Source(self._hours_of(vehicle_type, group, known), inf)
            return
        for _, _, cell in self._members_of(vehicle_type, rung, known) or ():
            narrower = {**dict(zip(sure(self._table.rungs[before].dimensions), cell, strict=True)), **known}
            yield Source(self._hours_of(vehicle_type, group, narrower), self._k - 1)

    def _groups_of(self, rung: int, known: Known) -> Iterator[tuple[VehicleType, Group]]:
        for vehicle_type in self._types(rung, known):
            last = self._table.last_hour(vehicle_type)
            if last is not None and self._is_part(vehicle_type, rung, last):
                dimensions = self._table.rungs[last].dimensions
                values = tuple(known.get(one) or getattr(UNKNOWN_ATTRIBUTES, one) for one in dimensions)
                yield vehicle_type, (last, values)

    def _hours_of(self, vehicle_type: VehicleType, group: Group, known: Known) -> Hours:
        """Return the hours in which a cell is absent and may have held vehicles of which this is ``known``."""
        rung, values = group
        absent = [at for at, hour in enumerate(self._hours) if values not in hour.get(rung, ())]
        if known.get(Dimension.PLATE) is PlateKind.UNREADABLE:
            return frozenset(absent)  # They are of no kind, and may have come to any rung.
        return frozenset(
            at for at in absent if any(_agrees(kind, known) for kind in self._came(at, vehicle_type, rung))
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

    def _sure_part(self, rung: int, values: Values, dimensions: Sequence[Dimension]) -> Values:
        known = self._known(rung, values)
        return tuple(known[dimension] for dimension in dimensions)


def _reduced(kind: Values, dimensions: Sequence[Dimension]) -> Values:
    return tuple(kind[_PLACES[dimension]] for dimension in dimensions)


def _agrees(kind: Values, known: Known) -> bool:
    return all(kind[_PLACES[dimension]] == value for dimension, value in known.items() if dimension in _PLACES)
