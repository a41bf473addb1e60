"""What the gate writes into the audit log by itself, and when the log's head goes out."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import structlog

from edge.categories import Ack, VisionAct, VisionEvent
from edge.errors import ConfigError
from edge.gate.audit.events import (
    ActOfVision,
    Event,
    Expired,
    ModelsInUse,
    PolicyFault,
    PolicyLoaded,
    PolicyRefused,
    Stopped,
    Store,
)
from edge.gate.audit.log import DAY, AuditLog
from edge.gate.audit.outbox import AuditedOutbox
from edge.gate.set_up import SetUpTime
from edge.gate.signing import Signer
from edge.policy import Policy
from edge.uplink import contract
from edge.uplink.contract import Address, Checkpoint, CheckpointData, Stream
from edge.uplink.outbox import Entry, OutboxError
from edge.windows import LATE_SECONDS, day_of, end_of_day, local_day, window_of

log = structlog.get_logger()

# By then the hour's report and health are out, and stand under its checkpoint.
CHECKPOINT_SECONDS = LATE_SECONDS + 10
# Auditors come twice a year: what they saw last time, and a month more.
LEAST_DAYS = 400
# A vision that starts again and again, or is broken, fills no disk.
MOST_ACTS = 100
# No policy lets vision start so often on a day: with as many tag keys any budget of it is used up (edge.gate.budget).
USED_UP_KEYS = 20
# Nor does a hand that puts one wrong policy after another into place.
MOST_REFUSALS = 10


def term_days(policy: Policy) -> int:
    """Return how many days an entry is kept: as long as the reports that it vouches for, and 400 at least."""
    return max(policy.file.retention.message_days, LEAST_DAYS)


class Journal:
    """Keeps the audit log of one gate; ``models`` gives the digest of what runs, ``clock`` Unix seconds."""

    def __init__(  # noqa: PLR0913, PLR0917  (the parts of a process)
        self,
        audit: AuditLog,
        outbox: AuditedOutbox,
        policy: Policy,
        address: Address,
        signer: Signer,
        models: Callable[[], str],
        clock: Callable[[], float],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Write down which models run; what stands open since the last run is written down too.

        Raises:
            ConfigError: the outbox or the policy is older than what the log says; nothing may be released.
        """
        self._audit, self._outbox, self._policy, self._address = audit, outbox, policy, address
        self._signer, self._models, self._clock = signer, models, clock
        self._hour, self._acts, self._in_use = self._current_hour(), 0, ""
        self._said: date | None = None
        self._refusals = self._told = 0
        self._set_up = SetUpTime(policy, audit, clock, monotonic)
        self._check_policy()
        self._check_outbox()
        for stream in Stream:
            outbox.catch_up(stream)
        self.parted()  # A gate that was killed: set-up mode ended with it.
        self._note_models()
        self._publish()

    def take(self, event: VisionEvent) -> Ack:
        """Write down what vision did, unless it has done too much this hour, or may not."""
        if event.act is VisionAct.SET_UP_ON:
            objection = self._set_up.begin()
            return Ack(objection is None, objection)
        if event.act is VisionAct.SET_UP_OFF:
            self._set_up.end()
            return Ack(accepted=True)
        return Ack(self._note_act(event))

    def parted(self) -> None:
        """Write down that set-up mode is over, where the connection to it is gone without a word."""
        self._set_up.end()

    def overdue(self) -> bool:
        """Tell whether vision's connection must be closed: set-up mode does not end by itself."""
        return self._set_up.overdue()

    def counting(self) -> None:
        """Write down that counts are taken under the policy: with the first ones, and again each day."""
        today = local_day(self._clock())
        if today != self._said:
            self._said = today
            self._audit.note(PolicyLoaded(self._policy.file.policy.serial, self._policy.digest))

    def told(self, events: Iterable[Event]) -> None:
        """Write down what was done on the camera outside the gate; a hand that does too much fills no disk."""
        for event in events:
            self._told += 1
            if self._told <= MOST_ACTS:
                self._audit.note(event)

    def refuse(self, fault: PolicyFault) -> None:
        """Write down that another policy was put into place, which may not run; the one in force goes on."""
        self._refusals += 1
        if self._refusals <= MOST_REFUSALS:
            self._audit.note(PolicyRefused(fault, kept=True))

    def tick(self) -> None:
        """Do what is due by the clock: each hour the log's head goes out, and entries past their term are removed."""
        hour = self._current_hour()
        if hour == self._hour:
            return
        self._hour, self._acts, self._refusals, self._told = hour, 0, 0, 0
        self._set_up.turn()
        self._note_models()
        self._expire()
        self._publish()

    def end(self) -> None:
        """Write down that the gate ends in good order."""
        self._audit.note(Stopped())
        self._publish()

    def _note_act(self, event: VisionEvent) -> bool:
        """Write an act down, or tell that it was too much.

        A tag key is written down in any case until its day has had so many that nothing more of it is released: one
        that nobody knew of would cost no budget.
        """
        self._acts += 1
        made = event.act is VisionAct.TAG_KEY_MADE
        counts = made and self._audit.history.days[day_of(event.day)].keys < USED_UP_KEYS
        if self._acts > MOST_ACTS and not counts:
            return False
        self._audit.note(ActOfVision(event.act, event.day))
        return True

    def _check_policy(self) -> None:
        """Refuse a policy older than one under which was counted, or another of the same serial.

        As `edge.gate.serials` does, which keeps the same in a file that can be lost.
        """
        identity, ran = self._policy.file.policy, self._audit.history
        with noting(self._audit, PolicyFault.OLDER):
            if identity.serial < ran.serial or (identity.serial == ran.serial and self._policy.digest != ran.digest):
                told = f"by the audit log, serial {ran.serial}, {ran.digest}, ran here; see docs/audit.md"
                raise ConfigError(f"policy {identity.id}: serial {identity.serial} is not newer: {told}")

    def _check_outbox(self) -> None:
        """Refuse an outbox in which a bin is open that the log knows as released."""
        for stream, last in self._audit.history.released.items():
            highest = self._outbox.highest_window(stream)
            if highest is None or highest < last.end:
                at = contract.timestamp(last.end)
                raise ConfigError(
                    f"the outbox was set back: the audit log has released {stream} reports up to {at}, the outbox "
                    f"{'up to ' + contract.timestamp(highest) if highest else 'none'}; see docs/audit.md"
                )

    def _note_models(self) -> None:
        """Write models down where they are others than before."""
        try:
            found = self._models()
        except ConfigError as error:
            log.error("models_not_read", reason=str(error))  # noqa: TRY400  (no traceback helps)
            return
        if found != self._in_use:
            self._in_use = found
            self._audit.note(ModelsInUse(found))

    def _expire(self) -> None:
        gone = self._audit.expire(self._clock() - term_days(self._policy) * DAY)
        if gone:
            self._audit.note(Expired(Store.AUDIT, gone))

    def _publish(self) -> None:
        """Put the log's head into the outbox; what can't be done now is done in an hour."""
        note = self._audit.seal()
        if note is None:
            return
        try:
            self._outbox.put_checkpoint(self._message(note))
        except OutboxError as error:
            log.error("checkpoint_not_stored", reason=str(error))  # noqa: TRY400  (no traceback helps)

    def _message(self, note: str) -> Entry:
        now, topic = self._clock(), self._address.checkpoint
        message = Checkpoint(
            id=f"{self._address.camera}:checkpoint:{self._audit.size}",
            source=self._address.source,
            time=contract.timestamp(now),
            data=CheckpointData(note),
        )
        payload = contract.encode(message)
        days = timedelta(days=self._policy.file.retention.message_days)
        return Entry(topic, payload, self._signer.sign(topic, payload), end_of_day(local_day(now) + days))

    def _current_hour(self) -> int:
        return window_of(self._clock() - CHECKPOINT_SECONDS).start


@contextmanager
def noting(audit: AuditLog, fault: PolicyFault) -> Iterator[None]:
    """Write down that a policy is refused, where what is done meanwhile refuses it."""
    try:
        yield
    except ConfigError:
        audit.note(PolicyRefused(fault, kept=False))
        audit.seal()
        raise
