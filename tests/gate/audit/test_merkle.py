"""The tree of RFC 6962: published vectors, and a naive implementation beside it."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.gate.audit import merkle

# The eight leaves, their roots and proofs of Google's reference implementation of certificate transparency, as in
# github.com/transparency-dev/merkle, proof/verify_test.go.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    bytes.fromhex(text)
    for text in (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
INCLUSION = {
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 3): ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",),
    (1, 5): (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}
CONSISTENCY = {
    (1, 1): (),
    (1, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
    (6, 7): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
}
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]
Wrong = tuple[int, bytes, int, bytes, list[bytes]]


def _naive(entries: list[bytes]) -> bytes:
    """Return MTH of RFC 6962, word for word."""
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    half = 1
    while half * 2 < len(entries):
        half *= 2
    return hashlib.sha256(b"\x01" + _naive(entries[:half]) + _naive(entries[half:])).digest()


def _entries(size: int) -> list[bytes]:
    return [str(number).encode() for number in range(size)]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_the_published_ones(size: int) -> None:
    """Of the reference tree at each of its sizes; the naive implementation agrees."""
    assert merkle.root(HASHES[:size]) == ROOTS[size - 1] == _naive(LEAVES[:size])


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    """As RFC 6962 has it."""
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_inclusion_proofs_are_the_published_ones(index: int, size: int) -> None:
    """And verify."""
    proof = merkle.inclusion(HASHES[:size], index)
    assert tuple(step.hex() for step in proof) == INCLUSION[index, size]
    assert merkle.includes(ROOTS[size - 1], size, HASHES[index], index, proof)


@pytest.mark.parametrize(("old", "new"), CONSISTENCY)
def test_consistency_proofs_are_the_published_ones(old: int, new: int) -> None:
    """And verify."""
    proof = merkle.consistency(HASHES[:new], old)
    assert tuple(step.hex() for step in proof) == CONSISTENCY[old, new]
    assert merkle.extends(old, ROOTS[old - 1], new, ROOTS[new - 1], proof)


def test_all_proofs_of_all_small_trees_verify() -> None:
    """Up to 33 leaves: each leaf is proven in, each older tree is proven a beginning, and no other leaf or root is."""
    hashes = [merkle.leaf_hash(entry) for entry in _entries(33)]
    roots = [_naive(_entries(size)) for size in range(34)]
    for size in range(1, 34):
        for other in range(size):
            proof = merkle.inclusion(hashes[:size], other)
            assert merkle.includes(roots[size], size, hashes[other], other, proof)
            assert not merkle.includes(roots[size], size, hashes[other - 1], other, proof) or size == 1
            growth = merkle.consistency(hashes[:size], other)
            assert merkle.extends(other, roots[other], size, roots[size], growth)
            assert not merkle.extends(other, roots[size], size, roots[size], growth)


def _spoilt(step: int, proof: list[bytes], *, bit: int) -> list[bytes]:
    return [bytes([one[0] ^ bit, *one[1:]]) if place == step else one for place, one in enumerate(proof)]


@given(st.integers(1, 40), st.data())
def test_a_spoilt_inclusion_proof_fails(size: int, data: st.DataObject) -> None:
    """A bit, a step more or less, another place, another size: nothing of it verifies."""
    hashes = [merkle.leaf_hash(entry) for entry in _entries(size)]
    index = data.draw(st.integers(0, size - 1))
    root, proof, leaf = merkle.root(hashes), merkle.inclusion(hashes, index), hashes[index]
    wrongs = [(size, index, _spoilt(step, proof, bit=8)) for step in range(len(proof))]
    wrongs += [(size, index, [*proof, root]), (size, index, [root, *proof]), (size, index, [*proof, b""])]
    wrongs += [(size, index + 1, proof), (size, index - 1, proof), (size, index ^ 2, proof), (size * 2, index, proof)]
    wrongs += [(size, index, proof[:-1]), (size // 2, index, proof)] if proof else []
    for wrong_size, wrong_index, wrong in wrongs:
        assert not merkle.includes(root, wrong_size, leaf, wrong_index, wrong)


@given(st.integers(2, 40), st.data())
def test_a_spoilt_consistency_proof_fails(new: int, data: st.DataObject) -> None:
    """A bit, a step more or less, roots exchanged, trees exchanged: nothing of it verifies."""
    hashes = [merkle.leaf_hash(entry) for entry in _entries(new)]
    old = data.draw(st.integers(1, new - 1))
    before, after = merkle.root(hashes[:old]), merkle.root(hashes)
    proof = merkle.consistency(hashes, old)
    wrongs: list[Wrong] = [(old, before, new, after, _spoilt(step, proof, bit=16)) for step in range(len(proof))]
    wrongs += [(old, before, new, after, [*proof, before]), (old, before, new, after, [before, *proof])]
    wrongs += [(old, before, new, after, []), (old, before, new, after, proof[:-1]), (old, after, new, before, proof)]
    wrongs += [(new, after, old, before, proof), (old, before, new, before, proof), (-1, before, new, after, proof)]
    for wrong in wrongs:
        assert not merkle.extends(*wrong)


def test_a_tree_of_no_entries_is_the_beginning_of_every_tree() -> None:
    """With an empty proof, and no other."""
    assert merkle.extends(0, merkle.EMPTY_ROOT, 8, ROOTS[7], [])
    assert not merkle.extends(0, ROOTS[0], 8, ROOTS[7], [])
    assert not merkle.extends(0, merkle.EMPTY_ROOT, 8, ROOTS[7], [ROOTS[0]])
