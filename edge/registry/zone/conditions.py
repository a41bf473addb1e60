"""What a row of a zone rule file may ask of a vehicle: a closed vocabulary, so that no law stands in code."""

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from edge.categories import Drive, EmissionClass, VehicleType
from edge.policy_fields import Day
from edge.registry.vehicle import Category
from edge.settings import refusal

TYPES = frozenset(VehicleType) - {VehicleType.UNKNOWN}
CATEGORIES = frozenset(Category) - {Category.UNKNOWN}
DRIVES = frozenset(Drive) - {Drive.UNKNOWN}
CLASSES = frozenset(EmissionClass) - {EmissionClass.UNKNOWN}
DIRTIEST_FIRST = tuple(name for name in reversed(EmissionClass) if name in CLASSES)
# Emission classes between two, both included.
_BETWEEN = {
    (low, high): frozenset(DIRTIEST_FIRST[DIRTIEST_FIRST.index(low) : DIRTIEST_FIRST.index(high) + 1])
    for low in DIRTIEST_FIRST
    for high in DIRTIEST_FIRST
}
_FLAGS = {None: frozenset({True, False}), True: frozenset({True}), False: frozenset({False})}


def one_of(names: type[StrEnum]) -> str:
    """List the names that a rule file may use."""
    return ", ".join(name for name in names if name.value != "unknown")


def _list_of(names: type[StrEnum]) -> Meta:
    return Meta(min_length=1, description=f"a list of: {one_of(names)}")


_Class = Annotated[EmissionClass, Meta(description="in quotes: " + ", ".join(DIRTIEST_FIRST))]
_Flag = Annotated[bool | None, Meta(description="true or false")]
_Age = Annotated[Annotated[int, Meta(ge=1, le=150)] | None, Meta(description="years, a whole number from 1 to 150")]


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """What a vehicle must be; all conditions hold together, and one that is absent asks nothing."""

    vehicle_types: Annotated[frozenset[VehicleType], _list_of(VehicleType)] = TYPES
    categories: Annotated[frozenset[Category], _list_of(Category)] = CATEGORIES
    drives: Annotated[frozenset[Drive], _list_of(Drive)] = DRIVES
    emission_at_least: _Class = DIRTIEST_FIRST[0]
    emission_at_most: _Class = DIRTIEST_FIRST[-1]
    diesel: _Flag = None
    special: _Flag = None
    wheelchair: _Flag = None
    first_admitted_from: Day = date.min
    first_admitted_before: Day = date.max
    age_at_least: _Age = None
    age_below: _Age = None

    @property
    def allowed(self) -> tuple[frozenset[object], ...]:
        """The values that fit, one set per attribute, in the order of the boxes of `edge.registry.zone.admission`."""
        return (
            self.vehicle_types,
            self.categories,
            self.drives,
            _BETWEEN[self.emission_at_least, self.emission_at_most],
            _FLAGS[self.diesel],
            _FLAGS[self.special],
            _FLAGS[self.wheelchair],
        )


def check(file: Path, title: str, conditions: Conditions) -> None:
    """Refuse "unknown", which is no property of a vehicle, and conditions that no vehicle can fulfil together.

    Raises:
        ConfigError: naming file, ``[title]``, option, value and what is allowed.
    """
    low, high = conditions.emission_at_least, conditions.emission_at_most
    _refuse_unknown(file, title, conditions)
    if not _BETWEEN[low, high]:
        raise refusal(file, title, "emission_at_most", high, f"{low} (emission_at_least) or cleaner")
    first, before = conditions.first_admitted_from, conditions.first_admitted_before
    if before <= first:
        raise refusal(file, title, "first_admitted_before", before, f"a day after {first} (first_admitted_from)")
    old, young = conditions.age_at_least, conditions.age_below
    if old and young and young <= old:
        raise refusal(file, title, "age_below", young, f"more than {old} (age_at_least)")


def _refuse_unknown(file: Path, title: str, conditions: Conditions) -> None:
    for option, values, names in (
        ("vehicle_types", conditions.vehicle_types, VehicleType),
        ("categories", conditions.categories, Category),
        ("drives", conditions.drives, Drive),
        ("emission_at_least", {conditions.emission_at_least}, EmissionClass),
        ("emission_at_most", {conditions.emission_at_most}, EmissionClass),
    ):
        if "unknown" in values:
            raise refusal(file, title, option, "unknown", one_of(names))
