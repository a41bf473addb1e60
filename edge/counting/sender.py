"""Brings what is in the spool to the gate, and repeats it until the gate has answered."""

import select
import socket
import threading
from collections import deque
from pathlib import Path
from typing import Self

import structlog

from edge import wall
from edge.categories import Ack, Message, VisionEvent, VisionHealth, WindowCounts
from edge.counting.spool import Spool
from edge.errors import ProtocolError
from edge.windows import Window

log = structlog.get_logger()

ANSWER_SECONDS = 5.0
# A gate that was restarted is noticed, and gets the spool again, after so long.
CHECK_SECONDS = 1.0
FIRST_DELAY = 0.2
LONGEST_DELAY = 5.0


class Sender:
    """A thread with the one connection to the gate.

    On each new connection it sends the whole spool: the gate keeps open windows in memory only, and a gate that was
    restarted needs them again.
    """

    def __init__(self, path: Path, spool: Spool, gate_uid: int) -> None:
        """Take the gate's socket and the user that must be at its other end."""
        self._path, self._spool, self._gate_uid = path, spool, gate_uid
        self._health: VisionHealth | None = None
        self._events = deque[VisionEvent]()
        self._changed = threading.Condition()
        self._asked = 0
        self._done = 0
        self._stopped = threading.Event()
        self._link: Link | None = None
        self._failed: Exception | None = None
        self._thread = threading.Thread(target=self._guard, name="sender", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    @property
    def failed(self) -> Exception | None:
        """The error that ended the thread, for the main loop to raise; None while it lives."""
        return self._failed

    def wake(self) -> None:
        """Say that the spool has changed."""
        with self._changed:
            self._asked += 1
            self._changed.notify_all()

    def report(self, health: VisionHealth) -> None:
        """Send how vision is doing; only the latest is kept."""
        self._health = health
        self.wake()

    def tell(self, event: VisionEvent) -> None:
        """Send an act for the audit log; each is kept until the gate has answered it."""
        self._events.append(event)
        self.wake()

    def flush(self, timeout: float) -> bool:
        """Wait until the gate has answered all that is in the spool now; return whether it did in ``timeout`` s."""
        self.wake()
        with self._changed:
            asked = self._asked
            return self._changed.wait_for(lambda: self._done >= asked, timeout)

    def stop(self) -> None:
        """End the thread; what was not answered stays in the spool."""
        self._stopped.set()
        self.wake()
        if link := self._link:
            link.interrupt()
        if self._thread.is_alive():
            self._thread.join(ANSWER_SECONDS)

    def _guard(self) -> None:
        """Let no error end the thread in silence."""
        try:
            self._run()
        except Exception as error:
            log.exception("sender_failed")
            self._failed = error

    def _run(self) -> None:
        delay, told = FIRST_DELAY, False
        while not self._stopped.is_set():
            try:
                with Link(self._path, self._gate_uid) as self._link:
                    log.info("gate_connected")
                    delay, told = FIRST_DELAY, False
                    self._serve(self._link)
            except (OSError, ProtocolError) as error:
                if not told and not self._stopped.is_set():
                    log.warning("gate_unreachable", socket=str(self._path), reason=str(error))
                self._stopped.wait(delay)
                delay, told = min(delay * 2, LONGEST_DELAY), True

    def _serve(self, link: "Link") -> None:
        """Send over one connection what the gate does not have yet, as long as it lasts."""
        had: dict[tuple[int, int], WindowCounts] = {}
        health = None
        while not self._stopped.is_set():
            asked = self._asked
            # First of all: the gate must know of a tag key before it releases what was counted under it.
            while self._events:
                link.exchange(self._events[0])
                self._events.popleft()
            pending = self._spool.pending()
            for counts in pending:
                if had.get((counts.start, counts.part)) != counts:
                    self._deliver(link, counts)
            # What has left the spool is remembered no longer: it may hold counts that were withheld.
            had = {(counts.start, counts.part): counts for counts in pending}
            if self._health is not None and self._health is not health:
                health = self._health
                link.exchange(health)
            self._done_with(asked)
            while not self._woken(asked):
                link.check()

    def _deliver(self, link: "Link", counts: WindowCounts) -> None:
        ack = link.exchange(counts)
        if not ack.accepted:
            # It was counted before, or under another policy: repeating it can't help.
            log.warning("window_refused", window=str(Window(counts.start, counts.end)), part=counts.part)
            self._spool.drop(counts)
        elif counts.final:
            self._spool.discard(counts.start)

    def _done_with(self, asked: int) -> None:
        with self._changed:
            self._done = asked
            self._changed.notify_all()

    def _woken(self, asked: int) -> bool:
        """Wait for a moment; return whether there is something to do."""
        with self._changed:
            return self._changed.wait_for(lambda: self._asked != asked or self._stopped.is_set(), CHECK_SECONDS)


class Link:
    """One connection to the gate."""

    def __init__(self, path: Path, gate_uid: int) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._decoder = wall.Decoder(wall.decode_ack)
        try:
            self._socket.settimeout(ANSWER_SECONDS)
            self._socket.connect(str(path))
            _check_peer(self._socket, gate_uid)
        except OSError:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def exchange(self, message: Message) -> Ack:
        """Send one message and wait for its answer."""
        self._socket.sendall(wall.encode(message))
        while True:
            chunk = self._socket.recv(4096)
            if not chunk:
                raise ConnectionError("the gate closed the connection")
            if answers := self._decoder.feed(chunk):
                return answers[0]

    def check(self) -> None:
        """Notice a gate that has gone while nothing was to be sent."""
        readable, _, _ = select.select([self._socket], [], [], 0)
        if readable:
            raise ConnectionError("the gate closed the connection")

    def interrupt(self) -> None:
        """End a wait in another thread."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # It was closed already.


def _check_peer(connection: socket.socket, expected: int) -> None:
    """Refuse a socket that another user has put in the gate's place."""
    uid = wall.peer_uid(connection)
    if uid != expected:
        raise ConnectionError(f"user {uid} is at the other end; expected the gate's, {expected}")
