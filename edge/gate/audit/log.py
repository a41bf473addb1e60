"""The audit log as the gate writes it: one process, one thread."""

import errno
import fcntl
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
import structlog
from nacl.signing import SigningKey

from edge.errors import ConfigError
from edge.gate.audit import checkpoint, store
from edge.gate.audit.appender import Appender, sync_folder
from edge.gate.audit.checkpoint import Checkpoint
from edge.gate.audit.events import AuditError, BegunAnew, Entry, Event, Expired, ReportReleased, decode, encode
from edge.gate.audit.history import History
from edge.gate.audit.merkle import HASH_BYTES, Tree, leaf_hash
from edge.gate.audit.store import Content
from edge.gate.audit.verify import Witness, examine
from edge.uplink.outbox import OutboxError
from edge.uplink.reserve import Reserve

log = structlog.get_logger()

DAY = 86_400
# A full disk still takes two months of entries.
RESERVE_BYTES = 1 << 20
# So long the gate releases without writing it down; then it stops.
HOLD_SECONDS = DAY
# These wait for the hour's checkpoint: after a power cut they are made again, or tell of a thing that was done.
UNHURRIED = (ReportReleased, Expired)


@dataclass(frozen=True, slots=True)
class _File:
    """One day's file, and when its last entry was written."""

    file: Path
    first: int
    newest: int


class AuditLog:
    """Entries, checkpoints over them, and the end of their term.

    A disk that is full or can't be written stops nobody at once: entries wait in memory, in their order, until it can.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (clocks are passed in)
        self,
        folder: Path,
        origin: str,
        key: SigningKey,
        witnesses: Sequence[Witness] = (),
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open or make the log in ``folder``; ``clock`` gives Unix seconds, ``witnesses`` know its past.

        A log that was taken away as a whole, as people do on purpose, begins anew and says so: who has kept its
        checkpoints sees that. One of which a part is left is refused.

        Raises:
            ConfigError: it can't be opened, another gate writes it, or it does not fit its checkpoints.
        """
        self._folder, self._origin, self._key, self._clock, self._monotonic = folder, origin, key, clock, monotonic
        self._reserve = Reserve(folder / "reserve", RESERVE_BYTES)
        self._appender = Appender()
        self._waiting = deque[Entry]()
        self._failing_since: float | None = None
        self._sealed = (-1, "")  # Size and note of the last checkpoint.
        with _named(folder):
            self._lock = _lock(folder)
        with _named(folder, self._lock):
            content = self._load(witnesses)
        self.history = History.of(content.entries())
        self._tree = Tree(content.leaves)
        self._files = [_File(one.file, one.first, store.newest(one)) for one in content.segments]
        self._reserve.take()
        if not self.size and witnesses:
            self.note(BegunAnew(max(one.size for one in witnesses)))

    @property
    def size(self) -> int:
        """The number of entries, those that wait for room too."""
        return self._tree.size + len(self._waiting)

    def note(self, event: Event) -> None:
        """Add an entry: it is on the disk on return, or waits in memory for room.

        Raises:
            AuditError: an argument is not one that the log may hold.
        """
        entry = decode(encode(Entry(self.size, int(self._clock()), event)))
        self._waiting.append(entry)
        self.history.add(event, entry.time)
        self._write_waiting()
        if not isinstance(event, UNHURRIED):
            self._sync()

    def seal(self) -> str | None:
        """Bring all entries to the disk and return the checkpoint over them; None where that can't be done now."""
        self._write_waiting()
        if self._waiting or not self._sync():
            return None
        self._reserve.take()
        size, note = self._sealed
        if size != self.size:
            note = checkpoint.sign(Checkpoint(self._origin, self.size, self._tree.root()), self._key)
            self._attempt(lambda: self._appender.write(msgspec.json.encode(note)))
            self._sealed = self.size, note
        return note

    def expire(self, before: float) -> int:
        """Reduce entries older than ``before`` (Unix seconds) to their hashes, by whole files; return their number."""
        over = _count_over(self._files[:-1], before, self._clock())
        gone = 0
        for one in self._files[:over]:
            if not self._attempt(partial(_forget, self._folder, one)):
                break
            gone += self._files[1].first - one.first
            self._files.pop(0)
        return gone

    def require(self) -> None:
        """Check that what is released now will be written down.

        Raises:
            OutboxError: for a day nothing could be; vision repeats what is not answered.
        """
        since = self._failing_since
        if since is not None and self._monotonic() - since > HOLD_SECONDS:
            raise OutboxError(f"{self._folder}: the audit log could not be written for a day; nothing is released")

    def secure(self) -> None:
        """Bring all entries to the disk.

        Raises:
            OutboxError: that can't be done now; what they were to precede must wait.
        """
        self._write_waiting()
        if self._waiting or not self._sync():
            raise OutboxError(f"{self._folder}: the audit log can't be written; nothing is released without it")

    def close(self) -> None:
        """Close the log."""
        self._attempt(self._appender.close)
        os.close(self._lock)

    def _load(self, witnesses: Sequence[Witness]) -> Content:
        """Read the log, check it, and cut off what a crash left unfinished."""
        content = store.load(self._folder)
        known = witnesses if content.size else ()
        findings = examine(content, self._origin, self._key.verify_key, known).findings
        if findings:
            raise AuditError(f"{findings[0]}; see docs/audit.md")
        if content.segments and not content.segments[-1].bytes:
            content.segments.pop().file.unlink()  # It was made, and nothing written to it.
        if content.segments:
            last = content.segments[-1]
            self._appender.open(last.file, last.bytes)
            _cut_hashes(self._folder, content.segments[0].first)
        return content

    def _write_waiting(self) -> None:
        while self._waiting and self._attempt(self._write_first):
            self._waiting.popleft()

    def _write_first(self) -> None:
        entry = self._waiting[0]
        line = encode(entry)
        self._open_day(entry)
        self._appender.write(line)
        self._tree.add(leaf_hash(line))
        self._files[-1] = _File(self._files[-1].file, self._files[-1].first, entry.time)

    def _open_day(self, entry: Entry) -> None:
        """Begin a new file with the first entry of a day (UTC)."""
        if self._files and self._files[-1].newest // DAY == entry.time // DAY:
            return
        file = store.file_of(self._folder, entry.number)
        self._appender.open(file)
        self._files.append(_File(file, entry.number, entry.time))

    def _sync(self) -> bool:
        synced = self._attempt(self._appender.sync)
        if synced and not self._waiting and self._failing_since is not None:
            self._failing_since = None
            log.info("audit_log_written_again")
        return synced

    def _attempt(self, action: Callable[[], None]) -> bool:
        """Do something to the disk, with the reserve's room where it is full; tell whether it worked."""
        try:
            try:
                action()
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                self._reserve.give_back()
                action()
        except OSError as error:
            self._fail(error)
            return False
        return True

    def _fail(self, error: OSError) -> None:
        if self._failing_since is None:
            self._failing_since = self._monotonic()
            log.error("audit_log_not_written", reason=error.strerror or str(error), kept="in memory")


