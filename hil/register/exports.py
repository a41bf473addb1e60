"""Writes a fleet as the three files of the vehicle register: vehicles, fuel and particulars."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import AnprError
from hil.register.columns import Style, heading
from hil.register.files import save
from hil.register.fleet import Fleet
from hil.register.mess import Mess, Plan, add_rows, apply, disguise, make_plan
from hil.register.side_rows import fuel_case, fuel_lists, particulars_lists
from hil.register.vehicle_rows import assemble

__all__ = ["Exports", "Mess", "Style", "count_rows", "write"]

Block = tuple[int, bytes]
"""A number of lines, and the lines."""
_CHUNK = 1 << 16
"""Vehicles whose lines are in memory at once: some 60 MB."""


@dataclass(frozen=True, slots=True)
class Exports:
    """The files, and what is in them.

    ``written`` is the fleet as the files have it: its truth is without the values that mess took away. ``doubled`` are
    the places of vehicles with a second row that says something else; the row that comes first is the true one.
    """

    vehicles: Path
    fuel: Path
    particulars: Path
    mess: Mess
    written: Fleet
    doubled: NDArray[np.intp]


def write(  # noqa: PLR0913  (what, where, how; and three that most callers leave)
    fleet: Fleet,
    folder: Path,
    style: Style,
    *,
    gzipped: bool = False,
    mess: float = 0.0,
    told: Callable[[int], None] = lambda _rows: None,
) -> Exports:
    """Write the three files into a folder, which is made if need be; all or none of them are there in the end.

    ``mess`` (0 to 0.5) is the share of rows that are spoilt on purpose. ``told`` hears of each batch how many rows it
    had. The same arguments write the same bytes.

    Raises:
        AnprError: the files can't be written.
    """
    rng = np.random.default_rng([len(fleet), round(mess * 1e6)])
    plan = make_plan(fleet, mess, rng)
    contents = _Contents(apply(plan, fleet), plan, style, rng)
    blocks = {"vehicles": contents.vehicles(), "fuel": contents.fuel(), "particulars": contents.particulars()}
    files = {name: folder / f"{name}.csv{'.gz' * gzipped}" for name in blocks}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".register-", dir=folder) as draft:
            for name, pieces in blocks.items():
                save(Path(draft) / name, pieces, told, gzipped=gzipped)
            for name, file in files.items():
                (Path(draft) / name).replace(file)
    except OSError as error:
        raise AnprError(f"{folder}: can't be written: {error.strerror}") from error
    return Exports(**files, mess=plan.mess(), written=contents.fleet, doubled=plan.other_duplicates)


def count_rows(fleet: Fleet) -> int:
    """Return how many rows the three files of a fleet have without mess; headers don't count."""
    fuel = fuel_lists(Style.SELECT).count(_fuel_case(fleet)).sum()
    return len(fleet) + int(fuel) + int(particulars_lists(Style.SELECT).count(fleet.particulars).sum())


@dataclass(frozen=True, slots=True)
class _Contents:
    """The lines of the three files, in blocks; their headings count no rows."""

    fleet: Fleet
    plan: Plan
    style: Style
    rng: np.random.Generator

    def vehicles(self) -> Iterator[Block]:
        yield 0, heading("vehicles", self.style)
        for start in range(0, len(self.fleet), _CHUNK):
            some, plan = self.fleet[start : start + _CHUNK], self.plan.within(start, start + _CHUNK)
            table = assemble(self._texts(some.plates), some.body, some.tail, (some.form, some.day), self.style)
            disguise(plan, table)
            yield _join(add_rows(plan, table, self.rng))

    def fuel(self) -> Iterator[Block]:
        yield 0, heading("fuel", self.style)
        lists = fuel_lists(self.style)
        for some, orphans in _scattered(self.fleet, self.plan.fuel_orphans):
            owner, texts = lists.spread(_fuel_case(some))
            yield self._block(some.plates[owner], orphans, texts, lists.texts)

    def particulars(self) -> Iterator[Block]:
        yield 0, heading("particulars", self.style)
        lists = particulars_lists(self.style)
        for some, orphans in _scattered(self.fleet, self.plan.particulars_orphans):
            owner, texts = lists.spread(some.particulars)
            yield self._block(some.plates[owner], orphans, texts, lists.texts)

    def _block(
        self,
        plates: NDArray[np.uint8],
        orphans: NDArray[np.uint8],
        texts: NDArray[np.object_],
        choice: NDArray[np.object_],
    ) -> Block:
        """Put plates before their texts, and some of the choice after plates that are no vehicle's; in no order."""
        table = np.empty((len(texts) + len(orphans), 2), np.object_)
        table[:, 0] = self._texts(np.concatenate([plates, orphans]))
        table[:, 1] = np.concatenate([texts, self.rng.choice(choice, len(orphans))])
        return _join(self.rng.permutation(table))

    def _texts(self, plates: NDArray[np.uint8]) -> NDArray[np.object_]:
        """Return plates (n, 6) as bytes objects, with the opening quote where the style has one."""
        if self.style is Style.SELECT:
            plates = np.insert(plates, 0, ord('"'), axis=1)
        return np.ascontiguousarray(plates).view(f"S{plates.shape[1]}").ravel().astype(np.object_)


def _fuel_case(fleet: Fleet) -> NDArray[np.uint32]:
    return fuel_case(fleet.fuel, fleet.emission, fleet.wording, fleet.body, fleet.tail)


def _scattered(fleet: Fleet, orphans: NDArray[np.uint8]) -> Iterator[tuple[Fleet, NDArray[np.uint8]]]:
    """Yield every n-th vehicle: neighbours in vehicles.csv are none here."""
    chunks = -(-len(fleet) // _CHUNK)
    for first in range(chunks):
        yield fleet[first::chunks], orphans[first::chunks]


def _join(table: NDArray[np.object_]) -> Block:
    return len(table), b"".join(table.ravel().tolist())
