"""The cells of a municipality's file: each becomes a closed value, or is malformed for a reason without its content."""

import re
from datetime import date

from edge.categories import Exemption, Trade
from edge.registry.lists import sbi

_PLATE = re.compile(r"[0-9A-Z]{4,9}")
_POSTCODE = re.compile(r"([1-9][0-9]{3}) ?([A-Za-z]{2})?")
_ISO_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_DUTCH_DAY = re.compile(r"([0-9]{1,2})-([0-9]{1,2})-([0-9]{4})")
_KINDS = {
    "day": Exemption.DAY,
    "dag": Exemption.DAY,
    "long_term": Exemption.LONG_TERM,
    "langdurig": Exemption.LONG_TERM,
}


class MalformedError(Exception):
    """A row that can't be taken; says which rule it breaks, never what stands there."""


def plate(text: str) -> bytes:
    """Return a plate, Dutch or foreign, as capitals and digits."""
    # Before upper(), which makes ASCII of some letters that are not.
    value = text.translate({ord("-"): None, ord(" "): None, ord("."): None})
    if not value.isascii() or not _PLATE.fullmatch(value.upper()):
        raise MalformedError("plate is not 4 to 9 letters and digits")
    return value.upper().encode()


def day(text: str) -> date:
    """Return a day written as 2026-12-31 or 31-12-2026."""
    if found := _ISO_DAY.fullmatch(text):
        year, month, number = found.groups()
    elif found := _DUTCH_DAY.fullmatch(text):
        number, month, year = found.groups()
    else:
        raise MalformedError("from or until is no day such as 2026-12-31 or 31-12-2026")
    try:
        return date(int(year), int(month), int(number))
    except ValueError as error:
        raise MalformedError("from or until is a day that no calendar has") from error


def exemption(text: str) -> Exemption:
    """Return the kind of an exemption."""
    try:
        return _KINDS[text.lower()]
    except KeyError:
        raise MalformedError(f"kind is not {', '.join(_KINDS)}") from None


def postcode(text: str) -> tuple[str, bool]:
    """Return the four digits of a postcode, and whether letters stood there; they go no further than here."""
    found = _POSTCODE.fullmatch(text)
    if not found:
        raise MalformedError("postcode is not 1234 or 1234 AB")
    return found[1], bool(found[2])


def trade(text: str) -> Trade:
    """Return the section of an SBI code; its detail goes no further than here."""
    found = sbi.section(text)
    if found is None:
        raise MalformedError("sbi is no code such as 56.10, no section letter, and not empty")
    return found
