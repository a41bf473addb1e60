"""Deltas: what changed from one pack to the next, to be sent instead of the whole.

A delta says from which contents it leads to which, and carries the next pack's signed manifest: whoever applies it gets
exactly the contents that were signed, or nothing. Since a pack's contents are numbered by rule, the result is the same
whether it came whole or by deltas.
"""

import heapq
import lzma
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
import numpy as np
from nacl.signing import SigningKey, VerifyKey
from numpy.typing import NDArray

from edge import keys
from edge.errors import AnprError, ConfigError
from edge.keys import Role
from edge.registry import manifest, pack
from edge.registry.blocks import MOST_CLASSES, SPAN, Members, Shorts, decode, encode
from edge.registry.draft import replacing
from edge.registry.manifest import DELTA_MAGIC, Manifest, Signed
from edge.registry.numbering import Slots
from edge.registry.pack import Block, Contents, Made, Pack
from edge.registry.vehicle import VehicleClass

L = TypeVar("L")
R = TypeVar("R")

# What stands for no vehicle, and for one whose class is no more: no class has these numbers.
GONE, OTHER = MOST_CLASSES, MOST_CLASSES + 1

_PURPOSE = "register delta"
_SIGNATURE = 64
_FREE = Members(np.empty(0, np.uint16), np.empty(0, np.uint16))


class Delta(msgspec.Struct, frozen=True):
    """The way from the contents ``base`` (SHA-256, hexadecimal) to those of the signed manifest.

    ``slots`` (4 bytes each) are the distances between changed slots, ``codes`` (2 bytes each) their new classes, GONE
    where the slot is free now; both little endian, and sorted by significance of their bytes.
    """

    base: str
    target: Signed
    classes: tuple[VehicleClass, ...]
    slots: bytes
    codes: bytes


class Changes(NamedTuple):
    """Changed slots (n,), rising, and their new classes (n,)."""

    slots: Slots
    classes: Shorts


def make(old: Pack, new: Pack, file: Path, key: SigningKey) -> int:
    """Write the signed delta from ``old`` to ``new``; return how many vehicles changed.

    Raises:
        ConfigError: ``new`` is not newer, or ``file`` is one of both.
        AnprError: it can't be written.
    """
    if new.manifest.age_key < old.manifest.age_key:
        raise ConfigError(f"{new.file}: is of {new.manifest.day}, before {old.file}, of {old.manifest.day}: swapped?")
    if any(file.exists() and file.samefile(one.file) for one in (old, new)):
        raise ConfigError(f"{file}: is one of the packs; name another file for the delta")
    changes = _compare(old, new)
    gaps = np.diff(changes.slots, prepend=np.uint32(0))
    delta = Delta(old.manifest.content, new.signed, new.classes, _planes(gaps, "<u4"), _planes(changes.classes, "<u2"))
    body = lzma.compress(msgspec.msgpack.encode(delta))
    try:
        with replacing(file) as draft:
            draft.write_bytes(DELTA_MAGIC + keys.sign_file(Role.REGISTRY, key, _PURPOSE, body) + body)
    except OSError as error:
        raise AnprError(f"{file}: can't be written: {error.strerror}") from error
    return len(changes.slots)


