"""How long set-up mode may be on: the gate bounds each session, and what the sessions of a day add up to."""

from collections.abc import Callable

import structlog

from edge.categories import Objection
from edge.gate.audit.events import SetupMode
from edge.gate.audit.log import AuditLog
from edge.policy import Policy
from edge.windows import local_day

log = structlog.get_logger()

# An installer who moves the line starts it some times; a loop that starts it for ever fills no disk.
MOST_BEGUN = 20
# It ends by itself when its minutes are over, and has so long to close camera and page.
GRACE_SECONDS = 15


class SetUpTime:
    """Begins and ends set-up mode in the ``audit`` log; ``clock`` gives Unix seconds, ``monotonic`` can't be set.

    The policy that counts is the one under which the gate runs, whatever lies in its place by now.
    """

    def __init__(
        self, policy: Policy, audit: AuditLog, clock: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        self._file, self._audit, self._clock, self._monotonic = policy.file, audit, clock, monotonic
        self._until: float | None = None
        self._begun = 0

    def begin(self) -> Objection | None:
        """Write down that set-up mode is on, unless it is; or say why it may not be."""
        if self._until is not None:
            return None
        objection = self._objection()
        if objection is None:
            self._begun += 1
            self._until = self._monotonic() + self._left() + GRACE_SECONDS
            self._audit.note(SetupMode(on=True))
        else:
            log.warning("set_up_refused", reason=objection.value)
        return objection

    def end(self) -> None:
        """Write down that set-up mode is over, if it was on: in this gate, or in one that was killed."""
        self._until = None
        if self._audit.history.set_up is not None:
            self._audit.note(SetupMode(on=False))

    def overdue(self) -> bool:
        """Tell whether set-up mode is on for longer than it may be."""
        return self._until is not None and self._monotonic() > self._until

    def turn(self) -> None:
        """Hear that another hour has begun."""
        self._begun = 0

    def _objection(self) -> Objection | None:
        if not self._file.set_up.minutes or local_day(self._clock()) > self._file.where.valid_until:
            return Objection.NOT_ALLOWED
        if self._begun >= MOST_BEGUN:
            return Objection.TOO_OFTEN
        return None if self._left() > 0 else Objection.USED_UP

    def _left(self) -> int:
        """Return for how many seconds a session may go on that begins now.

        One whose length is not known, for the clock was set or the power went, counts as a whole one.
        """
        most, whole = 60 * self._file.set_up.minutes, 60 * self._file.set_up.minutes_a_day
        sessions = self._audit.history.sessions.get(local_day(self._clock()), ())
        used = sum(seconds if 0 < seconds < most else most for seconds in sessions)
        return min(most, whole - used)
