"""Adds up what may be added.

A passage is in one cell of one report at most: of an hour, or of the day, where its hour left it; of one table. So
passages may be added, and the sum is a lower bound: what was withheld is not in it. Different vehicles may not: one
that two hours or two cameras saw, or that drove in and out, would be two.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from math import exp, sqrt
from typing import Literal, NamedTuple

import msgspec

from central.cells import NOISE, Bin, Counted
from edge.errors import AnprError
from edge.uplink.contract import DifferentialPrivacy

UNIQUE = "unique_vehicles"
ONE_DAY = timedelta(days=1)
Quality = Literal["at_least", "estimate", "noisy"]
Reports = Iterable[tuple[Bin, Sequence[Counted]]]


class SumError(AnprError):
    """These numbers may not be added."""


class Group(NamedTuple):
    """What is added up together; ``camera`` and ``day`` are None where all are, ``values`` are None where not told."""

    zone: str
    camera: str | None
    day: date | None
    values: tuple[str | None, ...]


class Total(msgspec.Struct, frozen=True):
    """A sum.

    ``at_least``: no fewer passed, for what fewer than k vehicles share is not in it. ``estimate``: divided by the
    weight of its table, into which vehicles were drawn at random. ``noisy``: with noise, whose standard deviation is
    ``deviation``. ``observed`` is the share of the time that the cameras saw, as ``Coverage`` has it.
    """

    group: Group
    measure: str
    n: float
    quality: Quality
    deviation: float
    observed: float


class _Sum:
    """One sum that grows."""

    def __init__(self) -> None:
        self.n, self.variance = 0.0, 0.0
        self.divided = False
        self.measures, self.directions = set[str](), set[str | None]()
        self.bins = dict[tuple[str, float, str], Bin]()

    def add(self, one: Bin, cell: Counted, weight: float) -> None:
        self.n += cell.n / weight
        self.directions.add(cell.told("direction"))
        self.variance += variance(one.noise) / weight**2
        self.divided |= weight < 1
        self.measures.add(one.measure)
        self.bins[one.camera, one.begun, one.stream] = one

    def total(self, group: Group, coverage: "Coverage") -> Total:
        self._check(group)
        quality: Quality = "noisy" if self.variance else "estimate" if self.divided else "at_least"
        seen = coverage.share(group.zone, group.camera, group.day)
        return Total(group, self.measures.pop(), self.n, quality, sqrt(self.variance), seen)

    def _check(self, group: Group) -> None:
        if len(self.measures) > 1:
            raise SumError(f"{_where(group)}: {' and '.join(sorted(self.measures))} are no numbers of one kind")
        if UNIQUE not in self.measures:
            return
        if len(self.directions) > 1:
            raise SumError(f"{_where(group)}: one vehicle that drove in and out would be two; add --by direction")
        added = list(self.bins.values())
        if len({one.camera for one in added}) > 1:
            raise SumError(f"{_where(group)}: one vehicle that two cameras saw would be two; add --by camera")
        if len({one.day for one in added}) > 1:
            raise SumError(f"{_where(group)}: one vehicle that came on two days would be two; give --per day")
        # With differential privacy a vehicle counts once a day in each direction.
        if len(added) > 1 and not all(isinstance(one.noise, DifferentialPrivacy) for one in added):
            raise SumError(f"{_where(group)}: one vehicle that came in two hours would be two; see `export`")


class Wanted(msgspec.Struct, frozen=True):
    """What to add up by: ``dimensions`` of cells, and cameras and days or all of them together.

    With a ``table`` numbers are divided by its weight; without, those of all tables are added.
    """

    dimensions: tuple[str, ...] = ()
    each_camera: bool = False
    each_day: bool = True
    table: str | None = None


def totals(reports: Reports, wanted: Wanted, coverage: "Coverage") -> list[Total]:
    """Add up; ``coverage`` is that of the same zones, cameras and days.

    Raises:
        SumError: it would count a vehicle twice.
    """
    sums = defaultdict[Group, _Sum](_Sum)
    for one, cells in reports:
        if wanted.table in {None, one.table}:
            weight = 1.0 if wanted.table is None else one.weight
            for cell in cells:
                sums[_group(one, cell, wanted)].add(one, cell, weight)
    return [found.total(group, coverage) for group, found in sums.items()]


def variance(noise: NOISE) -> float:
    """Return the variance of the noise on one number: discrete Laplace of a scale."""
    if noise is None:
        return 0.0
    ratio = exp(-1 / noise.scale)
    return 2 * ratio / (1 - ratio) ** 2


class Coverage:
    """Which share of the time cameras saw the street, from their zone's first day in the reports on.

    Days that are over count whole, also those without any report; today counts up to where reports of the zone reach.
    A camera that sent nothing on a day saw nothing of it. Days before the zone's first report are not counted.
    """

    def __init__(
        self, bins: Iterable[Bin], today: date, *, last: date | None = None, camera: str | None = None
    ) -> None:
        """Take the reports of all cameras, which say how far a day reaches; ``camera`` is the only one to ask for.

        Without ``last`` the last day is that of the reports.
        """
        zones, reports = defaultdict[str, list[Bin]](list), defaultdict[tuple[str, str, date], list[Bin]](list)
        for one in bins:
            zones[one.zone].append(one)
            if camera in {None, one.camera}:
                reports[one.zone, one.camera, one.day].append(one)
        self._seen = {key: _seen(found) for key, found in reports.items()}
        last = last or max((one.day for found in zones.values() for one in found), default=today)
        self._lengths = {
            (zone, day): hours for zone, found in zones.items() for day, hours in _lengths(found, last, today).items()
        }

    def days(self, zone: str) -> list[date]:
        """Return the days that are counted, in order."""
        return sorted(day for place, day in self._lengths if place == zone)

    def share(self, zone: str, camera: str | None = None, day: date | None = None) -> float:
        """Return the share, 0 to 1, for one camera or all of the zone, one day or all there are."""
        cameras = {one for place, one, _ in self._seen if place == zone and camera in {None, one}}
        days = {one for place, one in self._lengths if place == zone and day in {None, one}}
        seen = sum(self._seen.get((zone, one, at), 0.0) for one in cameras for at in days)
        length = len(cameras) * sum(self._lengths[zone, at] for at in days)
        return min(1.0, seen / length) if length else 0.0


def _lengths(bins: Sequence[Bin], last: date, today: date) -> dict[date, float]:
    """Return how many hours of each day one zone's cameras could have seen."""
    reached = defaultdict[date, float](float)
    for one in bins:
        reached[one.day] = max(reached[one.day], _reaches(one))
    first = min(reached)
    over = (first + ONE_DAY * at for at in range((min(last, today - ONE_DAY) - first).days + 1))
    # A report may be of a day that has not begun here, where a clock is wrong.
    return {**reached, **{day: _length(day, bins[0].start.tzinfo) for day in over}}


