"""What an auditor reads of an examination."""

from pathlib import Path

import pytest

from edge.gate.audit import prose, store
from edge.gate.audit.events import Stopped
from edge.gate.audit.verify import Witness, examine
from tests.gate.audit.logs import DAY, KEY, NOON, ORIGIN, STARTED, Clock, fill, open_log


def _judged(folder: Path, *witnesses: Witness) -> str:
    content = store.load(folder)
    return prose.judge(ORIGIN, content, examine(content, ORIGIN, KEY.verify_key, witnesses))


@pytest.fixture
def notes(tmp_path: Path) -> list[str]:
    """Checkpoints of a log with two entries a day, over three days."""
    days = [Clock(NOON + day * DAY) for day in range(3)]
    return [fill(tmp_path / "audit", [STARTED, Stopped()], clock) for clock in days]


def test_a_log_is_good_up_to_the_newest_checkpoint_from_elsewhere(tmp_path: Path, notes: list[str]) -> None:
    """In whatever order they were kept; with the time of the last entry that it vouches for."""
    told = _judged(tmp_path / "audit", Witness("b", notes[1]), Witness("a", notes[0]))
    assert "good: up to entry 3, of 2026-11-24 12:00:00 CET, nothing was changed" in told
    assert "2 checkpoints from elsewhere, the newest over 4 entries" in told


def test_the_outbox_is_not_elsewhere(tmp_path: Path, notes: list[str]) -> None:
    """It is told by itself, and alone makes no log good."""
    told = _judged(tmp_path / "audit", Witness("the outbox", notes[2], on_camera=True))
    assert "in the camera's own outbox: one over 6 entries" in told
    assert "no checkpoints from elsewhere" in told
    assert "not fully checked: " in told
    both = _judged(tmp_path / "audit", Witness("the outbox", notes[2], on_camera=True), Witness("a", notes[0]))
    assert "good: up to entry 1, " in both
    assert "1 checkpoint from elsewhere, the newest over 2 entries" in both


def test_an_outbox_that_knows_more_shows_that_the_end_is_gone(tmp_path: Path, notes: list[str]) -> None:
    """It proves nothing good, but it can prove a fault."""
    fill(tmp_path / "short", [STARTED, Stopped()])
    told = _judged(tmp_path / "short", Witness("the outbox", notes[2], on_camera=True), Witness("a", notes[0]))
    assert "good: " not in told
    assert "not fully checked" not in told


def test_of_an_entry_past_its_term_no_time_is_told(tmp_path: Path, notes: list[str]) -> None:
    """Its text is gone; what vouches for it still does."""
    log = open_log(tmp_path / "audit", Clock(NOON + 2 * DAY))
    assert log.expire(NOON + 2 * DAY) == 4
    log.close()
    told = _judged(tmp_path / "audit", Witness("a", notes[0]))
    assert "good: up to entry 1 nothing was changed" in told
