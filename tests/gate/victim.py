"""A gate in a process of its own that kills itself at a given moment: ``python -m tests.gate.victim FOLDER MOMENT``.

With ``private`` as a third argument it has an audit log and releases with differential privacy.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from edge.gate.audit.outbox import AuditedOutbox
from edge.gate.desk import Desk
from edge.gate.server import GateServer
from edge.uplink.contract import Stream
from edge.uplink.outbox import Entry, Outbox
from tests.gate.audit.logs import open_log
from tests.gate.desks import desk

MOMENTS = ("before", "inside", "after", "never")


class Dying(Outbox):
    """Dies before, inside or after the transaction that stores a report."""

    moment = "never"

    def append(self, stream: Stream, window: int, makes: Sequence[Callable[[int], Entry]]) -> bool:
        """Store, and die."""
        self._die("before")

        def make_and_die(sequence: int) -> Entry:
            entry = makes[-1](sequence)
            self._die("inside")
            return entry

        stored = super().append(stream, window, [*makes[:-1], make_and_die])
        self._die("after")
        return stored

    def _die(self, moment: str) -> None:
        if moment == self.moment:
            os.kill(os.getpid(), signal.SIGKILL)


class DyingAndAudited(Dying, AuditedOutbox):
    """Also writes down what it stores."""


def main(folder: Path, moment: str, *private: str) -> None:
    """Serve until death or SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    gate = _private(folder, moment) if private else _plain(folder, moment)
    GateServer(folder / "gate" / "counts.sock", os.getuid(), gate.take, gate.tick).serve(stop)


def _plain(folder: Path, moment: str) -> Desk:
    store = Dying(folder / "outbox.db", 1_000_000)
    store.moment = moment
    return desk(folder, store)


def _private(folder: Path, moment: str) -> Desk:
    log = open_log(folder / "audit")
    store = DyingAndAudited(folder / "outbox.db", 1_000_000, log)
    store.catch_up(Stream.HOUR)
    store.moment = moment
    return desk(folder, store, log=log, measure="unique_vehicles", dp="budget = 1.0")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
