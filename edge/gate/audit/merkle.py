"""The Merkle tree of RFC 6962, section 2.1: hashes, roots and proofs.

Hashes are SHA-256, 32 bytes. A proof is a sequence of hashes in the order of the RFC.
"""

import hashlib
from collections.abc import Iterable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256().digest()

Proof = Sequence[bytes]


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash above two hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows: of each full subtree on its right edge only the root is kept."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        """Begin with these leaf hashes."""
        self.size = 0
        self._roots: list[bytes] = []
        for leaf in leaves:
            self.add(leaf)

    def add(self, leaf: bytes) -> None:
        """Add a leaf's hash."""
        self._roots.append(leaf)
        self.size += 1
        # Two subtrees of one size become one: as often as the size can be halved.
        for _ in range((self.size & -self.size).bit_length() - 1):
            right = self._roots.pop()
            self._roots.append(node_hash(self._roots.pop(), right))

    def root(self) -> bytes:
        """Return the root."""
        if not self._roots:
            return EMPTY_ROOT
        *others, found = self._roots
        for left in reversed(others):
            found = node_hash(left, found)
        return found


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    return Tree(leaves).root()


def inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Prove that the leaf at ``index`` is in the tree over ``leaves`` (section 2.1.1)."""
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion(leaves[:split], index), root(leaves[split:])]
    return [*inclusion(leaves[split:], index - split), root(leaves[:split])]


def consistency(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """Prove that the tree over ``leaves`` only adds to its first ``old`` leaves (section 2.1.2)."""
    return _subproof(leaves, old, known=True) if 0 < old < len(leaves) else []


def includes(tree_root: bytes, size: int, leaf: bytes, index: int, proof: Proof) -> bool:
    """Check an inclusion proof (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for sibling in proof:
        if not last:
            return False
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            place, last = _to_right_child(place, last)
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    return not last and found == tree_root


def extends(old: int, old_root: bytes, new: int, new_root: bytes, proof: Proof) -> bool:
    """Check a consistency proof between trees of two sizes (RFC 9162, section 2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old in {0, new}:
        return not proof and old_root == (EMPTY_ROOT if not old else new_root)
    first, *rest = [old_root, *proof] if not old & (old - 1) else proof or [b""]
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    found_old = found_new = first
    for sibling in rest:
        if last <= 0:
            return False
        if place & 1 or place == last:
            found_old, found_new = node_hash(sibling, found_old), node_hash(sibling, found_new)
            place, last = _to_right_child(place, last)
        else:
            found_new = node_hash(found_new, sibling)
        place, last = place >> 1, last >> 1
    return not last and (found_old, found_new) == (old_root, new_root)


def _to_right_child(place: int, last: int) -> tuple[int, int]:
    """Climb the levels on which a node at the right edge has no sibling."""
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last


def _subproof(leaves: Sequence[bytes], old: int, *, known: bool) -> list[bytes]:
    """Return SUBPROOF of the RFC; ``known`` where the verifier has this subtree's root already."""
    if old == len(leaves):
        return [] if known else [root(leaves)]
    split = _split(len(leaves))
    if old <= split:
        return [*_subproof(leaves[:split], old, known=known), root(leaves[split:])]
    return [*_subproof(leaves[split:], old - split, known=False), root(leaves[:split])]


def _split(size: int) -> int:
    """Return the largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1
