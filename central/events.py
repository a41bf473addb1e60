"""What a subscriber has to say about each message."""

from typing import Literal

import msgspec

from edge.uplink.contract import Checkpoint, CountReport, Health, State

Signature = Literal["verified", "not checked"]


class BreachError(Exception):
    """A message breaks the contract."""


class Received(msgspec.Struct, frozen=True):
    """A message as it came; ``signature`` is the user property `sig`, empty where there is none.

    ``packet`` is by what its receipt is confirmed to the broker; 0 where that is not asked for.
    """

    topic: str
    payload: bytes
    signature: str
    content_type: str
    retained: bool
    packet: int = 0


class Gap(msgspec.Struct, frozen=True):
    """Sequences ``first`` to ``last`` of a stream that did not come (yet)."""

    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


class Report(msgspec.Struct, frozen=True):
    """An accepted count report; ``gap`` where earlier ones are missing, ``late`` where it closes such a gap."""

    message: CountReport
    signature: Signature
    gap: Gap | None
    late: bool


class StateChange(msgspec.Struct, frozen=True):
    """A camera came, stopped, or went without goodbye."""

    message: State
    signature: Signature


class HealthNote(msgspec.Struct, frozen=True):
    """A camera's health."""

    message: Health
    signature: Signature


class CheckpointNote(msgspec.Struct, frozen=True):
    """The head of a camera's audit log: keep it, and the log can't be rewritten behind it."""

    message: Checkpoint
    signature: Signature


class Repeated(msgspec.Struct, frozen=True):
    """A message that was accepted before."""

    id: str


class Expired(msgspec.Struct, frozen=True):
    """A report that came after it should have been deleted everywhere; it is not kept."""

    id: str


class Aside(msgspec.Struct, frozen=True):
    """A message that is not for us: a subscriber's receipt for a camera."""

    topic: str


class Refused(msgspec.Struct, frozen=True):
    """A message that breaks the contract, and how."""

    topic: str
    reason: str


Event = Report | StateChange | HealthNote | CheckpointNote | Repeated | Expired | Aside | Refused
