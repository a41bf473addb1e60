"""A gate's server in a thread, and a plain client."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from edge import wall
from edge.categories import Ack, Message
from edge.gate.server import GateServer

PATIENCE = 10.0


@dataclass
class Recorder:
    """Takes every message, or answers as it is told."""

    taken: list[Message] = field(default_factory=list)
    answer: Callable[[Message], Ack] = lambda _: Ack(accepted=True)
    ticks: int = 0

    def take(self, message: Message) -> Ack:
        """Note a message and answer it."""
        self.taken.append(message)
        return self.answer(message)

    def tick(self) -> None:
        """Note that time passes."""
        self.ticks += 1


@contextmanager
def serving(path: Path, recorder: Recorder, uid: int | None = None) -> Iterator[None]:
    """Serve ``path`` for user ``uid`` (this one) until the end of the block."""
    stop = threading.Event()
    server = GateServer(path, os.getuid() if uid is None else uid, recorder.take, recorder.tick)
    thread = threading.Thread(target=server.serve, args=(stop,))
    thread.start()
    try:
        until(lambda: recorder.ticks)
        yield
    finally:
        stop.set()
        thread.join(PATIENCE)


@contextmanager
def calling(path: Path) -> Iterator[socket.socket]:
    """Connect as vision does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(PATIENCE)
        client.connect(str(path))
        yield client


def ask(client: socket.socket, *messages: Message) -> list[Ack]:
    """Send messages at once and wait for their answers; fewer where the gate closes the connection."""
    client.sendall(b"".join(map(wall.encode, messages)))
    return answers(client, len(messages))


def answers(client: socket.socket, wanted: int) -> list[Ack]:
    """Wait for so many answers, or the end."""
    decoder, found = wall.Decoder(wall.decode_ack), list[Ack]()
    while len(found) < wanted and (chunk := client.recv(4096)):
        found += decoder.feed(chunk)
    return found


def until(condition: Callable[[], object]) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited for {PATIENCE} s in vain"
        time.sleep(0.01)
