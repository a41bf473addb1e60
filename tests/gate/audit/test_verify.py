"""What people do to a log, and by which name it is found."""

import shutil
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from edge.gate.audit import store
from edge.gate.audit.checkpoint import Checkpoint, sign
from edge.gate.audit.events import AuditError, Stopped
from edge.gate.audit.merkle import root
from edge.gate.audit.verify import Fault
from tests.gate.audit.logs import (
    DAY,
    KEY,
    NOON,
    ORIGIN,
    POLICY,
    STARTED,
    Clock,
    faults,
    fill,
    lines_of,
    look,
    only_file,
    released,
)


@pytest.fixture
def log(memory: Path) -> Path:
    """A log of ten entries under two checkpoints: lines 0 to 5, checkpoint, 7 to 10, checkpoint."""
    fill(memory / "audit", [STARTED, POLICY, *map(released, range(4))])
    fill(memory / "audit", [*map(released, range(4, 7)), Stopped()])
    return memory / "audit"


def _write(folder: Path, lines: list[bytes]) -> None:
    only_file(folder).write_bytes(b"".join(lines))


def _renumbered(lines: list[bytes]) -> list[bytes]:
    """Number entries anew, as somebody would who does not want to be found."""
    made, number = list[bytes](), 0
    for line in lines:
        if line.startswith(b"{"):
            entry = msgspec.json.decode(line)
            made.append(msgspec.json.encode(entry | {"number": number}) + b"\n")
            number += 1
        else:
            made.append(line)
    return made


def test_a_good_log_has_no_fault(log: Path) -> None:
    """All entries are under a checkpoint of its own."""
    verdict = look(log)
    assert (verdict.size, verdict.covered, verdict.checkpoints, verdict.findings) == (10, 10, 2, ())


@pytest.mark.parametrize("place", [0, 1, 2, 5, 7, 10])
def test_an_edited_entry_is_found_and_placed(log: Path, place: int) -> None:
    """Between the last checkpoint that fits and the first that does not."""
    lines = lines_of(log)
    lines[place] = lines[place].replace(b'"time":1795431600', b'"time":1795431601')
    _write(log, lines)
    part = "of entries 0 to 5 one" if place < 6 else "of entries 6 to 9 one"
    (finding,) = look(log).findings
    assert finding.fault is Fault.EDITED
    assert finding.text.startswith(part)


def test_an_entry_that_is_none_is_found(log: Path) -> None:
    """A plate has no place in a log."""
    lines = lines_of(log)
    lines[2] = lines[2].replace(b'"stream":"hour"', b'"stream":"V12BDF"')
    _write(log, lines)
    assert "entry 2 is no entry of the audit log" in {finding.text for finding in look(log).findings}
    assert set(faults(log)) == {Fault.EDITED}


def test_reordered_entries_are_found(log: Path) -> None:
    """By their numbers; where somebody numbered them anew, by the root."""
    lines = lines_of(log)
    lines[2], lines[3] = lines[3], lines[2]
    _write(log, lines)
    assert look(log).findings[0].fault is Fault.REORDERED
    assert look(log).findings[0].text == "entry 3 stands where 2 belongs"
    _write(log, _renumbered(lines))
    assert faults(log) == [Fault.EDITED]


def test_a_checkpoint_that_was_moved_is_found(log: Path) -> None:
    """It covers no entry that stands behind it."""
    lines = lines_of(log)
    _write(log, [*lines[:4], lines[6], *lines[4:6], *lines[7:]])
    (finding,) = look(log).findings
    assert str(finding) == "reordered: the checkpoint over 6 entries stands before entry 4"


def test_an_entry_that_was_taken_out_is_found(log: Path) -> None:
    """Also where the others were numbered anew."""
    lines = lines_of(log)
    del lines[3]
    _write(log, lines)
    assert Fault.EDITED in faults(log)
    assert "entry 4 stands where 3 belongs; others are gone" in {finding.text for finding in look(log).findings}
    _write(log, _renumbered(lines))
    assert faults(log) == [Fault.EDITED]


def test_an_entry_that_was_put_in_is_found(log: Path) -> None:
    """A report that was never released, say."""
    lines = lines_of(log)
    lines.insert(4, lines[4])
    _write(log, _renumbered(lines))
    assert faults(log) == [Fault.EDITED]


