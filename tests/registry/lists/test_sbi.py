"""From SBI codes to sections."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.categories import Trade
from edge.registry.lists.sbi import section


@pytest.mark.parametrize(
    ("text", "trade"),
    [
        ("56.10.1", Trade.HOSPITALITY),
        ("5610", Trade.HOSPITALITY),
        ("56", Trade.HOSPITALITY),
        ("i", Trade.HOSPITALITY),
        ("01.11", Trade.AGRICULTURE),
        ("4941", Trade.TRANSPORT),
        ("43.2", Trade.CONSTRUCTION),
        ("84", Trade.PUBLIC_ADMINISTRATION),
        ("99", Trade.EXTRATERRITORIAL),
        ("", Trade.PRIVATE),
        ("Particulier", Trade.PRIVATE),
        ("private", Trade.PRIVATE),
    ],
)
def test_a_code_becomes_its_section(text: str, trade: Trade) -> None:
    """Codes of any depth, with or without dots, a letter, or no code at all."""
    assert section(text) is trade


@pytest.mark.parametrize(
    "text", ["5", "1.11", "04", "34.1", "V", "12345678", "56.", "5610,4711", "hotel", "unknown", "٥٦"]
)
def test_other_texts_are_no_codes(text: str) -> None:
    """A number of the chamber of commerce is none, nor a division that the classification does not have."""
    assert section(text) is None


@given(st.integers(0, 99), st.from_regex(r"(\.?[0-9]){0,4}", fullmatch=True))
def test_only_the_division_decides(division: int, detail: str) -> None:
    """Whatever follows the first two digits changes nothing."""
    assert section(f"{division:02}{detail}") is section(f"{division:02}")
