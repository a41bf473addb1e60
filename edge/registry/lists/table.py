"""A municipality's CSV file: exactly the columns that are allowed, checked before a row is read.

No cell may hold a separator or a line break, so a stray quote costs its own row and no other.
"""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from edge.errors import ConfigError

_SHOWN = 40


class Column(NamedTuple):
    """One column and how its header may be spelt; the first spelling is its name."""

    spellings: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name."""
        return self.spellings[0]


class Row(NamedTuple):
    """One line that is not empty: its cells in the order of the columns, None where there are more or fewer."""

    line: int
    cells: tuple[str, ...] | None


def read(source: Path, columns: Sequence[Column]) -> Iterator[Row]:
    """Yield the rows of a file (UTF-8; comma or semicolon).

    Raises:
        ConfigError: it can't be read, is not UTF-8, or has a column more or fewer than ``columns``, which is named.
    """
    try:
        # Spreadsheets put a mark before the header, which this encoding leaves out.
        with source.open(encoding="utf-8-sig") as stream:
            yield from _rows(source, stream, columns)
    except OSError as error:
        raise ConfigError(f"{source}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{source}: is not UTF-8 text") from error


def _rows(source: Path, stream: TextIO, columns: Sequence[Column]) -> Iterator[Row]:
    header = stream.readline()
    separator = ";" if ";" in header else ","
    places = _places(source, _cells(header, separator), columns)
    for line, text in enumerate(stream, start=2):
        cells = _cells(text, separator)
        if cells == [""]:
            continue
        yield Row(line, tuple(cells[place] for place in places) if len(cells) == len(places) else None)


def _cells(line: str, separator: str) -> list[str]:
    return [cell.strip().removeprefix('"').removesuffix('"').strip() for cell in line.split(separator)]


def _places(source: Path, header: list[str], columns: Sequence[Column]) -> list[int]:
    """Return where each column stands."""
    names = {spelling: column.name for column in columns for spelling in column.spellings}
    found = [names.get(cell.lower()) for cell in header]
    allowed = ", ".join(" or ".join(column.spellings) for column in columns)
    if not any(found):
        # What stands there is not shown: without a header it is a plate.
        raise ConfigError(f"{source}: line 1: names none of the columns; allowed: {allowed}")
    if strange := [cell for cell, name in zip(header, found, strict=True) if name is None]:
        shown = ", ".join(_strange(cell, names) for cell in strange)
        raise ConfigError(f"{source}: line 1: not allowed: column {shown}; allowed are only: {allowed}")
    for column in columns:
        if (times := found.count(column.name)) != 1:
            fault = "stands there twice" if times else "is missing"
            raise ConfigError(f"{source}: line 1: column {column.name} {fault}; needed: {allowed}")
    return [found.index(column.name) for column in columns]


def _strange(cell: str, known: dict[str, str]) -> str:
    nearest = difflib.get_close_matches(cell.lower(), known, n=1, cutoff=0.6)
    return f"{cell[:_SHOWN]!r}" + (f" (did you mean {nearest[0]}?)" if nearest else "")
