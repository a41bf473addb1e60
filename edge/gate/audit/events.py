"""What the audit log may say: a closed list of events with closed arguments.

No argument can hold a plate, a tag, the time of a passage or a free text. What an hour writes does not depend on how
much traffic there was.
"""

from enum import StrEnum
from typing import Annotated, get_args

import msgspec
from msgspec import Meta

from edge.categories import DayNumber, Instant, Serial, VisionAct
from edge.errors import AnprError
from edge.uplink.contract import Digest, Natural, Stream

Software = Annotated[str, Meta(pattern=r"\A[0-9]+(\.[0-9]+)*((a|b|rc|\.post|\.dev)[0-9]+)*\Z")]


# Fewer than there are plates: no number spells one.
Number = Annotated[int, Meta(ge=0, le=9_999_999)]


class AuditError(AnprError):
    """The audit log can't be read, or what it holds is no log."""


class PolicyFault(StrEnum):
    """Why a policy was refused."""

    INVALID = "invalid"  # unreadable, unsigned, wrongly filled in, or for another camera
    OLDER = "older"  # than one that ran here before


class Store(StrEnum):
    """Where something lay that has expired."""

    OUTBOX = "outbox"
    AUDIT = "audit"


class Refusal(StrEnum):
    """Why nothing of a bin is released, where noise hides single vehicles."""

    USED_UP = "used_up"  # the day's budget
    REPEATED = "repeated"  # noise was drawn for this bin before, by a gate that ended
    MIXED = "mixed"  # the day was begun under another policy, and one of the two states an epsilon


class _Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="event"):
    """Base of all events."""


class Started(_Event, frozen=True, tag="started"):
    """The gate began to work."""

    software: Software


class Stopped(_Event, frozen=True, tag="stopped"):
    """The gate ended in good order; before a `started` without it, it was killed or lost its power."""


class BegunAnew(_Event, frozen=True, tag="begun_anew"):
    """This log is new, and one of ``before`` entries was published from here before it was taken away."""

    before: Number


class PolicyLoaded(_Event, frozen=True, tag="policy_loaded"):
    """Counts are taken under this policy; said again each day."""

    serial: Serial
    digest: Digest


class PolicyRefused(_Event, frozen=True, tag="policy_refused"):
    """The policy that lies in place may not run; where ``kept``, the one in force goes on, else nothing is counted."""

    fault: PolicyFault
    kept: bool


class ModelsInUse(_Event, frozen=True, tag="models_in_use"):
    """The digest of the models' checksum file."""

    digest: Digest


class ReportReleased(_Event, frozen=True, tag="report_released"):
    """The report of the bin that ends at ``end`` (Unix seconds) is in the outbox."""

    stream: Stream
    sequence: Number
    end: Instant


class ActOfVision(_Event, frozen=True, tag="vision"):
    """What vision told: see `edge.categories.VisionEvent`."""

    act: VisionAct
    day: DayNumber


class Expired(_Event, frozen=True, tag="expired"):
    """So many messages or entries were deleted at the end of their term."""

    store: Store
    items: Number


class RowsDropped(_Event, frozen=True, tag="rows_dropped"):
    """So many messages were dropped from the outbox for want of room before they were delivered."""

    rows: Number


class BudgetCharged(_Event, frozen=True, tag="budget_charged"):
    """The bin that ends at ``end`` is released with noise, under the policy of this ``digest``.

    For it ``charged`` thousandths of epsilon were taken from the day's privacy budget, which has ``left``.
    """

    stream: Stream
    end: Instant
    digest: Digest
    charged: Number
    left: Number


class BudgetRefused(_Event, frozen=True, tag="budget_refused"):
    """Nothing of the bin that ends at ``end`` is released: its report is empty."""

    stream: Stream
    end: Instant
    why: Refusal


class SetupMode(_Event, frozen=True, tag="setup_mode"):
    """Set-up mode, in which the camera is aimed, was switched."""

    on: bool


class LoggedIn(_Event, frozen=True, tag="logged_in"):
    """Somebody logged in at the camera."""


class Exported(_Event, frozen=True, tag="exported"):
    """Somebody exported reports or this log from the camera."""


Event = (
    Started
    | Stopped
    | BegunAnew
    | PolicyLoaded
    | PolicyRefused
    | ModelsInUse
    | ReportReleased
    | ActOfVision
    | Expired
    | RowsDropped
    | BudgetCharged
    | BudgetRefused
    | SetupMode
    | LoggedIn
    | Exported
)


NAMES: dict[str, type[_Event]] = {str(kind.__struct_config__.tag): kind for kind in get_args(Event)}


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An event with its place in the log, from 0, and the Unix second at which it was written."""

    number: Number
    time: Natural
    what: Event


def encode(entry: Entry) -> bytes:
    """Return an entry as it stands in the log, without its newline: these bytes are hashed."""
    return msgspec.json.encode(entry)


def decode(line: bytes) -> Entry:
    """Read an entry.

    Raises:
        AuditError: it is none, or is spelled in another way than `encode` does.
    """
    try:
        entry = msgspec.json.decode(line, type=Entry)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise AuditError("is no entry of the audit log") from error
    if encode(entry) != line:
        raise AuditError("is an entry in another spelling")
    return entry
