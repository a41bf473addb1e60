"""Files that appear whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a name beside ``target`` to write to; at the end what is there takes the place of ``target`` in one step.

    Whatever goes wrong, Ctrl-C included, the draft is removed and ``target`` stays what it was.

    Raises:
        OSError: the draft can't be synchronised or put into its place.
    """
    draft = target.with_name(f".{target.name}.new")
    draft.unlink(missing_ok=True)
    try:
        yield draft
        _synchronise(draft)
        draft.replace(target)
        _synchronise(target.parent)
    finally:
        with suppress(OSError):  # Where nothing can be written, there is no draft.
            draft.unlink()


def _synchronise(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
