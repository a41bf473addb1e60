"""From frames and passages to a released report, with a real socket and a real outbox."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.categories import Direction, PlateKind, WindowCounts
from edge.counting.counter import Counter
from edge.counting.handover import Handover
from edge.counting.sender import Sender
from edge.counting.spool import Spool
from edge.plates.passage import Passage
from tests.counting.passages import VAN, plate
from tests.counts import HOUR, policy
from tests.gate.serving import Recorder, serving, until


@contextmanager
def _vision(folder: Path, *, live: bool = True) -> Iterator[Handover]:
    """Put vision's side together, as its main does."""
    spool = Spool(folder / "vision")
    sender = Sender(folder / "gate" / "counts.sock", spool, os.getuid())
    sender.start()
    try:
        yield Handover(Counter(policy(folder, gap=0), spool.next_key, live=live), spool, sender)
    finally:
        sender.stop()


def _passage(time: float, vehicle: int) -> Passage:
    return Passage(time, Direction.IN, PlateKind.NL, plate(vehicle))


@contextmanager
def _gate(folder: Path) -> Iterator[list[WindowCounts]]:
    recorder = Recorder()
    with serving(folder / "gate" / "counts.sock", recorder):
        yield recorder.taken  # type: ignore[misc]  # only counts are sent here


def _told(taken: list[WindowCounts]) -> list[tuple[int, int, bool, int]]:
    """Say per message: which window, part, final, how many passages."""
    return [(one.start, one.part, one.final, sum(cell.n for cell in one.cells)) for one in taken]


def test_each_minute_the_gate_hears_how_it_stands(tmp_path: Path) -> None:
    """A killed vision loses a minute at most."""
    with _gate(tmp_path) as taken, _vision(tmp_path) as vision:
        for second in range(0, 150, 5):
            vision.observe(HOUR.start + second)
            vision.count(_passage(HOUR.start + second, second), VAN)
        until(lambda: (HOUR.start, 0, False, 24) in _told(taken))


def test_a_window_is_final_ten_seconds_after_its_end(tmp_path: Path) -> None:
    """By the time of frames, or by the clock while the camera is silent."""
    with _gate(tmp_path) as taken, _vision(tmp_path) as vision:
        vision.observe(HOUR.end - 5)
        vision.count(_passage(HOUR.end - 5, 1), VAN)
        vision.observe(HOUR.end + 10)
        vision.idle(HOUR.end + 3_610)
        until(lambda: [one for one in taken if one.final][1:])
    assert [one for one in _told(taken) if one[2]] == [(HOUR.start, 0, True, 1), (HOUR.end, 0, True, 0)]


def test_the_end_of_a_file_makes_every_window_final(tmp_path: Path) -> None:
    """Nothing of the run stays behind but how many keys the day has had."""
    with _gate(tmp_path) as taken, _vision(tmp_path, live=False) as vision:
        for time in (HOUR.start, HOUR.end + 60):
            vision.observe(time)
            vision.count(_passage(time, 1), VAN)
        assert vision.end(complete=True, timeout=5)
    assert [one for one in _told(taken) if one[2]] == [(HOUR.start, 0, True, 1), (HOUR.end, 0, True, 1)]
    assert [file.name for file in (tmp_path / "vision").iterdir()] == ["tag-keys"]


def test_after_a_signal_the_next_vision_goes_on_with_the_window(tmp_path: Path) -> None:
    """In another part, for it has another key; the gate gets both."""
    with _gate(tmp_path) as taken:
        for vehicle in (1, 2):
            with _vision(tmp_path) as vision:
                vision.observe(HOUR.start + vehicle)
                vision.count(_passage(HOUR.start + vehicle, vehicle), VAN)
                assert vision.end(complete=False, timeout=5)
    assert _told(taken)[-1] == (HOUR.start, 1, False, 1)
    assert [counts.part for counts in Spool(tmp_path / "vision").pending()] == [0, 1]


def test_a_window_that_ended_while_vision_was_away_is_closed(tmp_path: Path) -> None:
    """The next vision closes it with its first frame, hours later."""
    with _vision(tmp_path) as vision:
        vision.observe(HOUR.start)
        vision.count(_passage(HOUR.start, 1), VAN)
        assert not vision.end(complete=False, timeout=0.1)
    with _gate(tmp_path) as taken, _vision(tmp_path) as vision:
        vision.observe(HOUR.end + 7_000)
        until(lambda: [one for one in taken if one.final])
    assert (HOUR.start, 0, True, 1) in _told(taken)


def test_without_a_gate_everything_is_kept(tmp_path: Path) -> None:
    """Finished windows wait in the spool."""
    with _vision(tmp_path, live=False) as vision:
        vision.observe(HOUR.start)
        vision.observe(HOUR.end + 60)
        assert not vision.end(complete=True, timeout=0.2)
    assert [counts.final for counts in Spool(tmp_path / "vision").pending()] == [True, True]


def test_a_counted_plate_is_wiped(tmp_path: Path) -> None:
    """Also where counting fails."""
    with _vision(tmp_path) as vision:
        early, counted = _passage(HOUR.start, 1), _passage(HOUR.start, 2)
        with pytest.raises(RuntimeError):
            vision.count(early, VAN)
        vision.observe(HOUR.start)
        vision.count(counted, VAN)
    assert early.plate == counted.plate == bytes(6)


def test_a_failed_sender_stops_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its error is raised where frames are read."""
    with _gate(tmp_path), _vision(tmp_path) as vision:
        monkeypatch.setattr(vision._sender, "_failed", ValueError("a mistake"))
        with pytest.raises(ValueError, match="a mistake"):
            vision.observe(HOUR.start)
