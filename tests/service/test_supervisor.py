"""The supervisor, with small real processes."""

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from edge.service.supervisor import Child, ChildFailedError, Supervisor

FOREVER = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def _child(name: str, code: str) -> Child:
    return Child(name, [sys.executable, "-c", code])


def _in_thread(supervisor: Supervisor, stop: threading.Event) -> threading.Thread:
    thread = threading.Thread(target=supervisor.run, args=(stop,))
    thread.start()
    return thread


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "waited for 10 s in vain"
        time.sleep(0.02)


def test_the_end_of_the_source_ends_all_in_the_order_of_the_data(tmp_path: Path) -> None:
    """When vision ends with 0, the gate is asked to end, then the uplink, and the run is over."""
    order = tmp_path / "order"
    note = (
        "import pathlib, signal, sys, time\n"
        "def end(*_):\n"
        f"    open({str(order)!r}, 'a').write('NAME '); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        f"pathlib.Path({str(tmp_path)!r}, 'NAME.up').touch()\n"
        "time.sleep(60)\n"
    )
    up = [str(tmp_path / f"{name}.up") for name in ("uplink", "gate")]
    ends = f"import os, time\nwhile not all(map(os.path.exists, {up!r})): time.sleep(0.02)"
    children = [_child(name, note.replace("NAME", name)) for name in ("uplink", "gate")]
    Supervisor([*children, _child("vision", ends)]).run(threading.Event())
    assert order.read_text() == "gate uplink "


def test_a_child_that_dies_is_restarted_later_each_time() -> None:
    """The delay doubles with each early death; the log says so."""
    now = [0.0]
    stop = threading.Event()
    child = _child("gate", "raise SystemExit(1)")
    with capture_logs() as logs:
        thread = _in_thread(Supervisor([child], lambda: now[0]), stop)
        for died in (1, 2, 3):
            _until(lambda died=died: sum(entry["event"] == "child_died" for entry in logs) == died)  # type: ignore[misc]
            now[0] += child.delay
        stop.set()
        thread.join()
    assert [entry["restart_in_s"] for entry in logs if entry["event"] == "child_died"][:3] == [1, 2, 4]


def test_a_wrong_configuration_ends_the_run_with_78() -> None:
    """Status 78 is not restarted; the others are ended and the run fails with the same status."""
    gate = _child("gate", FOREVER)
    with pytest.raises(ChildFailedError, match="vision") as failed:
        Supervisor([gate, _child("vision", "raise SystemExit(78)")]).run(threading.Event())
    assert failed.value.exit_status == 78
    assert gate.process is not None
    assert gate.process.poll() is not None


def test_a_stop_ends_a_child_that_does_not_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that ignores SIGTERM is killed after its time."""
    monkeypatch.setattr("edge.service.supervisor.TERM_SECONDS", 0.3)
    stop = threading.Event()
    child = _child("gate", STUBBORN)
    thread = _in_thread(Supervisor([child]), stop)
    _until(lambda: child.process)
    time.sleep(0.5)
    stop.set()
    thread.join(5)
    assert child.process is not None
    assert child.process.poll() is not None


def test_a_file_is_not_read_twice() -> None:
    """A vision that dies in the middle of a file ends the run, so that nothing is counted twice."""
    vision = _child("vision", "raise SystemExit(9)")
    vision.again = False
    with pytest.raises(ChildFailedError, match="died in the middle of its file") as failed:
        Supervisor([_child("gate", FOREVER), vision]).run(threading.Event())
    assert failed.value.exit_status == 1
