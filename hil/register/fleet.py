"""Made-up vehicles, as columns: some, 16.6 million, or those of a scene."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from edge.categories import Attributes, Drive, EmissionClass, VehicleType
from edge.errors import ConfigError
from edge.registry.vehicle import VehicleClass
from hil.register import days, fuels
from hil.register.bodies import BODIES, TYPES, Kind
from hil.register.days import UNREADABLE, DateForm
from hil.register.fuels import EMISSIONS, FUELS, NAMES
from hil.register.outfit import ACCESSIBLE_FROM, admitted, draw_outfit, forced
from hil.register.series import MOST, draw, issues, newcomers

NEW, GONE = 0.3, 0.15
"""Of the vehicles that change in a week, those that are registered and those that leave: assumptions."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """One entry per vehicle in every column, in no special order."""

    plates: NDArray[np.uint8]
    """(n, 6) ASCII without dashes, all different."""
    day: NDArray[np.uint16]
    """First admission, in days since 1900."""
    body: NDArray[np.uint8]
    """Place in `BODIES`."""
    fuel: NDArray[np.uint8]
    """Place in `FUELS`."""
    emission: NDArray[np.uint8]
    """Place in `EMISSIONS`."""
    wording: NDArray[np.uint8]
    """`Wording`: how the emission class is told."""
    form: NDArray[np.uint8]
    """`DateForm`: how the day is written."""
    particulars: NDArray[np.uint8]
    """Place in `PARTICULARS`."""
    tail: NDArray[np.uint8]
    """Which filling the columns have that nobody needs."""

    def __len__(self) -> int:
        return len(self.plates)

    def __getitem__(self, part: slice | NDArray[np.integer] | NDArray[np.bool_]) -> "Fleet":
        """Return some of the vehicles."""
        return Fleet(*(getattr(self, column.name)[part] for column in fields(self)))

    def truth(self, index: int) -> tuple[str, VehicleClass]:
        """Return a vehicle's plate, and the class that a right builder gives it."""
        body, fuel = BODIES[self.body[index]], FUELS[NAMES[self.fuel[index]]]
        unreadable = self.form[index] >= UNREADABLE
        return self.plates[index].tobytes().decode(), VehicleClass(
            vehicle_type=body.vehicle_type,
            drive=fuel.drive,
            emission_class=EMISSIONS[self.emission[index]],
            category=body.category,
            first_year=None if unreadable else int(days.years()[self.day[index]]),
            special=body.special,
            wheelchair=body.wheelchair or bool(self.particulars[index] >= ACCESSIBLE_FROM),
            diesel=fuel.diesel,
        )


def make_fleet(rows: int, seed: int) -> Fleet:
    """Make vehicles in the proportions of the whole register; the same arguments give the same ones.

    Raises:
        ConfigError: more than `MOST`.
    """
    if not 0 <= rows <= MOST:
        raise ConfigError(f"{rows:,} vehicles; there are plates for 0 to {MOST:,}")
    rng = np.random.default_rng([seed, rows])
    plates, kinds = np.empty((rows, 6), np.uint8), np.empty(rows, np.uint8)
    day, done = np.empty(rows, np.uint16), 0
    for issue in issues(rows, rng):
        part = slice(done, done := done + len(issue.kinds))
        plates[part], started = draw(issue, rng)
        kinds[part] = issue.kinds
        day[part] = admitted(issue.kinds, started, rng)
    order = rng.permutation(np.arange(rows, dtype=np.uint32))
    plates, kinds, day = plates[order], kinds[order], day[order]
    return Fleet(plates, day, *draw_outfit(kinds, day, rng))


def of_vehicles(vehicles: Iterable[tuple[str, Attributes]]) -> Fleet:
    """Make a fleet of given plates, without dashes, whose type, drive and emission class are given too.

    Category, age and the rest are chosen to fit; the same vehicles give the same fleet.

    Raises:
        ConfigError: naming the place of a vehicle that the register can't describe, such as an electric one of class 5.
    """
    given = list(vehicles)
    plates = np.frombuffer("".join(plate for plate, _ in given).encode(), np.uint8).reshape(len(given), 6)
    kinds = np.array([_kind(known) for _, known in given], np.uint8)
    fuel = np.array([_fuel(place, known) for place, (_, known) in enumerate(given)], np.uint8)
    emission = np.array([EMISSIONS.index(known.emission_class) for _, known in given], np.uint8)
    rng = np.random.default_rng(len(given))
    years = [rng.choice(_years(Kind(kind), int(step))) for kind, step in zip(kinds, emission, strict=True)]
    day = np.array([days.number(int(year), 1 + place % 12) for place, year in enumerate(years)], np.uint16)
    return Fleet(plates, day, *draw_outfit(kinds, day, rng)._replace(fuel=fuel, emission=emission))


