"""A zone's numbers for the page: today by the hour, the last days, and what kinds of vehicles."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from math import sqrt
from typing import TypeVar

import msgspec
from sqlite_utils import Database

from central.cells import Bin, Choice, Counted, with_cells
from central.totals import UNIQUE, Coverage, variance
from edge.uplink.contract import DifferentialPrivacy

T = TypeVar("T")
DAYS = 7
Reports = Sequence[tuple[Bin, Sequence[Counted]]]
# What kinds of vehicles are told apart by, beside their type; each only where cells tell it.
KINDS = ("emission_class", "admitted", "drive", "exemption", "trade", "origin")

EMPTY = ("unknown", "not_applicable")
# Below it what is told is an accident of the ladder: shares of it would say nothing of the street.
LEAST_TOLD = 0.2


class Bar(msgspec.Struct, frozen=True):
    """What passed in and out in an hour or on a day; ``left`` of it is told for the day only.

    ``observed`` is the share of the time that the zone's cameras saw. ``deviation`` is that of noise on the sum.
    """

    start: datetime
    into: int
    out: int
    left: int
    observed: float
    deviation: float

    @property
    def n(self) -> int:
        """Both ways."""
        return self.into + self.out


class Admission(msgspec.Struct, frozen=True):
    """Of the vehicles of a day of which it is told whether the zone lets them in: how many it does not."""

    day: date
    refused: int
    told: int


class Mix(msgspec.Struct, frozen=True):
    """Vehicles of one group of types by one dimension; ``untold`` is what cells do not tell of them.

    ``scaled`` where the numbers were divided by the weights of their tables.
    """

    dimension: str
    types: tuple[str, ...]
    values: Mapping[str, int]
    untold: int
    scaled: bool

    @property
    def n(self) -> int:
        """All of them."""
        return sum(self.values.values()) + self.untold


class Zone(msgspec.Struct, frozen=True):
    """Everything that the page says of one zone's traffic; ``private`` with differential privacy."""

    name: str
    measures: tuple[str, ...]
    noisy: bool
    private: bool
    hours: tuple[Bar, ...]
    days: tuple[Bar, ...]
    types: tuple[tuple[tuple[str, ...], int], ...]
    mixes: tuple[Mix, ...]
    admissions: tuple[Admission, ...]

    @property
    def unique(self) -> bool:
        """Whether sums hold a vehicle as often as cameras and hours saw it."""
        return UNIQUE in self.measures


def zones(database: Database, today: date) -> list[Zone]:
    """Read today and the seven days before it, zone by zone."""
    reports = list(with_cells(database, Choice(first=today - timedelta(days=DAYS), last=today)))
    by_zone = defaultdict[str, list[tuple[Bin, Sequence[Counted]]]](list)
    for one, cells in reports:
        by_zone[one.zone].append((one, cells))
    return [_zone(name, found, today) for name, found in by_zone.items()]


def _zone(name: str, reports: Reports, today: date) -> Zone:
    return Zone(
        name,
        tuple(sorted({one.measure for one, _ in reports})),
        any(one.noise for one, _ in reports),
        any(isinstance(one.noise, DifferentialPrivacy) for one, _ in reports),
        _hours([(one, cells) for one, cells in reports if one.day == today and one.stream == "hour"]),
        _days(reports, today),
        _types(reports),
        tuple(_mixes(reports)),
        tuple(_admissions(reports)),
    )


def _hours(reports: Reports) -> tuple[Bar, ...]:
    """Add cameras up, hour by hour; one that sent nothing today is not among those that could see."""
    cameras = len({one.camera for one, _ in reports})
    groups = _grouped(reports, lambda one: one.begun)
    bars = []
    for _, found in sorted(groups.items()):
        seen = {one.camera: one.observed_share for one, _ in found}
        bars.append(_bar(found[0][0].start, found, sum(seen.values()) / cameras))
    return tuple(bars)


