"""Checkpoints that were kept elsewhere."""

from pathlib import Path

import pytest

from edge.gate.audit import witness
from edge.gate.audit.events import AuditError
from edge.gate.audit.verify import Witness
from edge.uplink.contract import encode
from tests.messages import checkpoint


def test_messages_of_the_topic_are_read_line_by_line(tmp_path: Path) -> None:
    """As an MQTT client writes them into a file; each knows the line in which it stands."""
    file, first, second = tmp_path / "kept.jsonl", checkpoint(7), checkpoint(9)
    file.write_bytes(encode(first) + b"\n\n" + encode(second) + b"\n")
    assert witness.in_file(file) == [
        Witness(f"{file}, line 1,", first.data.note),
        Witness(f"{file}, line 3,", second.data.note),
    ]


def test_a_note_is_read_as_it_is(tmp_path: Path) -> None:
    """What other tools keep."""
    file, note = tmp_path / "note.txt", checkpoint(7).data.note
    file.write_text(note, encoding="utf-8")
    assert witness.in_file(file) == [Witness(str(file), note)]
    assert witness.in_file(file)[0].size == 7


def test_an_outbox_without_a_checkpoint_is_no_witness(tmp_path: Path) -> None:
    """Nor is one that is not there; looking makes none."""
    assert witness.in_outbox(tmp_path / "outbox.db") == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"data":{"note":"x"}}', "line 1: is no message with a checkpoint"),
        (encode(checkpoint(7)) + b"\n{", "line 2: is no message with a checkpoint"),
        (b"\xff", "is neither a checkpoint nor messages with one"),
        (None, "can't be read: No such file or directory"),
    ],
)
def test_what_is_no_checkpoint_is_said(tmp_path: Path, content: bytes | None, reason: str) -> None:
    """With file and line."""
    file = tmp_path / "kept.jsonl"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(AuditError, match=reason):
        witness.in_file(file)
