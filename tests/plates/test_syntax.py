"""Dutch plate syntax."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.plates.syntax import ALPHABET, FORBIDDEN, LOOK_ALIKES, SIDECODES, decode, fit, is_special, sidecode
from tests.plates.drawn import reading

LETTERS = "BDFGHJKLMNPRSTVXZ"


@st.composite
def dutch_texts(draw: st.DrawFn, codes: tuple[int, ...] = tuple(SIDECODES)) -> tuple[str, int]:
    """Draw a text of any sidecode; nothing that is drawn is kept."""
    code = draw(st.sampled_from(codes))
    groups = []
    for form in SIDECODES[code].split("-"):
        source = LETTERS if form[0] == "X" else "0123456789"
        groups.append(draw(st.text(source, min_size=len(form), max_size=len(form))))
        if groups[-1].encode() in FORBIDDEN:
            groups[-1] = "B" * len(form)
    return "".join(groups), code


distributions = st.lists(st.lists(st.floats(0, 1), min_size=36, max_size=36), min_size=6, max_size=6).map(
    lambda rows: np.array(rows, np.float32) + np.float32(1e-6),
)


@given(dutch_texts())
def test_every_sidecode_is_recognised(drawn: tuple[str, int]) -> None:
    """A text of a form has that form's sidecode, as str and as bytes."""
    text, code = drawn
    assert sidecode(text) == code
    assert sidecode(bytearray(text.encode())) == code


@given(dutch_texts())
def test_every_sidecode_is_reachable(drawn: tuple[str, int]) -> None:
    """What was read for sure comes back unchanged, whatever the sidecode."""
    text, code = drawn
    found = fit(reading(text, 0.99).slots)
    assert found is not None
    assert found.text == text.encode()
    assert found.sidecode == code
    assert found.support == pytest.approx(1.0)


@given(dutch_texts(), st.data())
def test_look_alikes_are_swapped_where_the_sidecode_demands(drawn: tuple[str, int], data: st.DataObject) -> None:
    """A text with one look-alike in place of a character is mended, unless it is Dutch as it stands."""
    text, _ = drawn
    swaps = [
        text[:at] + chr(other) + text[at + 1 :]
        for pair in LOOK_ALIKES
        for one, other in (pair, pair[::-1])
        for at in range(6)
        if text[at] == chr(one)
    ]
    if not swaps:
        return
    misread = data.draw(st.sampled_from(swaps))
    found = fit(reading(misread, 0.99).slots)
    assert found is not None
    assert sidecode(found.text) is not None
    if sidecode(misread) is not None:
        assert found.text == misread.encode()
    else:
        assert found.support > 5e-3
        changed = [bytes(pair) for pair in zip(misread.encode(), found.text, strict=True) if pair[0] != pair[1]]
        assert all(pair in LOOK_ALIKES or pair[::-1] in LOOK_ALIKES for pair in changed)


@given(distributions)
def test_a_fit_is_always_dutch(slots: np.ndarray) -> None:
    """Whatever the distribution, the fit is a text that can exist, with a probability."""
    found = fit(slots / slots.sum(axis=1, keepdims=True))
    assert found is not None
    assert sidecode(found.text) == found.sidecode
    assert 0 < found.probability <= 1
    assert 0 < found.support <= 1 + 1e-9


@pytest.mark.parametrize("length", [0, 5, 7])
def test_only_six_characters_fit(length: int) -> None:
    """A reading of another length has no Dutch text."""
    assert fit(reading("V12BDF7"[:length]).slots) is None


def test_no_other_character_is_swapped() -> None:
    """A text that is one character away from Dutch, and no look-alike, finds next to no support."""
    found = fit(reading("V12BD7", 0.99).slots)
    assert found is not None
    assert found.support < 5e-3


@pytest.mark.parametrize(
    "text",
    ["", "V12BD", "V12BDFG", "V-12-BDF", "v12bdf", "V12BDE", "V12BCF", "V12BYF", "V12PSV", "V12GVD", "É12BDF"],
)
def test_what_can_not_exist_has_no_sidecode(text: str) -> None:
    """Wrong lengths, dashes, vowels, C, Q, a late Y and forbidden groups are no plates."""
    assert sidecode(text) is None


def test_a_forbidden_group_gives_way_to_the_nearest_text() -> None:
    """The letter that loses least is replaced."""
    slots = reading("V12PSV", 0.99).slots
    slots[4, ALPHABET.index(b"S")], slots[4, ALPHABET.index(b"R")] = 0.6, 0.39
    found = fit(slots)
    assert found is not None
    assert found.text == b"V12PRV"


def test_series_outside_the_sidecodes() -> None:
    """Diplomatic and royal plates are Dutch without a sidecode."""
    assert all(is_special(text) for text in (b"CD1", b"CDJ123", b"AA12"))
    assert not any(is_special(text) for text in (b"CD", b"CDJ1234", b"AB1", b"V12BDF"))


def test_decode_gives_a_buffer_that_can_be_wiped() -> None:
    """Text is a bytearray of the alphabet's characters."""
    assert decode(np.array([31, 1, 2])) == bytearray(b"V12")
