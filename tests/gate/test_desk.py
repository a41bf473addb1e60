"""What the gate does with messages: release once, refuse the rest, speak of health by the clock."""

import itertools
import json
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from edge.categories import Ack, CameraState, Message, WindowCounts
from edge.uplink.contract import timestamp
from edge.uplink.outbox import Outbox, OutboxError, OutboxReader
from edge.windows import Window
from tests.conftest import IN_MEMORY
from tests.counts import DELIVERING, HOUR, cell, counts, van
from tests.examples import examples
from tests.gate.desks import NOW, desk, outbox, released

YES, NO = Ack(accepted=True), Ack(accepted=False)
NEXT = HOUR.next


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Outbox]:
    """An empty outbox."""
    opened = outbox(tmp_path)
    yield opened
    opened.close()


def _part(vehicles: int, part: int = 0, window: Window = HOUR) -> WindowCounts:
    return counts(cell(van(), vehicles), window=window, part=part, final=False)


def _final(one: WindowCounts) -> WindowCounts:
    return msgspec.structs.replace(one, final=True)


def _ns(folder: Path) -> list[list[int]]:
    return [[one.n for one in report.data.cells] for report in released(folder)]


def test_the_final_part_releases_the_window(tmp_path: Path, store: Outbox) -> None:
    """Nothing leaves before; of each part the latest message counts, and all parts together are the window."""
    gate = desk(tmp_path, store)
    for one in (_part(3), _part(10), _part(2, part=1)):
        assert gate.take(one) == YES
    assert released(tmp_path) == []
    assert gate.take(_final(_part(5, part=1))) == YES
    assert _ns(tmp_path) == [[15]]


def test_an_empty_window_is_reported(tmp_path: Path, store: Outbox) -> None:
    """Whether a message comes says nothing."""
    desk(tmp_path, store).take(counts())
    (report,) = released(tmp_path)
    assert (report.sequence, report.data.cells) == ("1", ())


def test_a_closed_window_stays_closed(tmp_path: Path, store: Outbox) -> None:
    """Repeated, added to or older: refused for good, also by a gate that was restarted."""
    gate = desk(tmp_path, store)
    assert gate.take(_final(_part(12, window=NEXT))) == YES
    for again in (gate, desk(tmp_path, store)):
        for one in (_part(12, window=NEXT), _final(_part(12, part=1, window=NEXT)), _final(_part(12))):
            assert again.take(one) == NO
    assert _ns(tmp_path) == [[12]]


def test_a_later_window_closes_nothing_by_itself(tmp_path: Path, store: Outbox) -> None:
    """Two windows are open for some seconds each hour."""
    gate = desk(tmp_path, store)
    assert gate.take(_part(4)) == YES
    assert gate.take(_part(12, window=NEXT)) == YES
    assert gate.take(_final(_part(11))) == YES
    assert gate.take(_final(_part(13, window=NEXT))) == YES
    assert _ns(tmp_path) == [[11], [13]]
    assert [report.sequence for report in released(tmp_path)] == ["1", "2"]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (counts(policy=2), "counted under policy serial 2, not 1"),
        (counts(window=Window(HOUR.start + 900, HOUR.end + 900)), "is no clock hour"),
        (counts(window=Window(HOUR.start, HOUR.end + 3_600)), "is no clock hour"),
        (counts(window=Window(HOUR.start - 366 * 86_400, HOUR.end - 366 * 86_400)), "outside the policy's term"),
    ],
)
def test_what_the_policy_does_not_allow_is_refused(
    tmp_path: Path, store: Outbox, wrong: WindowCounts, reason: str
) -> None:
    """Another policy, windows that would overlap, days outside its term; the log says why."""
    with capture_logs() as logs:
        assert desk(tmp_path, store).take(wrong) == NO
    assert [(entry["event"], entry["reason"]) for entry in logs] == [("window_refused", reason)]
    assert released(tmp_path) == []


def test_open_windows_are_bounded(tmp_path: Path, store: Outbox) -> None:
    """A broken vision can't fill the gate's memory; what it has open can still be closed."""
    gate = desk(tmp_path, store)
    windows = list(itertools.islice(_hours(HOUR), 31))
    assert [gate.take(_part(12, window=window)) for window in windows] == [YES] * 30 + [NO]
    assert gate.take(_final(_part(12))) == YES
    assert gate.take(_part(12, window=windows[30])) == YES


def _hours(window: Window) -> Iterator[Window]:
    while True:
        yield window
        window = window.next


