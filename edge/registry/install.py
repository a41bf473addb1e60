"""Taking a new register pack, or a delta to one, into use."""

import shutil
from pathlib import Path

from nacl.signing import VerifyKey

from edge import keys
from edge.errors import AnprError, ConfigError
from edge.keys import Role
from edge.registry import delta
from edge.registry.draft import replacing
from edge.registry.manifest import Allowed, Manifest, check_successor
from edge.registry.pack import Pack


def install(file: Path, place: Path, public_key: Path, allowed: Allowed) -> Manifest:
    """Verify ``file``, a pack or a delta, and put the pack that results at ``place`` in one step; return its manifest.

    A running vision notices and reopens. Whatever is wrong, the pack at ``place`` stays.

    Raises:
        ConfigError: the file is damaged, signed by another key, older than the pack at ``place``, of a very different
            size, or a delta from another pack.
        AnprError: there is no room, or the place can't be written.
    """
    _, key = keys.read_public(public_key, Role.REGISTRY)
    current = Pack(place, key) if place.exists() else None
    try:
        take = _apply if _is_delta(file) else _copy
        return take(file, current, place, key, allowed)
    finally:
        if current is not None:
            current.close()


def verify(file: Path, public_key: Path) -> Manifest:
    """Verify a pack or a delta; return the manifest of the pack that it is, or leads to.

    Raises:
        ConfigError: it is missing, damaged or signed by another key.
    """
    _, key = keys.read_public(public_key, Role.REGISTRY)
    return delta.read(file, key)[1] if _is_delta(file) else _manifest(file, key)


def _apply(file: Path, current: Pack | None, place: Path, key: VerifyKey, allowed: Allowed) -> Manifest:
    if current is None:
        raise ConfigError(f"{file}: is a delta, but there is no pack at {place}; take the full pack")
    found, target = delta.read(file, key)
    check_successor(file, current.manifest, target, allowed)
    delta.apply(current, found, target, place)
    return target


def _copy(file: Path, current: Pack | None, place: Path, key: VerifyKey, allowed: Allowed) -> Manifest:
    found = _manifest(file, key)
    if current is not None:
        check_successor(file, current.manifest, found, allowed)
    try:
        with replacing(place) as draft:
            shutil.copyfile(file, draft)
    except OSError as error:
        raise AnprError(f"{place}: can't be written: {error.strerror}") from error
    return found


def _is_delta(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return stream.read(len(delta.MAGIC)) == delta.MAGIC
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}") from error


def _manifest(file: Path, key: VerifyKey) -> Manifest:
    pack = Pack(file, key)
    pack.close()
    return pack.manifest
