"""A sealed list as it lies on the camera: a signed header that anyone may read, and segments that one key opens.

The segments stand in the order of the day on which they expire. Expired ones are taken away without any key: what
stays is the end of the file, and the header, with its signature, says what was there.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
from msgspec import Meta
from nacl.public import PublicKey

from edge.errors import ConfigError
from edge.registry.lists.kinds import ListKind

TITLE = b"anpr-edge list v1\n"
PURPOSE = "list"
_MAX_LINE = 1 << 22
_MAX_SEGMENT = 1 << 24


class Segment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sealed rows that hold until the same day, the last on which they do."""

    until: date
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    bytes: Annotated[int, Meta(ge=1, le=_MAX_SEGMENT)]


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be known without a key.

    ``camera`` is the id of the sealing key of the camera that can open the list; ``hash_key`` the key of the plates'
    hashes, sealed to it (base64).
    """

    kind: ListKind
    created: datetime
    camera: str
    hash_key: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class SealedList:
    """An open file: its header, unverified, and where the segments lie that are still there."""

    file: Path
    header: Header
    signed: bytes
    signature: bytes
    missing: int
    _stream: BinaryIO

    @property
    def present(self) -> tuple[Segment, ...]:
        """The segments that are still there."""
        return self.header.segments[self.missing :]

    def head(self) -> bytes:
        """Return the file up to its first segment."""
        return _head(self.signed, self.signature)

    def read(self, segment: Segment) -> bytes:
        """Return one segment that is still there, as it was sealed.

        Raises:
            ConfigError: it is not what the header says.
        """
        place = self.present.index(segment)
        self._stream.seek(len(self.head()) + sum(other.bytes for other in self.present[:place]))
        sealed = self._stream.read(segment.bytes)
        if hashlib.sha256(sealed).hexdigest() != segment.sha256:
            raise ConfigError(f"{self.file}: what expires on {segment.until} is damaged")
        return sealed


@contextmanager
def opened(file: Path) -> Iterator[SealedList]:
    """Open a sealed list.

    Raises:
        ConfigError: it can't be read, is no list, or is cut or damaged in a way that shows without a key.
    """
    try:
        with file.open("rb") as stream:
            yield _parse(file, stream)
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}") from error


def write(header: Header, signature: bytes, segments: list[bytes]) -> Iterator[bytes]:
    """Yield the content of a file."""
    yield _head(encode(header), signature)
    yield from segments


def encode(header: Header) -> bytes:
    """Return the bytes of a header that are signed."""
    return msgspec.json.encode(header)


def key_id(camera: PublicKey) -> str:
    """Return how lists name the key of their camera: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(bytes(camera)).hexdigest()[:16]


def _head(signed: bytes, signature: bytes) -> bytes:
    return TITLE + signed + b"\n" + base64.b64encode(signature) + b"\n"


def _parse(file: Path, stream: BinaryIO) -> SealedList:
    if stream.readline(len(TITLE)) != TITLE:
        raise ConfigError(f"{file}: is no sealed list of this version")
    signed, encoded = (stream.readline(_MAX_LINE).removesuffix(b"\n") for _ in range(2))
    try:
        header = msgspec.json.decode(signed, type=Header)
        signature = base64.b64decode(encoded, validate=True)
    except (msgspec.MsgspecError, UnicodeDecodeError, binascii.Error) as error:
        raise ConfigError(f"{file}: its header is damaged") from error
    rest = os.fstat(stream.fileno()).st_size - stream.tell()
    if base64.b64encode(signature) != encoded or (missing := _missing(header.segments, rest)) is None:
        raise ConfigError(f"{file}: is cut off, or is longer than its header says")
    return SealedList(file, header, signed, signature, missing, stream)


def _missing(segments: tuple[Segment, ...], rest: int) -> int | None:
    """Return how many segments have been taken away: the sizes of those behind them are the ``rest`` of the file."""
    sizes = accumulate((segment.bytes for segment in reversed(segments)), initial=0)
    return next((len(segments) - kept for kept, size in enumerate(sizes) if size == rest), None)
