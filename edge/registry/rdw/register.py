"""The whole register in memory while a pack is built: each vehicle joined with its fuels and particulars.

Of a vehicle some twelve bytes are kept, in arrays: 200 MB for 16.6 million of them. An order of rows is not assumed.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Generic, NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from edge.errors import AnprError, ConfigError
from edge.registry.blocks import MOST_CLASSES, Shorts
from edge.registry.numbering import Slots
from edge.registry.rdw import classes, columns
from edge.registry.rdw.classes import LIGHT_TRUCK_KG, VAN_KG, WHEELCHAIR, Fuel, Kind
from edge.registry.rdw.source import Told
from edge.registry.rdw.tables import Batch, Export
from edge.registry.vehicle import FIRST_YEAR, VehicleClass

DUPLICATE, NO_DATE, NO_VEHICLE = "duplicate_plate", "unreadable_date", "without_vehicle"
"""Reasons for leaving out a row, or its date."""

Bytes = NDArray[np.uint8]
Numbers = NDArray[np.int64]
H = TypeVar("H", bound=Hashable)

_BYTE = 256
_NONE = _BYTE - 1
_CHUNK = 1 << 20
# A mass counts only as far as it bounds categories: it is taken for the next of these.
_BOUNDS = (0, VAN_KG, LIGHT_TRUCK_KG, LIGHT_TRUCK_KG + 1)


class Numbered(Generic[H]):
    """Different things, each with a number in the order of their first sight."""

    def __init__(self) -> None:
        self._numbers: dict[H, int] = {}

    def number(self, one: H) -> int:
        """Return the number of ``one``."""
        return self._numbers.setdefault(one, len(self._numbers))

    def all(self) -> Sequence[H]:
        """Return all of them, by number."""
        return tuple(self._numbers)


class _Rows(NamedTuple):
    """Vehicles: slots, kinds by number, years since FIRST_YEAR; all (n,)."""

    slots: Slots
    kinds: Shorts
    years: Bytes

    def take(self, which: Numbers | NDArray[np.bool_]) -> "_Rows":
        """Return some of them, or all in another order."""
        return _Rows(self.slots[which], self.kinds[which], self.years[which])


class Register:
    """All vehicles, sorted by their slots (n,)."""

    def __init__(self, rows: _Rows, kinds: Sequence[Kind]) -> None:
        self.slots = rows.slots
        self._kinds, self._kind, self._year = kinds, rows.kinds, rows.years
        count = len(rows.slots)
        self._fuels = np.zeros(count, np.uint8)
        self._code, self._level = np.full(count, _NONE, np.uint8), np.full(count, _NONE, np.uint8)
        self._wheelchair = np.zeros(count, np.bool_)

    @classmethod
    def read(cls, export: Export, told: Told) -> Self:
        """Read the vehicles; of several rows with one plate the last counts."""
        kinds: Numbered[Kind] = Numbered()
        rows = _joined(list(_bulks(_rows(batch, kinds, export) for batch in export.batches(told))))
        if not len(rows.slots):
            raise ConfigError(f"{export.name}: holds no vehicle")
        rows = rows.take(np.argsort(rows.slots, kind="stable"))
        last = np.append(rows.slots[1:] != rows.slots[:-1], True)
        export.reject(DUPLICATE, len(last) - int(last.sum()))
        return cls(rows if last.all() else rows.take(last), kinds.all())

    def add_fuels(self, export: Export, told: Told) -> None:
        """Read the fuel rows, several for many vehicles."""
        for batch in export.batches(told):
            at, rows = self._find(batch, export)
            fuels = batch.column(columns.FUEL).translate(classes.fuel)[rows].astype(np.uint8)
            np.bitwise_or.at(self._fuels, at, fuels)
            # Only what burns has an emission class to compare.
            burns = fuels != Fuel.ELECTRIC
            for column, meaning, worst in (
                (columns.EMISSION_CODE, classes.emission_code, self._code),
                (columns.EMISSION_LEVEL, classes.emission_level, self._level),
            ):
                found = batch.column(column).translate(_or_none(meaning))[rows].astype(np.uint8)
                np.minimum.at(worst, at[burns], found[burns])
        if not export.rows:
            raise ConfigError(f"{export.name}: holds no row; every vehicle would be of unknown drive")

    def add_particulars(self, export: Export, told: Told) -> None:
        """Read the particulars, of which only the accessibility for wheelchairs is kept."""
        for batch in export.batches(told):
            at, rows = self._find(batch, export)
            wanted = batch.column(columns.PARTICULAR).translate(lambda text: classes.number(text) in WHEELCHAIR)
            self._wheelchair[at[wanted[rows] != 0]] = True

    def classes(self) -> tuple[Sequence[VehicleClass], Shorts]:
        """Return the different classes, and the number of each vehicle's (n,); the most frequent come first."""
        found: Numbered[VehicleClass] = Numbered()
        numbers = np.empty(len(self.slots), np.uint32)
        for start in range(0, len(self.slots), _CHUNK):
            part = slice(start, start + _CHUNK)
            numbers[part] = self._number(part, found)
        names = found.all()
        if len(names) >= MOST_CLASSES - 1:
            raise AnprError(
                f"the exports hold {len(names)} classes of vehicles; a pack has room for {MOST_CLASSES - 2}"
            )
        order = np.argsort(-np.bincount(numbers, minlength=len(names)), kind="stable")
        rank = np.empty(len(names), np.uint16)
        rank[order] = np.arange(len(names))
        return [names[number] for number in order], rank[numbers]

    def _find(self, batch: Batch, export: Export) -> tuple[Numbers, Numbers]:
        """Return the places (n,) of vehicles that a batch has rows of, and those rows (n,)."""
        # In the order of the slots, for a search that jumps through 16 million of them waits for memory each time.
        order = np.argsort(batch.slots)
        wanted = batch.slots[order]
        at = np.searchsorted(self.slots, wanted)
        known = self.slots[np.minimum(at, len(self.slots) - 1)] == wanted
        export.reject(NO_VEHICLE, len(known) - int(known.sum()))
        return at[known], order[known]

    def _number(self, part: slice, found: Numbered[VehicleClass]) -> Numbers:
        """Return the class of some vehicles by number."""
        fields = (self._kind, self._year, self._fuels, self._code, self._level, self._wheelchair)
        sizes = (len(self._kinds), _BYTE, _BYTE, _BYTE, _BYTE, 2)
        codes = [column[part] for column in fields]
        return _distinct(codes, sizes, lambda *values: found.number(self._class(*values)))

    def _class(self, kind: int, year: int, fuels: int, code: int, level: int, wheelchair: int) -> VehicleClass:  # noqa: PLR0913, PLR0917  (what is kept of one vehicle)
        seen, burnt = self._kinds[kind], Fuel(fuels)
        return VehicleClass(
            seen.vehicle_type,
            classes.drive(burnt),
            classes.emission_class(burnt, _known(code), _known(level)),
            seen.category,
            None if year == _NONE else FIRST_YEAR + year,
            seen.special,
            seen.wheelchair or bool(wheelchair),
            Fuel.DIESEL in burnt,
        )


