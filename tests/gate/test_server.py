"""The gate's end of the socket."""

import contextlib
import os
import socket
import stat
import struct
import threading
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from edge import wall
from edge.categories import Ack, Message
from edge.errors import ConfigError
from edge.gate.server import GateServer
from edge.uplink.outbox import OutboxError
from tests.counts import DELIVERING, cell, counts, van
from tests.gate.serving import Recorder, answers, ask, calling, serving, until

YES, NO = Ack(accepted=True), Ack(accepted=False)
COUNTS = counts(cell(van(), 12))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the socket will be."""
    return tmp_path / "gate" / "counts.sock"


def test_each_message_is_answered_in_its_order(path: Path) -> None:
    """Also when several arrive at once."""
    recorder = Recorder(answer=lambda message: NO if message == COUNTS else YES)
    with serving(path, recorder), calling(path) as client:
        assert ask(client, DELIVERING, COUNTS, DELIVERING) == [YES, NO, YES]
        assert ask(client, COUNTS) == [NO]
    assert recorder.taken == [DELIVERING, COUNTS, DELIVERING, COUNTS]


def test_a_message_may_arrive_byte_by_byte(path: Path) -> None:
    """It is answered when it is complete."""
    recorder = Recorder()
    with serving(path, recorder), calling(path) as client:
        for byte in wall.encode(DELIVERING):
            client.sendall(bytes([byte]))
        assert answers(client, 1) == [YES]


@pytest.mark.parametrize(
    "rubbish", [b"\xff\xff\xff\xff", struct.pack(">I", 6) + b"V12BDF", struct.pack(">I", 2) + b"{}"]
)
def test_a_malformed_message_costs_its_connection_only(path: Path, rubbish: bytes) -> None:
    """It is logged without its content, and the gate goes on."""
    recorder = Recorder()
    with capture_logs() as logs, serving(path, recorder):
        with calling(path) as client:
            client.sendall(rubbish)
            assert client.recv(1) == b""
        with calling(path) as client:
            assert ask(client, DELIVERING) == [YES]
    (entry,) = [entry for entry in logs if entry["event"] == "malformed_message"]
    assert "V12BDF" not in str(entry)


def test_another_user_is_refused(path: Path) -> None:
    """The kernel says who calls; a forged peer gets no answer and is named in the log."""
    recorder = Recorder()
    with capture_logs() as logs, serving(path, recorder, uid=os.getuid() + 1), calling(path) as client:
        with contextlib.suppress(OSError):
            ask(client, COUNTS)
        until(lambda: logs)
    assert recorder.taken == []
    assert logs == [
        {"event": "peer_refused", "uid": os.getuid(), "expected_uid": os.getuid() + 1, "log_level": "warning"}
    ]


def test_one_vision_at_a_time(path: Path) -> None:
    """A second one is turned away until the first is gone."""
    with serving(path, Recorder()):
        with calling(path) as first:
            assert ask(first, DELIVERING) == [YES]
            with calling(path) as second:
                assert second.recv(1) == b""
            assert ask(first, DELIVERING) == [YES]
        until(lambda: _answered(path))


def _answered(path: Path) -> bool:
    with calling(path) as client, contextlib.suppress(OSError):
        return ask(client, DELIVERING) == [YES]
    return False


def test_what_cannot_be_stored_is_not_answered(path: Path) -> None:
    """The connection is closed, so that vision repeats; the next attempt is taken."""
    failures = [OutboxError("outbox.db: disk full")]

    def answer(_: Message) -> Ack:
        if failures:
            raise failures.pop()
        return YES

    with capture_logs() as logs, serving(path, Recorder(answer=answer)):
        with calling(path) as client:
            assert ask(client, COUNTS) == []
        with calling(path) as client:
            assert ask(client, COUNTS) == [YES]
    assert "window_not_stored" in [entry["event"] for entry in logs]


def test_a_vision_that_does_not_read_is_left(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that nobody takes block the gate for a moment only."""
    monkeypatch.setattr("edge.gate.server.WRITE_SECONDS", 0.1)
    recorder = Recorder()
    with serving(path, recorder):
        with calling(path) as client, contextlib.suppress(OSError):
            client.settimeout(0.5)
            while True:
                client.sendall(wall.encode(DELIVERING) * 100)
        until(lambda: _answered(path))


def test_a_connection_that_is_overdue_is_closed(path: Path) -> None:
    """As whatever ends one it is told; the next one is welcome."""
    ticking, stop, overdue, parted = threading.Event(), threading.Event(), threading.Event(), list[bool]()

    def part() -> None:
        parted.append(True)
        overdue.clear()

    server = GateServer(path, os.getuid(), Recorder().take, ticking.set, part, overdue.is_set)
    thread = threading.Thread(target=server.serve, args=(stop,))
    thread.start()
    try:
        until(ticking.is_set)
        with calling(path) as client:
            assert ask(client, DELIVERING) == [YES]
            overdue.set()
            assert client.recv(1) == b""
        until(lambda: parted)
        until(lambda: _answered(path))
    finally:
        stop.set()
        thread.join()


def test_the_socket_is_for_owner_and_group(path: Path) -> None:
    """Folder 0750, socket 0660, also where the folder was there with another mode."""
    path.parent.mkdir(mode=0o777)
    with serving(path, Recorder()):
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750
        assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_it_ends_at_once_and_leaves_no_socket(path: Path) -> None:
    """Within a second of the stop, with vision connected."""
    with serving(path, Recorder()), calling(path) as client:
        ask(client, DELIVERING)
        asked = time.monotonic()
    assert time.monotonic() - asked < 1
    assert not path.exists()


def test_the_socket_of_a_dead_gate_is_replaced(path: Path) -> None:
    """A kill -9 leaves the file behind."""
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(path))
    with serving(path, Recorder()):
        assert _answered(path)


def test_a_second_gate_refuses_to_start(path: Path) -> None:
    """The first one goes on."""
    with serving(path, Recorder()):
        with pytest.raises(ConfigError, match="another gate is running here"):
            GateServer(path, os.getuid(), Recorder().take, Recorder().tick).serve(threading.Event())
        until(lambda: _answered(path))


def test_a_socket_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """As where the path is too long for the kernel, or is taken by another file."""
    (tmp_path / "file.sock").touch()
    for path in (tmp_path / ("long" * 30) / "counts.sock", tmp_path / "file.sock"):
        with pytest.raises(ConfigError, match=rf"\[paths\] runtime: no socket can be made at {path}: "):
            GateServer(path, os.getuid(), Recorder().take, Recorder().tick).serve(threading.Event())


def test_time_passes_while_nobody_calls(path: Path) -> None:
    """What is due by the clock is done without vision."""
    recorder = Recorder()
    with serving(path, recorder):
        until(lambda: recorder.ticks > 2)
