"""A zone rule file in plain English, as a privacy officer or a lawyer reads it before signing."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import zip_longest
from textwrap import wrap

from edge.categories import VehicleType
from edge.registry.zone.conditions import CATEGORIES, DIRTIEST_FIRST, DRIVES, TYPES, Conditions
from edge.registry.zone.rules import Row, ZoneRules

WIDTHS = (56, 10, 46)
OTHERS = (
    "Every other vehicle that the sign concerns is refused. Where the register leaves the answer open, as of the first "
    "admission it knows the year only, the answer is unknown."
)
NAMES = {
    VehicleType.PASSENGER_CAR: "passenger cars",
    VehicleType.VAN: "vans",
    VehicleType.TRUCK: "trucks",
    VehicleType.TRACTOR_UNIT: "tractor units",
    VehicleType.BUS: "buses",
    VehicleType.TWO_WHEELER: "two-wheelers",
    VehicleType.OTHER: "other vehicles",
}


def tell(rules: ZoneRules, day: date) -> str:
    """Write who is admitted on ``day`` and until when, who was or will be, and where the law says so."""
    zone = rules.zone
    colour = f", {zone.colour}" if zone.colour else ""
    lines = [
        f"{zone.title}, sign {zone.sign}{colour} ({zone.id}), on {day}",
        f"The file holds from {zone.valid_from} to {zone.valid_until}: {rules.digest}",
        "",
    ]
    if not rules.holds(day):
        return "\n".join([*lines, "It does not claim to hold on this day: nobody's admission is known."])
    lines += wrap(f"The sign concerns {describe(rules.scope)} ({rules.scope.source}).", sum(WIDTHS))
    return "\n".join([*lines, "To everybody else it is not applicable.", *_tables(rules.rows, day)])


def describe(conditions: Conditions) -> str:
    """Write conditions as one phrase, such as "vans, of emission class 5, first admitted before 2025-01-01"."""
    return ", ".join([_types(conditions), *_properties(conditions), *_ages(conditions)])


def _types(conditions: Conditions) -> str:
    if conditions.vehicle_types == TYPES:
        return "vehicles of any type"
    *names, last = [name for kind, name in NAMES.items() if kind in conditions.vehicle_types]
    return f"{', '.join(names)} and {last}" if names else last


def _properties(conditions: Conditions) -> Iterator[str]:
    if conditions.categories != CATEGORIES:
        yield f"of category {' or '.join(sorted(conditions.categories))}"
    if conditions.drives != DRIVES:
        yield f"driven by {' or '.join(sorted(conditions.drives))}"
    yield from _emission(conditions)
    for flag, phrase in (
        (conditions.diesel, "with a diesel engine"),
        (conditions.special, "with a special body"),
        (conditions.wheelchair, "accessible for wheelchairs"),
    ):
        if flag is not None:
            yield phrase if flag else f"not {phrase}"


def _emission(conditions: Conditions) -> Iterator[str]:
    low, high = conditions.emission_at_least, conditions.emission_at_most
    if low == high:
        yield f"of emission class {low}"
    elif high != DIRTIEST_FIRST[-1]:
        yield f"of emission class {low} to {high}"
    elif low != DIRTIEST_FIRST[0]:
        yield f"of emission class {low} or cleaner"


def _ages(conditions: Conditions) -> Iterator[str]:
    if conditions.first_admitted_from != date.min:
        yield f"first admitted from {conditions.first_admitted_from}"
    if conditions.first_admitted_before != date.max:
        yield f"first admitted before {conditions.first_admitted_before}"
    if conditions.age_at_least:
        yield f"{conditions.age_at_least} years or older"
    if conditions.age_below:
        yield f"younger than {conditions.age_below} years"


def _tables(rows: Iterable[Row], day: date) -> Iterator[str]:
    now = [(_who(row), _date(row.until), row.source) for row in rows if row.in_force(day)]
    later = [(_who(row), _date(row.since), row.source) for row in rows if row.since > day]
    past = [(_who(row), _date(row.until), row.source) for row in rows if row.until < day]
    yield from _table(("ADMITTED", "UNTIL", "SOURCE"), now)
    yield from ["", *wrap(OTHERS, sum(WIDTHS))]
    yield from _table(("NOT YET ADMITTED", "FROM", "SOURCE"), later)
    yield from _table(("NO LONGER ADMITTED", "UNTIL", "SOURCE"), past)


def _table(head: tuple[str, str, str], rows: list[tuple[str, str, str]]) -> Iterator[str]:
    for cells in [head, *rows] if rows else []:
        yield ""
        yield from _columns(cells)


def _columns(cells: tuple[str, str, str]) -> Iterator[str]:
    columns = [_wrapped(cell, width) for cell, width in zip(cells, WIDTHS, strict=True)]
    for line in zip_longest(*columns, fillvalue=""):
        yield "  ".join(part.ljust(width) for part, width in zip(line, WIDTHS, strict=True)).rstrip()


def _wrapped(cell: str, width: int) -> list[str]:
    return [line for paragraph in cell.split("\n") for line in wrap(paragraph, width)]


def _who(row: Row) -> str:
    return f"{row.text}:\n{describe(row)}"


def _date(day: date) -> str:
    return "no end" if day == date.max else str(day)
