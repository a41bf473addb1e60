"""How the audit log lies on the disk.

A folder with one file of lines per day that had entries, named by the number of its first entry. A line is an entry
(a JSON object) or a checkpoint over all entries before it (a JSON string). Of entries whose term is over only the
leaf hashes stay, in one file: every root and every proof can still be worked out.
"""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import msgspec

from edge.gate.audit.events import AuditError, Entry, decode
from edge.gate.audit.merkle import HASH_BYTES, leaf_hash

EXPIRED = "expired.sha256"
TRIES = 5


@dataclass(frozen=True, slots=True)
class Mark:
    """A checkpoint's note and the number of entries before it."""

    place: int
    note: str


@dataclass(slots=True)
class Segment:
    """One file: its whole lines, and how many bytes they are; what follows was cut off in the middle."""

    file: Path
    first: int
    lines: list[bytes] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    bytes: int = 0
    torn: bool = False

    @property
    def end(self) -> int:
        """The number behind the last entry's."""
        return self.first + len(self.lines)


@dataclass(frozen=True)
class Content:
    """A whole log: leaf hashes of what has expired, and files."""

    expired: list[bytes]
    segments: list[Segment]

    @property
    def size(self) -> int:
        """The number of entries, expired ones too."""
        return self.segments[-1].end if self.segments else len(self.expired)

    @property
    def lines(self) -> list[bytes]:
        """The entries that are still here, as they were hashed."""
        return [line for segment in self.segments for line in segment.lines]

    @property
    def marks(self) -> list[Mark]:
        """The checkpoints that are still here."""
        return [mark for segment in self.segments for mark in segment.marks]

    @cached_property
    def leaves(self) -> list[bytes]:
        """All leaf hashes."""
        return [*self.expired, *map(leaf_hash, self.lines)]

    def entries(self) -> list[Entry]:
        """Read the entries that are still here.

        Raises:
            AuditError: one of them is none.
        """
        return [decode(line) for line in self.lines]


def load(folder: Path) -> Content:
    """Read a log, also one that its gate is writing.

    Raises:
        AuditError: it can't be read, or entries in the middle are missing.
    """
    error = AuditError(f"{folder}: has changed all the time")
    for _ in range(TRIES):
        try:
            return _load(folder)
        except FileNotFoundError:
            continue  # It has expired meanwhile.
        except OSError as cause:
            raise AuditError(f"{folder}: can't be read: {cause.strerror}") from cause
        except AuditError as cause:
            error = cause
    raise error


def file_of(folder: Path, first: int) -> Path:
    """Return the file whose first entry has this number."""
    return folder / f"{first:010}.jsonl"


def read(file: Path) -> Segment:
    """Read one file that nothing is added to any more."""
    return _read(file, last=False)


def newest(segment: Segment) -> int:
    """Return when the last entry of a file was written, in Unix seconds."""
    return decode(segment.lines[-1]).time


def _load(folder: Path) -> Content:
    if not folder.is_dir():
        raise AuditError(f"{folder}: there is no audit log here")
    expired = folder / EXPIRED
    hashes = expired.read_bytes() if expired.exists() else b""
    files = sorted(folder.glob("[0-9]*.jsonl"))
    segments = [_read(file, last=file == files[-1]) for file in files]
    # Hashes are written before their file is deleted: up to the first file they count, and whole ones only.
    known = len(hashes) // HASH_BYTES
    known = min(known, segments[0].first) if segments else known
    _check_places(folder, known, segments)
    return Content([hashes[place * HASH_BYTES :][:HASH_BYTES] for place in range(known)], segments)


def _check_places(folder: Path, known: int, segments: list[Segment]) -> None:
    for segment in segments:
        if segment.bytes and not segment.lines:
            raise AuditError(f"{segment.file}: holds no entry")
        if segment.first > known:
            raise AuditError(f"{folder}: entries {known} to {segment.first - 1} are missing")
        if segment.first < known:
            raise AuditError(f"{segment.file}: repeats entries {segment.first} to {known - 1}")
        known = segment.end


def _read(file: Path, *, last: bool) -> Segment:
    if not file.stem.isdecimal():
        raise AuditError(f"{file}: is no file of an audit log")
    segment = Segment(file, int(file.stem))
    *whole, rest = file.read_bytes().split(b"\n")
    segment.torn = bool(rest)
    kept = _without_ruins(whole) if last else whole
    segment.torn = segment.torn or len(kept) < len(whole)
    for line in kept:
        _add(segment, line)
    return segment


def _add(segment: Segment, line: bytes) -> None:
    segment.bytes += len(line) + 1
    if line.startswith(b'"'):
        segment.marks.append(Mark(segment.end, _note(line)))
    else:
        segment.lines.append(line)


def _note(line: bytes) -> str:
    """Read a checkpoint; one that is damaged verifies with no key."""
    try:
        return msgspec.json.decode(line, type=str)
    except (msgspec.MsgspecError, ValueError):
        return ""


def _without_ruins(lines: list[bytes]) -> list[bytes]:
    """Leave away what a power cut made of lines that were not on the disk yet.

    What stands before a checkpoint was on the disk when that was written: what is wrong there, no power cut made.
    """
    safe = max((place for place, line in enumerate(lines, 1) if line.startswith(b'"') and _note(line)), default=0)
    ruin = next((place for place in range(safe, len(lines)) if not _whole(lines[place])), len(lines))
    return lines[:ruin]


def _whole(line: bytes) -> bool:
    try:
        decode(line)
    except AuditError:
        return False
    return True
