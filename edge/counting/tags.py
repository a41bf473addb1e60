"""Tags: how vision knows a vehicle again within one day, and only then.

A keyed hash of a plate is a pseudonym, not anonymous. What protects is that the key exists in memory alone and is
overwritten with everything made with it when its day is over.
"""

import ctypes
import hashlib

import numpy as np

from edge.randomness import Fill, fill_randomly

TAG_BYTES = 16
KEY_BYTES = 32
# Vehicles that may be remembered at a time: two saturated lanes carry 100,000 a day. 2 MB.
CAPACITY = 1 << 17


class TagKey:
    """The random key of one day under one policy; its repr says nothing."""

    def __init__(self, policy_id: str, fill: Fill = fill_randomly) -> None:
        self._key = bytearray(KEY_BYTES)
        self._person = _person(policy_id)
        fill(self._key)

    def tag(self, plate: bytearray) -> bytes:
        """Return the tag (16 bytes) of a plate."""
        if not any(self._key):
            raise RuntimeError("the tag key has been destroyed")
        return hashlib.blake2b(plate, key=self._key, person=self._person, digest_size=TAG_BYTES).digest()

    def wipe(self) -> None:
        """Overwrite the key with zeros."""
        self._key[:] = bytes(KEY_BYTES)


class TagBook:
    """The tags of one day, each under a number that means nothing elsewhere; all in one block that can be wiped."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._rows = np.zeros((capacity, TAG_BYTES // 8), np.uint64)
        self._used = 0
        self._free: list[int] = []

    def number(self, tag: bytes) -> int | None:
        """Return the number of the vehicle with this tag, a new one at first sight; None when the book is full."""
        wanted = np.frombuffer(tag, np.uint64)
        # Half by half: numpy would write the whole tag once per row into a buffer, and free that as it is.
        rows = self._rows[: self._used]
        found = np.flatnonzero((rows[:, 0] == wanted[0]) & (rows[:, 1] == wanted[1]))
        if found.size:
            return int(found[0])
        number = self._next()
        if number is not None:
            self._rows[number] = wanted
        return number

    def dice(self, number: int) -> int:
        """Return 64 bits of a vehicle's tag; without the key nobody can foresee or repeat them."""
        return int(self._rows[number, 0])

    def forget(self, number: int) -> None:
        """Overwrite one tag; its number is given to another vehicle."""
        self._rows[number] = 0
        self._free.append(number)

    def wipe(self) -> None:
        """Overwrite all tags with zeros."""
        self._rows[: self._used] = 0
        self._used = 0
        self._free.clear()

    def _next(self) -> int | None:
        if self._free:
            return self._free.pop()
        if self._used == len(self._rows):
            return None
        self._used += 1
        return self._used - 1


def overwrite_digest(digest: bytes) -> None:
    """Write zeros over what hashlib returned, which it can't write into a buffer; nobody else may have it."""
    ctypes.memset(id(digest) + bytes.__basicsize__ - 1, 0, len(digest))


def _person(policy_id: str) -> bytes:
    """Return what ties tags to a policy, at most 16 bytes."""
    raw = policy_id.encode()
    room = hashlib.blake2b.PERSON_SIZE
    return raw if len(raw) <= room else hashlib.blake2b(raw, digest_size=room).digest()
