"""What a subscriber remembers of what came: so that each message counts once, and what is missing is known."""

from collections import defaultdict
from typing import Protocol

import msgspec

from central.events import (
    BreachError,
    CheckpointNote,
    Event,
    HealthNote,
    Received,
    Repeated,
    Report,
    Signature,
    StateChange,
)
from central.sequences import Sequences
from edge.uplink.contract import Address, Checkpoint, CountReport, Health, State, Status, Stream

# Of an audit log: origin, size, root.
Head = tuple[str, str, str]


class Arrival(msgspec.Struct, frozen=True):
    """A message that keeps to the contract: from which camera, signed with which key."""

    received: Received
    address: Address
    kid: str
    signature: Signature


class Memory(Protocol):
    """Takes messages that keep to the contract; each method says what is new about one.

    Raises:
        BreachError: it contradicts what came before.
    """

    def take_report(self, report: CountReport, stream: Stream, arrival: Arrival) -> Event:
        """Take counts."""
        ...

    def take_state(self, state: State, arrival: Arrival) -> Event:
        """Take a presence."""
        ...

    def take_health(self, health: Health, arrival: Arrival) -> Event:
        """Take a health message."""
        ...

    def take_checkpoint(self, checkpoint: Checkpoint, arrival: Arrival) -> Event:
        """Take the head of an audit log."""
        ...


class InMemory:
    """Remembers until the process ends; of a report its digest only."""

    def __init__(self) -> None:
        self._streams: defaultdict[tuple[str, str], Sequences] = defaultdict(Sequences)
        self._status: dict[str, Status] = {}
        self._health: dict[str, str] = {}
        self._heads: defaultdict[str, dict[int, Head]] = defaultdict(dict)

    def take_report(self, report: CountReport, stream: Stream, arrival: Arrival) -> Event:
        """Take counts."""
        known, sequence = self._streams[report.source, stream], int(report.sequence)
        payload = arrival.received.payload
        if known.came_before(sequence):
            if known.is_same(sequence, payload):
                return Repeated(report.id)
            raise conflict(report)
        late = known.is_late(sequence)
        return Report(report, arrival.signature, gap=known.take(sequence, payload), late=late)

    def take_state(self, state: State, arrival: Arrival) -> Event:
        """Take a presence."""
        # Not by id: a state is signed in advance, and said again with the same id each time it becomes true.
        if self._status.get(state.source) is state.data.status:
            return Repeated(state.id)
        self._status[state.source] = state.data.status
        return StateChange(state, arrival.signature)

    def take_health(self, health: Health, arrival: Arrival) -> Event:
        """Take a health message."""
        if self._health.get(health.source) == health.id:
            return Repeated(health.id)
        self._health[health.source] = health.id
        return HealthNote(health, arrival.signature)

    def take_checkpoint(self, checkpoint: Checkpoint, arrival: Arrival) -> Event:
        """Take the head of an audit log."""
        size, heads = log_size(checkpoint), self._heads[checkpoint.source]
        if size in heads:
            check_head(heads[size], checkpoint)
            return Repeated(checkpoint.id)
        check_growth(size, max(heads, default=0))
        heads[size] = head(checkpoint)
        return CheckpointNote(checkpoint, arrival.signature)


def conflict(report: CountReport) -> BreachError:
    """Say that a report contradicts one that came before."""
    return BreachError(f"{report.id} came before with other content")


def log_size(checkpoint: Checkpoint) -> int:
    """Return the number of entries that a checkpoint vouches for."""
    return int(checkpoint.data.note.split("\n")[1])


def head(checkpoint: Checkpoint) -> Head:
    """Return origin, size and root: a signature may differ where they are the same."""
    origin, size, root = checkpoint.data.note.split("\n")[:3]
    return origin, size, root


def check_head(known: Head, checkpoint: Checkpoint) -> None:
    """Refuse an audit log that has other entries than it had when it was as long."""
    if known != head(checkpoint):
        raise BreachError("its audit log has as many entries as before, and others: it was written anew")


def check_growth(size: int, last: int) -> None:
    """Refuse an audit log that has fewer entries than before."""
    if size < last:
        raise BreachError(f"its audit log has {size} entries, and had {last} before: it was set back")
