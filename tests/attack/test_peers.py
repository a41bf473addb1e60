"""Whoever gets at the socket between vision and gate: a stranger, a second vision, half a message, a false gate."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from edge import wall
from edge.categories import Ack
from edge.counting import sender
from edge.counting.sender import Sender
from edge.counting.spool import Spool
from edge.gate import server
from edge.gate.server import GateServer
from edge.uplink.contract import CountReport
from tests.counts import cell, counts, van
from tests.gate.desks import desk, outbox, released
from tests.gate.serving import PATIENCE, ask, calling, until

Weaken = Callable[[pytest.MonkeyPatch], None]
OWN, ANOTHER = os.getuid(), os.getuid() + 1
COUNTS = counts(cell(van(), 12))
LIE = counts(cell(van(), 1_000))


@contextmanager
def _gate(folder: Path, vision: int = OWN) -> Iterator[Path]:
    """Serve a desk with a real outbox, for a vision of this user."""
    path, stop, ready = folder / "gate" / "counts.sock", threading.Event(), threading.Event()

    def serve() -> None:
        store = outbox(folder)
        gate = desk(folder, store)
        GateServer(path, vision, gate.take, ready.set).serve(stop)
        store.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        assert ready.wait(PATIENCE)
        yield path
    finally:
        stop.set()
        thread.join()


def _numbers(reports: list[CountReport]) -> list[int]:
    return [one.n for report in reports for one in report.data.cells]


def _sound(_: pytest.MonkeyPatch) -> None:
    """Change nothing."""


def _anybody_is_vision(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(wall, "peer_uid", lambda _: ANOTHER)


def _last_comer_is_vision(patch: pytest.MonkeyPatch) -> None:
    welcome = GateServer._welcome

    def welcomed(self: GateServer, listener: socket.socket) -> None:
        self._part()
        welcome(self, listener)

    patch.setattr(GateServer, "_welcome", welcomed)


def _one_stream_of_all_connections(patch: pytest.MonkeyPatch) -> None:
    """Go on where the connection before broke off."""
    decoder = wall.Decoder(wall.decode)
    begin = server._Connection.__init__

    def begun(self: server._Connection, connection: socket.socket) -> None:
        begin(self, connection)
        self._decoder = decoder

    patch.setattr(server._Connection, "__init__", begun)


def _anybody_is_the_gate(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sender, "_check_peer", lambda *_: None)


@pytest.mark.parametrize(("weaken", "succeeds"), [(_sound, False), (_anybody_is_vision, True)])
def test_a_stranger_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weaken: Weaken, succeeds: bool) -> None:  # noqa: FBT001
    """Another user than vision's connects and hands counts over."""
    weaken(monkeypatch)
    with _gate(tmp_path, vision=ANOTHER) as path, calling(path) as stranger, contextlib.suppress(OSError):
        ask(stranger, LIE)
    assert (_numbers(released(tmp_path)) == [1_000]) is succeeds


@pytest.mark.parametrize(("weaken", "succeeds"), [(_sound, False), (_last_comer_is_vision, True)])
def test_a_second_vision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weaken: Weaken, succeeds: bool) -> None:  # noqa: FBT001
    """It connects beside the one that counts, and closes its hour before it."""
    weaken(monkeypatch)
    with _gate(tmp_path) as path, calling(path) as vision:
        ask(vision, counts(cell(van(), 11), final=False))
        with calling(path) as second, contextlib.suppress(OSError):
            ask(second, LIE)
        with contextlib.suppress(OSError):
            ask(vision, COUNTS)
    assert (_numbers(released(tmp_path)) == [1_000]) is succeeds


@pytest.mark.parametrize(("weaken", "succeeds"), [(_sound, False), (_one_stream_of_all_connections, True)])
def test_half_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weaken: Weaken, succeeds: bool) -> None:  # noqa: FBT001
    """It is left behind for vision's own message to end; vision's hour is released as vision counted it."""
    weaken(monkeypatch)
    lie = wall.encode(LIE)
    with capture_logs() as logs, _gate(tmp_path) as path:
        with calling(path) as attacker:
            attacker.sendall(lie[: len(lie) // 2])
        until(lambda: [entry for entry in logs if entry["event"] == "vision_disconnected"])
        with calling(path) as vision, contextlib.suppress(OSError):
            ask(vision, COUNTS)
    assert (_numbers(released(tmp_path)) != [12]) is succeeds


@pytest.mark.parametrize(("weaken", "succeeds"), [(_sound, False), (_anybody_is_the_gate, True)])
def test_a_false_gate(memory: Path, monkeypatch: pytest.MonkeyPatch, weaken: Weaken, succeeds: bool) -> None:  # noqa: FBT001
    """Another user than the gate's listens at its place: vision tells it nothing, not even less than k."""
    weaken(monkeypatch)
    spool = Spool(memory / "vision")
    spool.put(counts(cell(van(), 1), final=False))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener, capture_logs():
        listener.bind(str(memory / "counts.sock"))
        listener.listen()
        vision = Sender(memory / "counts.sock", spool, ANOTHER)
        vision.start()
        connection, _ = listener.accept()
        with connection:
            assert (b"window_counts" in connection.recv(4_096)) is succeeds
        vision.stop()


def test_a_vision_that_lies_is_believed(tmp_path: Path) -> None:
    """No attack that a gate could stop: what vision says it has counted is all that a gate knows.

    So whoever owns vision can make numbers up, and write with them. It still has no text to write into: the wall's
    message types and decoder are tested and fuzzed for that.
    """
    with _gate(tmp_path) as path, calling(path) as vision:
        assert ask(vision, LIE) == [Ack(accepted=True)]
    assert _numbers(released(tmp_path)) == [1_000]
