"""Room on the disk that is taken in advance, and given back when the disk is full.

SQLite needs room to delete: without it a full disk could not even be relieved of old messages.
"""

import os
from pathlib import Path


class Reserve:
    """A file of ``size`` bytes that serves only to be deleted."""

    def __init__(self, file: Path, size: int) -> None:
        self._file, self._size = file, size

    def take(self) -> bool:
        """Take the room, where it is not taken already; tell whether it is."""
        try:
            handle = os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError:
            return False
        try:
            os.posix_fallocate(handle, 0, self._size)
        except OSError:
            # Half a reserve would only make the disk fuller.
            self.give_back()
            return False
        finally:
            os.close(handle)
        return True

    def give_back(self) -> None:
        """Make the room free."""
        self._file.unlink(missing_ok=True)
