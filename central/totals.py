"""Adds up what may be added.

A passage is in one cell of one report at most: of an hour, or of the day, where its hour left it; of one table. So
passages may be added, and the sum is a lower bound: what was withheld is not in it. Different vehicles may not: one
that two hours or two cameras saw, or that drove in and out, would be two.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from math import exp, sqrt
from typing import Literal, NamedTuple

import msgspec

from central.cells import NOISE, Bin, Counted
from edge.errors import AnprError
from edge.uplink.contract import DifferentialPrivacy

UNIQUE = "unique_vehicles"
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
    ``deviation``. ``observed`` is the share of the time that the cameras saw.
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


def totals(reports: Reports, wanted: Wanted) -> list[Total]:
    """Add up.

    Raises:
        SumError: it would count a vehicle twice.
    """
    sums, bins = defaultdict[Group, _Sum](_Sum), list[Bin]()
    for one, cells in reports:
        bins.append(one)
        if wanted.table in {None, one.table}:
            weight = 1.0 if wanted.table is None else one.weight
            for cell in cells:
                sums[_group(one, cell, wanted)].add(one, cell, weight)
    coverage = Coverage(bins)
    return [found.total(group, coverage) for group, found in sums.items()]


def variance(noise: NOISE) -> float:
    """Return the variance of the noise on one number: discrete Laplace of a scale."""
    if noise is None:
        return 0.0
    ratio = exp(-1 / noise.scale)
    return 2 * ratio / (1 - ratio) ** 2


class Coverage:
    """Which share of the time cameras saw the street: of each day, up to where reports of its zone reach.

    A camera that sent nothing on a day saw nothing of it.
    """

    def __init__(self, bins: Iterable[Bin]) -> None:
        reports = defaultdict[tuple[str, str, date], list[Bin]](list)
        for one in bins:
            reports[one.zone, one.camera, one.day].append(one)
        self._seen = {key: _seen(found) for key, found in reports.items()}
        self._lengths = dict[tuple[str, date], float]()
        for (zone, _, day), found in reports.items():
            self._lengths[zone, day] = max(self._lengths.get((zone, day), 0.0), *map(_reaches, found))

    def share(self, zone: str, camera: str | None = None, day: date | None = None) -> float:
        """Return the share, 0 to 1, for one camera or all of the zone, one day or all there are."""
        cameras = {one for place, one, _ in self._seen if place == zone and camera in {None, one}}
        days = {one for place, one in self._lengths if place == zone and day in {None, one}}
        seen = sum(self._seen.get((zone, one, at), 0.0) for one in cameras for at in days)
        length = len(cameras) * sum(self._lengths[zone, at] for at in days)
        return min(1.0, seen / length) if length else 0.0


def _seen(reports: Sequence[Bin]) -> float:
    """Return how many hours of a day a camera saw; each table has a report of each bin."""
    hours = {one.begun: one for one in reports if one.stream == "hour"} or {one.begun: one for one in reports}
    return sum(one.hours * one.observed_share for one in hours.values())


def _reaches(one: Bin) -> float:
    """Return how many hours after midnight a bin ends; a day has 23 or 25 when clocks change."""
    midnight = datetime.combine(one.day, datetime.min.time(), one.start.tzinfo)
    return (one.end.timestamp() - midnight.timestamp()) / 3600


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
