"""Processes are killed at the worst moment; every window is in the outbox once."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.categories import WindowCounts
from edge.counting.sender import Sender
from edge.counting.spool import Spool
from edge.gate.audit import store
from edge.gate.audit.events import BudgetCharged, BudgetRefused, Refusal, ReportReleased
from edge.uplink.contract import Stream, timestamp
from tests.counts import HOUR, cell, counts, policy, van
from tests.gate.desks import released
from tests.gate.serving import until

ROOT = Path(__file__).parents[2]


@contextmanager
def _gate(folder: Path, moment: str = "never", *private: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-m", "tests.gate.victim", str(folder), moment, *private], cwd=ROOT)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def _sending(folder: Path) -> Iterator[tuple[Spool, Sender]]:
    spool = Spool(folder / "vision")
    sender = Sender(folder / "gate" / "counts.sock", spool, os.getuid())
    sender.start()
    try:
        yield spool, sender
    finally:
        sender.stop()


def _hours(wanted: int) -> list[WindowCounts]:
    """Make the final counts of so many hours, each with its own number of vehicles."""
    window, made = HOUR, list[WindowCounts]()
    for hour in range(wanted):
        made.append(counts(cell(van(), 10 + hour), window=window))
        window = window.next
    return made


@pytest.mark.parametrize("moment", ["before", "inside", "after"])
def test_a_gate_killed_around_the_final_message_releases_once(memory: Path, moment: str) -> None:
    """Killed before, inside and after the transaction: the next gate has the window, whole, and once."""
    first, second = counts(cell(van(), 11), final=False), counts(cell(van(), 4), part=1)
    with _sending(memory) as (spool, sender):
        with _gate(memory, moment) as dying:
            spool.put(first)
            spool.put(second)
            sender.wake()
            assert dying.wait(20) == -signal.SIGKILL
        with _gate(memory):
            until(lambda: sender.flush(1))
    assert [[one.n for one in report.data.cells] for report in released(memory)] == [[15]]
    assert spool.pending() == []


@pytest.mark.parametrize(("moment", "leaves"), [("before", False), ("inside", False), ("after", True)])
def test_a_gate_killed_after_it_has_charged_draws_no_second_time(memory: Path, moment: str, leaves: bool) -> None:  # noqa: FBT001
    """What it drew and did not store is withheld by the next gate, and the day is charged once."""
    with _sending(memory) as (spool, sender):
        with _gate(memory, moment, "private") as dying:
            spool.put(counts(cell(van(), 900)))
            sender.wake()
            assert dying.wait(20) == -signal.SIGKILL
        with _gate(memory, "never", "private"):
            until(lambda: sender.flush(1))
    (report,) = released(memory)
    assert bool(report.data.cells) is leaves
    charged = BudgetCharged(Stream.HOUR, HOUR.end, report.data.policy, 1_000, 0)
    refused = [] if leaves else [BudgetRefused(Stream.HOUR, HOUR.end, Refusal.REPEATED)]
    events = [entry.what for entry in store.load(memory / "audit").entries()]
    assert events == [charged, *refused, ReportReleased(Stream.HOUR, 1, HOUR.end)]


def test_a_gate_killed_again_and_again_loses_no_window(memory: Path) -> None:
    """At any moment: in the end each hour is there, in order, under contiguous sequences."""
    hours = _hours(12)
    with _sending(memory) as (spool, sender):
        for start in range(0, 12, 4):
            with _gate(memory) as process:
                until((memory / "gate" / "counts.sock").is_socket)
                for one in hours[start : start + 4]:
                    spool.put(one)
                    sender.wake()
                sender.flush(0.02)
                process.kill()
        with _gate(memory):
            until(lambda: sender.flush(1))
    reports = released(memory)
    assert [report.data.window.start for report in reports] == [timestamp(one.start) for one in hours]
    assert [report.data.cells[0].n for report in reports] == [10 + hour for hour in range(12)]
    assert [report.sequence for report in reports] == [str(hour + 1) for hour in range(12)]


VISION = """
    import os, signal, sys
    from pathlib import Path
    from edge.counting.counter import Counter
    from edge.counting.handover import Handover
    from edge.counting.sender import Sender
    from edge.counting.spool import Spool
    from tests.counting.passages import drive_past
    from tests.counts import HOUR, policy

    folder, first, vehicles, last, end = Path(sys.argv[1]), *map(int, sys.argv[2:])
    spool = Spool(folder / "vision")
    sender = Sender(folder / "gate" / "counts.sock", spool, os.getuid())
    sender.start()
    counter = Counter(policy(folder), spool.next_key, live=True)
    vision = Handover(counter, spool, sender)
    for second in range(first, last):
        vision.observe(HOUR.start + second)
        if second < first + vehicles:
            drive_past(counter, HOUR.start + second, second)
    if end:
        vision.observe(HOUR.end + 10)
        assert sender.flush(10)
        sender.stop()
    else:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def _vision(folder: Path, seconds: range, vehicles: int, *, end: bool) -> int:
    """Count one vehicle in each of the first seconds, then die, or come to the end of the hour; return the status."""
    numbers = map(str, (seconds.start, vehicles, seconds.stop, int(end)))
    command = [sys.executable, "-c", textwrap.dedent(VISION), str(folder), *numbers]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def test_a_killed_vision_loses_a_minute_at_most(memory: Path) -> None:
    """What it counted until its last snapshot is in the report, which says that it is partial."""
    policy(memory)
    with _gate(memory):
        assert _vision(memory, range(130), 130, end=False) == -signal.SIGKILL
        assert _vision(memory, range(140, 1_100), 25, end=True) == 0
    (report,) = released(memory)
    assert report.data.window.partial
    assert [one.n for one in report.data.cells] == [120 + 25]


def test_parts_on_both_sides_of_a_kill_are_not_added_for_the_threshold(memory: Path) -> None:
    """Nine vehicles before and nine after may be the same nine: an empty report."""
    policy(memory)
    with _gate(memory):
        assert _vision(memory, range(70), 9, end=False) == -signal.SIGKILL
        assert [part.cells[0].vehicles for part in Spool(memory / "vision").pending()] == [9]
        assert _vision(memory, range(80, 1_100), 9, end=True) == 0
    (report,) = released(memory)
    assert report.data.cells == ()
    assert report.data.window.partial
