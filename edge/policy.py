"""The signed policy: why, where, when and what a camera may count, and how it may be released.

The municipality writes policy.toml, its privacy officer signs it; nothing runs without one. Vision and gate both
read it, and its SHA-256 stands in every message.
"""

import hashlib
from datetime import date
from pathlib import Path

import msgspec

from edge import keys, signed
from edge.errors import ConfigError
from edge.keys import Role
from edge.policy_check import faults
from edge.policy_fields import PolicyFile
from edge.settings import build, parse

PURPOSE = "policy"


class Policy(msgspec.Struct, frozen=True):
    """A verified policy and the SHA-256 (hexadecimal) of the file's bytes."""

    file: PolicyFile
    sha256: str

    @property
    def digest(self) -> str:
        """The digest as messages carry it."""
        return f"sha256:{self.sha256}"

    def admits(self, day: date) -> bool:
        """Tell whether ``day`` (local) lies in the policy's term."""
        return self.file.where.valid_from <= day <= self.file.where.valid_until


def read(file: Path) -> Policy:
    """Read a policy and check its fields, not its signature.

    Raises:
        ConfigError: naming file, section, option, value and what is allowed.
    """
    return _check(file, content_of(file))


def verify(file: Path, officer_key: Path) -> Policy:
    """Read a policy whose signature, ``{file}.sig``, is that of ``officer_key``.

    Raises:
        ConfigError: a field is wrong, the signature is missing or wrong, or a bench policy meets a production key.
    """
    content = content_of(file)
    role = signed.check(file, content, officer_key, PURPOSE)
    policy = _check(file, content)
    _check_role(file, policy, role)
    return policy


def sign(file: Path, secret_key: Path) -> Path:
    """Check a policy and write its signature beside it; return that file.

    Raises:
        ConfigError: the policy is wrong, the key is not for policies of this kind, or the file can't be written.
    """
    role, key = keys.read_secret(secret_key, *signed.ROLES)
    content = content_of(file)
    _check_role(file, _check(file, content), role)
    return signed.sign(file, content, role, key, PURPOSE)


def verify_for(file: Path, officer_key: Path, camera: str, zone: str) -> Policy:
    """Verify a policy and that it names this camera and zone."""
    policy = verify(file, officer_key)
    where = policy.file.where
    if zone != where.zone:
        raise ConfigError(f"{file}: [where] zone = {where.zone!r}, but this camera is in zone {zone!r}")
    if camera not in where.cameras:
        raise ConfigError(f"{file}: [where] cameras does not list this camera, {camera!r}")
    return policy


def content_of(file: Path) -> bytes:
    """Read the bytes of a policy: what is signed, and what its digest is of.

    Raises:
        ConfigError: it can't be read.
    """
    try:
        return signed.read(file)
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}; nothing runs without a policy") from error


def _check(file: Path, content: bytes) -> Policy:
    for fault in faults(file, content):
        raise fault
    return Policy(build(PolicyFile, [parse(file, content)]), hashlib.sha256(content).hexdigest())


def _check_role(file: Path, policy: Policy, role: Role) -> None:
    """Keep bench and production apart: each has its own trust anchor."""
    wanted = Role.BENCH if policy.file.policy.bench else Role.OFFICER
    if role is not wanted:
        kind = "a bench policy" if policy.file.policy.bench else "a production policy"
        raise ConfigError(f"{file}: is {kind}, which takes a key made by `anpr-edge keys {wanted}`, not {role}")
