"""The spool: what vision counted and the gate has not taken yet, as files on tmpfs.

A vision that was killed goes on from here; after a power cut tmpfs has forgotten, as it should.
"""

import os
from collections.abc import Callable
from itertools import chain, groupby
from pathlib import Path

import msgspec
import structlog

from edge.categories import WindowCounts
from edge.errors import AnprError, ConfigError, ProtocolError
from edge.wall import decode
from edge.windows import Window

log = structlog.get_logger()

LAST_PART = 99  # The bound of `categories.Part`.
IN_MEMORY = {"tmpfs", "ramfs"}


class SpoolError(AnprError):
    """The spool can't be written."""


class Spool:
    """A folder with one file per part of a window; each is replaced in one step."""

    def __init__(self, folder: Path) -> None:
        """Open or make ``folder``, for this user alone.

        Raises:
            ConfigError: it can't be made.
        """
        self._folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
            for draft in folder.glob("*.new"):
                draft.unlink()
        except OSError as error:
            raise ConfigError(f"{folder}: open counters can't be kept here: {error.strerror}") from error

    def put(self, counts: WindowCounts) -> None:
        """Keep the counts of a part; they replace earlier ones of the same part.

        A final part makes all earlier windows final too: the gate releases windows in their order, or not at all.

        Raises:
            SpoolError: there is no room.
        """
        if counts.final:
            self._seal(lambda window: window.start < counts.start)
        self._write(counts)

    def pending(self) -> list[WindowCounts]:
        """Return all parts, by window and number."""
        files = sorted(self._folder.glob("*.json"))
        return sorted(chain.from_iterable(map(_read, files)), key=lambda counts: (counts.start, counts.part))

    def next_part(self, start: int) -> int:
        """Return the number of the part to begin in the window at ``start``."""
        parts = [counts.part for counts in self.pending() if counts.start == start]
        return min(max(parts) + 1, LAST_PART) if parts else 0

    def seal(self, now: float) -> None:
        """Mark the last part of each window that is over at ``now`` as final: nobody counts in it any more."""
        self._seal(lambda window: window.over(now))

    def drop(self, counts: WindowCounts) -> None:
        """Forget one part."""
        self._file(counts).unlink(missing_ok=True)

    def discard(self, start: int) -> None:
        """Forget all parts of the window at ``start``."""
        for file in self._folder.glob(f"{start}-*.json"):
            file.unlink(missing_ok=True)

    def _seal(self, meant: Callable[[Window], bool]) -> None:
        for (start, end), parts in groupby(self.pending(), key=lambda counts: (counts.start, counts.end)):
            *earlier, last = parts
            if meant(Window(start, end)) and not any(counts.final for counts in [*earlier, last]):
                self._write(msgspec.structs.replace(last, final=True))

    def _write(self, counts: WindowCounts) -> None:
        file = self._file(counts)
        draft = file.with_suffix(".new")
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as stream:
                stream.write(msgspec.json.encode(counts))
            draft.replace(file)
        except OSError as error:
            raise SpoolError(f"{file}: open counters can't be written: {error.strerror}") from error

    def forget_open(self) -> None:
        """Forget windows that nobody has closed: a file that is read from its beginning again counts them anew."""
        parts = self.pending()
        closed = {counts.start for counts in parts if counts.final}
        for start in {counts.start for counts in parts} - closed:
            self.discard(start)

    def _file(self, counts: WindowCounts) -> Path:
        return self._folder / f"{counts.start}-{counts.part:02}.json"


def require_tmpfs(folder: Path, mounts: Path = Path("/proc/self/mountinfo")) -> None:
    """Check that what is written to ``folder`` never reaches a disk.

    Raises:
        ConfigError: it is not on a file system in memory, or is not there.
    """
    try:
        device = folder.stat().st_dev
    except OSError as error:
        raise ConfigError(f"[paths] runtime = {folder}: {error.strerror}") from error
    kind = _kinds(mounts).get(f"{os.major(device)}:{os.minor(device)}", "unknown")
    if kind not in IN_MEMORY:
        raise ConfigError(
            f"[paths] runtime = {folder}: lies on {kind}; allowed: a folder on tmpfs, such as one in /run or /dev/shm, "
            "for counts below the threshold must never reach a disk"
        )


def _kinds(mounts: Path) -> dict[str, str]:
    """Return the file system type per device number (proc_pid_mountinfo(5))."""
    lines = [line.split(" ") for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines()]
    return {fields[2]: fields[fields.index("-") + 1] for fields in lines}


def _read(file: Path) -> list[WindowCounts]:
    """Read one part; one that is gone meanwhile, or damaged, is none."""
    try:
        counts = decode(file.read_bytes())
    except FileNotFoundError:
        return []
    except ProtocolError as error:
        log.error("spool_file_damaged", file=file.name, reason=str(error))  # noqa: TRY400  (no traceback helps)
        file.unlink(missing_ok=True)
        return []
    return [counts] if isinstance(counts, WindowCounts) else []
