"""What stands in a segment before it is sealed: the number of rows (4 bytes), the rows, zeros."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ROW = np.dtype([("plate", "<u8"), ("value", "<u2"), ("since", "<u4")])
# A sealed segment's size is clear: in steps of this it does not say how many rows a day has.
STEP = 1_024


def pack(rows: Sequence[tuple[int, int, int]]) -> bytes:
    """Return rows (hash of the plate, value, first day) as the content of a segment."""
    table = np.array(rows, ROW)
    plain = len(table).to_bytes(4, "little") + table.tobytes()
    return plain + bytes(-len(plain) % STEP)


def unpack(plain: bytes) -> NDArray[np.void]:
    """Return the rows, of type ``ROW``, in the content of a segment."""
    return np.frombuffer(plain, ROW, int.from_bytes(plain[:4], "little"), 4)
