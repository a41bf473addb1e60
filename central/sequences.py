"""Which reports of a stream came: each once, none missing."""

import hashlib

from central.events import Gap


class Sequences:
    """Remembers one stream; its first message says where it begins for us."""

    def __init__(self) -> None:
        self._digests: dict[int, bytes] = {}
        self._highest: int | None = None

    def came_before(self, sequence: int) -> bool:
        """Tell whether this sequence was taken."""
        return sequence in self._digests

    def is_same(self, sequence: int, content: bytes) -> bool:
        """Tell whether this sequence was taken with this content."""
        return self._digests.get(sequence) == _digest(content)

    def is_late(self, sequence: int) -> bool:
        """Tell whether later ones were taken already."""
        return self._highest is not None and sequence < self._highest

    def take(self, sequence: int, content: bytes) -> Gap | None:
        """Note a sequence; return those that are now known to be missing before it."""
        previous, self._highest = self._highest, max(sequence, self._highest or 0)
        self._digests[sequence] = _digest(content)
        if previous is None or sequence <= previous + 1:
            return None
        return Gap(previous + 1, sequence - 1)


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()
