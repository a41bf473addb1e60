"""Release with differential privacy: every cell that there could be is noised before it is tested.

The ladder is that of edge.gate.release, but nothing true decides: neither how many vehicles a cell has nor which cells
there are. docs/privacy.md has the argument for the epsilon.
"""

from collections.abc import Callable, Sequence
from itertools import chain

from edge.gate.combinations import listed
from edge.gate.release import Outcome, grouped, written
from edge.gate.sights import Sight
from edge.release_rules import Period, Table
from edge.uplink.contract import Cell


def release(sights: Sequence[Sight], table: Table, period: Period, threshold: int, draw: Callable[[], int]) -> Outcome:
    """Try the rungs of a period in their order; a cell leaves if its number with noise reaches ``threshold``.

    Only fresh vehicles count: each of them once a day in each direction, under one tag key. ``draw`` gives noise, anew
    for each cell of each rung.
    """
    left, cells = list(sights), list[Cell]()
    for at, rung in enumerate(table.rungs):
        if rung.period is period:
            groups, left = grouped(left, rung)
            for values in listed(rung):
                noised = sum(sight.cell.fresh for sight in groups.get(values, ())) + draw()
                if noised >= threshold:
                    cells.append(written(table, at, values, noised))
                    groups.pop(values, None)
            left += chain.from_iterable(groups.values())
    return Outcome(tuple(cells), {}, left)