@contextmanager
def _named(folder: Path, lock: int | None = None) -> Iterator[None]:
    """Say which log can't be opened, and let it go."""
    try:
        yield
    except (OSError, AuditError) as error:
        if lock is not None:
            os.close(lock)
        raise ConfigError(f"{folder}: the audit log can't be opened: {error}") from error


def _lock(folder: Path) -> int:
    folder.mkdir(mode=0o750, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise AuditError("another gate writes it") from None
    return handle


def _count_over(files: list[_File], before: float, now: float) -> int:
    """Count the files at the beginning whose term is over.

    One from the future, of a clock that was wrong, is as old as what follows it.
    """
    over = 0
    for number, one in enumerate(files, 1):
        if one.newest <= before:
            over = number
        elif one.newest <= now + DAY:
            break
    return over


def _forget(folder: Path, one: _File) -> None:
    """Write the hashes of a file's entries behind those that are known, and only then delete it."""
    hashes = b"".join(map(leaf_hash, store.read(one.file).lines))
    handle = os.open(folder / store.EXPIRED, os.O_WRONLY | os.O_CREAT, 0o640)
    try:
        if os.pwrite(handle, hashes, one.first * HASH_BYTES) < len(hashes):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(handle)
    finally:
        os.close(handle)
    sync_folder(folder)
    one.file.unlink()


def _cut_hashes(folder: Path, known: int) -> None:
    """Take away hashes of entries that are still here: their file was to be deleted when the power went."""
    file = folder / store.EXPIRED
    if file.exists() and file.stat().st_size > known * HASH_BYTES:
        os.truncate(file, known * HASH_BYTES)
