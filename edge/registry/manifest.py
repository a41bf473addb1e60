"""What a pack says of itself: from what it was made, what is in it, and whose signature vouches for it."""

import hashlib
import math
import struct
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta
from nacl.signing import SigningKey, VerifyKey

from edge import keys
from edge.errors import ConfigError
from edge.keys import Role
from edge.registry.vehicle import VehicleClass

SCHEMA = 2
# From one week to the next the register changes by less than a per cent; a tenth is a broken export.
MOST_CHANGE = 0.1
DELTA_MAGIC = b"anpr-edge register delta 3\n"

_BLOCK = struct.Struct("<II")
_PURPOSE = "register pack"


class Source(msgspec.Struct, frozen=True):
    """One export: the day of its contents and how many rows were read."""

    name: str
    day: date
    rows: int


class Manifest(msgspec.Struct, frozen=True):
    """The facts of one pack.

    ``day`` is the oldest day among its sources, ``built`` when it was put together (UTC). ``rejects`` counts rows that
    were left out, or a field of theirs, per reason. ``content`` is the SHA-256 over classes and blocks, in hexadecimal.
    """

    schema: int
    day: date
    built: datetime
    sources: tuple[Source, ...]
    rejects: dict[str, int]
    vehicles: Annotated[int, Meta(ge=1)]
    classes: Annotated[int, Meta(ge=1)]
    blocks: Annotated[int, Meta(ge=1)]
    content: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]

    @property
    def age_key(self) -> tuple[date, datetime]:
        """Packs in the order of their age."""
        return self.day, self.built


class Allowed(NamedTuple):
    """What an operator lets pass that is a mistake as a rule."""

    older: bool = False
    size: bool = False


NOTHING = Allowed()


class Signed(msgspec.Struct, frozen=True):
    """A manifest's bytes and their signature (64 bytes), as they stand in packs and deltas."""

    body: bytes
    signature: bytes


class ContentHash:
    """The SHA-256 of what is in a pack, however its pages lie."""

    def __init__(self, classes: Sequence[VehicleClass]) -> None:
        self._hash = hashlib.sha256(b"anpr-edge register content 2\n")
        self._hash.update(msgspec.json.encode(classes))

    def add(self, number: int, block: bytes) -> None:
        """Take one block; in the order of their numbers."""
        self._hash.update(_BLOCK.pack(number, len(block)))
        self._hash.update(block)

    def hexdigest(self) -> str:
        """Return the digest of all that was added."""
        return self._hash.hexdigest()


def sign(manifest: Manifest, key: SigningKey) -> Signed:
    """Sign a manifest with the key of the server that builds packs."""
    body = msgspec.json.encode(manifest)
    return Signed(body, keys.sign_file(Role.REGISTRY, key, _PURPOSE, body))


def verify(file: Path, signed: Signed, key: VerifyKey) -> Manifest:
    """Return the manifest of ``file`` if its signature is that of ``key``.

    Raises:
        ConfigError: it is signed by another key, or is of another schema.
    """
    if not keys.verifies(Role.REGISTRY, key, _PURPOSE, signed.body, signed.signature):
        raise ConfigError(f"{file}: is not signed by the registry key")
    try:
        return msgspec.json.decode(signed.body, type=Manifest)
    except msgspec.DecodeError as error:
        raise ConfigError(f"{file}: its manifest is of another version: {error}") from error


def check_successor(file: Path, old: Manifest, new: Manifest, allowed: Allowed = NOTHING) -> None:
    """Check that ``new``, in ``file``, may take the place of ``old``.

    Raises:
        ConfigError: it is older, or its number of vehicles is out of bounds.
    """
    if new.age_key < old.age_key and not allowed.older:
        raise ConfigError(
            f"{file}: is of {new.day}, built {_moment(new)}; older than the current one, of {old.day}, built "
            f"{_moment(old)} (--allow-older takes it all the same)"
        )
    if not allowed.size:
        before, now = _sizes(old), _sizes(new)
        for name, size in before.items():
            _check_size(file, name, size, now.get(name, size))


def _sizes(manifest: Manifest) -> dict[str, int]:
    """Return what must not change much: the vehicles, and the rows of each export that they were made from."""
    rows = {f"rows of the export {source.name}": source.rows for source in manifest.sources}
    return {"vehicles": manifest.vehicles, **rows}


def _check_size(file: Path, name: str, before: int, now: int) -> None:
    if abs(now - before) > MOST_CHANGE * before:
        least, most = math.ceil(before * (1 - MOST_CHANGE)), math.floor(before * (1 + MOST_CHANGE))
        raise ConfigError(
            f"{file}: has {now:,} {name}; expected after the current pack: {least:,} to {most:,} "
            "(--allow-size takes it all the same)"
        )


def _moment(manifest: Manifest) -> str:
    return manifest.built.isoformat(timespec="seconds")
