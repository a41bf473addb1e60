"""How a policy lets counts be released: the section [release] of policy.toml.

A leaf, like edge.policy, of which it is a part: vision, gate and uplink's messages speak of its dimensions.
"""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from edge.config import Identifier
from edge.settings import refusal

MIN_K = 10


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


class Dimension(StrEnum):
    """Dimensions that a table may have."""

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


def one_of(names: type[StrEnum]) -> str:
    """List the values of an enumeration, for a person."""
    return ", ".join(names)


class Release(msgspec.Struct, frozen=True):
    """How counts are released: per clock hour, cells of at least ``k`` different vehicles."""

    k: Annotated[int, Meta(ge=1, le=1000, description=f"a whole number from {MIN_K} to 1000")]
    table: Identifier
    dimensions: Annotated[tuple[Dimension, ...], Meta(min_length=1, description=f"a list of: {one_of(Dimension)}")]


def check(file: Path, release: Release, enrichment: Sequence[Enrichment], *, zone_rules: bool, bench: bool) -> None:
    """Check what no single option can say.

    Raises:
        ConfigError: naming file, section, option, value and what is allowed.
    """
    if release.k < MIN_K and not bench:
        raise refusal(file, "release", "k", release.k, f"{MIN_K} or more (less only in a bench policy)")
    if objection := _objection(release.dimensions, enrichment, zone_rules=zone_rules):
        raise refusal(file, "release", "dimensions", [str(one) for one in release.dimensions], objection)


def _objection(dimensions: Sequence[Dimension], enrichment: Sequence[Enrichment], *, zone_rules: bool) -> str | None:
    """Say what would be allowed, where these dimensions are not."""
    if len(set(dimensions)) < len(dimensions):
        return "each dimension once"
    for dimension in dimensions:
        source = _SOURCES.get(dimension)
        if source is not None and source not in enrichment:
            return f"{dimension} with enrichment {source} only"
    if Dimension.ADMITTED in dimensions and not zone_rules:
        return f"{Dimension.ADMITTED} with [what] zone_rules only"
    return None
