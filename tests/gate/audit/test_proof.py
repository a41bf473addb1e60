"""Proofs that need neither the log nor this software."""

from pathlib import Path

import pytest
from nacl.signing import SigningKey

from edge.gate.audit import proof, store
from edge.gate.audit.events import AuditError, Event, encode
from edge.gate.audit.store import Content
from edge.gate.audit.verify import Witness
from tests.gate.audit.logs import KEY, POLICY, STARTED, fill, open_log, released

PUBLIC = KEY.verify_key


@pytest.fixture
def notes(memory: Path) -> list[str]:
    """A log of thirteen entries in ``memory``, and its checkpoints over 2, 7 and 12 of them."""
    starts: list[list[Event]] = [[STARTED, POLICY], _hours(5), _hours(5)]
    found = [fill(memory / "audit", events) for events in starts]
    log = open_log(memory / "audit")
    log.note(STARTED)
    log.close()
    return found


def _hours(number: int) -> list[Event]:
    return [released(hour) for hour in range(number)]


def _content(memory: Path) -> Content:
    return store.load(memory / "audit")


@pytest.mark.parametrize("number", range(12))
def test_every_entry_under_a_checkpoint_can_be_proven(memory: Path, notes: list[str], number: int) -> None:
    """The proof names place and entry, and ends with the newest checkpoint."""
    content = _content(memory)
    text = proof.of_entry(content, number)
    lines = text.splitlines()
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ")
    assert lines[2] == f"index {number}"
    assert text.endswith("\n\n" + notes[-1])
    entry = encode(content.entries()[number]).decode()
    assert proof.check(text, PUBLIC) == (
        f"entry {number} of anpr-edge/zez-demo/cam-017 is in the log of 12 entries: {entry}"
    )


def test_an_older_checkpoint_can_be_asked_for(memory: Path, notes: list[str]) -> None:
    """One that the log has."""
    assert proof.of_entry(_content(memory), 1, 7).endswith(notes[1])
    with pytest.raises(AuditError, match="there is no checkpoint over 8 entries"):
        proof.of_entry(_content(memory), 1, 8)


@pytest.mark.usefixtures("notes")
def test_what_can_not_be_proven_is_said(memory: Path) -> None:
    """An entry of this hour, one from the future, growth that did not happen, a log without any checkpoint."""
    content = _content(memory)
    for number in (12, 99):
        with pytest.raises(AuditError, match=f"entry {number} is not under the checkpoint over 12 entries"):
            proof.of_entry(content, number)
    with pytest.raises(AuditError, match="the checkpoint is over 12 entries, fewer than 13"):
        proof.of_growth(content, 13)
    with pytest.raises(AuditError, match="entry 0 has expired; entries from 3 on are here"):
        proof.of_entry(Content(content.leaves[:3], [_from(content, 3)]), 0)
    with pytest.raises(AuditError, match="there is no checkpoint yet"):
        proof.of_entry(Content([], []), 0)


def _from(content: Content, first: int) -> store.Segment:
    (segment,) = content.segments
    return store.Segment(segment.file, first, segment.lines[first:], segment.marks)


@pytest.mark.parametrize("old", [0, 2, 7, 12])
def test_growth_is_proven_to_who_has_the_older_checkpoint(memory: Path, notes: list[str], old: int) -> None:
    """And to nobody else; a checkpoint of another log does not fit."""
    text = proof.of_growth(_content(memory), old)
    kept = [Witness("kept", note) for note in notes]
    if old:
        assert "12 entries begins with the" in proof.check(text, PUBLIC, kept)
    with pytest.raises(AuditError, match=f"begins at {old} entries: give the checkpoint over these"):
        proof.check(text, PUBLIC)
    with pytest.raises(AuditError, match="other: is not signed by anpr-edge/zez-demo/cam-017"):
        proof.check(text, PUBLIC, [Witness("other", notes[0].replace("zez-demo", "zez-other"))])


def test_growth_of_another_log_is_not_proven(memory: Path, notes: list[str]) -> None:
    """Of one that was set back and went on in another way."""
    other = fill(memory / "other", [STARTED, STARTED])
    with pytest.raises(AuditError, match="the log does not continue the one of the older checkpoint"):
        proof.check(proof.of_growth(_content(memory), 2), PUBLIC, [Witness("kept", other)])
    assert notes[0] != other


@pytest.mark.usefixtures("notes")
@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("index 4", "index 5", "the proof is wrong: this entry is not in that log"),
        ("extra eyJu", "extra eyJv", "the proof is wrong"),
        ("extra eyJu", "extra !yJu", "is no proof that this software knows"),
        ("\n12\n", "\n13\n", "the checkpoint of the proof its signature is wrong"),
        ("tlog-proof@v1", "tlog-proof@v2", "is no proof that this software knows"),
        ("index 4\n", "index 4\n!\n", "a line of it is not base64"),
        ("\n\n", "\n", "is no proof"),
    ],
)
def test_a_spoilt_proof_proves_nothing(memory: Path, old: str, new: str, reason: str) -> None:
    """Each with its reason."""
    text = proof.of_entry(_content(memory), 4)
    assert old in text
    with pytest.raises(AuditError, match=reason):
        proof.check(text.replace(old, new), PUBLIC)
    with pytest.raises(AuditError, match="with the expected key"):
        proof.check(text, SigningKey(bytes(32)).verify_key)
