"""Keys in files: one line that says what the key is for, one line of base64.

All sign (Ed25519) but one, to which lists of plates are sealed (X25519). A key's role is part of what it signs, so a
signature made for one purpose never serves another.
"""

import base64
import binascii
import os
from enum import StrEnum
from pathlib import Path

import nacl.exceptions
import nacl.public
import nacl.signing

from edge.errors import ConfigError


class Role(StrEnum):
    """What a key is for."""

    OFFICER = "officer"  # policies of production cameras
    BENCH = "bench"  # policies of bench cameras, which production refuses
    CAMERA = "camera"  # what one camera publishes
    REGISTRY = "registry"  # register packs, their deltas, and lists of plates for cameras
    SEALING = "sealing"  # opens the lists of plates that are sealed to one camera; signs nothing


def make(role: Role, folder: Path) -> tuple[Path, Path]:
    """Write a new pair ``{role}.key`` (mode 0600) and ``{role}.pub`` into ``folder``; return both paths.

    Raises:
        ConfigError: a key is there already (it is never overwritten), or the folder can't be written.
    """
    secret_raw, public_raw = _pair(role)
    private, public = folder / f"{role}.key", folder / f"{role}.pub"
    _write(private, f"anpr-edge {role} secret key", secret_raw, 0o600)
    _write(public, f"anpr-edge {role} public key", public_raw, 0o644)
    return private, public


def read_secret(file: Path, *roles: Role) -> tuple[Role, nacl.signing.SigningKey]:
    """Read a secret key that has one of ``roles``."""
    role, seed = _read(file, "secret", roles)
    return role, nacl.signing.SigningKey(seed)


def read_public(file: Path, *roles: Role) -> tuple[Role, nacl.signing.VerifyKey]:
    """Read a public key that has one of ``roles``."""
    role, raw = _read(file, "public", roles)
    return role, nacl.signing.VerifyKey(raw)


def read_sealing_secret(file: Path) -> nacl.public.PrivateKey:
    """Read the key that opens a camera's lists."""
    return nacl.public.PrivateKey(_read(file, "secret", (Role.SEALING,))[1])


def read_sealing_public(file: Path) -> nacl.public.PublicKey:
    """Read the key to which a camera's lists are sealed."""
    return nacl.public.PublicKey(_read(file, "public", (Role.SEALING,))[1])


def sign_file(role: Role, key: nacl.signing.SigningKey, purpose: str, content: bytes) -> bytes:
    """Sign a file's ``content`` (64 bytes) for ``purpose``, such as "policy"."""
    return key.sign(_context(role, purpose) + content).signature


def verifies(role: Role, key: nacl.signing.VerifyKey, purpose: str, content: bytes, signature: bytes) -> bool:
    """Tell whether ``signature`` is this key's over ``content``, for ``purpose`` and in its role."""
    try:
        key.verify(_context(role, purpose) + content, signature)
    except (nacl.exceptions.BadSignatureError, nacl.exceptions.ValueError):
        return False
    return True


def _pair(role: Role) -> tuple[bytes, bytes]:
    """Make a secret and its public key."""
    if role is Role.SEALING:
        opening = nacl.public.PrivateKey.generate()
        return bytes(opening), bytes(opening.public_key)
    signing = nacl.signing.SigningKey.generate()
    return bytes(signing), bytes(signing.verify_key)


def _context(role: Role, purpose: str) -> bytes:
    return f"anpr-edge {role} {purpose} v1\n".encode()


def _write(file: Path, title: str, raw: bytes, mode: int) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as error:
        raise ConfigError(f"{file}: exists already; a key is never overwritten") from error
    except OSError as error:
        raise ConfigError(f"{file}: can't be written: {error.strerror}") from error
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(f"{title}\n{base64.b64encode(raw).decode()}\n")


def _read(file: Path, half: str, roles: tuple[Role, ...]) -> tuple[Role, bytes]:
    allowed = " or ".join(f"an anpr-edge {role} {half} key" for role in roles)
    try:
        title, encoded = file.read_text(encoding="ascii").splitlines()
        raw = base64.b64decode(encoded, validate=True)
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}; expected {allowed}") from error
    except (ValueError, binascii.Error) as error:
        raise ConfigError(f"{file}: is not {allowed}") from error
    for role in roles:
        if title == f"anpr-edge {role} {half} key" and len(raw) == 32:  # noqa: PLR2004  (both kinds)
            return role, raw
    raise ConfigError(f"{file}: is not {allowed}; its first line says {title!r}")