def test_a_log_without_its_end_is_found(log: Path) -> None:
    """By a checkpoint in it where that was left, else by the one that a subscriber or the outbox has kept."""
    lines = lines_of(log)
    kept = msgspec.json.decode(lines[-1], type=str)
    _write(log, [*lines[:9], lines[-1]])
    assert faults(log) == [Fault.TRUNCATED]
    _write(log, lines[:7])
    assert faults(log) == []
    assert faults(log, kept) == [Fault.ROLLED_BACK]
    assert look(log, kept).findings[0].text == (
        "a subscriber vouches for 10 entries, and 6 are here: cut off, or an older copy"
    )


def test_a_log_that_was_set_back_and_went_on_is_found(log: Path, tmp_path: Path) -> None:
    """Its own checkpoints all fit; that of a subscriber does not."""
    shutil.copytree(log, tmp_path / "copy")
    kept = fill(log, [STARTED])
    fill(tmp_path / "copy", [Stopped()] * 5)
    assert faults(log, kept) == []
    assert faults(tmp_path / "copy") == []
    assert faults(tmp_path / "copy", kept) == [Fault.ROLLED_BACK]


def test_a_file_that_is_gone_is_found(tmp_path: Path) -> None:
    """In the middle it is missing; at the beginning too, for its hashes would be there."""
    for day in range(3):
        fill(tmp_path / "audit", [STARTED], Clock(NOON + day * DAY))
    for name, missing in [("0000000001.jsonl", "entries 1 to 1"), ("0000000000.jsonl", "entries 0 to 0")]:
        shutil.copytree(tmp_path / "audit", tmp_path / "copy")
        (tmp_path / "copy" / name).unlink()
        with pytest.raises(AuditError, match=f"{missing} are missing"):
            store.load(tmp_path / "copy")
        shutil.rmtree(tmp_path / "copy")


def test_edited_hashes_of_expired_entries_are_found(tmp_path: Path) -> None:
    """They carry the root as much as entries do."""
    for day in range(3):
        fill(tmp_path / "audit", [STARTED], Clock(NOON + day * DAY))
    content = store.load(tmp_path / "audit")
    (tmp_path / "audit" / "0000000000.jsonl").unlink()
    (tmp_path / "audit" / store.EXPIRED).write_bytes(content.leaves[0])
    assert faults(tmp_path / "audit") == []
    (tmp_path / "audit" / store.EXPIRED).write_bytes(bytes(32))
    assert faults(tmp_path / "audit") == [Fault.EDITED]


def test_a_checkpoint_of_another_key_is_found(log: Path) -> None:
    """In the log, and among those that come from elsewhere."""
    other = SigningKey(bytes(32))
    head = Checkpoint(ORIGIN, 10, root(store.load(log).leaves))
    _write(log, [*lines_of(log), msgspec.json.encode(sign(head, other)) + b"\n"])
    assert faults(log, sign(head, KEY)) == [Fault.FORGED]
    assert faults(log, sign(head, other)) == [Fault.FORGED, Fault.FORGED]


def test_a_checkpoint_that_was_damaged_is_found(log: Path) -> None:
    """A letter of its signature, or its quotes."""
    lines = lines_of(log)
    raw = lines[6]
    _write(log, [*lines[:6], raw[:-8] + b'AAAA=\\n"\n', *lines[7:]])
    assert faults(log) == [Fault.FORGED]
    _write(log, [*lines[:6], b'"\n', *lines[7:]])
    assert faults(log) == [Fault.FORGED]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_byte_can_be_changed_unseen(log: Path, data: st.DataObject) -> None:
    """In any line, to anything: a subscriber's checkpoint finds it, if the log's own do not."""
    whole = only_file(log).read_bytes()
    kept = msgspec.json.decode(whole.splitlines()[-1], type=str)
    place = data.draw(st.integers(0, len(whole.rpartition(b'\n"')[0]) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != whole[place]))
    only_file(log).write_bytes(whole[:place] + bytes([byte]) + whole[place + 1 :])
    try:
        assert faults(log, kept)
    except AuditError:
        pass
    finally:
        only_file(log).write_bytes(whole)
