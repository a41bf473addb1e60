"""A plate in a list: a keyed hash, made where the list is imported, so that no camera holds the plate itself.

A keyed hash is a pseudonym, not anonymous: who has the key can hash every plate there can be. The key is sealed to
the camera with the list.
"""

import hashlib

from edge.randomness import Fill, fill_randomly

KEY_BYTES = 32
HASH_BYTES = 8
_PERSON = b"anpr-edge list"


class PlateHash:
    """The keyed hash of one list; its repr says nothing."""

    def __init__(self, key: bytes | bytearray) -> None:
        self._key = key

    @classmethod
    def new(cls, fill: Fill = fill_randomly) -> "PlateHash":
        """Make one with a new random key (32 bytes)."""
        key = bytearray(KEY_BYTES)
        fill(key)
        return cls(key)

    @property
    def key(self) -> bytes:
        """The key, to be sealed with the list."""
        return bytes(self._key)

    def of(self, plate: bytes | bytearray) -> int:
        """Return the hash (64 bits) of a plate, ASCII capitals and digits without dashes."""
        digest = hashlib.blake2b(plate, key=self._key, person=_PERSON, digest_size=HASH_BYTES).digest()
        return int.from_bytes(digest, "little")
