"""When counts go to the gate: each minute, when a window is over, and at the end."""

import math
from collections.abc import Iterable

from edge.categories import Attributes, WindowCounts
from edge.counting.counter import Counter
from edge.counting.sender import Sender
from edge.counting.spool import Spool
from edge.plates.passage import Passage

# What a killed vision loses at most.
SNAPSHOT_SECONDS = 60.0


class Handover:
    """Moves the counter along with time and puts what it gives into the spool, for the sender.

    All times are those of frames, or of the synchronised clock while a live source is silent.
    """

    def __init__(self, counter: Counter, spool: Spool, sender: Sender) -> None:
        self._counter = counter
        self._spool = spool
        self._sender = sender
        self._due = -math.inf

    def observe(self, time: float, seen: Iterable[tuple[Passage, Attributes]] = ()) -> None:
        """Note a frame taken at ``time``, and count the passages that are complete with it.

        They are counted before windows close: after a gap in the frames they may belong to one that is over.

        Raises:
            SpoolError: there is no room for counters.
            Exception: whatever ended the sender's thread.
        """
        self._counter.observe(time)
        for passage, vehicle_class in seen:
            self.count(passage, vehicle_class)
        self._hand_over(time)

    def idle(self, now: float) -> None:
        """Note that it is ``now`` and a live source is silent; raises as `observe` does."""
        self._counter.advance(now)
        self._hand_over(now)

    def count(self, passage: Passage, vehicle_class: Attributes) -> None:
        """Count a passage and wipe its plate."""
        try:
            self._counter.count(passage, vehicle_class)
        finally:
            passage.wipe()

    def end(self, *, complete: bool, timeout: float) -> bool:
        """Hand everything over and destroy the tag keys; return whether the gate answered within ``timeout`` s.

        At the end of a file (``complete``) all windows are final. After a signal the open one is handed over as it
        stands: the next vision goes on with it.
        """
        self._put(self._counter.finish() if complete else self._counter.snapshot())
        self._counter.wipe()
        if complete:
            self._spool.seal(math.inf)
        return self._sender.flush(timeout)

    def _hand_over(self, now: float) -> None:
        if self._sender.failed:
            raise self._sender.failed
        self._put(self._counter.close(now))
        # A clock that was set back makes the next snapshot due at once.
        if not self._due - SNAPSHOT_SECONDS <= now < self._due:
            self._put(self._counter.snapshot())
            self._spool.seal(now)
            self._due = now + SNAPSHOT_SECONDS
            self._sender.wake()

    def _put(self, parts: Iterable[WindowCounts]) -> None:
        for counts in parts:
            self._spool.put(counts)
            self._sender.wake()
