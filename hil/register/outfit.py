"""Draws what a vehicle is, given its kind and its age."""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hil.register import days, fuels
from hil.register.bodies import BODIES, Kind
from hil.register.days import FORM_WEIGHTS
from hil.register.fuels import EMISSIONS, FUELS, NAMES
from hil.register.lottery import Lottery

TAILS = 64
"""Different fillings of the columns that nobody needs, per description."""
_WORDING_WEIGHTS = (84, 6, 5, 5)
"""Of `hil.register.side_rows.Wording`: an assumption."""
PARTICULARS: tuple[tuple[int, ...], ...] = ((), (12,), (40,), (12, 40), (145,), (146,), (147,), (12, 149))
"""Codes of a vehicle's rows; those from 145 to 149 but 148 say that wheelchairs can come in."""
ACCESSIBLE_FROM = 4
_PARTICULARS_WEIGHTS = {True: (9300, 400, 200, 60, 10, 10, 10, 10), False: (9700, 200, 100, 0, 0, 0, 0, 0)}
"""Assumption: vehicles that carry people inside, and others."""
_CARRIES = {Kind.CAR, Kind.VAN, Kind.BUS}
_OLDER = {Kind.TRAILER: (0.1, 8), Kind.AGRICULTURAL: (0.95, 18), Kind.MOTORCYCLE: (0.3, 10)}
"""Share that was admitted before it got its plate, and by how many years on average."""
_IMPORTED = (0.2, 5)
"""As above, for all others since 1978: an assumption for used cars from abroad."""
_IMPORTS_FROM = days.number(1978)
_BATCH = 1 << 20


class Outfit(NamedTuple):
    """Columns (n,), as a `hil.register.fleet.Fleet` has them."""

    body: NDArray[np.uint8]
    fuel: NDArray[np.uint8]
    emission: NDArray[np.uint8]
    wording: NDArray[np.uint8]
    form: NDArray[np.uint8]
    particulars: NDArray[np.uint8]
    tail: NDArray[np.uint8]


def admitted(kinds: NDArray[np.uint8], issue: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.uint16]:
    """Return the days of first admission (n,) for days of issue (n,): earlier for imports and the like."""
    rules = np.array([_OLDER.get(kind, _IMPORTED) for kind in Kind], np.float32)[kinds]
    old = (rng.random(len(kinds), np.float32) < rules[:, 0]) & (issue >= _IMPORTS_FROM)
    years = rng.standard_gamma(2.0, len(kinds), np.float32) * (rules[:, 1] / 2)
    some = rng.integers(0, 60, len(kinds), np.int32)
    first = issue - some - np.where(old, years * np.float32(365.25), 0).astype(np.int32)
    return np.asarray(np.clip(first, days.number(1925), days.TODAY), np.uint16)


def draw_outfit(kinds: NDArray[np.uint8], day: NDArray[np.uint16], rng: np.random.Generator) -> Outfit:
    """Draw all columns for vehicles of some kinds (n,), first admitted on some days (n,)."""
    whole = Outfit(*(np.empty(len(kinds), np.uint8) for _ in Outfit._fields))
    for start in range(0, len(kinds), _BATCH):
        part = slice(start, start + _BATCH)
        for column, drawn in zip(whole, _draw(kinds[part], day[part], rng), strict=True):
            column[part] = drawn
    return whole


def _draw(kinds: NDArray[np.uint8], day: NDArray[np.uint16], rng: np.random.Generator) -> Outfit:
    case = kinds * np.uint32(fuels.YEARS) + (days.years()[day] - np.uint32(fuels.FIRST_YEAR))
    fuel = fuels.fuel_lottery().draw(case, rng)
    emission = _settle(fuel, fuels.emission_lottery().draw(case, rng))
    same = np.zeros(len(kinds), np.uint8)
    wording, form = _wordings().draw(same, rng), _forms().draw(same, rng)
    tail = rng.integers(0, TAILS, len(kinds), np.uint8)
    return Outfit(_bodies().draw(kinds, rng), fuel, emission, wording, form, _particulars().draw(kinds, rng), tail)


def _settle(fuel: NDArray[np.uint8], emission: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the emission class where the fuel leaves no choice, else the one given."""
    table = np.array([forced(number) for number in range(len(NAMES))], np.uint8)[fuel]
    return np.where(table < len(EMISSIONS), table, emission)


def forced(fuel: int) -> int:
    """Return the only emission class that a fuel can have, the number of all classes where it has a choice.

    What is all electric or hydrogen is Z; a hydrogen engine has to have a class; without fuel there is none.
    """
    only = FUELS[NAMES[fuel]]
    if not only.rows:
        return fuels.UNKNOWN
    if not only.burning:
        return fuels.ZERO
    return 6 if NAMES[fuel] == "hydrogen_engine" else len(EMISSIONS)


@cache
def _bodies() -> Lottery:
    return Lottery([[body.weight * (body.kind is kind) for body in BODIES] for kind in Kind])


@cache
def _particulars() -> Lottery:
    return Lottery([_PARTICULARS_WEIGHTS[kind in _CARRIES] for kind in Kind])


@cache
def _wordings() -> Lottery:
    return Lottery([_WORDING_WEIGHTS])


@cache
def _forms() -> Lottery:
    return Lottery([FORM_WEIGHTS])
