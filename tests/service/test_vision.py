"""The loop of vision: when it counts, when it does not, what it hands over."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from edge.camera.frame import EndOfSource, Frame, SourceStats
from edge.camera.steady import SteadySource
from edge.categories import Drive, EmissionClass, Exemption, RegisterAge, VehicleType, WindowCounts
from edge.counting.counter import Counter
from edge.counting.handover import Handover
from edge.counting.sender import Sender
from edge.counting.spool import Spool
from edge.errors import ConfigError
from edge.plates.passage import Look
from edge.plates.recognise import Recogniser
from edge.registry.enrich import Enricher, ExemptionOn
from edge.registry.vehicle import Category, VehicleClass
from edge.service.lookups import Lookups
from edge.service.succession import PolicyChangedError
from edge.service.vision import Vision
from tests.counts import HOUR, policy
from tests.gate.serving import Recorder, serving
from tests.plates.drawn import VIEW, Script, look

FPS = 10
MIDNIGHT = 1_795_474_800.0  # 2026-11-24, 00:00 in Amsterdam.
FIRST_SECOND, LAST_SECOND = 1_767_222_000.0, 1_798_757_999.0  # Of 2026 in Amsterdam.
VAN = VehicleClass(
    VehicleType.VAN, Drive.DIESEL, EmissionClass.E6, Category.N1, 2018, special=False, wheelchair=False, diesel=True
)
PICTURE = np.zeros((9, 16), np.uint8)


class Film:
    """A source of blank frames at given times; ``on_last`` is called before the last one."""

    def __init__(self, times: Sequence[float], *, live: bool, on_last: Callable[[], None]) -> None:
        self.live = live
        self.stats = SourceStats()
        self._times = list(times)
        self._on_last = on_last

    def read(self) -> Frame:
        """Return the next frame."""
        index = self.stats.delivered
        if index == len(self._times):
            raise EndOfSource
        if index == len(self._times) - 1:
            self._on_last()
        self.stats.delivered += 1
        return Frame(index, self._times[index], PICTURE, PICTURE)

    def close(self) -> None:
        """Nothing to close."""


def _lookup(plate: bytes | bytearray) -> VehicleClass | None:
    """The whole register."""
    return VAN if plate == b"V12BDF" else None


def _exempt_on(exempt: date) -> ExemptionOn:
    """A list in which every plate is exempt on one day."""

    def on(plate: bytes | bytearray, day: date) -> Exemption:
        assert plate == b"V12BDF"
        return Exemption.DAY if day == exempt else Exemption.NONE

    return on


class Fixed(Lookups):
    """Lookups that were never in a file."""

    def __init__(self, enricher: Enricher) -> None:
        self.enricher = enricher

    def refresh(self) -> None:
        """Nothing is replaced."""

    def register_age(self) -> RegisterAge:
        """Return that nothing is known."""
        return RegisterAge.UNKNOWN

    def close(self) -> None:
        """Nothing is open."""


def _nothing() -> None:
    """Do nothing special at the last frame."""


@contextmanager
def _vision(  # noqa: PLR0913  (what tests vary)
    folder: Path,
    frames: Sequence[tuple[float, list[Look]]],
    *,
    live: bool = False,
    on_last: Callable[[], None] = _nothing,
    clock_known: Callable[[], bool] = lambda: True,
    enricher: Enricher | None = None,
    turn: Callable[[float], None] | None = None,
) -> Iterator[tuple[Vision, Recorder]]:
    """Put a process together on a scripted film; give what a gate receives."""
    script = Script([looks for _, looks in frames])
    source = SteadySource(lambda: Film([time for time, _ in frames], live=live, on_last=on_last))
    spool, recorder = Spool(folder / "vision"), Recorder()
    sender = Sender(folder / "gate" / "counts.sock", spool, os.getuid())
    rules = policy(folder, gap=0)
    handover = Handover(Counter(rules, spool.next_key, live=live), spool, sender)
    with serving(folder / "gate" / "counts.sock", recorder):
        recogniser = Recogniser(script, script, VIEW)
        lookups = Fixed(enricher or Enricher(lookup=_lookup))
        yield Vision(source, recogniser, lookups, rules, handover, sender, clock_known, turn), recorder


def _van(start: float, seconds: float) -> list[tuple[float, list[Look]]]:
    """A van that drives over the line half a second after ``start``, in a film of ``seconds``."""
    times = [start + frame / FPS for frame in range(int(seconds * FPS))]
    places = [(time, 0.3 + 0.4 * (time - start)) for time in times]
    return [(time, [look(time, 0.5, place, "V12BDF")] if place < 0.9 else []) for time, place in places]


def _counts(gate: Recorder) -> list[WindowCounts]:
    """Return the counts that the gate received."""
    return [message for message in gate.taken if isinstance(message, WindowCounts)]


def _n(gate: Recorder) -> dict[int, int]:
    """Return the passages of each window, from the last message of it."""
    return {counts.start: sum(cell.n for cell in counts.cells) for counts in _counts(gate)}


def test_a_file_is_counted_by_its_own_clock(tmp_path: Path) -> None:
    """The van counts in the window of the video's time, whatever the system's clock says; the end is final."""
    with _vision(tmp_path, _van(HOUR.start + 60, 6), clock_known=lambda: False) as (vision, gate):
        vision.run(threading.Event())
    assert _n(gate) == {HOUR.start: 1}
    assert _counts(gate)[-1].final
    assert _counts(gate)[-1].cells[0].key.vehicle_type == "van"


def test_a_vehicle_is_looked_up_as_of_the_day_on_which_it_passed(tmp_path: Path) -> None:
    """It crosses a second before midnight, and its track ends on the day after: the day's exemption counts."""
    enricher = Enricher(lookup=_lookup, exemptions=_exempt_on(date(2026, 11, 23)))
    with _vision(tmp_path, _van(MIDNIGHT - 1.5, 6), enricher=enricher) as (vision, gate):
        vision.run(threading.Event())
    (cell,) = [cell for counts in _counts(gate) if counts.final for cell in counts.cells]
    assert (cell.key.vehicle_type, cell.key.exemption) == (VehicleType.VAN, Exemption.DAY)


