"""How a policy lets counts be released: the section [release] of policy.toml.

A leaf, like edge.policy, of which it is a part: vision, gate and uplink's messages speak of its dimensions.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from math import ceil, isclose
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from edge.categories import MOST_TABLES, Direction, VehicleType
from edge.config import Identifier
from edge.errors import ConfigError
from edge.settings import refusal

MIN_K = 10
MIN_WINDOW = 15
THOUSANDTHS = 1_000
# Times its scale that noise must lift an empty cell above k: it does so less than once in a hundred times.
MARGIN = 4


class Enrichment(StrEnum):
    """What a plate may be looked up in."""

    RDW = "rdw"
    EXEMPTIONS = "exemptions"
    ORIGIN = "origin"
    TRADE = "trade"


class Measure(StrEnum):
    """What a cell's number counts."""

    PASSAGES = "passages"
    UNIQUE_VEHICLES = "unique_vehicles"


class Period(StrEnum):
    """How long the bins of a rung are."""

    HOUR = "hour"
    DAY = "day"


class Dimension(StrEnum):
    """Dimensions that a rung may have."""

    DIRECTION = "direction"
    PLATE = "plate"
    VEHICLE_TYPE = "vehicle_type"
    DRIVE = "drive"
    EMISSION_CLASS = "emission_class"
    ADMITTED = "admitted"
    EXEMPTION = "exemption"
    ORIGIN = "origin"
    TRADE = "trade"


# What a dimension is looked up in; without that enrichment it would hold nothing.
_SOURCES = {
    Dimension.VEHICLE_TYPE: Enrichment.RDW,
    Dimension.DRIVE: Enrichment.RDW,
    Dimension.EMISSION_CLASS: Enrichment.RDW,
    Dimension.ADMITTED: Enrichment.RDW,
    Dimension.EXEMPTION: Enrichment.EXEMPTIONS,
    Dimension.ORIGIN: Enrichment.ORIGIN,
    Dimension.TRADE: Enrichment.TRADE,
}
# Which values of these occur with which vehicles is decided by a zone's rules or by lists, and nobody outside knows it.
UNSURE = frozenset({Dimension.ADMITTED, Dimension.EXEMPTION, Dimension.ORIGIN, Dimension.TRADE})
# Of a vehicle of unknown type nothing else that the register holds is known either.
CONSTANT = {VehicleType.UNKNOWN: frozenset({Dimension.DRIVE, Dimension.EMISSION_CLASS, Dimension.ADMITTED})}


def one_of(names: type[StrEnum]) -> str:
    """List the values of an enumeration, for a person."""
    return ", ".join(names)


class Rung(msgspec.Struct, frozen=True):
    """One step of a ladder: cells of these dimensions, for vehicles of these types, in bins of this length."""

    period: Annotated[Period, Meta(description=one_of(Period))]
    dimensions: Annotated[tuple[Dimension, ...], Meta(min_length=1, description=f"a list of: {one_of(Dimension)}")]
    vehicle_types: Annotated[
        tuple[VehicleType, ...], Meta(min_length=1, description=f"a list of: {one_of(VehicleType)}")
    ] = tuple(VehicleType)

    def telling(self, vehicle_type: VehicleType) -> frozenset[Dimension]:
        """Return the dimensions in which vehicles of this type can differ."""
        return frozenset(self.dimensions) - CONSTANT.get(vehicle_type, frozenset())


class Table(msgspec.Struct, frozen=True):
    """One question: a ladder, and the share of vehicles that is drawn into it."""

    name: Identifier
    weight: Annotated[float, Meta(gt=0.0, le=1.0, description="a share above 0, up to 1.0")]
    rungs: Annotated[tuple[Rung, ...], Meta(description="a list of rungs, at least one")]

    def last_hour(self, vehicle_type: VehicleType) -> int | None:
        """Return the last rung of hours for vehicles of this type, if any."""
        hours = [rung.period is Period.HOUR for rung in self.rungs]
        return self.before(sum(hours), vehicle_type)

    @property
    def longest_way(self) -> int:
        """The most rungs that a vehicle of any type can come to."""
        return max(sum(one in rung.vehicle_types for rung in self.rungs) for one in VehicleType)

    def has(self, period: Period) -> bool:
        """Tell whether any rung has bins of this length."""
        return any(rung.period is period for rung in self.rungs)

    def before(self, number: int, vehicle_type: VehicleType) -> int | None:
        """Return which rung vehicles of this type come from when they reach rung ``number``; None from nowhere."""
        earlier = [one for one in range(number) if vehicle_type in self.rungs[one].vehicle_types]
        return earlier[-1] if earlier else None


