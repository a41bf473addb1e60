"""Plates as slots."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.plates.syntax import ALPHABET, SIDECODES, alphabets
from edge.registry.numbering import first_rare, slot, slots

texts = st.text(ALPHABET.decode(), min_size=6, max_size=6).map(str.encode)
forms = st.from_regex(r"[BDFGHJKLMNPRSTVWXZ][0-9]{2}[BDFGHJKLMNPRSTVWXZ]{3}", fullmatch=True).map(str.encode)
plates = st.one_of(texts, forms)


@given(plates, plates)
def test_different_plates_have_different_slots(one: bytes, other: bytes) -> None:
    """A slot fits into 32 bits and stands for one text only."""
    first, second = slot(one), slot(other)
    assert first is not None
    assert 0 <= first < 1 << 32
    assert (first == second) == (one == other)


@given(st.lists(plates, min_size=1, max_size=50))
def test_many_plates_get_the_slots_of_each(many: list[bytes]) -> None:
    """What is worked out for arrays is what is worked out for one."""
    found, valid = slots(np.frombuffer(b"".join(many), np.uint8).reshape(-1, 6))
    assert valid.all()
    assert found.tolist() == [slot(bytearray(plate)) for plate in many]


@given(st.binary(max_size=10))
def test_what_is_no_plate_has_no_slot(raw: bytes) -> None:
    """Only six capitals and digits have one, also in an array."""
    plate = len(raw) == 6 and all(char in ALPHABET for char in raw)
    assert (slot(raw) is not None) == plate
    if len(raw) == 6:
        _, valid = slots(np.frombuffer(raw, np.uint8).reshape(1, 6))
        assert valid.tolist() == [plate]


def test_neighbours_on_the_street_are_neighbours_in_the_table() -> None:
    """Plates that are issued one after the other lie side by side; what no sidecode has lies behind."""
    first = slot(b"X12BDF")
    assert first is not None
    assert slot(b"X12BDG") == first + 1
    assert slot(b"X12BDA") >= first_rare() > first  # type: ignore[operator]


def test_the_numbering_is_pinned() -> None:
    """Packs that are on cameras stay readable: another numbering needs another schema."""
    firsts = [slot(bytes(some[0] for some in alphabets(code))) for code in SIDECODES]
    assert firsts == [
        0,
        6760000,
        13520000,
        20280000,
        33998000,
        47716000,
        60748100,
        66580100,
        72412100,
        78568100,
        84724100,
        95804900,
        106885700,
        110125700,
    ]
    assert [slot(plate) for plate in (b"V12BDF", b"X99ZZZ", b"V12BDE")] == [104039704, 105719299, 1989604822]
