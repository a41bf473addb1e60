"""How much there is to know: what a table of a fleet can't be smaller than, so that an easy fleet shows."""

from dataclasses import dataclass
from math import lgamma, log

import numpy as np
from numpy.typing import NDArray

from edge.categories import Drive, VehicleType
from edge.plates.syntax import SIDECODES
from edge.registry.vehicle import Category
from hil.register import days
from hil.register.bodies import BODIES
from hil.register.days import UNREADABLE
from hil.register.fleet import Fleet
from hil.register.forms import codes_of, universe
from hil.register.fuels import FUELS
from hil.register.outfit import ACCESSIBLE_FROM

_YEARS = 256
_LETTERS = 128


@dataclass(frozen=True, slots=True)
class Entropy:
    """Bits per vehicle."""

    keys: float
    """Of the sorted plates, given how many there are of each sidecode and that all its texts are equally likely."""
    classes: float
    """Of the vehicle classes, each drawn by itself."""
    classes_given_plate: float
    """As above, of what is not told by sidecode, first letter and year of admission."""


def report(fleet: Fleet) -> Entropy:
    """Measure a fleet; some seconds and 1 GB for 16.6 million vehicles."""
    if not len(fleet):
        return Entropy(0.0, 0.0, 0.0)
    codes, years = codes_of(fleet.plates), _years(fleet)
    classes = _classes(fleet) * np.uint64(_YEARS) + years
    context = (codes.astype(np.uint64) * np.uint64(_LETTERS) + _first_letters(fleet, codes)) * np.uint64(_YEARS) + years
    both = context * (classes.max() + np.uint64(1)) + classes
    return Entropy(_keys(codes), _bits(classes), _bits(both) - _bits(context))


def _keys(codes: NDArray[np.uint8]) -> float:
    counts = np.bincount(codes)
    return sum(_choices(universe(code), int(counts[code])) for code in np.flatnonzero(counts)) / len(codes)


def _choices(size: int, taken: int) -> float:
    """Return log2 of the number of sets of ``taken`` out of ``size``."""
    return (lgamma(size + 1) - lgamma(taken + 1) - lgamma(size - taken + 1)) / log(2)


def _bits(values: NDArray[np.uint64]) -> float:
    """Return the entropy of some values (n,)."""
    shares = np.unique(values, return_counts=True)[1] / len(values)
    return float(-(shares * np.log2(shares)).sum())


def _years(fleet: Fleet) -> NDArray[np.uint64]:
    """Return years since that of the first day number, plus one; 0 is unknown."""
    known = days.years()[fleet.day] - np.uint64(days.EPOCH.year - 1)
    return np.where(fleet.form >= UNREADABLE, np.uint64(0), known)


def _first_letters(fleet: Fleet, codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    first = np.zeros(max(SIDECODES) + 1, np.intp)
    first[list(SIDECODES)] = [form.replace("-", "").index("X") for form in SIDECODES.values()]
    return fleet.plates[np.arange(len(fleet)), first[codes]]


def _classes(fleet: Fleet) -> NDArray[np.uint64]:
    """Return a number per different class, the year aside."""
    types, drives, categories = list(VehicleType), list(Drive), list(Category)
    of_body = [
        (types.index(body.vehicle_type) * 16 + categories.index(body.category)) * 2 + body.special for body in BODIES
    ]
    of_fuel = [drives.index(fuel.drive) * 2 + fuel.diesel for fuel in FUELS.values()]
    wheelchair = np.array([body.wheelchair for body in BODIES])[fleet.body] | (fleet.particulars >= ACCESSIBLE_FROM)
    number = np.array(of_body, np.uint64)[fleet.body]
    for table, size in ((np.array(of_fuel, np.uint64)[fleet.fuel], 16), (fleet.emission, 16), (wheelchair, 2)):
        number = number * np.uint64(size) + table
    return number
