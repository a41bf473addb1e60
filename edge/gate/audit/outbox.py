"""The outbox of a gate that writes down what it releases, drops and deletes."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from edge.gate.audit.events import Expired, ReportReleased, RowsDropped, Store
from edge.gate.audit.log import AuditLog
from edge.uplink.contract import Stream
from edge.uplink.outbox import Entry, Outbox


class AuditedOutbox(Outbox):
    """An outbox beside an audit log.

    The report is stored first, then its entry. After a crash in between the log knows less than the outbox, and the
    entry is made again from there. So a log that knows more than its outbox means one thing only: an older copy of the
    outbox was put in its place.
    """

    def __init__(self, file: Path, max_bytes: int, audit: AuditLog, clock: Callable[[], float] = time.time) -> None:
        """Open or make ``file``, as `Outbox` does."""
        super().__init__(file, max_bytes, clock)
        self._audit = audit
        self._dropped = self.stats().dropped

    def append(self, stream: Stream, window: int, makes: Sequence[Callable[[int], Entry]]) -> bool:
        """Store messages, as `Outbox` does, and write them down."""
        self._audit.require()
        stored = super().append(stream, window, makes)
        self.catch_up(stream)
        return stored

    def catch_up(self, stream: Stream) -> None:
        """Write down what was stored and is not in the log.

        Raises:
            OutboxError: it can't be read.
        """
        last = self._audit.history.released.get(stream)
        for sequence, end in self.windows_after(stream, last.sequence if last else 0):
            self._audit.note(ReportReleased(stream, sequence, end))
        dropped = self.stats().dropped
        if dropped > self._dropped:
            self._audit.note(RowsDropped(dropped - self._dropped))
            self._dropped = dropped

    def prune(self, days: int) -> int:
        """Remove messages whose term is over, as `Outbox` does, and write it down."""
        removed = super().prune(days)
        if removed:
            self._audit.note(Expired(Store.OUTBOX, removed))
        return removed
