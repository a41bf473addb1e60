"""The wall between vision and gate: how messages travel over their Unix stream socket.

Each is four bytes of length, big endian, and JSON in the one spelling that `encode` writes. Errors never repeat what
was received: whatever broke the format stays where it is.
"""

import itertools
import socket
import struct
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from edge.categories import Ack, CellCount, CellKey, Message, PlateKind, WindowCounts
from edge.errors import ProtocolError

MAX_BYTES = 1 << 20

_LENGTH = struct.Struct(">I")
_CREDENTIALS = struct.Struct("iII")  # pid, uid, gid: struct ucred of unix(7)

T = TypeVar("T")


def encode(message: Message | Ack) -> bytes:
    """Frame one message."""
    body = msgspec.json.encode(message)
    return _LENGTH.pack(len(body)) + body


def decode(body: bytes) -> Message:
    """Read what vision sends, without its length.

    Raises:
        ProtocolError: it is not exactly one well-formed message.
    """
    message: Message = _parse(body, Message)
    if isinstance(message, WindowCounts):
        _check(message)
    return message


def decode_ack(body: bytes) -> Ack:
    """Read what the gate answers, without its length.

    Raises:
        ProtocolError: it is not exactly one answer.
    """
    ack: Ack = _parse(body, Ack)
    return ack


class Decoder(Generic[T]):
    """Cuts a stream of bytes into messages, however the bytes arrive; holds one message at most."""

    def __init__(self, read: Callable[[bytes], T]) -> None:
        """Take `decode` or `decode_ack`, whichever comes in at this end."""
        self._read = read
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> list[T]:
        """Take what has arrived, return the messages that it completes.

        Raises:
            ProtocolError: the stream is broken and must be closed.
        """
        self._buffer += chunk
        messages = []
        while (body := self._cut()) is not None:
            messages.append(self._read(body))
        return messages

    def _cut(self) -> bytes | None:
        if len(self._buffer) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._buffer)
        if length > MAX_BYTES:
            raise ProtocolError(f"a message of {length} bytes is announced; at most {MAX_BYTES} are allowed")
        end = _LENGTH.size + length
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[_LENGTH.size : end])
        del self._buffer[:end]
        return body


def peer_uid(connection: socket.socket) -> int:
    """Return the user at the other end, as the kernel vouches (SO_PEERCRED)."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _pid, uid, _gid = _CREDENTIALS.unpack(raw)
    return int(uid)


def order(key: CellKey) -> tuple[str | int, ...]:
    """Sort cells by this: their order on the wire must not say in which order vehicles came.

    It is total: texts stand beside texts and numbers beside numbers, and no two cells have the same values.
    """
    return msgspec.structs.astuple(key)


def _parse(body: bytes, kind: Any) -> Any:
    try:
        message = msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        # Without its cause: that would quote the text.
        raise ProtocolError("is no message of this version") from None
    # White space, repeated fields and other spellings would be room for a text.
    if msgspec.json.encode(message) != body:
        raise ProtocolError("is a message in another spelling than the canonical one")
    return message


def _check(counts: WindowCounts) -> None:
    """Refuse what types alone let through."""
    if counts.end <= counts.start:
        raise ProtocolError("a window ends before it starts")
    keys = [order(cell.key) for cell in counts.cells]
    if any(first >= second for first, second in itertools.pairwise(keys)):
        raise ProtocolError("cells are not in their order, or one comes twice")
    if not all(_plausible(cell) for cell in counts.cells):
        raise ProtocolError("a cell counts more vehicles than passages, or more fresh ones than vehicles, or none")


def _plausible(cell: CellCount) -> bool:
    """Each vehicle passed at least once; vehicles without a readable plate can't be told apart."""
    if cell.key.plate is PlateKind.UNREADABLE:
        return cell.n > 0 and cell.vehicles == cell.fresh == 0
    return cell.fresh <= cell.vehicles and 0 < cell.vehicles <= cell.n