def test_no_window_opens_before_the_clock_is_synchronised(tmp_path: Path) -> None:
    """A live camera without a clock counts nothing, and says why."""
    film = _van(HOUR.start, 6)
    with capture_logs() as logs, _vision(tmp_path, film, live=True, clock_known=lambda: False) as (vision, gate):
        vision.run(threading.Event())
    assert not _counts(gate)
    assert "waiting_for_clock" in {entry["event"] for entry in logs}


def test_counting_begins_when_the_clock_is_known(tmp_path: Path) -> None:
    """The van that passes after the synchronisation counts."""
    asked = iter([False] * 10)
    with _vision(tmp_path, _van(HOUR.start, 6), live=True, clock_known=lambda: next(asked, True)) as (vision, gate):
        vision.run(threading.Event())
    assert _n(gate) == {HOUR.start: 1}


def test_a_stop_counts_who_has_crossed_and_hands_the_window_over(tmp_path: Path) -> None:
    """A van just past the line is in the open window, which is not final: the next vision goes on with it."""
    stop = threading.Event()
    with _vision(tmp_path, _van(HOUR.start, 1.2), live=True, on_last=stop.set) as (vision, gate):
        vision.run(stop)
    assert _n(gate) == {HOUR.start: 1}
    assert not _counts(gate)[-1].final


def test_a_passage_before_a_gap_in_the_frames_stays_in_its_hour(tmp_path: Path) -> None:
    """The film skips from before the hour to after it: the van counts where it crossed."""
    frames = [*_van(HOUR.end - 2, 1.5), *((HOUR.end + 30 + frame / FPS, []) for frame in range(20))]
    with _vision(tmp_path, frames) as (vision, gate):
        vision.run(threading.Event())
    assert _n(gate) == {HOUR.start: 1, HOUR.end: 0}


def test_a_silent_camera_ends_its_passages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The van is in the last picture that comes: a few seconds later it counts, though no other picture ever comes."""
    frames = _van(HOUR.start, 1.2)
    monkeypatch.setattr("edge.service.vision.time.time", lambda: HOUR.start + 10)
    with _vision(tmp_path, frames, live=True) as (vision, gate):
        read = vision._source.read
        counted = []

        def read_or_wait() -> Frame | None:
            try:
                return read()
            except EndOfSource:
                counted.append(
                    [sum(cell.n for cell in counts.cells) for counts in vision._handover._counter.snapshot()]
                )
                if len(counted) == 3:
                    raise
                return None

        monkeypatch.setattr(vision._source, "read", read_or_wait)
        vision.run(threading.Event())
    assert counted == [[0], [1], [1]]
    assert _n(gate) == {HOUR.start: 1}


def test_the_first_second_of_the_term_counts(tmp_path: Path) -> None:
    """The policy of the tests begins on 2026-01-01."""
    with _vision(tmp_path, _van(FIRST_SECOND, 6)) as (vision, gate):
        vision.run(threading.Event())
    assert sum(_n(gate).values()) == 1


def test_a_frame_after_the_term_ends_vision_and_closes_the_last_window(tmp_path: Path) -> None:
    """It ends on 2026-12-31; what was counted before is handed over as final."""
    frames = [*_van(LAST_SECOND - 10, 6), (LAST_SECOND + 60, [])]
    with (
        _vision(tmp_path, frames) as (vision, gate),
        pytest.raises(ConfigError, match="2027-01-01 is outside its term"),
    ):
        vision.run(threading.Event())
    assert sum(_n(gate).values()) == 1
    assert _counts(gate)[-1].final


def test_a_newer_policy_closes_the_hour_before_any_frame_of_the_next(tmp_path: Path) -> None:
    """The last window of the old policy is whole and final; nothing of the next hour is counted under it."""

    def turn(moment: float) -> None:
        if moment >= HOUR.end:
            raise PolicyChangedError("a newer policy")

    frames = _van(HOUR.end - 3, 6)
    with _vision(tmp_path, frames, live=True, turn=turn) as (vision, gate), pytest.raises(PolicyChangedError):
        vision.run(threading.Event())
    assert _n(gate) == {HOUR.start: 1}
    assert _counts(gate)[-1].final
