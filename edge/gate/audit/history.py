"""What the log says of the time before this start: which bins are closed, which policy was the highest."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from edge.gate.audit.events import Entry, Event, PolicyLoaded, ReportReleased
from edge.uplink.contract import Stream


@dataclass(slots=True)
class History:
    """The latest report of each stream, and the highest serial of a policy (0: none)."""

    released: dict[Stream, ReportReleased] = field(default_factory=dict)
    serial: int = 0

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Self:
        """Read it from entries."""
        history = cls()
        for entry in entries:
            history.add(entry.what)
        return history

    def add(self, event: Event) -> None:
        """Go on with an event."""
        if isinstance(event, ReportReleased):
            self.released[event.stream] = event
        elif isinstance(event, PolicyLoaded):
            self.serial = max(self.serial, event.serial)
