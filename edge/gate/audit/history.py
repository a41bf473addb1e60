"""What the log says of the time before: which bins are closed, what they cost, which policy was the highest."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Self

from edge.categories import VisionAct
from edge.gate.audit.events import (
    ActOfVision,
    BudgetCharged,
    BudgetRefused,
    Entry,
    Event,
    PolicyLoaded,
    ReportReleased,
    SetupMode,
)
from edge.uplink.contract import Stream
from edge.windows import day_of, local_day

# The terms of a day on which a bin was released without a charge.
PLAIN = ""


@dataclass(slots=True)
class Spent:
    """What a local day has cost: ``charged`` thousandths of epsilon, and the tag ``keys`` that vision made.

    ``terms`` is the digest of the policy under which its bins were charged, or `PLAIN`; None while none was released.
    """

    charged: int = 0
    keys: int = 0
    terms: str | None = None


@dataclass(slots=True)
class History:
    """The latest report of each stream, the highest serial of a policy (0: none) and its digest, and each day's cost.

    ``set_up`` is the Unix second at which set-up mode was switched on, None while it is off; ``sessions`` are the
    seconds that it was on, by the local day on which it began. ``decided`` is the end of the latest bin of a stream
    that was charged, or refused a charge.
    """

    released: dict[Stream, ReportReleased] = field(default_factory=dict)
    serial: int = 0
    digest: str = ""
    set_up: int | None = None
    sessions: defaultdict[date, list[int]] = field(default_factory=lambda: defaultdict(list))
    decided: dict[Stream, int] = field(default_factory=dict)
    days: defaultdict[date, Spent] = field(default_factory=lambda: defaultdict(Spent))

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Self:
        """Read it from entries."""
        history = cls()
        for entry in entries:
            history.add(entry.what, entry.time)
        return history

    def add(self, event: Event, time: int) -> None:
        """Go on with an event that was written down at ``time``, in Unix seconds."""
        match event:
            case ReportReleased():
                self._release(event)
            case PolicyLoaded(serial, digest):
                self.serial, self.digest = max(self.serial, serial), digest
            case BudgetCharged():
                self._charge(event)
            case BudgetRefused(stream, end):
                self.decided[stream] = end
            case SetupMode(on):
                self._switch(time, on=on)
            case ActOfVision(VisionAct.TAG_KEY_MADE, number):
                self.days[day_of(number)].keys += 1

    def _switch(self, time: int, *, on: bool) -> None:
        """A second that has begun counts as a whole one."""
        if self.set_up is not None:
            self.sessions[local_day(self.set_up)].append(time - self.set_up + 1)
        self.set_up = time if on else None

    def _release(self, event: ReportReleased) -> None:
        self.released[event.stream] = event
        if self.decided.get(event.stream) != event.end:
            self.days[_day(event)].terms = PLAIN

    def _charge(self, event: BudgetCharged) -> None:
        self.decided[event.stream] = event.end
        spent = self.days[_day(event)]
        spent.charged += event.charged
        spent.terms = event.digest


def _day(event: ReportReleased | BudgetCharged) -> date:
    """Return the local day in which the bin lies."""
    return local_day(event.end - 1)