class Privacy(msgspec.Struct, frozen=True):
    """Differential privacy: the ``budget`` is the epsilon that one vehicle may lose at one camera on one day.

    It is divided among ``starts`` of vision: whoever passed before a start can't be known again after it.
    """

    budget: Annotated[float, Meta(ge=0.1, le=10.0, description="epsilon of a vehicle and day, 0.1 to 10")]
    starts: Annotated[int, Meta(ge=1, le=10, description="a whole number from 1 to 10")] = 1

    @property
    def thousandths(self) -> int:
        """The budget in thousandths of epsilon."""
        return int(Fraction(str(self.budget)) * THOUSANDTHS)

    @property
    def charge(self) -> int:
        """What one start of vision takes of the budget, in thousandths of epsilon."""
        return self.thousandths // self.starts

    def scale(self, table: Table) -> Fraction:
        """Return the scale of the noise on each cell, where a vehicle is in one cell of each rung on its way.

        It drives in and it drives out: that is two ways.
        """
        return Fraction(len(Direction) * table.longest_way * THOUSANDTHS, self.charge)


class Release(msgspec.Struct, frozen=True):
    """How counts are released: in cells of at least ``k`` different vehicles, by the ladders of the tables."""

    k: Annotated[int, Meta(ge=1, le=1000, description=f"a whole number from {MIN_K} to 1000")]
    minimum_window_minutes: Annotated[
        int, Meta(ge=0, le=60, description=f"minutes, a whole number from {MIN_WINDOW} to 60")
    ]
    tables: Annotated[tuple[Table, ...], Meta(description=f"one to {MOST_TABLES} [[release.tables]]")]
    perturbation: Annotated[
        int, Meta(ge=0, le=100, description="the scale of the noise on each number, 1 to 100; 0 for none")
    ] = 0
    dp: Annotated[Privacy | None, Meta(description="a section [release.dp] with a budget")] = None

    def threshold(self, table: Table) -> int:
        """Return the least number that a cell of a table may say: with noise, k and a margin above it."""
        return self.k if self.dp is None else self.k + ceil(MARGIN * self.dp.scale(table))


class Terms(NamedTuple):
    """What the rest of a policy says about its release."""

    enrichment: Sequence[Enrichment]
    measure: Measure
    bench: bool


def faults(file: Path, release: Release, terms: Terms) -> Iterator[ConfigError]:
    """Yield what no single option can say: all that contradicts [release.dp], and the first of the rest."""
    if release.dp is not None:
        yield from _contradictions(file, release, terms)
    try:
        _check(file, release, terms)
    except ConfigError as fault:
        yield fault


def _check(file: Path, release: Release, terms: Terms) -> None:
    if release.k < MIN_K and not terms.bench:
        raise refusal(file, "release", "k", release.k, f"{MIN_K} or more (less only in a bench policy)")
    if (minutes := release.minimum_window_minutes) < MIN_WINDOW and not terms.bench:
        allowed = f"{MIN_WINDOW} or more (less only in a bench policy)"
        raise refusal(file, "release", "minimum_window_minutes", minutes, allowed)
    if not 1 <= len(release.tables) <= MOST_TABLES:
        raise refusal(file, "release", "tables", len(release.tables), f"one to {MOST_TABLES} [[release.tables]]")
    _check_tables(file, release.tables)
    for at, table in enumerate(release.tables, 1):
        _check_periods(file, f"release.tables.{at}", table)
        if terms.measure is Measure.UNIQUE_VEHICLES and release.dp is None:
            _check_one_period(file, f"release.tables.{at}", table)
        for number, rung in enumerate(table.rungs):
            objection = _objection(rung.dimensions, terms) or _misplaced(table, number)
            if objection:
                raise _refused(file, at, number, rung, objection)


def _check_tables(file: Path, tables: Sequence[Table]) -> None:
    names = [table.name for table in tables]
    for at, table in enumerate(tables, 1):
        if table.name in names[: at - 1]:
            raise refusal(file, f"release.tables.{at}", "name", table.name, "a name for each table")
    if not isclose(total := sum(table.weight for table in tables), 1.0, abs_tol=1e-9):
        raise refusal(file, "release.tables", "weight", round(total, 6), "weights of all tables that sum to 1")


