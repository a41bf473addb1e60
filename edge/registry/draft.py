"""Files that appear whole or not at all."""

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Of a file that was not there before: packs, deltas and sealed lists are no secret, and other users read them.
NEW_MODE = 0o644


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give an empty file beside ``target`` to write to; at the end it takes the place of ``target`` in one step.

    Whatever goes wrong, Ctrl-C included, the draft is removed and ``target`` stays what it was. Its mode stays too.

    Raises:
        OSError: the draft can't be made, synchronised or put into its place, or another run is writing one.
    """
    draft = target.with_name(f".{target.name}.new")
    handle = _locked(draft)
    try:
        os.fchmod(handle, stat.S_IMODE(target.stat().st_mode) if target.exists() else NEW_MODE)
        yield draft
        os.fsync(handle)
        draft.replace(target)
    except BaseException:  # Not later: after the renaming a draft is another run's.
        with suppress(OSError):
            draft.unlink()
        raise
    finally:
        os.close(handle)
    _synchronise(target.parent)


def _locked(draft: Path) -> int:
    """Open the draft, empty, so that no other run writes it: what it has half written must not be renamed."""
    handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        mine = os.fstat(handle).st_ino == draft.stat().st_ino  # Else another run has just put it into its place.
    except (BlockingIOError, FileNotFoundError):
        mine = False
    if not mine:
        os.close(handle)
        raise OSError(errno.EBUSY, "another run is writing it")
    os.truncate(handle, 0)
    return handle


def _synchronise(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