def _days(reports: Reports, today: date) -> tuple[Bar, ...]:
    """Add up day by day; a day that is over has a bar also where nothing came."""
    first = reports[0][0]
    coverage = Coverage((one for one, _ in reports), today, last=today)
    groups = _grouped(reports, lambda one: one.day)
    return tuple(
        _bar(_midnight(day, first.start.tzinfo), groups.get(day, ()), coverage.share(first.zone, day=day))
        for day in coverage.days(first.zone)
    )


def _midnight(day: date, timezone: tzinfo | None) -> datetime:
    return datetime.combine(day, datetime.min.time(), timezone)


def _grouped(reports: Reports, key: Callable[[Bin], T]) -> Mapping[T, Reports]:
    groups = defaultdict[T, list[tuple[Bin, Sequence[Counted]]]](list)
    for one, cells in reports:
        groups[key(one)].append((one, cells))
    return groups


def _bar(start: datetime, reports: Reports, observed: float) -> Bar:
    """Add up all tables: a vehicle is in one of them."""
    ways, left, noise = Counter[str | None](), 0, 0.0
    for one, cells in reports:
        noise += variance(one.noise) * len(cells)
        for cell in cells:
            ways[cell.told("direction")] += cell.n
            left += cell.n if one.stream == "day" else 0
    return Bar(start, ways["in"], ways["out"], left, observed, sqrt(noise))


def _types(reports: Reports) -> tuple[tuple[tuple[str, ...], int], ...]:
    """Count by group of vehicle types, the largest first; a cell that tells none is of the group ()."""
    group_of, found = _type_groups(reports), Counter[tuple[str, ...]]()
    for _, cells in reports:
        for cell in cells:
            found[group_of(cell)] += cell.n
    return tuple(found.most_common())


def _type_groups(reports: Reports) -> Callable[[Counted], tuple[str, ...]]:
    """Put types together that cells ever hold together, so that no vehicle is in two groups."""
    groups = dict[str, frozenset[str]]()
    for _, cells in reports:
        for cell in cells:
            types = frozenset(cell.vehicle_types)
            merged = types.union(*(groups.get(one, frozenset()) for one in types))
            groups |= dict.fromkeys(merged, merged)

    def group_of(cell: Counted) -> tuple[str, ...]:
        types = cell.vehicle_types or tuple(filter(None, [cell.told("vehicle_type")]))
        return tuple(sorted(groups.get(types[0], frozenset(types)))) if types else ()

    return group_of


def _mixes(reports: Reports) -> Iterable[Mix]:
    group_of = _type_groups(reports)
    for dimension in KINDS:
        # A table that never tells it has other questions; vehicles were drawn into tables at random.
        tables = {one.table for one, cells in reports if any(cell.told(dimension) for cell in cells)}
        weights = {one.table: one.weight for one, _ in reports if one.table in tables}
        scale = 1 / min(1.0, sum(weights.values())) if weights else 1.0
        counted = defaultdict[tuple[str, ...], Counter[str | None]](Counter)
        for one, cells in reports:
            for cell in cells if one.table in tables else ():
                counted[group_of(cell)][cell.told(dimension)] += cell.n
        for types, numbers in sorted(counted.items(), key=lambda item: -item[1].total()):
            if _says_something(numbers):
                yield _mix(dimension, types, numbers, scale)


def _says_something(numbers: Counter[str | None]) -> bool:
    """Tell whether enough is told, and more than that nobody knows, or that the zone's rules are not for these."""
    told = numbers.total() - numbers[None]
    return bool(set(numbers) - {None, *EMPTY}) and told >= LEAST_TOLD * numbers.total()


def _mix(dimension: str, types: tuple[str, ...], numbers: Counter[str | None], scale: float) -> Mix:
    told = {value: round(n * scale) for value, n in numbers.items() if value is not None}
    return Mix(dimension, types, told, round(numbers[None] * scale), scaled=scale > 1)


def _admissions(reports: Reports) -> Iterable[Admission]:
    days = defaultdict[date, Counter[str | None]](Counter)
    for one, cells in reports:
        for cell in cells:
            days[one.day][cell.told("admitted")] += cell.n
    for day, numbers in sorted(days.items()):
        told = sum(numbers[value] for value in ("yes", "no", "exempt"))
        if told:
            yield Admission(day, numbers["no"], told)
