"""Which of a policy's tables a vehicle is counted in."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from edge.release_rules import Table

DICE_BYTES = 8
_FACES = 1 << 8 * DICE_BYTES


class Draw:
    """Draws tables with their weights."""

    def __init__(self, tables: Sequence[Table]) -> None:
        sums = accumulate(table.weight for table in tables[:-1])
        # The last one takes what rounding leaves.
        self._bounds = [round(total * _FACES) for total in sums]

    def table(self, dice: int) -> int:
        """Return the number of a table, from 0, for an evenly distributed ``dice`` of 64 bits."""
        return bisect_right(self._bounds, dice)
