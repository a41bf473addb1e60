"""Files that the privacy officer signs: the signature, one line of base64, lies beside its file as FILE.sig."""

import base64
import binascii
import os
import stat
from pathlib import Path

from nacl.signing import SigningKey

from edge import keys
from edge.errors import ConfigError
from edge.keys import Role

ROLES = (Role.OFFICER, Role.BENCH)
LARGEST_BYTES = 262_144  # What a person writes and reads before signing is a small part of it.


def read(file: Path) -> bytes:
    """Read a small file; a link is followed, for what counts is the signature over the bytes that were read.

    Raises:
        OSError: it can't be read, is no ordinary file (a pipe would be waited for), or is too large.
    """
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(0, "it is no ordinary file")
        content = stream.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise OSError(0, f"it is larger than {LARGEST_BYTES} bytes")
    return content


def signature_file(file: Path) -> Path:
    """Where the signature of ``file`` lies."""
    return file.with_name(file.name + ".sig")


def sign(file: Path, content: bytes, role: Role, key: SigningKey, purpose: str) -> Path:
    """Write the signature of ``file``, whose bytes are ``content``, beside it; return that file.

    ``purpose``, such as "policy", is part of what is signed.

    Raises:
        ConfigError: the signature can't be written.
    """
    path = signature_file(file)
    try:
        path.write_bytes(base64.b64encode(keys.sign_file(role, key, purpose, content)) + b"\n")
    except OSError as error:
        raise ConfigError(f"{path}: can't be written: {error.strerror}") from error
    return path


def check(file: Path, content: bytes, officer_key: Path, purpose: str) -> Role:
    """Check the signature of ``file``, whose bytes are ``content``; return the role of the key that signed it.

    Raises:
        ConfigError: the public key is none of an officer or a bench, or the signature is missing, damaged or wrong.
    """
    role, key = keys.read_public(officer_key, *ROLES)
    if not keys.verifies(role, key, purpose, content, _signature(file)):
        raise ConfigError(f"{signature_file(file)}: is not the signature of {officer_key} over {file}")
    return role


def _signature(file: Path) -> bytes:
    path = signature_file(file)
    try:
        return base64.b64decode(read(path).strip(), validate=True)
    except OSError as error:
        missing = f"{path}: can't be read: {error.strerror}; {file.name} needs its officer's signature"
        raise ConfigError(missing) from error
    except (ValueError, binascii.Error) as error:
        raise ConfigError(f"{path}: is not a signature") from error
