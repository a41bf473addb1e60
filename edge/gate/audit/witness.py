"""Checkpoints that lie elsewhere than in the log: what the outbox says, and what subscribers have kept."""

from pathlib import Path

import msgspec

from edge.gate.audit.events import AuditError
from edge.gate.audit.verify import Witness
from edge.uplink.contract import Checkpoint
from edge.uplink.outbox import Entry, OutboxReader


def in_outbox(file: Path) -> list[Witness]:
    """Return the checkpoint that was published last.

    Raises:
        OutboxError: the outbox can't be read.
        AuditError: what stands there is no checkpoint.
    """
    reader = OutboxReader(file)
    try:
        found = reader.checkpoint()
    finally:
        reader.close()
    return of_message(found and found[1])


def of_message(published: Entry | None) -> list[Witness]:
    """Return the checkpoint in a message of the outbox, where there is one.

    Raises:
        AuditError: it holds none.
    """
    return [Witness("the outbox", _note("the outbox", published.payload), on_camera=True)] if published else []


def of_payload(where: str, payload: bytes) -> Witness:
    """Return the checkpoint in a message that came at ``where``.

    Raises:
        AuditError: it holds none.
    """
    return Witness(where, _note(where, payload))


def in_file(file: Path) -> list[Witness]:
    """Return what a subscriber has kept in ``file``: a note, or messages of the topic `checkpoint`, one a line.

    Raises:
        AuditError: it can't be read, or holds neither.
    """
    try:
        content = file.read_bytes()
        lines = content.splitlines()
        if not content.lstrip().startswith(b"{"):
            return [Witness(str(file), content.decode())]
    except OSError as error:
        raise AuditError(f"{file}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise AuditError(f"{file}: is neither a checkpoint nor messages with one") from error
    return [
        Witness(f"{file}, line {number},", _note(f"{file}, line {number}", line))
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]


def _note(where: str, payload: bytes) -> str:
    try:
        return msgspec.json.decode(payload, type=Checkpoint).data.note
    except (msgspec.MsgspecError, ValueError) as error:
        raise AuditError(f"{where}: is no message with a checkpoint") from error
