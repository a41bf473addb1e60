"""The closed categories, and the messages that cross from vision to gate.

Everything here is an enumeration, a bucket or a bounded integer: a number plate can't be expressed in it.
"""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta


class Direction(StrEnum):
    """Which way a vehicle crossed the counting line, seen from the zone."""

    IN = "in"
    OUT = "out"


class PlateKind(StrEnum):
    """What could be made of the plate."""

    NL = "nl"
    FOREIGN = "foreign"
    UNREADABLE = "unreadable"


class VehicleType(StrEnum):
    """Vehicle types that may leave the register look-up."""

    PASSENGER_CAR = "passenger_car"
    VAN = "van"
    TRUCK = "truck"
    TRACTOR_UNIT = "tractor_unit"
    BUS = "bus"
    TWO_WHEELER = "two_wheeler"
    OTHER = "other"
    UNKNOWN = "unknown"


class Drive(StrEnum):
    """Drive trains, reduced from the fuel rows of a vehicle."""

    ELECTRIC = "electric"
    HYDROGEN = "hydrogen"
    HYBRID = "hybrid"
    PETROL = "petrol"
    DIESEL = "diesel"
    GAS = "gas"
    OTHER = "other"
    UNKNOWN = "unknown"


class EmissionClass(StrEnum):
    """Emission classes of the register: Z is zero emission."""

    Z = "Z"
    E6 = "6"
    E5 = "5"
    E4 = "4"
    E3 = "3"
    E2 = "2"
    E1 = "1"
    E0 = "0"
    UNKNOWN = "unknown"


class Admitted(StrEnum):
    """Whether the zone's rules let a vehicle in on the day of its passage."""

    YES = "yes"
    NO = "no"
    EXEMPT = "exempt"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"


class Exemption(StrEnum):
    """Which kind of exemption a vehicle had on the day of its passage; never why."""

    NONE = "none"
    DAY = "day"
    LONG_TERM = "long_term"
    UNKNOWN = "unknown"


class Trade(StrEnum):
    """What the holder does: a private person, or a section of the standard industrial classification (SBI 2008)."""

    PRIVATE = "private"
    AGRICULTURE = "A"
    MINING = "B"
    MANUFACTURING = "C"
    ENERGY = "D"
    WATER = "E"
    CONSTRUCTION = "F"
    WHOLESALE_AND_RETAIL = "G"
    TRANSPORT = "H"
    HOSPITALITY = "I"
    INFORMATION = "J"
    FINANCE = "K"
    REAL_ESTATE = "L"
    PROFESSIONAL = "M"
    ADMINISTRATIVE = "N"
    PUBLIC_ADMINISTRATION = "O"
    EDUCATION = "P"
    HEALTH = "Q"
    CULTURE = "R"
    OTHER_SERVICES = "S"
    HOUSEHOLDS = "T"
    EXTRATERRITORIAL = "U"
    UNKNOWN = "unknown"


# The number of a municipality in the code list of Statistics Netherlands (GM0344 is 344); 0 is elsewhere.
Origin = Annotated[int, Meta(ge=0, le=9_999)]
ELSEWHERE = 0


class Attributes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be counted of one vehicle; the defaults say that nobody looked."""

    vehicle_type: VehicleType
    drive: Drive
    emission_class: EmissionClass
    admitted: Admitted = Admitted.UNKNOWN
    exemption: Exemption = Exemption.UNKNOWN
    origin: Origin = ELSEWHERE
    trade: Trade = Trade.UNKNOWN


UNKNOWN_ATTRIBUTES = Attributes(VehicleType.UNKNOWN, Drive.UNKNOWN, EmissionClass.UNKNOWN)

# Two saturated lanes carry some 4,000 vehicles an hour; the bound is far below 36^6, so that no number spells a plate.
Count = Annotated[int, Meta(ge=0, le=9_999)]
Percent5 = Annotated[int, Meta(ge=0, le=100, multiple_of=5)]
# Windows begin on quarters of an hour of local time; all offsets in use are multiples of that too.
Instant = Annotated[int, Meta(ge=946_684_800, le=4_102_444_800, multiple_of=900)]
LAST_PART = 9_999
Part = Annotated[int, Meta(ge=0, le=LAST_PART)]
Serial = Annotated[int, Meta(ge=1, le=9_999)]
MOST_CELLS = 4_096
MOST_TABLES = 8
TableNumber = Annotated[int, Meta(ge=0, le=MOST_TABLES - 1)]


class CellKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One combination of all dimensions, the finest detail that vision counts in.

    ``table`` is the place in the policy of the table that the vehicle was drawn into, from 0.
    """

    table: TableNumber
    direction: Direction
    plate: PlateKind
    vehicle_type: VehicleType
    drive: Drive
    emission_class: EmissionClass
    admitted: Admitted
    exemption: Exemption
    origin: Origin
    trade: Trade


