"""Notes that root leaves for the audit log."""

from pathlib import Path

import pytest

from edge.errors import AnprError
from edge.gate.audit import notes
from edge.gate.audit.events import Exported, LoggedIn


def test_each_note_is_taken_once(tmp_path: Path) -> None:
    """Two logins are two events; then the folder is empty."""
    for name in ("logged-in", "exported", "logged-in"):
        notes.leave(tmp_path, name)
    assert list(notes.taken(tmp_path)) == [Exported(), LoggedIn(), LoggedIn()]
    assert list(notes.taken(tmp_path)) == []


def test_another_name_is_removed_and_not_told(tmp_path: Path) -> None:
    """No text reaches the log through a file's name or content; what can't be removed is never told."""
    (tmp_path / "X99XXX").write_text("X-99-XXX")
    (tmp_path / "logged-in.X99XXX").write_text("X-99-XXX")
    (tmp_path / "exported.x").mkdir()
    assert list(notes.taken(tmp_path)) == [LoggedIn()]
    assert [file.name for file in tmp_path.iterdir()] == ["exported.x"]


def test_where_no_gate_has_run_no_note_can_be_left(tmp_path: Path) -> None:
    """The hook hears of it, and may let the login go on."""
    with pytest.raises(AnprError, match="no note can be left for the audit log: No such file"):
        notes.leave(tmp_path / "absent", "logged-in")
