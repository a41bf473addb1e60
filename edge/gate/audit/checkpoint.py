"""Checkpoints: the head of the log, signed by the camera.

Text and signature are those of C2SP tlog-checkpoint and signed-note (https://c2sp.org), so that other tools can check
them too.
"""

import base64
import binascii
import hashlib
import re

import msgspec
import nacl.exceptions
from nacl.signing import SigningKey, VerifyKey

from edge.errors import AnprError
from edge.gate.audit.merkle import HASH_BYTES

ED25519 = b"\x01"
_BODY = re.compile(r"(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]{0,17})\n(?P<root>[A-Za-z0-9+/]+={0,2})\n")


class NoteError(AnprError):
    """A note that is not one, or that is not signed with the expected key."""


class Checkpoint(msgspec.Struct, frozen=True):
    """The log named ``origin`` has ``size`` entries, under this ``root`` (32 bytes)."""

    origin: str
    size: int
    root: bytes


def origin_of(zone: str, camera: str) -> str:
    """Return the name of a camera's log."""
    return f"anpr-edge/{zone}/{camera}"


def sign(checkpoint: Checkpoint, key: SigningKey) -> str:
    """Return the checkpoint as a note, signed in the name of its origin."""
    encoded = base64.b64encode(checkpoint.root).decode()
    return sign_note(f"{checkpoint.origin}\n{checkpoint.size}\n{encoded}\n", checkpoint.origin, key)


def verify(note: str, origin: str, key: VerifyKey) -> Checkpoint:
    """Return the checkpoint of ``origin`` that a note holds.

    Raises:
        NoteError: it is none, is another log's, or is not signed with this key.
    """
    found = _BODY.fullmatch(verify_note(note, origin, key))
    root = base64.b64decode(found["root"]) if found else b""
    if not found or found["origin"] != origin or len(root) != HASH_BYTES:
        raise NoteError("is no checkpoint of this log")
    return Checkpoint(origin, int(found["size"]), root)


def size_in(note: str) -> int:
    """Return the number of entries that a note speaks of, unverified; 0 where it is no checkpoint."""
    found = _BODY.match(note)
    return int(found["size"]) if found else 0


def sign_note(text: str, name: str, key: SigningKey) -> str:
    """Sign a text that ends with a newline."""
    signature = _key_id(name, key.verify_key) + key.sign(text.encode()).signature
    return f"{text}\n\u2014 {name} {base64.b64encode(signature).decode()}\n"


def verify_note(note: str, name: str, key: VerifyKey) -> str:
    """Return the text of a note that ``key`` has signed as ``name``; other keys' signatures are ignored.

    Raises:
        NoteError: there is no such signature, or it is wrong.
    """
    text, blank, signatures = note.rpartition("\n\n")
    for line in signatures.splitlines():
        raw = _signature(line, name)
        if raw.startswith(_key_id(name, key)):
            return _checked(text + "\n", raw[4:], key)
    raise NoteError(f"is not signed by {name} with the expected key" if blank else "is no signed note")


def verifier_key(name: str, key: VerifyKey) -> str:
    """Return the public key as tools for signed notes read it."""
    return f"{name}+{_key_id(name, key).hex()}+{base64.b64encode(ED25519 + bytes(key)).decode()}"


def _signature(line: str, name: str) -> bytes:
    """Return key id and signature of a line; nothing where it is somebody else's."""
    prefix = f"\u2014 {name} "
    try:
        return base64.b64decode(line.removeprefix(prefix), validate=True) if line.startswith(prefix) else b""
    except binascii.Error:
        return b""


def _checked(text: str, signature: bytes, key: VerifyKey) -> str:
    try:
        key.verify(text.encode(), signature)
    except (nacl.exceptions.CryptoError, nacl.exceptions.ValueError) as error:
        raise NoteError("its signature is wrong") from error
    return text


def _key_id(name: str, key: VerifyKey) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + bytes(key)).digest()[:4]
