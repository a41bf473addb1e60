"""Writes lines to the end of one file; whatever goes wrong, the file ends with a whole line again."""

import errno
import os
from pathlib import Path

MODE = 0o640


class Appender:
    """One open file; all errors are OSErrors, after which the same line may be tried again."""

    def __init__(self) -> None:
        self._handle: int | None = None
        self._end = 0
        self._ruined = False
        self._synced = True

    def open(self, file: Path, end: int = 0) -> None:
        """Go on behind the first ``end`` bytes of ``file``, or make it; what was open is synced and closed."""
        self.close()
        handle = os.open(file, os.O_RDWR | os.O_CREAT, MODE)
        try:
            os.ftruncate(handle, end)
            sync_folder(file.parent)
        except OSError:
            os.close(handle)
            raise
        self._handle, self._end, self._ruined = handle, end, False

    def write(self, line: bytes) -> None:
        """Add a line; it outlives this process at once, and a power cut after `sync`."""
        handle = self._opened()
        if self._ruined:
            os.ftruncate(handle, self._end)
        self._ruined, self._synced = True, False
        if os.pwrite(handle, line + b"\n", self._end) <= len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._ruined = False
        self._end += len(line) + 1

    def sync(self) -> None:
        """Bring what was written to the disk; costs nothing where it is there."""
        if not self._synced:
            os.fsync(self._opened())
            self._synced = True

    def close(self) -> None:
        """Sync and close."""
        if self._handle is not None:
            self.sync()
            os.close(self._handle)
            self._handle = None

    def _opened(self) -> int:
        if self._handle is None:
            raise OSError(errno.EBADF, "no file of the audit log is open")
        return self._handle


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
