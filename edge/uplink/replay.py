"""Sent reports that a named subscriber does not have: which to send again, and when.

A PUBACK is the broker's word alone. What a receipt leaves open is sent again, but never in a storm: where a subscriber
gives no sign of life only the first report that it lacks, and each report after ever longer waits, whoever lacks it.
"""

import time
from collections.abc import Callable, Iterator

import msgspec

from edge.uplink.contract import Sequences, Stream
from edge.uplink.outbox import OutboxReader, Row, Sent

STREAMS = (Stream.HOUR, Stream.DAY)
# Nothing is sent again sooner. All other times follow from it: 2 minutes make 30 s, 1 min, 10 min and 6 h.
PATIENCE_SECONDS = 120.0
QUIET = 0.25
LOOK = 0.5
ALIVE = 5.0
LONGEST = 180.0
# Rows that are looked at in one go.
PAGE = 64


class _Watch(msgspec.Struct):
    """What one subscriber has of one stream; when to look for what it lacks, and how far the present look has come."""

    stream: Stream
    stored: int
    look_at: float
    alive_until: float = 0.0
    looked: int = 0

    def set(self, stored: int, look_at: float) -> None:
        """Note a receipt; one that changes tells of a subscriber at work, who is left alone for a moment."""
        if stored != self.stored:
            self.stored, self.look_at, self.looked = stored, look_at, 0


class _Try(msgspec.Struct, frozen=True):
    """How often a report was sent again, and when it may be once more."""

    times: int
    not_before: float


class Replays:
    """Gives the reports to send again; ``patience`` in seconds."""

    def __init__(
        self,
        reader: OutboxReader,
        patience: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader, self._patience, self._clock, self._monotonic = reader, patience, clock, monotonic
        self._watches: dict[tuple[str, Stream], _Watch] = {}
        self._tries: dict[int, _Try] = {}

    def expect(self, subscriber: str, stored: Sequences) -> None:
        """Begin to watch a subscriber of whom this is known; one who is watched already stays so."""
        look_at = self._monotonic() + self._patience
        for stream in STREAMS:
            self._watches.setdefault((subscriber, stream), _Watch(stream, getattr(stored, stream), look_at))

    def hear(self, subscriber: str, stored: Sequences, *, live: bool) -> None:
        """Note a receipt; ``live`` where it was sent just now, and not kept by the broker."""
        now = self._monotonic()
        for stream in STREAMS:
            watch = self._watches[subscriber, stream]
            watch.set(getattr(stored, stream), now + QUIET * self._patience)
            if live:
                watch.alive_until = now + ALIVE * self._patience

    def due(self, room: int) -> Iterator[Row]:
        """Give up to ``room`` reports that are to be sent again now; each counts as tried."""
        given = 0
        for watch in self._watches.values():
            if self._monotonic() < watch.look_at:
                continue
            for sent in self._look(watch):
                if self._may(sent) and (row := self._reader.row(sent.id)):
                    self._note_try(sent.id)
                    yield msgspec.structs.replace(row, again=True)
                    given += 1
                if given >= room:
                    return

    def _look(self, watch: _Watch) -> Iterator[Sent]:
        """Give some of the sent reports that a subscriber lacks, going on where the last look ended."""
        alive = self._monotonic() < watch.alive_until
        size = PAGE if alive else 1
        page = self._reader.sent_after(watch.stream, max(watch.looked, watch.stored) if alive else watch.stored, size)
        for sent in page:
            watch.looked = sent.sequence
            yield sent
        if not alive or len(page) < size:
            watch.looked, watch.look_at = 0, self._monotonic() + LOOK * self._patience
            self._forget()

    def _may(self, sent: Sent) -> bool:
        """Tell whether a report has waited long enough; a clock that was set back is no reason to wait longer."""
        if tried := self._tries.get(sent.id):
            return self._monotonic() >= tried.not_before
        return not 0 <= self._clock() - sent.settled < self._patience

    def _note_try(self, message: int) -> None:
        times = self._tries[message].times + 1 if message in self._tries else 1
        wait = min(self._patience * 2**times, self._patience * LONGEST)
        self._tries[message] = _Try(times, self._monotonic() + wait)

    def _forget(self) -> None:
        """Forget reports that nobody has lacked for long after they could have been sent again."""
        limit = self._monotonic() - self._patience * LONGEST
        self._tries = {message: tried for message, tried in self._tries.items() if tried.not_before > limit}
