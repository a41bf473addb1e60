"""The fields of policy.toml: sections of options, each with what it may be."""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from edge.categories import Serial
from edge.config import Identifier
from edge.release_rules import Enrichment, Measure, Release, one_of

# No control characters, nothing that ends a line and nothing that turns the direction of writing: what a terminal or a
# page shows of a policy is what its officer signed.
_SHOWN = r"[^\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
_ONE_LINE = rf"\A(?=.*\S){_SHOWN}*\Z"
_LINE_OR_NOTHING = rf"\A{_SHOWN}*\Z"

# Minutes of live pictures that a policy may allow, at a time and a day; and how many whole sessions a day has.
MOST_SET_UP = 120
SESSIONS = 4

Day = Annotated[date, Meta(description="a date such as 2026-12-31")]
Flag = Annotated[bool, Meta(description="true or false")]
Line = Annotated[str, Meta(pattern=_ONE_LINE, max_length=1000, description="a text of one line that is not empty")]
Page = Annotated[
    str,
    Meta(
        pattern=r"\Ahttps?://[!-~]+\Z", max_length=1000, description='an address such as "https://city.example/camera"'
    ),
]
ZoneRules = Annotated[
    str,
    Meta(
        pattern=r"\A(sha256:[0-9a-f]{64})?\Z",
        description='"sha256:" and the 64 hexadecimal digits of the zone rule file, or "" for none',
    ),
]


class Identity(msgspec.Struct, frozen=True):
    """Which policy."""

    id: Identifier
    serial: Annotated[Serial, Meta(description="a whole number from 1 to 9999, higher than any before")]
    bench: Flag


class Who(msgspec.Struct, frozen=True):
    """Who is responsible."""

    controller: Line
    contact: Line
    data_protection_officer: Line
    information_url: Page


class Why(msgspec.Struct, frozen=True):
    """Purpose limitation."""

    purpose: Line
    legal_basis: Line
    necessity: Line
    traffic_decision: Line
    dpia: Annotated[
        str,
        Meta(
            pattern=_LINE_OR_NOTHING,
            max_length=1000,
            description='the reference of a data protection impact assessment, "" only without enrichment',
        ),
    ]
    link_decision: Annotated[
        str,
        Meta(
            pattern=_LINE_OR_NOTHING,
            max_length=1000,
            description='a text of one line, "" where neither origin nor trade is enriched',
        ),
    ]


class Where(msgspec.Struct, frozen=True):
    """Where and when."""

    zone: Identifier
    cameras: Annotated[
        tuple[Identifier, ...],
        Meta(
            min_length=1,
            description="a list of camera names, at least one, each of lower-case letters, digits and dashes",
        ),
    ]
    valid_from: Day
    valid_until: Day


class What(msgspec.Struct, frozen=True):
    """What is counted."""

    enrichment: Annotated[tuple[Enrichment, ...], Meta(description=f"a list, empty or of: {one_of(Enrichment)}")]
    zone_rules: ZoneRules
    measure: Annotated[Measure, Meta(description=one_of(Measure))]
    repeat_gap_minutes: Annotated[int, Meta(ge=0, le=1440, description="minutes, a whole number from 0 to 1440")]


class Retention(msgspec.Struct, frozen=True):
    """How long messages are kept."""

    outbox_days: Annotated[int, Meta(ge=1, le=366, description="days, a whole number from 1 to 366")]
    message_days: Annotated[int, Meta(ge=1, le=3660, description="days, a whole number from 1 to 3660")]


class SetUp(msgspec.Struct, frozen=True):
    """How long an installer who aims the camera may see live pictures."""

    minutes: Annotated[
        int, Meta(ge=0, le=MOST_SET_UP, description=f"minutes, a whole number from 0 (none) to {MOST_SET_UP}")
    ]

    @property
    def minutes_a_day(self) -> int:
        """The minutes that all sessions of a day may last: an installer moves the line, and looks again."""
        return min(SESSIONS * self.minutes, MOST_SET_UP)


class PolicyFile(msgspec.Struct, frozen=True):
    """A whole policy.toml."""

    policy: Identity
    who: Who
    why: Why
    where: Where
    what: What
    release: Release
    retention: Retention
    set_up: SetUp
