"""Logs for tests, with a clock that can be set, and what people do to them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nacl.signing import SigningKey

from edge.gate.audit import store
from edge.gate.audit.checkpoint import origin_of
from edge.gate.audit.events import Event, PolicyLoaded, ReportReleased, Started
from edge.gate.audit.log import AuditLog
from edge.gate.audit.verify import Fault, Verdict, Witness, examine
from edge.uplink.contract import Stream

KEY = SigningKey(bytes(range(32)))
ORIGIN = origin_of("zez-demo", "cam-017")
NOON = 1_795_431_600  # 2026-11-23, 12:00 in Amsterdam: a window's end
DAY = 86_400
DIGEST = "sha256:" + "0" * 64
STARTED = Started("0.1.0")
POLICY = PolicyLoaded(1, DIGEST)


@dataclass
class Clock:
    """Unix seconds, and the seconds of a clock that nobody sets."""

    now: float = NOON
    monotonic: float = field(default=0.0)


def open_log(folder: Path, clock: Clock | None = None, witnesses: Sequence[Witness] = ()) -> AuditLog:
    """Open a log."""
    times = clock or Clock()
    return AuditLog(folder, ORIGIN, KEY, witnesses, lambda: times.now, lambda: times.monotonic)


def released(hour: int) -> ReportReleased:
    """Note the report of an hour."""
    return ReportReleased(Stream.HOUR, hour + 1, NOON + hour * 3_600)


def fill(folder: Path, events: Sequence[Event], clock: Clock | None = None) -> str:
    """Write events, and one checkpoint over them; return it."""
    log = open_log(folder, clock)
    for event in events:
        log.note(event)
    note = log.seal()
    log.close()
    assert note is not None
    return note


def look(folder: Path, *notes: str) -> Verdict:
    """Examine a log, with checkpoints from elsewhere."""
    return examine(store.load(folder), ORIGIN, KEY.verify_key, [Witness("a subscriber", note) for note in notes])


def faults(folder: Path, *notes: str) -> list[Fault]:
    """Name what is wrong with a log."""
    return [finding.fault for finding in look(folder, *notes).findings]


def only_file(folder: Path) -> Path:
    """Return the one file of a log's lines."""
    (file,) = folder.glob("*.jsonl")
    return file


def lines_of(folder: Path) -> list[bytes]:
    """Return the lines of a log of one file."""
    return only_file(folder).read_bytes().splitlines(keepends=True)
