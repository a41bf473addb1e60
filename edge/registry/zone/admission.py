"""Whether a zone lets a vehicle in on a day.

A class leaves things open: of the first admission only the year is known, any attribute may be unknown. So a class
stands for many vehicles, and the answer is the one that the rules give to all of them; where they differ, it is
unknown. The vehicles are not tried one by one: they are a box, a set of values per attribute, which each row cuts into
the part that fits it and the parts that don't.
"""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from edge.categories import Admitted, Drive, EmissionClass, VehicleType
from edge.registry.vehicle import FIRST_YEAR, Category, VehicleClass
from edge.registry.zone.conditions import CATEGORIES, CLASSES, DRIVES, TYPES, Conditions
from edge.registry.zone.rules import ZoneRules

LAST_YEAR = 2099


class _Box(NamedTuple):
    """All vehicles with these values, attribute by attribute, and first admitted on one of these days (ordinals)."""

    values: tuple[frozenset[object], ...]
    first: range


def admitted(vehicle: VehicleClass, rules: ZoneRules, day: date) -> Admitted:
    """Say whether ``rules`` let ``vehicle`` in on ``day`` (local).

    NOT_APPLICABLE is a vehicle that the sign does not concern; UNKNOWN one whose class leaves the answer open, and
    every vehicle on a day for which the rules don't claim to hold. Exemptions of single vehicles are not looked at.
    """
    if not rules.holds(day):
        return Admitted.UNKNOWN
    answers = set(_answers(_box(vehicle), rules, day))
    return answers.pop() if len(answers) == 1 else Admitted.UNKNOWN


def _answers(box: _Box, rules: ZoneRules, day: date) -> Iterator[Admitted]:
    """Yield every answer that some vehicle of the box gets."""
    concerned, others = _cut(box, rules.scope, day)
    if others:
        yield Admitted.NOT_APPLICABLE
    waiting = [concerned] if concerned else []
    for row in rules.rows:
        if row.in_force(day):
            pieces = [_cut(part, row, day) for part in waiting]
            if any(fits for fits, _ in pieces):
                yield Admitted.YES
            waiting = [part for _, rest in pieces for part in rest]
    if waiting:
        yield Admitted.NO


def _cut(box: _Box, conditions: Conditions, day: date) -> tuple[_Box | None, list[_Box]]:
    """Return the part of the box that fulfils the conditions, if any, and disjoint boxes of all that does not."""
    rest: list[_Box] = []
    for index, allowed in enumerate(conditions.allowed):
        values = box.values[index]
        if not values <= allowed:
            rest.append(_narrowed(box, index, values - allowed))
            if values.isdisjoint(allowed):
                return None, rest
            box = _narrowed(box, index, values & allowed)
    fits, others = _cut_days(box.first, *_first_admissions(conditions, day))
    rest += [box._replace(first=days) for days in others if days]
    return box._replace(first=fits) if fits else None, rest


def _narrowed(box: _Box, index: int, values: frozenset[object]) -> _Box:
    return box._replace(values=(*box.values[:index], values, *box.values[index + 1 :]))


def _cut_days(days: range, low: int, high: int) -> tuple[range, tuple[range, range]]:
    """Return the days from ``low`` to before ``high``, and those before and after."""
    fits = range(max(days.start, low), min(days.stop, high))
    before, after = range(days.start, min(days.stop, low)), range(max(days.start, low, high), days.stop)
    return fits, (before, after)


def _first_admissions(conditions: Conditions, day: date) -> tuple[int, int]:
    """The first day of first admission that fits on ``day``, and the day after the last one (ordinals)."""
    low, high = conditions.first_admitted_from.toordinal(), conditions.first_admitted_before.toordinal()
    if conditions.age_below:
        low = max(low, _years_before(day, conditions.age_below) + 1)
    if conditions.age_at_least:
        high = min(high, _years_before(day, conditions.age_at_least) + 1)
    return low, high


def _years_before(day: date, years: int) -> int:
    """The last day (ordinal) from which ``years`` years have passed on ``day``; 29 February has passed on 1 March."""
    year = max(day.year - years, date.min.year)
    try:
        return day.replace(year=year).toordinal()
    except ValueError:
        return date(year, 2, 28).toordinal()


def _box(vehicle: VehicleClass) -> _Box:
    """Lay out all that the class may stand for; an unknown drive may be diesel."""
    known = vehicle.diesel or vehicle.drive is not Drive.UNKNOWN
    values: tuple[frozenset[object], ...] = (
        TYPES if vehicle.vehicle_type is VehicleType.UNKNOWN else frozenset({vehicle.vehicle_type}),
        CATEGORIES if vehicle.category is Category.UNKNOWN else frozenset({vehicle.category}),
        DRIVES if vehicle.drive is Drive.UNKNOWN else frozenset({vehicle.drive}),
        CLASSES if vehicle.emission_class is EmissionClass.UNKNOWN else frozenset({vehicle.emission_class}),
        frozenset({vehicle.diesel}) if known else frozenset({True, False}),
        frozenset({vehicle.special}),
        frozenset({vehicle.wheelchair}),
    )
    begin, end = (FIRST_YEAR, LAST_YEAR) if vehicle.first_year is None else (vehicle.first_year, vehicle.first_year)
    return _Box(values, range(date(begin, 1, 1).toordinal(), date(end + 1, 1, 1).toordinal()))
