"""What the register knows of a vehicle, reduced to closed categories."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from edge.categories import Drive, EmissionClass, VehicleType


class Category(StrEnum):
    """European vehicle categories, as far as zone admission tells them apart."""

    M1 = "M1"
    M2 = "M2"
    M3 = "M3"
    N1 = "N1"
    N2 = "N2"
    N3 = "N3"
    L = "L"
    O = "O"  # noqa: E741  (as the regulation writes it: trailers)
    OTHER = "other"
    UNKNOWN = "unknown"


FIRST_YEAR = 1900
Year = Annotated[int, Meta(ge=FIRST_YEAR, le=2099)]


class VehicleClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One vehicle as its class: what may be counted, and what zone admission needs and keeps to itself.

    The first three may leave the register. ``category``, ``first_year`` (of first admission anywhere), ``special``
    (a body for which the law has its own row, such as a concrete mixer), ``wheelchair`` (accessible for wheelchairs)
    and ``diesel`` (any fuel row says so, hybrids included) never do. Brand, colour, exact dates and masses are not
    kept at all.
    """

    vehicle_type: VehicleType
    drive: Drive
    emission_class: EmissionClass
    category: Category
    first_year: Year | None
    special: bool
    wheelchair: bool
    diesel: bool