def _contradictions(file: Path, release: Release, terms: Terms) -> Iterator[ConfigError]:
    """Yield what an epsilon can't be stated with: it needs a bound on what one vehicle adds, and on whom it moves."""
    if release.perturbation:
        allowed = "0 with [release.dp], which has noise of its own"
        yield refusal(file, "release", "perturbation", release.perturbation, allowed)
    if terms.measure is not Measure.UNIQUE_VEHICLES:
        allowed = f"{Measure.UNIQUE_VEHICLES} with [release.dp]: a vehicle may pass any number of times"
        yield refusal(file, "what", "measure", terms.measure, allowed)
    if more := [str(one) for one in terms.enrichment if one is not Enrichment.RDW]:
        allowed = (
            f"{Enrichment.RDW} or nothing with [release.dp]: {more[0]} has too many values to noise a cell of each"
        )
        yield refusal(file, "what", "enrichment", [str(one) for one in terms.enrichment], allowed)
    if len(release.tables) > 1:
        yield refusal(file, "release", "tables", len(release.tables), "one with [release.dp]")


def _check_periods(file: Path, section: str, table: Table) -> None:
    periods = [rung.period for rung in table.rungs]
    if not periods:
        raise refusal(file, section, "rungs", [], "a list of rungs, at least one")
    if (Period.DAY, Period.HOUR) in pairwise(periods):
        raise refusal(file, section, "rungs", periods, "those of an hour before those of a day")


def _check_one_period(file: Path, section: str, table: Table) -> None:
    """Refuse hours and days of different vehicles: one that an hour tells may be in the day's number again."""
    periods = [rung.period for rung in table.rungs]
    if len(set(periods)) > 1:
        allowed = f"all of one period with measure {Measure.UNIQUE_VEHICLES}"
        raise refusal(file, section, "rungs", periods, allowed)


def _refused(file: Path, at: int, number: int, rung: Rung, objection: str) -> ConfigError:
    section = f"release.tables.{at}.rungs.{number + 1}"
    return refusal(file, section, "dimensions", [str(one) for one in rung.dimensions], objection)


def _objection(dimensions: Sequence[Dimension], terms: Terms) -> str | None:
    """Say what would be allowed, where these dimensions are not."""
    if Dimension.DIRECTION not in dimensions:
        return f"{Dimension.DIRECTION} in every rung: without it a vehicle that drives in and out would be two"
    if len(set(dimensions)) < len(dimensions):
        return "each dimension once"
    for dimension in dimensions:
        source = _SOURCES.get(dimension)
        if source is not None and source not in terms.enrichment:
            return f"{dimension} with enrichment {source} only"
    return None


def _misplaced(table: Table, number: int) -> str | None:
    """Say what would be allowed where a rung can't follow those before it.

    Only nested cells can be judged by the interval rule (docs/privacy.md): what a rung tells must be part of what the
    rung before it tells, and what a day tells must be part of what the hours tell, or the other way round.
    """
    rung = table.rungs[number]
    for vehicle_type in rung.vehicle_types:
        now = rung.telling(vehicle_type)
        for before in _compared(table, number, vehicle_type):
            then = before.telling(vehicle_type)
            if before.period is rung.period and not now <= then:
                return f"for {vehicle_type} nothing that the rung before it does not tell"
            if not (now <= then or then <= now):
                return f"for {vehicle_type} all of the last hour rung's and more, or some of them"
            if before.period is Period.HOUR and _skips(table, number, vehicle_type, then):
                return f"for {vehicle_type} a day rung with just the dimensions of the last hour rung before this one"
            if now < then and (unsure := sorted(now & UNSURE)):
                return f"for {vehicle_type} no {unsure[0]}: nobody knows which vehicles it may have, so nothing is left"
    return None


def _compared(table: Table, number: int, vehicle_type: VehicleType) -> Iterator[Rung]:
    """Give the rungs that a rung must be nested with: the one before it, and in a day the last hour rung."""
    numbers = {table.before(number, vehicle_type)}
    if table.rungs[number].period is Period.DAY:
        numbers.add(table.last_hour(vehicle_type))
    yield from (table.rungs[one] for one in numbers if one is not None)


def _skips(table: Table, number: int, vehicle_type: VehicleType, hours: frozenset[Dimension]) -> bool:
    """Tell whether a day goes from more than the hours tell to less, without the step between."""
    now, before = table.rungs[number], table.before(number, vehicle_type)
    return before is not None and now.telling(vehicle_type) < hours < table.rungs[before].telling(vehicle_type)
