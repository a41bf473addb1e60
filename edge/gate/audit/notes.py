"""What people do on the camera outside the gate, told to its log: an empty file with a name of a closed list.

It lies in a folder on tmpfs that only root and the gate can write to.
"""

import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from edge.errors import AnprError
from edge.gate.audit.events import Event, Exported, LoggedIn

NAMES: Final[dict[str, Event]] = {"logged-in": LoggedIn(), "exported": Exported()}


def leave(folder: Path, name: str) -> None:
    """Leave a note for the gate, which takes it at once, or at its next start.

    Raises:
        AnprError: it can't be left: no gate has run since the machine was switched on, or this is not root.
    """
    try:
        (folder / f"{name}.{secrets.token_hex(8)}").touch(exist_ok=False)
    except OSError as error:
        raise AnprError(f"{folder}: no note can be left for the audit log: {error.strerror}") from error


def taken(folder: Path) -> Iterator[Event]:
    """Take the notes out of the folder; what bears another name is removed and nothing else."""
    for file in sorted(folder.glob("*")):
        with suppress(OSError):  # One that can't be removed would be told for ever.
            file.unlink()
            if event := NAMES.get(file.name.partition(".")[0]):
                yield event
