"""The gate's end of the socket: one vision at a time, and nobody else."""

import errno
import selectors
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from edge import wall
from edge.categories import Ack, Message
from edge.errors import ConfigError, ProtocolError
from edge.uplink.outbox import OutboxError

log = structlog.get_logger()

POLL_SECONDS = 0.2
# A vision that does not read its answers is not waited for.
WRITE_SECONDS = 1.0
CHUNK = 1 << 16


class GateServer:
    """Serves one Unix stream socket, in one thread."""

    def __init__(  # noqa: PLR0913, PLR0917  (the parts of a process)
        self,
        path: Path,
        allowed_uid: int,
        take: Callable[[Message], Ack],
        tick: Callable[[], None],
        parted: Callable[[], None] = lambda: None,
        overdue: Callable[[], bool] = lambda: False,
    ) -> None:
        """Answer each message of user ``allowed_uid`` with what ``take`` returns; call ``tick`` a few times a second.

        Where ``take`` raises `OutboxError` the connection is closed without an answer: vision repeats. ``parted`` is
        called when a connection is gone, whatever ended it; where it is ``overdue``, it is closed.
        """
        self._path, self._allowed, self._take, self._tick = path, allowed_uid, take, tick
        self._parted, self._overdue = parted, overdue
        self._selector = selectors.DefaultSelector()
        self._vision: _Connection | None = None

    def serve(self, stop: threading.Event) -> None:
        """Serve until ``stop`` is set.

        Raises:
            ConfigError: the socket can't be made, or another gate serves it.
        """
        with _listen(self._path) as listener, self._selector:
            self._selector.register(listener, selectors.EVENT_READ, lambda: self._welcome(listener))
            try:
                while not stop.is_set():
                    for key, _ in self._selector.select(POLL_SECONDS):
                        key.data()
                    self._tick()
                    if self._overdue():
                        log.warning("vision_overdue")
                        self._part()
            finally:  # A newer policy ends it too.
                self._part()
        self._path.unlink(missing_ok=True)

    def _welcome(self, listener: socket.socket) -> None:
        """Let a new connection in, or close it at once."""
        try:
            connection, _ = listener.accept()
        except OSError as error:
            log.warning("connection_lost", reason=str(error))
            return
        uid = wall.peer_uid(connection)
        if uid != self._allowed:
            log.warning("peer_refused", uid=uid, expected_uid=self._allowed)
        elif self._vision is not None:
            log.warning("second_vision_refused")
        else:
            self._vision = _Connection(connection)
            self._selector.register(connection, selectors.EVENT_READ, self._receive)
            log.info("vision_connected")
            return
        connection.close()

    def _receive(self) -> None:
        """Take what has arrived; whatever goes wrong costs this connection and nothing else."""
        try:
            if self._vision is not None and self._vision.answer(self._take):
                return
            log.info("vision_disconnected")
        except ProtocolError as error:
            log.error("malformed_message", reason=str(error))  # noqa: TRY400  (a traceback could quote it)
        except OutboxError as error:
            log.error("window_not_stored", reason=str(error))  # noqa: TRY400  (no traceback helps)
        except OSError as error:
            log.warning("vision_lost", reason=str(error))
        self._part()

    def _part(self) -> None:
        if self._vision is not None:
            self._selector.unregister(self._vision.socket)
            self._vision.socket.close()
            self._vision = None
            self._parted()


class _Connection:
    """The connection to vision."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(WRITE_SECONDS)
        self.socket = connection
        self._decoder = wall.Decoder(wall.decode)

    def answer(self, take: Callable[[Message], Ack]) -> bool:
        """Answer the messages that are complete; return False at the end of the stream."""
        chunk = self.socket.recv(CHUNK)
        for message in self._decoder.feed(chunk):
            self.socket.sendall(wall.encode(take(message)))
        return bool(chunk)


def _listen(path: Path) -> socket.socket:
    """Open the socket in a folder for owner and group; what a dead gate left is replaced."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        path.parent.chmod(0o750)
        _remove_stale(path)
        listener.bind(str(path))
        path.chmod(0o660)
        listener.listen(1)
    except OSError as error:
        listener.close()
        raise ConfigError(f"[paths] runtime: no socket can be made at {path}: {error.strerror or error}") from error
    return listener


def _remove_stale(path: Path) -> None:
    """Remove the socket file of a gate that is gone."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OSError(errno.EADDRINUSE, "another gate is running here")
