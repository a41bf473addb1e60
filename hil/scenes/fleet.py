"""What each made-up vehicle looks like."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from edge.categories import Direction
from hil.scenes import bodies, heavy, riders
from hil.scenes.bodies import CARS, PAINTS, VANS, Body
from hil.scenes.shapes import Colour
from hil.scenes.traffic import BodyKind, Vehicle

TRAILER_PLATE: Final = 0.56
"""Height of a trailer's plate in metres."""


@dataclass(frozen=True, slots=True)
class Mount:
    """Heights in metres at which plates hang; None where a vehicle has none."""

    front: float | None
    rear: float


_MOUNTS: Final = {
    BodyKind.CAR: Mount(0.49, 0.66),
    BodyKind.VAN: Mount(0.49, 0.66),
    BodyKind.LORRY: Mount(0.54, 0.74),
    BodyKind.TRACTOR: Mount(0.54, 0.74),
    BodyKind.BUS: Mount(0.56, 0.65),
    BodyKind.MOTORCYCLE: Mount(None, 0.59),
}
_PAINT_SHARES: Final = np.array([0.2, 0.13, 0.13, 0.1, 0.13, 0.08, 0.06, 0.06, 0.03, 0.03, 0.05])
_WHITE: Final = PAINTS[4]
_VAN_WHITE: Final = 0.55


def plate_height(vehicle: Vehicle, direction: Direction) -> float | None:
    """The height of the plate that the camera sees: the front one of what comes in, the rear one of what goes out."""
    mount = _MOUNTS[vehicle.body]
    return mount.rear if direction is Direction.OUT else mount.front


def body_of(vehicle: Vehicle, *, leaving: bool) -> Body:
    """The body of a vehicle, always the same for one vehicle; tractor units leave without their semi-trailer."""
    rng = np.random.default_rng(vehicle.look)
    paint, load = _paint(rng), _paint(rng)
    match vehicle.body:
        case BodyKind.CAR:
            return bodies.car(CARS[rng.integers(len(CARS))], paint)
        case BodyKind.VAN:
            shape = VANS[rng.integers(len(VANS))]
            return bodies.car(shape, _WHITE if rng.random() < _VAN_WHITE else paint)
        case BodyKind.LORRY:
            return heavy.lorry(paint, load)
        case BodyKind.TRACTOR:
            return heavy.tractor(paint) if leaving else heavy.tractor_with_semi(paint, load)
        case BodyKind.BUS:
            return heavy.bus(PAINTS[(7, 5, 10)[rng.integers(3)]])
        case BodyKind.MOTORCYCLE:
            return riders.motorcycle(paint)


def trailer_of(vehicle: Vehicle) -> Body:
    """The trailer behind a vehicle."""
    return heavy.trailer(_paint(np.random.default_rng([vehicle.look, 1])))


def _paint(rng: np.random.Generator) -> Colour:
    """A paint with its share of the street, a little faded or bright."""
    colour = np.array(PAINTS[rng.choice(len(PAINTS), p=_PAINT_SHARES)]) * rng.uniform(0.85, 1.1)
    blue, green, red = np.clip(colour, 0, 0.85).tolist()
    return blue, green, red
