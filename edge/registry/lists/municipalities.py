"""The municipality's own table from the digits of a postcode to a municipality."""

import re
from collections.abc import Mapping
from pathlib import Path

from edge.categories import Origin
from edge.errors import ConfigError
from edge.registry.lists.table import Column, Row, read

COLUMNS = [Column(("postcode", "pc4")), Column(("municipality", "gemeente", "gemeentecode", "gm_code"))]
_DIGITS = re.compile(r"[1-9][0-9]{3}")
_CODE = re.compile(r"(?:GM)?([0-9]{1,4})")

Municipalities = Mapping[str, Origin]


def read_municipalities(source: Path) -> Municipalities:
    """Read a CSV file with the columns ``postcode`` (four digits) and ``municipality`` (GM0344 or 344).

    Raises:
        ConfigError: naming file, line and value; nothing in this file is personal data.
    """
    found: dict[str, Origin] = {}
    for row in read(source, COLUMNS):
        digits, municipality = _pair(source, row)
        if found.setdefault(digits, municipality) != municipality:
            raise ConfigError(f"{source}: line {row.line}: postcode {digits} has another municipality further up")
    return found


def _pair(source: Path, row: Row) -> tuple[str, Origin]:
    if row.cells is None:
        raise ConfigError(f"{source}: line {row.line}: does not have {len(COLUMNS)} columns")
    digits, text = row.cells
    if not _DIGITS.fullmatch(digits):
        raise ConfigError(f"{source}: line {row.line}: postcode = {digits[:20]!r}; allowed: four digits")
    code = _CODE.fullmatch(text.upper())
    if not code or not int(code[1]):
        raise ConfigError(f"{source}: line {row.line}: municipality = {text[:20]!r}; allowed: such as GM0344 or 344")
    return digits, int(code[1])
