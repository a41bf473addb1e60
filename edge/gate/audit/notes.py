"""What people do on the camera outside the gate, told to its log: an empty file with a name of a closed list.

It lies in a folder on tmpfs that only root and the gate can write to.
"""

import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from edge.errors import AnprError
from edge.gate.audit.events import Event, Exported, LoggedIn

NAMES: Final[dict[str, Event]] = {"logged-in": LoggedIn(), "exported": Exported()}
# A gate looks each second.
_PATIENCE_S: Final = 3.0
_PAUSE_S: Final = 0.05


def leave(folder: Path, name: str) -> Path:
    """Leave a note for the gate, which takes it at once, or at its next start; return its file.

    Raises:
        AnprError: it can't be left: no gate has run since the machine was switched on, or this is not root.
    """
    try:
        note = folder / f"{name}.{secrets.token_hex(8)}"
        note.touch(exist_ok=False)
    except OSError as error:
        raise AnprError(f"{folder}: no note can be left for the audit log: {error.strerror}") from error
    return note


def is_taken(note: Path) -> bool:
    """Wait some seconds for a gate to take a note; tell whether one has."""
    deadline = time.monotonic() + _PATIENCE_S
    while note.exists() and time.monotonic() < deadline:
        time.sleep(_PAUSE_S)
    return not note.exists()


def taken(folder: Path) -> Iterator[Event]:
    """Take the notes out of the folder; what bears another name is removed and nothing else."""
    for file in sorted(folder.glob("*")):
        with suppress(OSError):  # One that can't be removed would be told for ever.
            file.unlink()
            if event := NAMES.get(file.name.partition(".")[0]):
                yield event
