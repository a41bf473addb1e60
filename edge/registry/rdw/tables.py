"""Reads an export in batches: plates as slots, texts as codes into a few different values."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from edge.errors import ConfigError
from edge.plates.syntax import LENGTH
from edge.registry.manifest import Source
from edge.registry.numbering import Slots, slot, slots
from edge.registry.rdw.columns import PLATE, Column, Table, find
from edge.registry.rdw.parse import PIECE_BYTES, Piece, parse, pieces
from edge.registry.rdw.source import Source as Stream
from edge.registry.rdw.source import Told, open_source

LONGEST_HEADER = 1 << 16
# More than that is no register export.
MOST_REJECTED = 0.05
FEW = 100

WRONG_COLUMNS, WRONG_PLATE, UNCLOSED_QUOTE = "wrong_number_of_columns", "malformed_plate", "unclosed_quote"
"""Reasons for leaving a row out."""


class Texts(NamedTuple):
    """A column of a batch: ``codes`` (n,) into its different ``values``."""

    codes: NDArray[np.int32]
    values: Sequence[str]

    def translate(self, meaning: Callable[[str], int]) -> NDArray[np.int64]:
        """Return (n,) what each text means, asking once for each different one."""
        return np.array([meaning(value) for value in self.values], np.int64)[self.codes]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows: the slots of their plates (n,), and their texts by the name of the column."""

    slots: Slots
    texts: dict[str, Texts]

    def column(self, column: Column) -> Texts:
        """Return a column; one that the export does not have is empty."""
        nothing = Texts(np.zeros(len(self.slots), np.int32), ("",))
        return self.texts.get(column.name, nothing)


@dataclass(slots=True)
class Export:
    """One export while it is read: how many rows there were, and how many were left out per reason.

    ``name`` is how errors call it: without the query of an address, in which a token may stand.
    """

    spec: str
    table: Table
    name: str = ""
    day: date | None = None
    rows: int = 0
    rejects: Counter[str] = field(default_factory=Counter)

    def check_header(self) -> None:
        """See that a file has the needed columns, before others are read for minutes.

        Raises:
            ConfigError: it can't be read, or lacks a column.
        """
        if Path(self.spec).is_file():  # What comes through a pipe or the net is there only once.
            with open_source(self.spec, lambda _done, _total: None) as source:
                self._begin(source)

    def batches(self, told: Told) -> Iterator[Batch]:
        """Read it once, from beginning to end; ``told`` counts its bytes.

        Raises:
            ConfigError: it is missing, lacks a column, is cut short, or is no such export.
            AnprError: the connection was lost.
        """
        with open_source(self.spec, told) as source:
            stream, names = self._begin(source)
            wanted = [name for name in names if name in self.table.names]
            for lines in pieces(source.name, stream):
                for piece in parse(lines, names, wanted):
                    yield self._batch(piece)
            self._check_end(source, len(names))

    def facts(self, today: date) -> Source:
        """Say what was read; an export that bears no day, or one to come, is of ``today``."""
        return Source(self.table.name, min(self.day or today, today), self.rows)

    def reject(self, reason: str, count: int) -> None:
        """Count rows that are left out."""
        if count:
            self.rejects[reason] += count

    def _begin(self, source: Stream) -> tuple[BinaryIO, tuple[str, ...]]:
        self.name = source.name
        self.day = source.modified.date() if source.modified else None
        stream = io.BufferedReader(source, PIECE_BYTES)
        return stream, find(source.name, stream.readline(LONGEST_HEADER), self.table)

    def _batch(self, piece: Piece) -> Batch:
        self.rows += piece.lines
        self.reject(WRONG_COLUMNS, piece.wrong)
        self.reject(UNCLOSED_QUOTE, piece.swallowed)
        plates, good = _plates(piece.columns.column(PLATE.name).combine_chunks())
        self.reject(WRONG_PLATE, len(good) - int(good.sum()))
        names = [name for name in piece.columns.schema.names if name != PLATE.name]
        return Batch(plates[good], {name: _texts(piece.columns.column(name).combine_chunks(), good) for name in names})

    def _check_end(self, source: Stream, columns: int) -> None:
        """Refuse an export that ends in the middle of a line, or of which hardly anything is left."""
        if not source.tail.endswith(b"\n") and _width(source.tail.rpartition(b"\n")[2]) != columns:
            raise ConfigError(f"{source.name}: ends in the middle of a row: it is not whole")
        if self.rejects.total() > max(FEW, MOST_REJECTED * self.rows):
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.rejects.most_common())
            raise ConfigError(f"{source.name}: of {self.rows:,} rows too many would be left out: {reasons}")


def _plates(column: pa.BinaryArray) -> tuple[Slots, NDArray[np.bool_]]:
    """Return the slots of plates (n,), and which of them (n,) are plates."""
    offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    data = np.frombuffer(column.buffers()[2] or b"", np.uint8)
    six = np.flatnonzero(np.diff(offsets) == LENGTH)
    numbers, good = np.zeros(len(column), np.uint32), np.zeros(len(column), np.bool_)
    numbers[six], good[six] = slots(data[offsets[six][:, None] + np.arange(LENGTH)])
    for row in np.flatnonzero(~good):
        # Some lists write plates with dashes or small letters.
        number = slot(column[int(row)].as_py().strip().upper().replace(b"-", b""))
        if number is not None:
            numbers[row], good[row] = number, True
    return numbers, good


def _texts(column: pa.DictionaryArray, good: NDArray[np.bool_]) -> Texts:
    values = [value.decode(errors="replace") for value in column.dictionary.cast(pa.binary()).to_pylist()]
    return Texts(column.indices.to_numpy()[good], values)


def _width(line: bytes) -> int:
    """Count the columns of a line that may be cut; 0 where it is cut inside quotes."""
    try:
        return len(next(csv.reader([line.decode(errors="replace")], strict=True), []))
    except csv.Error:
        return 0
