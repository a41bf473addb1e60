"""What an outbox holds, for both of its sides."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from edge.errors import AnprError
from edge.uplink.contract import Stream

HEALTH = "health"
CHECKPOINT = "checkpoint"


class OutboxError(AnprError):
    """The outbox can't be read or written at the moment: keep what was to be stored and try again."""


class Entry(msgspec.Struct, frozen=True):
    """A finished message: MQTT topic, the payload's bytes, their signature, and the Unix second it expires at."""

    topic: str
    payload: bytes
    signature: str
    expires: int


class Row(msgspec.Struct, frozen=True):
    """A message that is to be sent, for the first time or again."""

    id: int
    stream: Stream
    sequence: int
    entry: Entry
    again: bool = False


class Sent(msgspec.Struct, frozen=True):
    """A message that the broker took, at which Unix second."""

    id: int
    sequence: int
    settled: int


@contextmanager
def named(file: Path) -> Iterator[None]:
    """Say which file it is that SQLite complains about."""
    try:
        yield
    except sqlite3.Error as error:
        raise OutboxError(f"{file}: {error}") from error
