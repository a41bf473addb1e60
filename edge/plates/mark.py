"""Marks: how vision knows a text again that it has overwritten.

A mark is a keyed hash cut to 16 bits, so short that some 250 plates of the Dutch register share each: even who has the
key can't tell which of them it was. Of the few texts that are compared with each other, two share one once in 65,536
times. It says that a broken track goes on, and that a trailer bears the plate of the vehicle before it; it never
leaves recognition, and counts nothing.
"""

import hashlib

from edge.randomness import Fill, fill_randomly

MARK_BYTES = 2
_KEY_BYTES = 32


class Marker:
    """Makes marks with a random key of its own; its repr says nothing."""

    def __init__(self, fill: Fill = fill_randomly) -> None:
        self._key = bytearray(_KEY_BYTES)
        fill(self._key)

    def mark(self, text: bytes | bytearray) -> int:
        """Return the mark of a text, 0 to 65,535."""
        return int.from_bytes(hashlib.blake2b(text, key=self._key, digest_size=MARK_BYTES).digest())
