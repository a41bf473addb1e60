"""How well plates are read, as health tells it: a dirty lens shows, a vehicle does not."""

from collections.abc import Collection, Iterable

from edge.categories import PlateKind, Unreadable, VehicleType
from edge.release_rules import Dimension, Period, Table
from edge.uplink.contract import Cell

FROM = ((0.5, Unreadable.MOST), (0.2, Unreadable.MANY))


def tells_plates(tables: Iterable[Table]) -> bool:
    """Tell whether reports of hours tell unreadable plates from others of an unknown type."""
    rungs = [rung for table in tables for rung in table.rungs if rung.period is Period.HOUR]
    return any(Dimension.PLATE in rung.dimensions and VehicleType.UNKNOWN in rung.vehicle_types for rung in rungs)


def unreadable_share(cells: Collection[Cell]) -> Unreadable:
    """Return the bucket of an hour with these released ``cells``.

    It is worked out from the hour's report alone, so whoever can read the report knows it already, and a group of
    fewer than k vehicles is in neither. Vision's own counts would tell more: "k unreadable plates, or more" beside two
    directions that are both absent from the report proves that a smaller group drove each way.
    """
    unreadable = sum(cell.n for cell in cells if cell.plate is PlateKind.UNREADABLE)
    if not unreadable:
        return Unreadable.FEW
    share = unreadable / sum(cell.n for cell in cells)
    return next((bucket for bound, bucket in FROM if share >= bound), Unreadable.SOME)


class ReadRate:
    """What health says of the last hour that was released.

    What is ``shown`` changes by the clock alone, when the hour `turn`s; it is unknown where no report came meanwhile.
    """

    def __init__(self, tables: Iterable[Table]) -> None:
        self._told = tells_plates(tables)
        self._latest = self.shown = Unreadable.UNKNOWN

    def note(self, cells: Collection[Cell]) -> None:
        """Take the cells of an hour's reports."""
        self._latest = unreadable_share(cells) if self._told else Unreadable.UNKNOWN

    def turn(self) -> None:
        """Show the latest report's bucket from now on."""
        self.shown, self._latest = self._latest, Unreadable.UNKNOWN
