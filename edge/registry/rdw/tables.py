"""Reads an export in batches: plates as slots, texts as codes into a few different values.

The CSV parser is Apache Arrow's, which reads the whole register at disk speed; what it can't read is counted here.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from edge.errors import ConfigError
from edge.plates.syntax import LENGTH
from edge.registry.manifest import Source
from edge.registry.numbering import Slots, slot, slots
from edge.registry.rdw.columns import PLATE, Column, Table, find
from edge.registry.rdw.source import Source as Stream
from edge.registry.rdw.source import Told, open_source

# Large enough to be worth its handling, small enough to be nothing.
BATCH_BYTES = 4 << 20
LONGEST_HEADER = 1 << 16
# More than that is no register export.
MOST_REJECTED = 0.05
FEW = 100

WRONG_COLUMNS, WRONG_PLATE, UNCLOSED_QUOTE = "wrong_number_of_columns", "malformed_plate", "behind_unclosed_quote"
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
    """One export while it is read: how many rows there were, and how many were left out per reason."""

    spec: str
    table: Table
    day: date | None = None
    rows: int = 0
    rejects: Counter[str] = field(default_factory=Counter)

    def batches(self, told: Told) -> Iterator[Batch]:
        """Read it once, from beginning to end; ``told`` counts its bytes.

        Raises:
            ConfigError: it is missing, lacks a column, is cut short, or is no such export.
            AnprError: the connection was lost.
        """
        with open_source(self.spec, told) as source:
            self.day = source.modified.date() if source.modified else None
            stream = io.BufferedReader(source, BATCH_BYTES)
            names = find(source.name, stream.readline(LONGEST_HEADER), self.table)
            for lines in _whole_lines(source.name, stream):
                yield self._batch(self._parse(source.name, lines, names))
            self._check_end(source, len(names))

    def facts(self, today: date) -> Source:
        """Say what was read; an export that bears no day is of ``today``."""
        return Source(self.table.name, self.day or today, self.rows)

    def reject(self, reason: str, count: int) -> None:
        """Count rows that are left out."""
        if count:
            self.rejects[reason] += count

    def _parse(self, name: str, lines: bytes, names: Sequence[str]) -> pa.Table:
        wanted = [column for column in names if column in self.table.names]
        texts = dict.fromkeys(wanted, pa.dictionary(pa.int32(), pa.string())) | {PLATE.name: pa.binary()}
        before = self.rejects[WRONG_COLUMNS]
        try:
            table = pyarrow.csv.read_csv(
                pa.BufferReader(lines),
                pyarrow.csv.ReadOptions(column_names=names, block_size=len(lines) + 1, use_threads=False),
                pyarrow.csv.ParseOptions(invalid_row_handler=self._skip, ignore_empty_lines=False),
                # What is no UTF-8 is no known text either; it must not end the reading.
                pyarrow.csv.ConvertOptions(include_columns=wanted, column_types=texts, check_utf8=False),
            )
        except pa.ArrowInvalid as error:
            # Not what stands there: it has a plate in it.
            raise ConfigError(f"{name}: is no CSV file after row {self.rows}") from error
        rows, skipped = lines.count(b"\n") + (not lines.endswith(b"\n")), self.rejects[WRONG_COLUMNS] - before
        self.rows += rows
        self.reject(UNCLOSED_QUOTE, rows - table.num_rows - skipped)
        return table

    def _skip(self, _row: pyarrow.csv.InvalidRow) -> str:
        self.reject(WRONG_COLUMNS, 1)
        return "skip"

    def _batch(self, rows: pa.Table) -> Batch:
        plates, good = _plates(rows.column(PLATE.name).combine_chunks())
        self.reject(WRONG_PLATE, len(good) - int(good.sum()))
        columns = {
            name: _texts(rows.column(name).combine_chunks(), good) for name in rows.schema.names if name != PLATE.name
        }
        return Batch(plates[good], columns)

    def _check_end(self, source: Stream, columns: int) -> None:
        """Refuse an export that ends in the middle of a line, or of which hardly anything can be read."""
        if not source.tail.endswith(b"\n") and _width(source.tail.rpartition(b"\n")[2]) != columns:
            raise ConfigError(f"{source.name}: ends in the middle of a row: it is not whole")
        rejected = self.rejects.total()
        if rejected > max(FEW, MOST_REJECTED * self.rows):
            reasons = ", ".join(f"{count} {reason}" for reason, count in self.rejects.most_common())
            raise ConfigError(f"{source.name}: {rejected} of {self.rows} rows can't be read ({reasons})")


def _whole_lines(name: str, stream: BinaryIO) -> Iterator[bytes]:
    """Yield the stream in pieces of some megabytes that end with a line, the last with whatever it ends."""
    rest = b""
    while piece := stream.read(BATCH_BYTES):
        end = piece.rfind(b"\n") + 1
        if not end and len(rest) > BATCH_BYTES:
            raise ConfigError(f"{name}: is no CSV file: it has a line of over {len(rest):,} bytes")
        if end:
            yield rest + piece[:end]
            rest = piece[end:]
        else:
            rest += piece
    if rest:
        yield rest


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
    """Count the columns of a line that may be cut."""
    return len(next(csv.reader([line.decode(errors="replace")]), []))
