"""Counts reach the gate, whatever happens to either side."""

import itertools
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from edge import wall
from edge.categories import Ack, CameraState, Message, VisionAct, VisionEvent, WindowCounts
from edge.counting.sender import Sender
from edge.counting.spool import Spool
from edge.windows import Window
from tests.counts import DELIVERING, HOUR, cell, counts, van
from tests.gate.serving import Recorder, serving, until

NEXT = HOUR.next
STALLED = msgspec.structs.replace(DELIVERING, camera=CameraState.STALLED)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the gate's socket is."""
    return tmp_path / "gate" / "counts.sock"


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    """An empty spool."""
    return Spool(tmp_path / "vision")


@contextmanager
def _sending(path: Path, spool: Spool, uid: int | None = None) -> Iterator[Sender]:
    sender = Sender(path, spool, os.getuid() if uid is None else uid)
    sender.start()
    try:
        yield sender
    finally:
        sender.stop()


def _part(vehicles: int, part: int = 0, window: Window = HOUR, *, final: bool = False) -> WindowCounts:
    return counts(cell(van(), vehicles), window=window, part=part, final=final)


@contextmanager
def _gate(path: Path, *behaviours: Callable[[socket.socket], object]) -> Iterator[None]:
    """Play a gate: one behaviour per connection, in their order."""
    path.parent.mkdir(exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            for behave in behaviours:
                connection, _ = listener.accept()
                with connection:
                    behave(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield
        thread.join(10)
        assert not thread.is_alive(), "not every behaviour was asked for"


def _read(connection: socket.socket, wanted: int) -> list[Message]:
    """Read messages and answer each, as a gate does."""
    decoder, found = wall.Decoder(wall.decode), list[Message]()
    while len(found) < wanted and (chunk := connection.recv(1 << 16)):
        for message in decoder.feed(chunk):
            found.append(message)
            connection.sendall(wall.encode(Ack(accepted=True)))
    return found


def test_the_whole_spool_is_sent_in_its_order(path: Path, spool: Spool) -> None:
    """By window and part; an open part stays until its window is answered."""
    parts = [_part(1), _part(2, part=1), _part(3, window=NEXT)]
    for one in reversed(parts):
        spool.put(one)
    recorder = Recorder()
    with serving(path, recorder), _sending(path, spool) as sender:
        assert sender.flush(5)
    assert recorder.taken == parts
    assert spool.pending() == parts


def test_only_what_is_new_is_sent_again(path: Path, spool: Spool) -> None:
    """A part that has grown, not those that the gate has."""
    spool.put(_part(1))
    spool.put(_part(2, part=1))
    recorder = Recorder()
    with serving(path, recorder), _sending(path, spool) as sender:
        assert sender.flush(5)
        spool.put(_part(3, part=1))
        assert sender.flush(5)
        assert sender.flush(5)
    assert recorder.taken == [_part(1), _part(2, part=1), _part(3, part=1)]


def test_an_answered_window_leaves_the_spool(path: Path, spool: Spool) -> None:
    """All its parts, and no other."""
    for one in (_part(1), _part(2, part=1, final=True), _part(3, window=NEXT)):
        spool.put(one)
    with serving(path, Recorder()), _sending(path, spool) as sender:
        assert sender.flush(5)
    assert spool.pending() == [_part(3, window=NEXT)]


def test_a_refused_part_is_dropped_and_logged(path: Path, spool: Spool) -> None:
    """It was counted before, or under another policy; the rest goes on."""
    for one in (_part(1, final=True), _part(3, window=NEXT)):
        spool.put(one)
    refusing = Recorder(answer=lambda message: Ack(accepted=message != _part(1, final=True)))
    with capture_logs() as logs, serving(path, refusing), _sending(path, spool) as sender:
        assert sender.flush(5)
    assert spool.pending() == [_part(3, window=NEXT)]
    (entry,) = [entry for entry in logs if entry["event"] == "window_refused"]
    assert (entry["window"], entry["part"]) == ("2026-11-23T11:00+01:00", 0)


def test_an_act_is_told_once_to_a_gate_that_comes_later(path: Path, spool: Spool) -> None:
    """It waits in memory until it is answered, and is not repeated after that."""
    made, destroyed = VisionEvent(VisionAct.TAG_KEY_MADE, 20_780), VisionEvent(VisionAct.TAG_KEY_DESTROYED, 20_780)
    recorder = Recorder()
    with _sending(path, spool) as sender:
        sender.tell(made)
        sender.tell(destroyed)
        assert not sender.flush(0.5)
        for _ in range(2):
            with serving(path, recorder):
                assert sender.flush(5)
    assert recorder.taken == [made, destroyed]


def test_an_act_comes_before_what_was_counted(path: Path, spool: Spool) -> None:
    """A gate that charges each tag key must hear of it before it releases anything counted under it."""
    made, recorder = VisionEvent(VisionAct.TAG_KEY_MADE, 20_780), Recorder()
    spool.put(_part(1, final=True))
    with _sending(path, spool) as sender:
        sender.tell(made)
        with serving(path, recorder):
            assert sender.flush(5)
    assert recorder.taken == [made, _part(1, final=True)]


def test_a_gate_that_comes_later_gets_everything(path: Path, spool: Spool) -> None:
    """The outage is logged once."""
    spool.put(_part(1))
    recorder = Recorder()
    with capture_logs() as logs, _sending(path, spool) as sender:
        assert not sender.flush(0.5)
        with serving(path, recorder):
            assert sender.flush(5)
    assert recorder.taken == [_part(1)]
    assert [entry["event"] for entry in logs].count("gate_unreachable") == 1


def test_a_restarted_gate_gets_all_parts_again(path: Path, spool: Spool) -> None:
    """It keeps open windows in memory only; vision notices it without having anything new to send."""
    spool.put(_part(1))
    first, second = Recorder(), Recorder()
    with _sending(path, spool) as sender:
        with serving(path, first):
            assert sender.flush(5)
        with serving(path, second):
            until(lambda: second.taken)
    assert first.taken == second.taken == [_part(1)]


def test_what_is_not_answered_is_repeated(path: Path, spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate that dies before its answer, that never answers, that talks rubbish, then one that works."""
    monkeypatch.setattr("edge.counting.sender.ANSWER_SECONDS", 0.3)
    spool.put(_part(1, final=True))
    seen: list[Message] = []
    behaviours = (
        lambda connection: connection.recv(1 << 16),
        lambda connection: connection.recv(1 << 16) and connection.recv(1),
        lambda connection: connection.sendall(struct.pack(">I", 2) + b"{}") or connection.recv(1 << 16),
        lambda connection: seen.extend(_read(connection, 1)),
    )
    with _gate(path, *behaviours), _sending(path, spool) as sender:
        assert sender.flush(10)
    assert seen == [_part(1, final=True)]
    assert spool.pending() == []


def test_a_socket_of_another_user_gets_nothing(path: Path, spool: Spool) -> None:
    """Whoever sits in the gate's place sees no counts."""
    spool.put(_part(1))
    recorder = Recorder()
    with capture_logs() as logs, serving(path, recorder), _sending(path, spool, os.getuid() + 1) as sender:
        assert not sender.flush(0.5)
    assert recorder.taken == []
    (entry,) = [entry for entry in logs if entry["event"] == "gate_unreachable"]
    assert entry["reason"].endswith(f"is at the other end; expected the gate's, {os.getuid() + 1}")


def test_the_latest_health_is_sent(path: Path, spool: Spool) -> None:
    """Once each, and on a new connection again; an older one is not kept."""
    recorder, again = Recorder(), Recorder()
    with _sending(path, spool) as sender:
        sender.report(DELIVERING)
        sender.report(STALLED)
        with serving(path, recorder):
            assert sender.flush(5)
            sender.report(DELIVERING)
            assert sender.flush(5)
        with serving(path, again):
            until(lambda: again.taken)
    assert recorder.taken == [STALLED, DELIVERING]
    assert again.taken == [DELIVERING]


def test_it_ends_at_once(path: Path, spool: Spool) -> None:
    """Idle, without a gate, and while it waits for an answer."""
    spool.put(_part(1))
    quiet: list[Callable[[socket.socket], object]] = [
        lambda connection: connection.recv(1 << 16) and connection.recv(1)
    ]
    for context in (lambda: serving(path, Recorder()), lambda: _gate(path, *quiet), None):
        if context is None:
            _ends(path, spool)
        else:
            with context():
                _ends(path, spool)
            path.unlink(missing_ok=True)


def _ends(path: Path, spool: Spool) -> None:
    with _sending(path, spool):
        time.sleep(0.3)
        asked = time.monotonic()
    assert time.monotonic() - asked < 1


def test_an_error_in_the_thread_is_seen(path: Path, spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread does not die in silence: the main loop finds the error and raises it."""

    def fail() -> None:
        raise ValueError("a mistake in the program")

    monkeypatch.setattr(spool, "pending", fail)
    with capture_logs() as logs, serving(path, Recorder()), _sending(path, spool) as sender:
        until(lambda: sender.failed)
    assert isinstance(sender.failed, ValueError)
    assert "sender_failed" in [entry["event"] for entry in logs]


def test_nothing_is_lost_while_both_sides_work(path: Path, spool: Spool) -> None:
    """Parts are put while others are sent: in the end the gate has the last of each."""
    recorder = Recorder()
    with serving(path, recorder), _sending(path, spool) as sender:
        for vehicles, part in itertools.product(range(1, 30), range(4)):
            spool.put(_part(vehicles, part=part))
            sender.wake()
        assert sender.flush(10)
    last = {message.part: message for message in recorder.taken if isinstance(message, WindowCounts)}
    assert last == {part: _part(29, part=part) for part in range(4)}
