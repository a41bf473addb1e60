"""What the gate does with what vision tells it, and by itself each hour."""

import math
from collections.abc import Callable, Collection

import msgspec
import structlog

from edge.categories import Ack, CameraState, Clock, Message, Share, VisionEvent, VisionHealth, WindowCounts
from edge.gate.budget import Log
from edge.gate.carry import Carry
from edge.gate.ledger import Ledger
from edge.gate.modes import mode_of
from edge.gate.read_rate import ReadRate
from edge.gate.reports import Reports
from edge.policy import Policy
from edge.uplink.contract import Cell
from edge.uplink.outbox import Outbox, OutboxError
from edge.windows import LATE_SECONDS, Window, window_of

log = structlog.get_logger()

# By then vision has handed the hour that is over in, and health can speak of it.
HEALTH_SECONDS = LATE_SECONDS + 5
RETRY_SECONDS = 60


class Desk:
    """Answers vision's messages; ``clock`` gives Unix seconds, ``note`` writes an act of vision to ``audit``."""

    def __init__(  # noqa: PLR0913, PLR0917  (the parts of a process)
        self,
        policy: Policy,
        reports: Reports,
        outbox: Outbox,
        carry: Carry,
        clock: Callable[[], float],
        note: Callable[[VisionEvent], Ack],
        audit: Log,
    ) -> None:
        release = policy.file.release
        # With differential privacy a report says nothing of unreadable plates: nobody can tell whose they are.
        self._read_rate = ReadRate(release.tables if release.dp is None else ())
        self._ledger = Ledger(policy, reports, outbox, carry, mode_of(policy, audit), self._released)
        self._policy, self._reports, self._outbox, self._clock, self._note = policy, reports, outbox, clock, note
        self._health: VisionHealth | None = None
        self._dropped, self._busy = Share.NONE, False
        self._hour = self._current_hour()
        self._days_due = -math.inf

    def take(self, message: Message) -> Ack:
        """Take a message; what it asks for is done, and on the disk, before it is answered.

        Raises:
            OutboxError: a report can't be stored now; vision repeats what is not answered.
        """
        if isinstance(message, WindowCounts):
            return Ack(self._ledger.take(message))
        if isinstance(message, VisionEvent):
            return self._note(message)
        if message.clock is Clock.FILE and message.camera is CameraState.ENDED:
            self._ledger.close_days(math.inf)  # The day of a file ends where the file does.
        known, self._health = self._health, message
        # At once only what no traffic drives; the rest waits for the hour, so that its moment says nothing.
        if known is None or (known.camera, known.clock) != (message.camera, message.clock):
            self._publish_health()
        return Ack(accepted=True)

    def tick(self) -> None:
        """Do what is due by the clock.

        Days are closed; each hour health goes out, and messages past their retention are removed.
        """
        self._close_days()
        hour = self._current_hour()
        if hour != self._hour:
            self._hour = hour
            self._read_rate.turn()
            self._turn_dropped()
            self._prune()
            self._publish_health()

    def _released(self, cells: Collection[Cell]) -> None:
        self._read_rate.note(cells)
        self._busy = bool(cells)

    def _turn_dropped(self) -> None:
        """Show how many frames are dropped, which traffic drives: once an hour, and not of one with an empty report.

        In a quiet night a single vehicle that drives to and fro could move it.
        """
        if self._busy and self._health is not None:
            self._dropped = self._health.frames_dropped
        self._busy = False

    def _current_hour(self) -> Window:
        """Return the hour that is going on, a little late: it changes when the one before has been closed."""
        return window_of(self._clock() - HEALTH_SECONDS)

    def end_policy(self) -> None:
        """Close the day, whose hours were counted under this policy: nothing of it is released under another."""
        try:
            self._ledger.close_days(math.inf)
        except OutboxError as error:
            log.error("day_not_stored", reason=str(error))  # noqa: TRY400  (no traceback helps)

    def _close_days(self) -> None:
        """Close days that are over; the clock of this machine says so of a live camera only."""
        now = self._clock()
        if now < self._days_due:
            return
        live = self._health is not None and self._health.clock is Clock.SYNCHRONISED
        try:
            self._ledger.close_days(now if live else -math.inf)
        except OutboxError as error:
            self._days_due = now + RETRY_SECONDS
            log.error("day_not_stored", reason=str(error))  # noqa: TRY400  (no traceback helps)

    def _publish_health(self) -> None:
        if self._health is None:
            return
        seen = msgspec.structs.replace(self._health, frames_dropped=self._dropped)
        try:
            self._outbox.put_health(self._reports.health(seen, self._outbox.stats(), self._read_rate.shown))
        except OutboxError as error:
            log.error("health_not_stored", reason=str(error))  # noqa: TRY400  (no traceback helps)

    def _prune(self) -> None:
        try:
            removed = self._outbox.prune(self._policy.file.retention.outbox_days)
        except OutboxError as error:
            log.error("outbox_not_pruned", reason=str(error))  # noqa: TRY400  (no traceback helps)
        else:
            log.info("outbox_pruned", messages=removed)
