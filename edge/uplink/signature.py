"""The signature beside a message: a detached JWS (RFC 7515) over its unencoded bytes (RFC 7797).

The topic is in the protected header, so a message can't be replayed under another one.
"""

import base64
import binascii
import hashlib

import msgspec
import nacl.exceptions
from nacl.signing import VerifyKey


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The protected header of a signature; every field must be there."""

    alg: str
    b64: bool
    crit: tuple[str, ...]
    kid: str
    topic: str


def key_id(public: VerifyKey) -> str:
    """Return how messages name this key: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(bytes(public)).hexdigest()[:16]


def header_for(public: VerifyKey, topic: str) -> Header:
    """Return the only header that a signature by this key on ``topic`` may have."""
    return Header(alg="EdDSA", b64=False, crit=("b64",), kid=key_id(public), topic=topic)


def signing_input(header: str, payload: bytes) -> bytes:
    """Return the bytes that are signed."""
    return header.encode("ascii") + b"." + payload


def verify(public: VerifyKey, topic: str, payload: bytes, signature: str) -> bool:
    """Tell whether ``signature`` ("header..signature") is this key's over ``payload`` on ``topic``; never raises."""
    try:
        header, detached, raw = signature.split(".")
        if detached or _read(header) != header_for(public, topic):
            return False
        public.verify(signing_input(header, payload), _decode(raw))
    except (ValueError, msgspec.MsgspecError, nacl.exceptions.CryptoError):
        return False
    return True


def encode(raw: bytes) -> str:
    """Write bytes in base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _read(header: str) -> Header:
    return msgspec.json.decode(_decode(header), type=Header)


def _decode(text: str) -> bytes:
    """Read base64url; only the one canonical spelling, so that nobody can vary a signature."""
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(raw) != text:
        raise binascii.Error("not canonical base64url")
    return raw
