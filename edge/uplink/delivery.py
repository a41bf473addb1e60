"""Reports on their way: a PUBACK with reason 0 marks them sent, everything else keeps them.

What was sent and not received goes again, where nothing waits that was never sent.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import structlog

from edge.uplink.backoff import Backoff
from edge.uplink.connection import Acknowledged
from edge.uplink.outbox import Entry, OutboxError, OutboxReader, Row
from edge.uplink.replay import Replays

log = structlog.get_logger()

MAX_IN_FLIGHT = 8


class Outlet(Protocol):
    """What takes messages: an open `Connection`."""

    def publish(self, entry: Entry, *, expiry: int | None) -> int:
        """Send a message, to be dropped after ``expiry`` seconds; return its number."""


class Delivery:
    """Hands waiting reports to a connection, in the order of their sequences, and notes what the broker says."""

    def __init__(
        self,
        reader: OutboxReader,
        replays: Replays,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader, self._replays, self._clock, self._monotonic = reader, replays, clock, monotonic
        self._in_flight: dict[int, Row] = {}
        self._nobody = Backoff()
        self._quiet_until = 0.0
        self._refused: dict[int, Backoff] = {}
        self._not_before: dict[int, float] = {}

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way."""
        return not self._in_flight

    def begin(self) -> None:
        """Forget what was on its way over a connection that is gone; it is sent again."""
        self._in_flight.clear()

    def hand_over(self, outlet: Outlet) -> None:
        """Send what waits and may be sent now, few at a time.

        Raises:
            ConnectionFailedError: the connection is gone.
        """
        for row in self._due():
            left = row.entry.expires - self._clock()
            if left >= 1:
                self._in_flight[outlet.publish(row.entry, expiry=int(left))] = row
            elif not row.again:
                log.warning("report_expired", stream=row.stream, sequence=row.sequence)
                self._note(self._reader.mark_expired, [row])

    def settle(self, answers: Iterable[Acknowledged]) -> None:
        """Note the broker's answers in one transaction; one to another message than a report is not for us."""
        taken = []
        for answer in answers:
            row = self._in_flight.pop(answer.message, None)
            if row is not None and self._is_taken(row, answer):
                taken.append(row)
        if sent := [row for row in taken if not row.again]:
            self._note(self._reader.mark_sent, sent)

    def _is_taken(self, row: Row, answer: Acknowledged) -> bool:
        if answer.nobody_subscribed:
            self._wait_for_subscribers(row)
        elif answer.reason.is_failure:
            self._keep(row, str(answer.reason))
        else:
            self._nobody.reset()
            self._forget(row)
            log.info("report_sent_again" if row.again else "report_sent", stream=row.stream, sequence=row.sequence)
            return True
        return False

    def _due(self) -> Iterator[Row]:
        """Give the rows to send now; while nobody subscribes, one at a time is enough to find out."""
        now = self._monotonic()
        if now < self._quiet_until:
            return
        room = (1 if self._nobody.failing else MAX_IN_FLIGHT) - len(self._in_flight)
        if room <= 0:
            return
        busy = {row.id for row in self._in_flight.values()}
        busy |= {message for message, due in self._not_before.items() if now < due}
        waiting = self._reader.unsent(room + len(busy))
        rows = [row for row in waiting if row.id not in busy][:room]
        yield from rows
        if len(rows) < room:
            yield from self._replays.due(room - len(rows))

    def _wait_for_subscribers(self, row: Row) -> None:
        now = self._monotonic()
        if now < self._quiet_until:
            return  # One of several that were on their way together.
        delay = self._nobody.fail()
        self._quiet_until = now + delay
        log.warning("nobody_subscribed", stream=row.stream, sequence=row.sequence, retry_in_s=delay)

    def _keep(self, row: Row, reason: str) -> None:
        """Note that a report did not go; when one goes again that was sent before is not decided here."""
        if row.again:
            log.warning("report_refused", stream=row.stream, sequence=row.sequence, reason=reason)
            return
        delay = self._refused.setdefault(row.id, Backoff()).fail()
        self._not_before[row.id] = self._monotonic() + delay
        log.warning("report_refused", stream=row.stream, sequence=row.sequence, reason=reason, retry_in_s=delay)

    def _forget(self, row: Row) -> None:
        self._refused.pop(row.id, None)
        self._not_before.pop(row.id, None)

    def _note(self, mark: Callable[[Iterable[int], float], None], rows: Iterable[Row]) -> None:
        """Mark rows; where that can't be written, it is tried again later, and subscribers drop the duplicates."""
        try:
            mark([row.id for row in rows], self._clock())
        except OutboxError as error:
            for row in rows:
                self._keep(row, str(error))