def _bulks(parts: Iterable[_Rows]) -> Iterator[_Rows]:
    """Put small parts together: thousands of small arrays would leave the heap full of holes."""
    waiting: list[_Rows] = []
    for part in parts:
        waiting.append(part)
        if sum(len(one.slots) for one in waiting) >= _CHUNK:
            yield _joined(waiting)
            waiting.clear()
    yield _joined(waiting)


def _joined(parts: Sequence[_Rows]) -> _Rows:
    nothing = _Rows(np.empty(0, np.uint32), np.empty(0, np.uint16), np.empty(0, np.uint8))
    everything = (nothing, *parts)
    return _Rows(
        np.concatenate([part.slots for part in everything]),
        np.concatenate([part.kinds for part in everything]),
        np.concatenate([part.years for part in everything]),
    )


def _rows(batch: Batch, kinds: Numbered[Kind], export: Export) -> _Rows:
    sort, body, category = (batch.column(one) for one in (columns.KIND, columns.BODY, columns.CATEGORY))
    permitted = batch.column(columns.PERMITTED_MASS).translate(_bound)
    mass = np.where(permitted, permitted, batch.column(columns.TECHNICAL_MASS).translate(_bound))

    def kind(a: int, b: int, c: int, bound: int) -> int:
        return kinds.number(classes.kind(sort.values[a], body.values[b], category.values[c], _BOUNDS[bound]))

    sizes = (len(sort.values), len(body.values), len(category.values), len(_BOUNDS))
    numbers = _distinct((sort.codes, body.codes, category.codes, mass), sizes, kind)
    return _Rows(batch.slots, numbers.astype(np.uint16), _years(batch, export))


def _years(batch: Batch, export: Export) -> Bytes:
    texts = [batch.column(one) for one in (columns.FIRST_ADMISSION, columns.FIRST_ADMISSION_DT)]
    first, twin = (text.translate(_year) for text in texts)
    years = np.where(first == _NONE, twin, first)
    said = texts[0].translate(bool) | texts[1].translate(bool)
    export.reject(NO_DATE, int(((years == _NONE) & (said != 0)).sum()))
    return years.astype(np.uint8)


def _distinct(codes: Sequence[NDArray[Any]], sizes: Sequence[int], meaning: Callable[..., int]) -> Numbers:
    """Return (n,) what each combination of ``codes``, below ``sizes``, means; it is asked once for each."""
    key = np.zeros(len(codes[0]), np.int64)
    for column, size in zip(codes, sizes, strict=True):
        key = key * size + column
    different, inverse = np.unique(key, return_inverse=True)
    combinations = np.stack(np.unravel_index(different, sizes), axis=1).tolist()
    return np.array([meaning(*one) for one in combinations], np.int64)[inverse]


@cache
def _year(text: str) -> int:
    found = classes.year(text)
    return _NONE if found is None else found - FIRST_YEAR


@cache
def _bound(text: str) -> int:
    """Return which of the bounds stands for a mass, 0 where there is none."""
    mass = classes.number(text) or 0
    return next((place for place, bound in enumerate(_BOUNDS) if mass <= bound), len(_BOUNDS) - 1)


def _or_none(meaning: Callable[[str], int | None]) -> Callable[[str], int]:
    def number(text: str) -> int:
        found = meaning(text)
        return _NONE if found is None else found

    return number


def _known(number: int) -> int | None:
    return None if number == _NONE else number
