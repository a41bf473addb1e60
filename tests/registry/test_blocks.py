"""Blocks of slots and classes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.registry.blocks import SPAN, Members, count, decode, encode, find

members = st.dictionaries(
    st.integers(0, SPAN - 1), st.one_of(st.integers(0, 20), st.integers(0, 65_533)), min_size=1, max_size=400
)


def _members(held: dict[int, int]) -> Members:
    offsets = np.array(sorted(held), np.uint16)
    return Members(offsets, np.array([held[int(offset)] for offset in offsets], np.uint16))


@given(members)
def test_a_block_holds_what_was_put_in(held: dict[int, int]) -> None:
    """Whole and one by one, the same classes come out at the same places, and nothing elsewhere."""
    block = encode(_members(held))
    assert count(block) == len(held)
    assert {offset: find(block, offset) for offset in range(SPAN)} == {o: held.get(o) for o in range(SPAN)}
    read = decode(block)
    assert dict(zip(read.offsets.tolist(), read.classes.tolist(), strict=True)) == held


@given(members)
def test_the_same_members_give_the_same_bytes(held: dict[int, int]) -> None:
    """A pack that is put together from a delta is the one that was signed."""
    assert encode(_members(held)) == encode(decode(encode(_members(held))))


@pytest.mark.parametrize("different", [1, 2, 3, 60, 2000])
def test_a_full_block_takes_what_its_classes_demand(different: int) -> None:
    """One bit for a slot, and a code as wide as the number of different classes demands."""
    block = encode(Members(np.arange(SPAN, dtype=np.uint16), (np.arange(SPAN) % different).astype(np.uint16)))
    width = (different - 1).bit_length()
    assert len(block) <= 3 + SPAN // 8 + SPAN * width / 8 + 2 * different


@given(members, st.data())
def test_a_cut_block_is_an_error_or_less(held: dict[int, int], data: st.DataObject) -> None:
    """Whatever is cut off, nothing but a ValueError is raised when a block is read whole."""
    block = encode(_members(held))
    cut = block[: data.draw(st.integers(0, len(block) - 1))]
    try:
        decode(cut)
    except ValueError:
        return
