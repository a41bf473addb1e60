"""The public table of what surely can exist, by which anybody may judge what a cell of leftovers may hold.

It errs to the small side: a combination that is missing here makes the interval rule (edge.gate.interval) stricter,
one too many would weaken it. Read off the open data of the vehicle register, where each of these is common.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product

from edge.categories import (
    UNKNOWN_ATTRIBUTES,
    Admitted,
    Direction,
    Drive,
    EmissionClass,
    PlateKind,
    VehicleType,
)
from edge.release_rules import CONSTANT, UNSURE, Dimension, Rung

Value = str | int
Values = tuple[Value, ...]  # One value per dimension.


def _classes(text: str) -> tuple[EmissionClass, ...]:
    return tuple(map(EmissionClass, text))


_CLEAN = (EmissionClass.Z,)
_NOBODY_KNOWS = (EmissionClass.UNKNOWN,)
SURE: Mapping[VehicleType, Mapping[Drive, tuple[EmissionClass, ...]]] = {
    VehicleType.PASSENGER_CAR: {
        Drive.PETROL: _classes("123456"),
        Drive.DIESEL: _classes("23456"),
        Drive.HYBRID: _classes("456"),
        Drive.GAS: _classes("23456"),
        Drive.ELECTRIC: _CLEAN,
        Drive.HYDROGEN: _CLEAN,
    },
    VehicleType.VAN: {
        Drive.DIESEL: _classes("123456"),
        Drive.PETROL: _classes("3456"),
        Drive.GAS: _classes("3456"),
        Drive.HYBRID: _classes("6"),
        Drive.ELECTRIC: _CLEAN,
    },
    VehicleType.TRUCK: {
        Drive.DIESEL: _classes("23456"),
        Drive.GAS: _classes("6"),
        Drive.ELECTRIC: _CLEAN,
    },
    VehicleType.TRACTOR_UNIT: {
        Drive.DIESEL: _classes("3456"),
        Drive.GAS: _classes("6"),
        Drive.ELECTRIC: _CLEAN,
    },
    VehicleType.BUS: {
        Drive.DIESEL: _classes("3456"),
        Drive.GAS: _classes("6"),
        Drive.HYBRID: _classes("6"),
        Drive.ELECTRIC: _CLEAN,
    },
    VehicleType.TWO_WHEELER: {
        Drive.PETROL: _classes("12345"),
        Drive.ELECTRIC: _CLEAN,
    },
    VehicleType.OTHER: {
        Drive.DIESEL: _NOBODY_KNOWS,
        Drive.ELECTRIC: _CLEAN,
        Drive.UNKNOWN: _NOBODY_KNOWS,
    },
    VehicleType.UNKNOWN: {Drive.UNKNOWN: _NOBODY_KNOWS},
}


# Without exemptions nobody is exempt.
_ADMITTED = (Admitted.YES, Admitted.NO, Admitted.NOT_APPLICABLE, Admitted.UNKNOWN)


def sure(dimensions: tuple[Dimension, ...]) -> tuple[Dimension, ...]:
    """Return those of the dimensions that the table knows."""
    return tuple(dimension for dimension in dimensions if dimension not in UNSURE)


# In this order the table tells everything that it knows of a vehicle.
WHOLE = sure(tuple(Dimension))


@cache
def kinds(vehicle_type: VehicleType, dimensions: tuple[Dimension, ...]) -> frozenset[Values]:
    """Return what vehicles of a type surely can be, as values of ``dimensions`` (each `sure`).

    Only a vehicle that is in the register, under a Dutch plate that was read, has a type. Unreadable ones are not
    listed: they help no other vehicle over k, so a sum that holds them says how many there are without them.
    """
    plates = (PlateKind.NL, PlateKind.FOREIGN) if vehicle_type is VehicleType.UNKNOWN else (PlateKind.NL,)
    engines = [(drive, one) for drive, classes in SURE[vehicle_type].items() for one in classes]
    whole = (
        {
            Dimension.DIRECTION: direction,
            Dimension.PLATE: plate,
            Dimension.VEHICLE_TYPE: vehicle_type,
            Dimension.DRIVE: drive,
            Dimension.EMISSION_CLASS: emission_class,
        }
        for direction, plate, (drive, emission_class) in product(Direction, plates, engines)
    )
    return frozenset(tuple(vehicle[dimension] for dimension in dimensions) for vehicle in whole)


@cache
def listed(rung: Rung) -> tuple[Values, ...]:
    """List the cells of a rung without looking at a street, as differential privacy must: in their order.

    Which dimensions it may have beside those of the table, and why they are closed, `edge.release_rules` says.
    """
    found = {values for vehicle_type in rung.vehicle_types for values in _listed(rung, vehicle_type)}
    return tuple(sorted(found))


def _listed(rung: Rung, vehicle_type: VehicleType) -> Iterator[Values]:
    dimensions = sure(rung.dimensions)
    known = Dimension.ADMITTED in CONSTANT.get(vehicle_type, ())
    for kind, admitted in product(
        kinds(vehicle_type, dimensions), (UNKNOWN_ATTRIBUTES.admitted,) if known else _ADMITTED
    ):
        values = {**dict(zip(dimensions, kind, strict=True)), Dimension.ADMITTED: admitted}
        yield tuple(values[dimension] for dimension in rung.dimensions)
