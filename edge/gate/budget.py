"""The privacy budget of each day: charged in the audit log before anything of a bin is drawn.

The log forgets nothing at a restart, so neither a crash nor a clock gives a budget twice.
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple, Protocol, TypeVar

import structlog

from edge.gate.audit.events import BudgetCharged, BudgetRefused, Event, Refusal
from edge.gate.audit.history import PLAIN, History
from edge.policy import Policy
from edge.uplink.contract import Stream
from edge.windows import Window, local_day

log = structlog.get_logger()


T = TypeVar("T")
Place = tuple[Stream, int]


class Log(Protocol):
    """An audit log."""

    history: History

    def note(self, event: Event) -> None:
        """Add an entry."""

    def secure(self) -> None:
        """Bring all entries to the disk; OutboxError where that can't be done now."""


class Bin(NamedTuple):
    """A bin that is over: ``keys`` is the number of tag keys that its day has had, as far as its counts say.

    A ``stump`` is one of which the camera saw too little.
    """

    stream: Stream
    window: Window
    keys: int
    stump: bool

    @property
    def day(self) -> date:
        """The local day that it is, or is a part of."""
        return local_day(self.window.start)

    @property
    def place(self) -> Place:
        """What makes it the same bin, whatever is known of it: its stream and its end."""
        return self.stream, self.window.end


def after(bin_: Bin, known: Mapping[Place, T]) -> dict[Place, T]:
    """Return what is known of other bins, but for earlier ones of the same stream."""
    return {
        (stream, end): one for (stream, end), one in known.items() if stream is not bin_.stream or end > bin_.window.end
    }


class Budget:
    """Says which bins may be released; a day is released under one policy with an epsilon, or without any."""

    def __init__(self, policy: Policy, log: Log) -> None:
        self._privacy, self._log = policy.file.release.dp, log
        self._terms = PLAIN if self._privacy is None else policy.digest
        self._answers = dict[Place, bool]()

    def allows(self, bin_: Bin) -> bool:
        """Tell whether a bin may be released; if it costs anything, that is charged and on the disk on return.

        Whoever asks again, because a report could not be stored, gets the same answer and is not charged again. A gate
        that asks for a bin which an earlier one has charged gets no: noise drawn twice would halve the protection.

        Raises:
            OutboxError: the charge can't be written now.
        """
        if bin_.place not in self._answers:
            self._answers[bin_.place] = self._decide(bin_)
        if self._privacy is not None:
            self._log.secure()
        return self._answers[bin_.place]

    def close(self, bin_: Bin) -> None:
        """Forget a bin whose reports are on the disk, and those before it, which can't come any more."""
        self._answers = after(bin_, self._answers)

    def _decide(self, bin_: Bin) -> bool:
        objection = self._objection(bin_)
        if objection is not None:
            self._log.note(BudgetRefused(*bin_.place, objection))
            log.warning("bin_withheld", window=str(bin_.window), stream=bin_.stream, reason=objection.value)
        elif self._privacy is not None:
            charge = self._charge(bin_)
            self._log.note(BudgetCharged(*bin_.place, self._terms, charge, self._left(bin_.day) - charge))
        return objection is None

    def _objection(self, bin_: Bin) -> Refusal | None:
        history = self._log.history
        if history.days[bin_.day].terms not in {None, self._terms}:
            return Refusal.MIXED
        if self._privacy is None:
            return None
        if history.decided.get(bin_.stream, 0) >= bin_.window.end:
            return Refusal.REPEATED
        return Refusal.USED_UP if self._charge(bin_) > self._left(bin_.day) else None

    def _charge(self, bin_: Bin) -> int:
        """Return what a bin costs: nothing, unless vision has made a tag key that is not paid for.

        Under one key a vehicle is fresh once in each direction, in one hour; the charge is for every rung that it may
        come to from there, in that hour and in the day. So further hours cost nothing, nor does the day.
        """
        if self._privacy is None or bin_.stream is Stream.DAY:
            return 0
        spent = self._log.history.days[bin_.day]
        return max(0, max(bin_.keys, spent.keys) * self._privacy.charge - spent.charged)

    def _left(self, day: date) -> int:
        return self._privacy.thousandths - self._log.history.days[day].charged if self._privacy else 0
