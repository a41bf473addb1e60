"""Files that the privacy officer signs: the signature, one line of base64, lies beside its file as FILE.sig."""

import base64
import binascii
from pathlib import Path

from nacl.signing import SigningKey

from edge import keys
from edge.errors import ConfigError
from edge.keys import Role

ROLES = (Role.OFFICER, Role.BENCH)


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
        return base64.b64decode(path.read_text(encoding="ascii").strip(), validate=True)
    except OSError as error:
        missing = f"{path}: can't be read: {error.strerror}; {file.name} needs its officer's signature"
        raise ConfigError(missing) from error
    except (ValueError, binascii.Error) as error:
        raise ConfigError(f"{path}: is not a signature") from error