class CellCount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was counted in one cell: passages, and different vehicles among them (0 for unreadable plates).

    ``fresh`` of these had not passed in this direction before, on this day and under this tag key: over the hours of a
    day these add up to different vehicles.
    """

    key: CellKey
    n: Count
    vehicles: Count
    fresh: Count


class WindowCounts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="window_counts"):
    """The counts of one part of one window, from vision to gate.

    ``start`` and ``end`` are Unix seconds. A ``part`` is what one tag key saw; it has the number of that key on its
    local day, from 0. After a restart the next key is used, and vehicles of two parts can't be told apart. A later
    message for the same part replaces the earlier one; ``final`` says that no part of this window follows.
    ``observed`` is the share of the window, in per cent, in which this part's camera delivered. ``policy`` is the
    serial of the policy under which it was counted.
    """

    start: Instant
    end: Instant
    part: Part
    final: bool
    observed: Percent5
    policy: Serial
    cells: Annotated[tuple[CellCount, ...], Meta(max_length=MOST_CELLS)]


class CameraState(StrEnum):
    """How the frame source is doing."""

    DELIVERING = "delivering"
    STALLED = "stalled"
    ENDED = "ended"


class Clock(StrEnum):
    """Where time comes from."""

    SYNCHRONISED = "synchronised"
    FILE = "file"
    UNSYNCHRONISED = "unsynchronised"


class Share(StrEnum):
    """A share, in buckets."""

    NONE = "none"
    FEW = "below_10_percent"
    SOME = "below_50_percent"
    MANY = "50_percent_or_more"


class RegisterAge(StrEnum):
    """How old the sources of the register pack are, in buckets: a pack comes each week."""

    BELOW_8_DAYS = "below_8_days"
    BELOW_32_DAYS = "below_32_days"
    BELOW_92_DAYS = "below_92_days"
    OLDER = "older"
    UNKNOWN = "unknown"


class Unreadable(StrEnum):
    """How many plates of an hour could not be read, in buckets whose lowest begins at none."""

    UNKNOWN = "unknown"
    FEW = "few"
    SOME = "some"
    MANY = "many"
    MOST = "most"


class Sandbox(StrEnum):
    """How much of what a process does not need the kernel keeps from it."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


class VisionHealth(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="vision_health"):
    """How vision is doing, from vision to gate; nothing in it is driven by traffic."""

    camera: CameraState
    clock: Clock
    frames_dropped: Share
    frames_corrupt: Share
    reopened: Annotated[int, Meta(ge=0, le=99)]
    register_age: RegisterAge
    sandbox: Sandbox = Sandbox.NONE


class VisionAct(StrEnum):
    """What vision does that the audit log keeps; none of it is driven by traffic."""

    TAG_KEY_MADE = "tag_key_made"
    TAG_KEY_DESTROYED = "tag_key_destroyed"
    REGISTER_IN_USE = "register_in_use"
    EXEMPTIONS_IN_USE = "exemptions_in_use"
    ORIGIN_IN_USE = "origin_in_use"
    TRADE_IN_USE = "trade_in_use"
    EXEMPTIONS_EXPIRED = "exemptions_expired"
    ORIGIN_EXPIRED = "origin_expired"
    TRADE_EXPIRED = "trade_expired"
    SET_UP_ON = "set_up_on"
    SET_UP_OFF = "set_up_off"


# Days since 1970-01-01, of this century.
DayNumber = Annotated[int, Meta(ge=10_957, le=47_481)]


class VisionEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="vision_event"):
    """An act of vision for the audit log.

    ``day`` is the local day of a tag key, the day of the register's data or of a list's sealing, or the day before
    which rows of a list expired, or today for set-up mode.
    """

    act: VisionAct
    day: DayNumber


Message = WindowCounts | VisionHealth | VisionEvent


class Objection(StrEnum):
    """Why the gate does not let set-up mode begin."""

    NOT_ALLOWED = "not_allowed"  # by the policy under which it runs
    POLICY_REFUSED = "policy_refused"  # the one that lies in place: it is not valid, or older
    USED_UP = "used_up"  # the day's time
    TOO_OFTEN = "too_often"  # in this hour


class Ack(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="ack"):
    """The gate's answer to one message: taken, or refused for good (do not repeat); of set-up mode it says why."""

    accepted: bool
    why: Objection | None = None