def read(file: Path, key: VerifyKey) -> tuple[Delta, Manifest]:
    """Read and verify a delta; return it with the manifest of the pack to which it leads.

    Raises:
        ConfigError: it is missing, damaged, or signed by another key.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}") from error
    head = len(DELTA_MAGIC) + _SIGNATURE
    signature, body = content[len(DELTA_MAGIC) : head], content[head:]
    if not content.startswith(DELTA_MAGIC) or not keys.verifies(Role.REGISTRY, key, _PURPOSE, body, signature):
        raise ConfigError(f"{file}: is damaged, or not signed by the registry key")
    try:
        delta = msgspec.msgpack.decode(lzma.decompress(body), type=Delta)
    except (msgspec.DecodeError, lzma.LZMAError) as error:
        raise ConfigError(f"{file}: is of another version: {error}") from error
    return delta, manifest.verify(file, delta.target, key)


def apply(old: Pack, delta: Delta, target: Manifest, file: Path) -> None:
    """Write the pack to which ``delta`` leads from ``old`` into ``file``, in one step.

    Raises:
        ConfigError: the delta is for another pack than ``old``: one before it was missed.
        AnprError: the pack can't be written.
    """
    if old.manifest.content != delta.base:
        raise ConfigError(
            f"{file}: the delta to {target.day} is not for this pack, of {old.manifest.day}: one before it is missing; "
            "take the full pack"
        )

    def seal(made: Made) -> tuple[Signed, Manifest]:
        if made.content != target.content:
            raise ConfigError(f"{file}: what the delta to {target.day} gives is not what was signed")
        return delta.target, target

    pack.write(file, Contents(delta.classes, _changed(old, delta)), seal)


def _compare(old: Pack, new: Pack) -> Changes:
    renumbered = _renumbering(old.classes, new.classes)
    slots, classes = [np.empty(0, np.uint32)], [np.empty(0, np.uint16)]
    for number, before, after in _paired(old.blocks(), new.blocks()):
        was, now = _row(before, renumbered), _row(after)
        changed = np.flatnonzero(was != now)
        slots.append((number * SPAN + changed).astype(np.uint32))
        classes.append(now[changed])
    return Changes(np.concatenate(slots), np.concatenate(classes))


def _changed(old: Pack, delta: Delta) -> Iterator[Block]:
    """Yield the blocks that result."""
    renumbered = _renumbering(old.classes, delta.classes)
    slots = np.cumsum(_numbers(delta.slots, "<u4"), dtype=np.uint32)
    classes = _numbers(delta.codes, "<u2").astype(np.uint16)
    for number, before, edits in _paired(old.blocks(), _split(Changes(slots, classes))):
        row = _row(before, renumbered)
        if edits is not None:
            row[edits.slots % SPAN] = edits.classes
        taken = np.flatnonzero(row != GONE)
        if len(taken):
            yield number, encode(Members(taken.astype(np.uint16), row[taken]))


def _split(changes: Changes) -> Iterator[tuple[int, Changes]]:
    """Yield the changes of each block that has any."""
    numbers = changes.slots // SPAN
    bounds = np.flatnonzero(np.diff(numbers)) + 1
    for slots, classes in zip(np.split(changes.slots, bounds), np.split(changes.classes, bounds), strict=True):
        if len(slots):
            yield int(slots[0]) // SPAN, Changes(slots, classes)


def _paired(left: Iterable[tuple[int, L]], right: Iterable[tuple[int, R]]) -> Iterator[tuple[int, L | None, R | None]]:
    """Walk through two numbered sequences side by side."""
    both = heapq.merge(((number, 0, one) for number, one in left), ((number, 1, one) for number, one in right))
    for number, group in groupby(both, key=itemgetter(0)):
        sides: list[Any] = [None, None]
        for _, side, one in group:
            sides[side] = one
        yield number, sides[0], sides[1]


def _row(block: bytes | None, renumbered: Shorts | None = None) -> Shorts:
    """Return the class at each offset (SPAN,), GONE where there is none."""
    members = _FREE if block is None else decode(block)
    row = np.full(SPAN, GONE, np.uint16)
    row[members.offsets] = members.classes if renumbered is None else renumbered[members.classes]
    return row


def _renumbering(old: Sequence[VehicleClass], new: Sequence[VehicleClass]) -> Shorts:
    """Return the new number of each old class."""
    numbers = {one: number for number, one in enumerate(new)}
    return np.array([numbers.get(one, OTHER) for one in old], np.uint16)


def _planes(numbers: NDArray[np.integer], kind: str) -> bytes:
    """Sort whole numbers by significance of their bytes: those of one significance are alike, and compress well."""
    raw = numbers.astype(kind).view(np.uint8).reshape(-1, np.dtype(kind).itemsize)
    return np.ascontiguousarray(raw.T).tobytes()


def _numbers(planes: bytes, kind: str) -> NDArray[np.integer]:
    raw = np.frombuffer(planes, np.uint8).reshape(np.dtype(kind).itemsize, -1)
    return np.ascontiguousarray(raw.T).view(kind).ravel()
