"""A desk with a real outbox."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from nacl.signing import SigningKey

from edge.categories import Ack, VisionEvent
from edge.gate.audit.events import Event
from edge.gate.audit.history import History
from edge.gate.budget import Log
from edge.gate.carry import Carry
from edge.gate.desk import Desk
from edge.gate.reports import Reports
from edge.gate.signing import Signer
from edge.uplink import signature
from edge.uplink.contract import Address, CountReport
from edge.uplink.outbox import Outbox, OutboxError, OutboxReader
from tests.counts import HOUR, policy

KEY = SigningKey(bytes(range(32)))
ADDRESS = Address("zez-demo", "cam-017", bench=False)
NOW = HOUR.end + 10


def reports(folder: Path, clock: Callable[[], float] = lambda: NOW, **changes: Any) -> Reports:
    """Return what writes messages under a policy with ``changes``."""
    return Reports(policy(folder, **changes), ADDRESS, Signer(KEY), clock)


def outbox(folder: Path) -> Outbox:
    """Open the outbox in ``folder``."""
    return Outbox(folder / "outbox.db", 1_000_000)


class MemoryLog:
    """An audit log that knows what it was told."""

    def __init__(self) -> None:
        self.history, self.events, self.full = History(), list[Event](), False

    def note(self, event: Event) -> None:
        """Add an entry."""
        self.history.add(event, NOW)
        self.events.append(event)

    def secure(self) -> None:
        """Fail while the disk is full."""
        if self.full:
            raise OutboxError("the audit log can't be written")


def desk(
    folder: Path,
    store: Outbox,
    clock: Callable[[], float] = lambda: NOW,
    log: Log | None = None,
    **changes: Any,
) -> Desk:
    """Return a desk under a policy with ``changes``."""
    rule = policy(folder, **changes)
    carry = Carry(folder / "day", rule.digest)
    return Desk(rule, reports(folder, clock, **changes), store, carry, clock, taken, log or MemoryLog())


def taken(_: VisionEvent) -> Ack:
    """Answer as a journal does that has written an act down."""
    return Ack(accepted=True)


def released(folder: Path) -> list[CountReport]:
    """Return the reports in the outbox, each with a good signature."""
    reader = OutboxReader(folder / "outbox.db")
    rows = reader.unsent(1_000)
    reader.close()
    for row in rows:
        assert signature.verify(KEY.verify_key, row.entry.topic, row.entry.payload, row.entry.signature)
    return [msgspec.json.decode(row.entry.payload, type=CountReport) for row in rows]
