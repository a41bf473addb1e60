"""Taking a new register pack, or a delta to one, into use."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from nacl.signing import VerifyKey

from edge import keys
from edge.errors import AnprError, ConfigError
from edge.keys import Role
from edge.registry import delta
from edge.registry.draft import replacing
from edge.registry.manifest import DELTA_MAGIC, Allowed, Manifest, check_successor
from edge.registry.pack import Pack


def install(file: Path, place: Path, public_key: Path, allowed: Allowed, warn: Callable[[str], None]) -> Manifest:
    """Verify ``file``, a pack or a delta, and put the pack that results at ``place`` in one step; return its manifest.

    A running vision notices and reopens. Whatever is wrong, the pack at ``place`` stays; one that can't be used itself,
    as ``warn`` is told, gives way to any good one.

    Raises:
        ConfigError: the file is damaged, signed by another key, older than the pack at ``place``, of a very different
            size, or a delta from another pack.
        AnprError: there is no room, or the place can't be written.
    """
    _, key = keys.read_public(public_key, Role.REGISTRY)
    with last_pack(place, key, warn) as last:
        take = _apply if _is_delta(file) else _copy
        return take(file, last, place, key, allowed)


@contextmanager
def last_pack(place: Path, key: VerifyKey, warn: Callable[[str], None]) -> Iterator[Pack | None]:
    """Open the pack at ``place``; None where there is none that can be used, and ``warn`` is told why."""
    try:
        last = Pack(place, key) if place.exists() else None
    except ConfigError as error:
        warn(f"{error}; it gives way to any good pack")
        last = None
    try:
        yield last
    finally:
        if last is not None:
            last.close()


class Verified(NamedTuple):
    """A pack's manifest; of a delta, the one that it leads to, and the contents (SHA-256) from which it does."""

    manifest: Manifest
    base: str | None = None


def verify(file: Path, public_key: Path) -> Verified:
    """Verify a pack or a delta.

    Raises:
        ConfigError: it is missing, damaged or signed by another key.
    """
    _, key = keys.read_public(public_key, Role.REGISTRY)
    if not _is_delta(file):
        return Verified(_manifest(file, key))
    found, target = delta.read(file, key)
    return Verified(target, found.base)


def _apply(file: Path, last: Pack | None, place: Path, key: VerifyKey, allowed: Allowed) -> Manifest:
    if last is None:
        raise ConfigError(f"{file}: is a delta, but there is no pack at {place} to start from; take the full pack")
    found, target = delta.read(file, key)
    if last.manifest.content != target.content:  # Else it was applied before.
        check_successor(file, last.manifest, target, allowed)
        delta.apply(last, found, target, place)
    return target


def _copy(file: Path, last: Pack | None, place: Path, key: VerifyKey, allowed: Allowed) -> Manifest:
    """Copy the pack, and verify the copy: what was sent may change while it is read."""
    try:
        with file.open("rb") as source, replacing(place) as draft:
            with draft.open("r+b") as copy:
                shutil.copyfileobj(source, copy)
            found = _manifest(draft, key, file)
            if last is not None:
                check_successor(file, last.manifest, found, allowed)
    except OSError as error:
        raise AnprError(f"{place}: can't be written: {error.strerror}") from error
    return found


def _is_delta(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return stream.read(len(DELTA_MAGIC)) == DELTA_MAGIC
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}") from error


def _manifest(file: Path, key: VerifyKey, name: Path | None = None) -> Manifest:
    pack = Pack(file, key, name)
    pack.close()
    return pack.manifest
