"""The columns that a register pack is made from, and how to find them in an export.

Exports come in two styles: Dutch headers with spaces, or the API's names where columns were selected. The register adds
and drops columns, so whatever else is there is left alone.
"""

import csv
import difflib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from edge.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Column:
    """One column by the API's name; ``header`` is how the CSV export spells it."""

    name: str
    header: str
    needed: bool = True

    @property
    def spellings(self) -> set[str]:
        """Return the names under which it is found."""
        return {self.name, _plain(self.header)}


@dataclass(frozen=True, slots=True)
class Table:
    """One data set of the register: its name here, its resource in the API, and its columns, the plate's first."""

    name: str
    resource: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the API's names of all columns."""
        return tuple(column.name for column in self.columns)


PLATE = Column("kenteken", "Kenteken")
KIND = Column("voertuigsoort", "Voertuigsoort")
BODY = Column("inrichting", "Inrichting")
CATEGORY = Column("europese_voertuigcategorie", "Europese voertuigcategorie")
PERMITTED_MASS = Column("toegestane_maximum_massa_voertuig", "Toegestane maximum massa voertuig")
TECHNICAL_MASS = Column("technische_max_massa_voertuig", "Technische max. massa voertuig", needed=False)
FIRST_ADMISSION = Column("datum_eerste_toelating", "Datum eerste toelating")
FIRST_ADMISSION_DT = Column("datum_eerste_toelating_dt", "Datum eerste toelating DT", needed=False)
FUEL = Column("brandstof_omschrijving", "Brandstof omschrijving")
EMISSION_CODE = Column("emissiecode_omschrijving", "Emissieklasse")
EMISSION_LEVEL = Column("uitlaatemissieniveau", "Uitlaatemissieniveau", needed=False)
PARTICULAR = Column("bijzonderheid_code", "Bijzonderheid code")

VEHICLES = Table(
    "vehicles",
    "m9d7-ebf2",
    (PLATE, KIND, BODY, CATEGORY, PERMITTED_MASS, TECHNICAL_MASS, FIRST_ADMISSION, FIRST_ADMISSION_DT),
)
FUELS = Table("fuel", "8ys7-d773", (PLATE, FUEL, EMISSION_CODE, EMISSION_LEVEL))
PARTICULARS = Table("particulars", "7ug8-2dtt", (PLATE, PARTICULAR))
TABLES = (VEHICLES, FUELS, PARTICULARS)


def find(source: str, line: bytes, table: Table) -> tuple[str, ...]:
    """Return a name for every column of the header ``line``: the API's for those of ``table``, a number for others.

    Raises:
        ConfigError: a needed column is missing (the nearest one is named), or one stands there twice.
    """
    headers = _split(source, line)
    names = [_name(header, table) or str(place) for place, header in enumerate(headers)]
    for column in table.columns:
        if Counter(names)[column.name] > 1:
            raise ConfigError(f"{source}: has the column {column.name} more than once")
        if column.needed and column.name not in names:
            raise ConfigError(f"{source}: has no column {column.name} ({column.header}){_hint(column, headers, table)}")
    return tuple(names)


def _split(source: str, line: bytes) -> list[str]:
    try:
        # Spreadsheets put a mark before the header, which this encoding leaves out.
        return next(csv.reader([line.decode("utf-8-sig")], strict=True), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{source}: its first line is no header of a CSV file in UTF-8") from error


def _name(header: str, table: Table) -> str | None:
    return next((column.name for column in table.columns if _plain(header) in column.spellings), None)


def _hint(column: Column, headers: Sequence[str], table: Table) -> str:
    """Say what may be the matter; nothing of a line in which no column is known, for it may hold plates."""
    if any(";" in header for header in headers):
        return "; its first line has semicolons; exports are separated by commas"
    other = next((one for one in TABLES if one is not table and _is_of(one, headers)), None)
    if other:
        return f"; it looks like the export of {other.name}"
    known = {_plain(header): header for header in headers}
    near = difflib.get_close_matches(column.name, known, n=1, cutoff=0.5)
    some = any(_name(header, table) for header in headers)
    return f"; the nearest is {known[near[0]]!r}" if near and some else ""


def _is_of(table: Table, headers: Sequence[str]) -> bool:
    found = {_name(header, table) for header in headers}
    return all(column.name in found for column in table.columns if column.needed)


def _plain(header: str) -> str:
    """Write a header as the API would name it: lower case, what is no letter or digit as a line."""
    return re.sub(r"[^a-z0-9]+", "_", header.lower()).strip("_")
