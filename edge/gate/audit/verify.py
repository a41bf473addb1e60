"""Does a log fit what its camera has signed? Every way in which it does not has a name."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec
from nacl.signing import VerifyKey

from edge.gate.audit import checkpoint
from edge.gate.audit.checkpoint import Checkpoint, NoteError
from edge.gate.audit.events import AuditError, decode
from edge.gate.audit.merkle import Tree
from edge.gate.audit.store import Content


class Fault(StrEnum):
    """What was done to a log."""

    TRUNCATED = "truncated"  # entries at its end are gone
    EDITED = "edited"  # entries were changed, taken out or put in
    REORDERED = "reordered"  # entries stand in another order
    ROLLED_BACK = "rolled back"  # an older copy took its place, and may have been continued
    FORGED = "forged"  # a checkpoint is not this camera's


class Finding(msgspec.Struct, frozen=True):
    """One fault, and where it shows."""

    fault: Fault
    text: str

    def __str__(self) -> str:
        return f"{self.fault}: {self.text}"


class Verdict(msgspec.Struct, frozen=True):
    """What an examination found: how many entries are under a good checkpoint, by where it lies.

    ``covered``: under one of the log's own. ``elsewhere``: under the newest of ``outside`` ones that were kept off the
    camera. ``outbox``: under that of the camera's own outbox, which whoever has the camera has too.
    """

    size: int
    expired: int
    root: bytes
    checkpoints: int
    covered: int
    outbox: int
    outside: int
    elsewhere: int
    findings: tuple[Finding, ...]


class Witness(msgspec.Struct, frozen=True):
    """A checkpoint's note from elsewhere than the log; ``where`` names the place, which may be ``on_camera`` itself."""

    where: str
    note: str
    on_camera: bool = False

    @property
    def size(self) -> int:
        """The number of entries that it says it vouches for, whoever signed it."""
        return checkpoint.size_in(self.note)


def examine(content: Content, origin: str, key: VerifyKey, witnesses: Sequence[Witness] = ()) -> Verdict:
    """Check all entries against the log's own checkpoints and those of ``witnesses``, signed with ``key``."""
    own, findings = _own(content, origin, key)
    outside, forged = _outside(witnesses, origin, key)
    vouched = [one for _, one in [*own, *outside]]
    roots = _roots(content.leaves, {one.size for one in vouched} | {content.size})
    findings += [*_order(content), *_edits(content, own, roots), *forged]
    findings += [found for one, seen in outside if (found := _set_back(content, one.where, seen, roots))]
    covered = max((one.size for _, one in own if roots.get(one.size) == one.root), default=0)
    kept = [seen.size for one, seen in outside if not one.on_camera]
    outbox = max((seen.size for one, seen in outside if one.on_camera), default=0)
    checked = (roots[content.size], len(own), covered, outbox, len(kept), max(kept, default=0))
    return Verdict(content.size, len(content.expired), *checked, tuple(findings))


def _own(content: Content, origin: str, key: VerifyKey) -> tuple[list[tuple[int, Checkpoint]], list[Finding]]:
    """Read the log's own checkpoints, each with the number of entries before it."""
    good, findings = list[tuple[int, Checkpoint]](), list[Finding]()
    for mark in content.marks:
        try:
            good.append((mark.place, checkpoint.verify(mark.note, origin, key)))
        except NoteError as error:
            findings.append(Finding(Fault.FORGED, f"the checkpoint before entry {mark.place} {error}"))
    return good, findings


def _outside(
    witnesses: Iterable[Witness], origin: str, key: VerifyKey
) -> tuple[list[tuple[Witness, Checkpoint]], list[Finding]]:
    """Read the checkpoints that were kept elsewhere."""
    good, findings = list[tuple[Witness, Checkpoint]](), list[Finding]()
    for witness in witnesses:
        try:
            good.append((witness, checkpoint.verify(witness.note, origin, key)))
        except NoteError as error:
            findings.append(Finding(Fault.FORGED, f"{witness.where}: {error}"))
    return good, findings


def _roots(leaves: Sequence[bytes], sizes: set[int]) -> dict[int, bytes]:
    """Return the root at each of these sizes that the log has reached."""
    tree, roots = Tree(), dict[int, bytes]()
    for leaf in [*leaves, b""]:
        if tree.size in sizes:
            roots[tree.size] = tree.root()
        tree.add(leaf)
    return roots


def _order(content: Content) -> list[Finding]:
    """Check that each entry is one, and bears the number of its place."""
    numbers, findings, first = list[int](), list[Finding](), len(content.expired)
    for place, line in enumerate(content.lines, first):
        try:
            numbers.append(decode(line).number)
        except AuditError as error:
            findings.append(Finding(Fault.EDITED, f"entry {place} {error}"))
            numbers.append(place)
    expected = list(range(first, content.size))
    wrong = next((place for place, number in zip(expected, numbers, strict=True) if place != number), None)
    if wrong is not None:
        text = f"entry {numbers[wrong - first]} stands where {wrong} belongs"
        moved = sorted(numbers) == expected
        findings.append(Finding(Fault.REORDERED, text) if moved else Finding(Fault.EDITED, f"{text}; others are gone"))
    return findings


def _edits(content: Content, own: Sequence[tuple[int, Checkpoint]], roots: dict[int, bytes]) -> list[Finding]:
    """Compare the log with its own checkpoints; the first that does not fit says where."""
    good = 0
    for place, one in own:
        if one.size > content.size:
            text = f"its own checkpoint vouches for {one.size} entries, and {content.size} are here"
            return [Finding(Fault.TRUNCATED, text)]
        if roots[one.size] != one.root:
            return [Finding(Fault.EDITED, f"of entries {good} to {one.size - 1} one at least is not what was signed")]
        if one.size != place:
            return [Finding(Fault.REORDERED, f"the checkpoint over {one.size} entries stands before entry {place}")]
        good = one.size
    return []


def _set_back(content: Content, where: str, seen: Checkpoint, roots: dict[int, bytes]) -> Finding | None:
    """Compare the log with a checkpoint from elsewhere."""
    if seen.size > content.size:
        text = f"{where} vouches for {seen.size} entries, and {content.size} are here: cut off, or an older copy"
        return Finding(Fault.ROLLED_BACK, text)
    if roots[seen.size] != seen.root:
        return Finding(Fault.ROLLED_BACK, f"{where} vouches for other entries up to {seen.size - 1}")
    return None
