"""Proofs as text, for whoever has neither the log nor this software.

That an entry is in the log: C2SP tlog-proof, whose extra line holds the entry. That a log only grew: the request that
C2SP tlog-witness has for witnesses. Both end with the checkpoint that they lead to.
"""

import base64
import binascii
import re
from collections.abc import Sequence

from nacl.signing import VerifyKey

from edge.gate.audit import checkpoint, merkle
from edge.gate.audit.checkpoint import Checkpoint, NoteError
from edge.gate.audit.events import AuditError, decode, encode
from edge.gate.audit.merkle import leaf_hash
from edge.gate.audit.store import Content
from edge.gate.audit.verify import Witness

TITLE = "c2sp.org/tlog-proof@v1"
_INCLUSION = re.compile(
    rf"{re.escape(TITLE)}\nextra (?P<extra>[A-Za-z0-9+/]+={{0,2}})\nindex (?P<index>0|[1-9][0-9]{{0,17}})\n"
)
_GROWTH = re.compile(r"old (?P<old>0|[1-9][0-9]{0,17})\n")


def of_entry(content: Content, number: int, size: int | None = None) -> str:
    """Prove that entry ``number`` is in the log, under its own checkpoint over ``size`` entries, or the newest.

    Raises:
        AuditError: the entry has expired, is under no checkpoint yet, or there is no such checkpoint.
    """
    head, note = _head(content, size)
    first = len(content.expired)
    if number < first:
        raise AuditError(f"entry {number} has expired; entries from {first} on are here")
    if number >= head:
        raise AuditError(
            f"entry {number} is not under the checkpoint over {head} entries; each hour there is a new one"
        )
    entry = base64.b64encode(content.lines[number - first]).decode()
    steps = merkle.inclusion(content.leaves[:head], number)
    return f"{TITLE}\nextra {entry}\nindex {number}\n{_lines(steps)}\n{note}"


def of_growth(content: Content, old: int, size: int | None = None) -> str:
    """Prove that the log under its checkpoint over ``size`` entries, or the newest, only adds to its first ``old``.

    Raises:
        AuditError: there is no such checkpoint, or it is over fewer than ``old`` entries.
    """
    head, note = _head(content, size)
    if old > head:
        raise AuditError(f"the checkpoint is over {head} entries, fewer than {old}")
    return f"old {old}\n{_lines(merkle.consistency(content.leaves[:head], old))}\n{note}"


def origin_in(note: str) -> str:
    """Return the name of the log that a checkpoint, or a proof that ends with one, says it belongs to."""
    body = note.rpartition("\n\n")[0]
    return body.rpartition("\n\n")[2].partition("\n")[0]


def check(text: str, key: VerifyKey, witnesses: Sequence[Witness] = ()) -> str:
    """Check a proof with the camera's public key; return what it proves, in a sentence.

    A proof of growth needs the older checkpoint, among the ``witnesses``.

    Raises:
        AuditError: it proves nothing.
    """
    if found := _INCLUSION.match(text):
        return _check_entry(int(found["index"]), _decoded(found["extra"]), *_read(text, key))
    if found := _GROWTH.match(text):
        steps, head = _read(text, key)
        return _check_growth(_older(int(found["old"]), head.origin, key, witnesses), steps, head)
    raise AuditError("is no proof that this software knows")


def _check_entry(index: int, entry: bytes, steps: list[bytes], head: Checkpoint) -> str:
    if not merkle.includes(head.root, head.size, leaf_hash(entry), index, steps):
        raise AuditError("the proof is wrong: this entry is not in that log, at that place")
    return f"entry {index} of {head.origin} is in the log of {head.size} entries: {encode(decode(entry)).decode()}"


def _check_growth(before: Checkpoint, steps: list[bytes], head: Checkpoint) -> str:
    if not merkle.extends(before.size, before.root, head.size, head.root, steps):
        raise AuditError("the proof is wrong: the log does not continue the one of the older checkpoint")
    return f"the log {head.origin} of {head.size} entries begins with the {before.size} of the older checkpoint"


def _head(content: Content, size: int | None) -> tuple[int, str]:
    """Return size and note of one of the log's own checkpoints, the newest where ``size`` is None."""
    marks = [mark for mark in content.marks if size in {None, mark.place}]
    if not marks:
        raise AuditError(
            "there is no checkpoint yet" if size is None else f"there is no checkpoint over {size} entries"
        )
    return marks[-1].place, marks[-1].note


def _read(text: str, key: VerifyKey) -> tuple[list[bytes], Checkpoint]:
    """Return the steps and the checkpoint of a proof."""
    header, blank, note = text.partition("\n\n")
    try:
        head = checkpoint.verify(note, origin_in(note), key)
    except NoteError as error:
        raise AuditError(f"the checkpoint of the proof {error}" if blank else "is no proof") from error
    steps = [line for line in header.splitlines() if line != TITLE and " " not in line]
    return [_decoded(step) for step in steps], head


def _older(size: int, origin: str, key: VerifyKey, witnesses: Sequence[Witness]) -> Checkpoint:
    for witness in witnesses:
        try:
            found = checkpoint.verify(witness.note, origin, key)
        except NoteError as error:
            raise AuditError(f"{witness.where}: {error}") from error
        if found.size == size:
            return found
    raise AuditError(f"it begins at {size} entries: give the checkpoint over these, too (--checkpoint)")


def _lines(steps: Sequence[bytes]) -> str:
    return "".join(f"{base64.b64encode(step).decode()}\n" for step in steps)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise AuditError("is no proof: a line of it is not base64") from error