def _seen(reports: Sequence[Bin]) -> float:
    """Return how many hours of a day a camera saw; each table has a report of each bin."""
    hours = {one.begun: one for one in reports if one.stream == "hour"} or {one.begun: one for one in reports}
    return sum(one.hours * one.observed_share for one in hours.values())


def _reaches(one: Bin) -> float:
    """Return how many hours after midnight a bin ends; a day has 23 or 25 when clocks change."""
    midnight = datetime.combine(one.day, datetime.min.time(), one.start.tzinfo)
    return (one.end.timestamp() - midnight.timestamp()) / 3600


def _length(day: date, timezone: tzinfo | None) -> float:
    """Return how many hours a day has: 23 or 25 when clocks change."""
    midnight, next_one = (datetime.combine(one, datetime.min.time(), timezone) for one in (day, day + ONE_DAY))
    return (next_one.timestamp() - midnight.timestamp()) / 3600


def _group(one: Bin, cell: Counted, wanted: Wanted) -> Group:
    return Group(
        one.zone,
        one.camera if wanted.each_camera else None,
        one.day if wanted.each_day else None,
        tuple(cell.told(dimension) for dimension in wanted.dimensions),
    )


def _where(group: Group) -> str:
    place = " ".join(str(part) for part in (group.zone, group.camera, group.day) if part)
    return f"{place}: not added"
