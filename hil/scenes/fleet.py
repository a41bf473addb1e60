"""What each made-up vehicle looks like."""

from typing import Final

import numpy as np

from hil.scenes import bodies, heavy, riders
from hil.scenes.bodies import CARS, PAINTS, VANS, Body
from hil.scenes.shapes import Colour
from hil.scenes.traffic import BodyKind, Vehicle

_PAINT_SHARES: Final = np.array([0.2, 0.13, 0.13, 0.1, 0.13, 0.08, 0.06, 0.06, 0.03, 0.03, 0.05])
_WHITE: Final = PAINTS[4]
_VAN_WHITE: Final = 0.55


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