def next_week(fleet: Fleet, share: float, seed: int) -> Fleet:
    """Return the fleet a week later, when ``share`` of its vehicles, at most 1, is new, gone or of another class.

    Raises:
        ConfigError: there are no plates left for the new ones.
    """
    rng = np.random.default_rng([seed, len(fleet)])
    changed = round(share * len(fleet))
    new, gone = round(NEW * changed), round(GONE * changed)
    chosen = rng.choice(len(fleet), changed - new, replace=False)
    altered, fresh = _alter(fleet, chosen[gone:], rng), _register(fleet, new, rng)
    stays = np.ones(len(fleet), np.bool_)
    stays[chosen[:gone]] = False
    order = rng.permutation(np.arange(len(fleet) - gone + new, dtype=np.uint32))
    # Column by column: all at once would take the memory twice.
    names = [column.name for column in fields(Fleet)]
    return Fleet(*(np.concatenate([getattr(altered, name)[stays], getattr(fresh, name)])[order] for name in names))


def _register(fleet: Fleet, count: int, rng: np.random.Generator) -> Fleet:
    """New vehicles, some of them imported."""
    parts = list(newcomers(count, fleet.plates, rng))
    kinds = np.concatenate([np.empty(0, np.uint8), *(part[0] for part in parts)])
    plates = np.concatenate([np.empty((0, 6), np.uint8), *(part[1] for part in parts)])
    day = admitted(kinds, np.full(count, days.TODAY, np.int32), rng)
    return Fleet(plates, day, *draw_outfit(kinds, day, rng))


def _alter(fleet: Fleet, chosen: NDArray[np.integer], rng: np.random.Generator) -> Fleet:
    """Give each of the chosen another class: other fuel, other access for wheelchairs, or another year."""
    day, fuel, form, particulars = fleet.day.copy(), fleet.fuel.copy(), fleet.form.copy(), fleet.particulars.copy()
    lot = rng.integers(0, 3, len(chosen))
    accessible = np.array([body.wheelchair for body in BODIES])[fleet.body[chosen]]
    burns = np.array([bool(each.burning) and len(each.rows) == 1 for each in FUELS.values()])[fuel[chosen]]
    refuelled, rebuilt = (lot == 0) & burns, (lot == 1) & ~accessible
    to_gas, to_petrol = NAMES.index("lpg"), NAMES.index("petrol")
    gas = np.array([each.drive is Drive.GAS for each in FUELS.values()])[fuel[chosen]]
    fuel[chosen] = np.where(refuelled, np.where(gas, to_petrol, to_gas), fuel[chosen])
    particulars[chosen] = np.where(
        rebuilt, np.where(particulars[chosen] >= ACCESSIBLE_FROM, 0, ACCESSIBLE_FROM), particulars[chosen]
    )
    other = chosen[~refuelled & ~rebuilt]
    form[other] = DateForm.BOTH
    day[other] -= 366
    return replace(fleet, day=day, fuel=fuel, form=form, particulars=particulars)


def _kind(known: Attributes) -> Kind:
    if known.vehicle_type is VehicleType.OTHER and known.drive in {Drive.OTHER, Drive.UNKNOWN}:
        return Kind.TRAILER
    return next(kind for kind in TYPES if TYPES[kind] is known.vehicle_type)


def _fuel(place: int, known: Attributes) -> int:
    """Find the first fuel that fits."""
    for number, fuel in enumerate(FUELS.values()):
        only = forced(number)
        possible = (*EMISSIONS[:7], EmissionClass.UNKNOWN) if only == len(EMISSIONS) else (EMISSIONS[only],)
        if fuel.drive is known.drive and known.emission_class in possible:
            return number
    raise ConfigError(f"vehicle {place}: {known.drive} can't have emission class {known.emission_class}")


def _years(kind: Kind, step: int) -> Sequence[int]:
    """Return the years in which new vehicles of a kind had an emission class; modern ones where the law has no such."""
    if EMISSIONS[step] in {EmissionClass.Z, EmissionClass.UNKNOWN}:
        return range(2018, 2026)
    return [year for year in range(1975, 2026) if fuels.euro(kind, year) == step] or [2015 - 3 * (6 - step)]
