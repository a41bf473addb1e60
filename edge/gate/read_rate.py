"""How well plates are read, as health tells it: a dirty lens shows, a vehicle does not."""

from collections.abc import Collection

from edge.categories import PlateKind, Unreadable
from edge.release_rules import Dimension
from edge.uplink.contract import Cell

FROM = ((0.5, Unreadable.MOST), (0.2, Unreadable.MANY))


def unreadable_share(cells: Collection[Cell], dimensions: Collection[Dimension]) -> Unreadable:
    """Return the bucket of an hour with these released ``cells``, of a table with ``dimensions``.

    It is worked out from the hour's report alone, so whoever can read the report knows it already, and a group of
    fewer than k vehicles is in neither. Vision's own counts would tell more: "k unreadable plates, or more" beside two
    directions that are both absent from the report proves that a smaller group drove each way.
    """
    if Dimension.PLATE not in dimensions:
        return Unreadable.UNKNOWN
    unreadable = sum(cell.n for cell in cells if cell.plate is PlateKind.UNREADABLE)
    if not unreadable:
        return Unreadable.FEW
    share = unreadable / sum(cell.n for cell in cells)
    return next((bucket for bound, bucket in FROM if share >= bound), Unreadable.SOME)


class ReadRate:
    """What health says of the last hour that was released.

    What is ``shown`` changes by the clock alone, when the hour `turn`s; it is unknown where no report came meanwhile.
    """

    def __init__(self, dimensions: Collection[Dimension]) -> None:
        self._dimensions = dimensions
        self._latest = self.shown = Unreadable.UNKNOWN

    def note(self, cells: Collection[Cell]) -> None:
        """Take the cells of a report."""
        self._latest = unreadable_share(cells, self._dimensions)

    def turn(self) -> None:
        """Show the latest report's bucket from now on."""
        self.shown, self._latest = self._latest, Unreadable.UNKNOWN