def test_the_log_says_what_was_released_and_nothing_of_what_was_not(tmp_path: Path, store: Outbox) -> None:
    """Window, threshold and number of released cells."""
    with capture_logs() as logs:
        desk(tmp_path, store).take(counts(cell(van(), 12)))
    (entry,) = logs
    assert entry == {
        "event": "window_released",
        "window": "2026-11-23T11:00+01:00",
        "stream": "hour",
        "k": 10,
        "cells": 1,
        "log_level": "info",
    }


class _Failing(Outbox):
    """An outbox whose disk is full for a while."""

    full = True

    def append(self, *arguments: object) -> bool:
        """Store, or fail."""
        if self.full:
            raise OutboxError("outbox.db: disk full")
        return super().append(*arguments)  # type: ignore[arg-type]


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """The window stays open until the repeated message can be stored."""
    store = _Failing(tmp_path / "outbox.db", 1_000_000)
    gate = desk(tmp_path, store)
    gate.take(_part(4, part=0))
    with pytest.raises(OutboxError):
        gate.take(_final(_part(12, part=1)))
    store.full = False
    assert gate.take(_final(_part(12, part=1))) == YES
    assert _ns(tmp_path) == [[16]]
    store.close()


def test_a_damaged_outbox_ends_no_gate(tmp_path: Path, store: Outbox) -> None:
    """A window is refused with the one error that vision repeats after; the clock's work is logged and goes on."""
    now = [float(NOW)]
    gate = desk(tmp_path, store, lambda: now[0])
    gate.take(DELIVERING)
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as connection:
        connection.execute("pragma wal_checkpoint(truncate)").fetchall()
    (tmp_path / "outbox.db").write_bytes(b"\xff" * (tmp_path / "outbox.db").stat().st_size)
    now[0] += 3_600
    with capture_logs() as logs:
        gate.tick()
        with pytest.raises(OutboxError, match=r"outbox\.db: "):
            gate.take(counts(cell(van(), 12)))
    assert [entry["event"] for entry in logs] == ["outbox_not_pruned", "health_not_stored"]


def _health(folder: Path) -> tuple[int, dict[str, object]] | None:
    reader = OutboxReader(folder / "outbox.db")
    found = reader.health()
    reader.close()
    return (found[0], json.loads(found[1].payload)) if found else None


def test_health_goes_out_by_the_clock(tmp_path: Path, store: Outbox) -> None:
    """At once when the camera's state changes, which no traffic does; all else waits for the hour."""
    now = [float(NOW)]
    gate = desk(tmp_path, store, lambda: now[0])
    gate.tick()
    assert _health(tmp_path) is None
    for message, version in (
        (DELIVERING, 1),
        (msgspec.structs.replace(DELIVERING, reopened=1), 1),
        (msgspec.structs.replace(DELIVERING, camera=CameraState.STALLED), 2),
        (counts(cell(van(), 12)), 2),
    ):
        assert gate.take(message) == YES
        gate.tick()
        assert (found := _health(tmp_path)) is not None
        assert found[0] == version
    now[0] += 3_600
    gate.tick()
    gate.tick()
    found = _health(tmp_path)
    assert found is not None
    assert (found[0], found[1]["time"]) == (3, timestamp(NOW + 3_600))


def test_messages_past_their_retention_are_removed_by_the_clock(tmp_path: Path) -> None:
    """Each hour, with or without traffic."""
    now = [float(NOW)]
    store = Outbox(tmp_path / "outbox.db", 1_000_000, lambda: now[0])
    gate = desk(tmp_path, store, lambda: now[0])
    gate.take(counts())
    now[0] += 29 * 86_400
    gate.tick()
    assert len(released(tmp_path)) == 1
    now[0] += 86_400
    gate.tick()
    assert released(tmp_path) == []
    store.close()


parts = st.builds(
    _part, st.integers(1, 20), st.integers(0, 2), st.sampled_from(list(itertools.islice(_hours(HOUR), 4)))
)
streams = st.lists(parts | parts.map(_final) | st.just(DELIVERING), max_size=25)


@examples(100)
@given(streams, st.integers(0, 25))
def test_over_any_stream_each_window_is_released_once_and_in_order(stream: list[Message], restart: int) -> None:
    """Also when the gate is restarted in the middle; sequences are contiguous."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as name, capture_logs():
        store = outbox(folder := Path(name))
        gate = desk(folder, store)
        for step, message in enumerate(stream):
            gate = desk(folder, store) if step == restart else gate
            gate.take(message)
        store.close()
        reports = released(folder)
    ends = [report.data.window.end for report in reports]
    assert ends == sorted(set(ends))
    assert [int(report.sequence) for report in reports] == list(range(1, len(reports) + 1))
