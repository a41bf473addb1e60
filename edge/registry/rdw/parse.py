"""Cuts CSV into pieces of whole lines and parses them.

The parser is Apache Arrow's, which reads the whole register at disk speed; what it can't read is counted here.
"""

from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.csv

from edge.errors import ConfigError
from edge.registry.rdw.columns import PLATE

# Large enough to be worth its handling, small enough to be nothing.
PIECE_BYTES = 4 << 20


class Piece(NamedTuple):
    """Some lines: how many, their columns as texts, and how many are not among them for which reason.

    ``wrong`` lines have another number of columns; ``swallowed`` ones stand behind a quote that is not closed.
    """

    lines: int
    columns: pa.Table
    wrong: int
    swallowed: int


def pieces(name: str, stream: BinaryIO) -> Iterator[bytes]:
    """Yield a stream in pieces of some megabytes that end with a line, the last with whatever it ends.

    Raises:
        ConfigError: a line is longer than a piece.
    """
    rest = b""
    while read := stream.read(PIECE_BYTES):
        end = read.rfind(b"\n") + 1
        if not end and len(rest) > PIECE_BYTES:
            raise ConfigError(f"{name}: is no CSV file: it has a line of over {len(rest):,} bytes")
        if end:
            yield rest + read[:end]
            rest = read[end:]
        else:
            rest += read
    if rest:
        yield rest


def parse(lines: bytes, names: Sequence[str], wanted: Sequence[str]) -> Iterator[Piece]:
    """Parse lines of columns ``names``, of which the ``wanted`` are kept.

    A quote that is not closed swallows what follows: such lines are parsed again in halves, until only the one with the
    quote is lost.
    """
    found = _parse(lines, names, wanted)
    middle = _middle(lines) if found.swallowed else 0
    if middle:
        yield from parse(lines[:middle], names, wanted)
        yield from parse(lines[middle:], names, wanted)
    else:
        yield found


def _parse(lines: bytes, names: Sequence[str], wanted: Sequence[str]) -> Piece:
    count, wrong = lines.count(b"\n") + (not lines.endswith(b"\n")), 0

    def skip(_row: pyarrow.csv.InvalidRow) -> str:
        nonlocal wrong
        wrong += 1
        return "skip"

    texts = dict.fromkeys(wanted, pa.dictionary(pa.int32(), pa.string())) | {PLATE.name: pa.binary()}
    try:
        columns = pyarrow.csv.read_csv(
            pa.BufferReader(lines),
            pyarrow.csv.ReadOptions(column_names=names, block_size=len(lines) + 1, use_threads=False),
            pyarrow.csv.ParseOptions(invalid_row_handler=skip, ignore_empty_lines=False),
            # What is no UTF-8 is no known text either; it must not end the reading.
            pyarrow.csv.ConvertOptions(include_columns=wanted, column_types=texts, check_utf8=False),
        )
    except pa.ArrowInvalid:
        columns, wrong = pa.table({name: pa.array([], kind) for name, kind in texts.items()}), 0
    return Piece(count, columns, wrong, count - columns.num_rows - wrong)


def _middle(lines: bytes) -> int:
    """Return where to cut at the end of a line near the middle; 0 for a single line."""
    half = len(lines) // 2
    after = lines.find(b"\n", half) + 1
    return after if 0 < after < len(lines) else lines.rfind(b"\n", 0, half) + 1
