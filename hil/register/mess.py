"""Rows spoilt on purpose, as they come in real exports and in broken ones, with their exact numbers."""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from edge.plates.syntax import SIDECODES, sidecode
from hil.register.bodies import BARE
from hil.register.days import DateForm
from hil.register.fleet import Fleet
from hil.register.forms import codes_of, form, lawful
from hil.register.vehicle_rows import PLATE, TAIL

_ORPHANS = 14
"""No vehicle that `make_fleet` makes has a plate of this sidecode, which is only planned."""
KINDS = 9
"""Kinds of mess among which the share is divided; valid but unusual plates come on top."""
MOST_MESS = 0.5


@dataclass(frozen=True, slots=True)
class Mess:
    """How many rows are spoilt in which way.

    To be rejected are: from `duplicate_rows` to `short_plates`, rows in vehicles.csv beside the good row of the same
    vehicle, which comes first; the orphans, in the other two files. Zero dates can't be read. The rest is valid:
    missing dates and values, and ``unusual_plates`` with small letters or dashes.
    """

    duplicate_rows: int
    """Exactly the same."""
    other_duplicates: int
    """The same plate with all else of another vehicle."""
    wrong_columns: int
    odd_plates: int
    """With a character that no plate has."""
    short_plates: int
    fuel_orphans: int
    """Rows whose plate is not in vehicles.csv."""
    particulars_orphans: int
    missing_values: int
    """No mass, and neither category nor, for some, any sort of vehicle."""
    missing_dates: int
    zero_dates: int
    unusual_plates: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Which vehicles get a bad row beside their good one, and which rows have no vehicle."""

    duplicate_rows: NDArray[np.intp]
    other_duplicates: NDArray[np.intp]
    wrong_columns: NDArray[np.intp]
    odd_plates: NDArray[np.intp]
    short_plates: NDArray[np.intp]
    missing_values: NDArray[np.intp]
    missing_dates: NDArray[np.intp]
    zero_dates: NDArray[np.intp]
    unusual_plates: NDArray[np.intp]
    fuel_orphans: NDArray[np.uint8]
    """(n, 6)"""
    particulars_orphans: NDArray[np.uint8]

    def mess(self) -> Mess:
        """Count."""
        return Mess(**{kind.name: len(getattr(self, kind.name)) for kind in fields(Mess)})

    def within(self, start: int, stop: int) -> "Plan":
        """Return the part that concerns some vehicles, numbered from ``start``; orphans are left as they are."""
        parts = {}
        for kind in fields(Plan):
            some = getattr(self, kind.name)
            parts[kind.name] = some if some.ndim > 1 else some[slice(*np.searchsorted(some, (start, stop)))] - start
        return Plan(**parts)


def make_plan(fleet: Fleet, share: float, rng: np.random.Generator) -> Plan:
    """Spread ``share`` of spoilt rows evenly over the kinds of mess; no vehicle has two of them."""
    each = round(share * len(fleet) / KINDS)
    places = rng.choice(len(fleet), each * 8, replace=False) if each else np.empty(0, np.intp)
    parts = [np.sort(places[place * each : (place + 1) * each]) for place in range(8)]
    strangers = _strangers(fleet, 2 * each, rng)
    return Plan(
        duplicate_rows=parts[0],
        other_duplicates=parts[1],
        wrong_columns=parts[2],
        odd_plates=parts[3],
        short_plates=parts[4],
        missing_values=parts[5],
        zero_dates=parts[6][::2],
        missing_dates=parts[6][1::2],
        unusual_plates=parts[7],
        fuel_orphans=strangers[:each],
        particulars_orphans=strangers[each:],
    )


def apply(plan: Plan, fleet: Fleet) -> Fleet:
    """Return the fleet without the values that are missing."""
    if not len(plan.unusual_plates):
        return fleet
    body, dates = fleet.body.copy(), fleet.form.copy()
    body[plan.missing_values] = np.resize(np.array(BARE, np.uint8), len(plan.missing_values))
    dates[plan.missing_dates], dates[plan.zero_dates] = DateForm.MISSING, DateForm.ZEROS
    return replace(fleet, body=body, form=dates)


def disguise(plan: Plan, table: NDArray[np.object_]) -> None:
    """Write some plates with dashes or in small letters."""
    for turn, place in enumerate(plan.unusual_plates):
        plate = table[place, PLATE]
        table[place, PLATE] = plate.lower() if turn % 2 else _dashed(plate)


def add_rows(plan: Plan, table: NDArray[np.object_], rng: np.random.Generator) -> NDArray[np.object_]:
    """Return the pieces of lines (n, 6) with bad lines among them, each somewhere after the good one it comes from."""
    places = np.concatenate([
        plan.duplicate_rows, plan.other_duplicates, plan.wrong_columns, plan.odd_plates, plan.short_plates,
    ])  # fmt: skip
    if not len(places):
        return table
    extra = table[places]
    bounds = np.cumsum(
        [len(plan.duplicate_rows), len(plan.other_duplicates), len(plan.wrong_columns), len(plan.odd_plates)]
    )
    _, others, columns, odd, short = np.split(extra, bounds)
    others[:, 1:] = table[(plan.other_duplicates + 1) % len(table), 1:]
    for turn, row in enumerate(columns):
        row[TAIL] = row[TAIL][:-1] + b",\n" if turn % 2 else _cut(row)
    for turn, row in enumerate(odd):
        row[PLATE] = row[PLATE][:-1] + b"*?_#"[turn % 4 : turn % 4 + 1]
    for row in short:
        row[PLATE] = row[PLATE][:-1]
    after = places + (len(table) - places) * rng.random(len(places))
    order = np.argsort(np.concatenate([np.arange(len(table)), after]), kind="stable")
    return np.concatenate([table, extra])[order]


def _cut(row: NDArray[np.object_]) -> bytes:
    """Return the end of a line without its last column; where that is the date, this goes with its comma."""
    kept, comma, _ = row[TAIL].rpartition(b",")
    if not comma:
        row[TAIL - 2 : TAIL] = b""
    return bytes(kept) + b"\n"


def _dashed(plate: bytes) -> bytes:
    quote, text = plate[:-6], plate[-6:]
    rest = iter(text.decode())
    form = SIDECODES.get(sidecode(text) or 0, "XX-XX-XX")
    return quote + "".join(kind if kind == "-" else next(rest) for kind in form).encode()


def _strangers(fleet: Fleet, count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw plates that no vehicle has."""
    whole = form(_ORPHANS)
    taken = whole.ranks(fleet.plates[codes_of(fleet.plates) == _ORPHANS])
    ranks = rng.choice(whole.size, min(whole.size, len(taken) + 2 * count), replace=False)
    ranks = ranks[~np.isin(ranks, taken)]
    plates = whole.plates(ranks)
    return plates[lawful(_ORPHANS, plates)][:count]
