"""From the register's exports to a signed pack."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from nacl.signing import SigningKey

from edge.errors import ConfigError
from edge.registry import pack
from edge.registry.blocks import SPAN, Members, Shorts, encode
from edge.registry.install import last_pack
from edge.registry.manifest import NOTHING, Allowed, Manifest, check_successor
from edge.registry.numbering import Slots
from edge.registry.pack import Block, Contents, Facts
from edge.registry.rdw.api import Dataset, download
from edge.registry.rdw.columns import FUELS, PARTICULARS, TABLES, VEHICLES
from edge.registry.rdw.register import Register
from edge.registry.rdw.source import Told
from edge.registry.rdw.tables import Export


class Sources(NamedTuple):
    """Paths or https addresses of the three exports."""

    vehicles: str
    fuel: str
    particulars: str


class Order(NamedTuple):
    """What is to be built: the place, who signs, the time (UTC), who is warned, what may differ from the last pack."""

    place: Path
    key: SigningKey
    now: datetime
    warn: Callable[[str], None]
    allowed: Allowed = NOTHING


def build(sources: Sources, order: Order, watch: Callable[[str], Told]) -> Manifest:
    """Build and sign a pack; ``watch(name)`` gives what is told how many bytes of that export were read.

    A pack at the same place is replaced in one step, after the new one was found to be newer and of like size.

    Raises:
        ConfigError: an export is missing, wrong or cut short, or the pack is older or of another size than the last.
        AnprError: a connection was lost, or the pack can't be written.
    """
    check = _after_last(order)
    exports = [Export(spec, table) for spec, table in zip(sources, TABLES, strict=True)]
    for export in exports:
        export.check_header()
    register = Register.read(exports[0], watch(VEHICLES.name))
    register.add_fuels(exports[1], watch(FUELS.name))
    register.add_particulars(exports[2], watch(PARTICULARS.name))
    names, numbers = register.classes()
    facts = Facts(order.now, tuple(one.facts(order.now.date()) for one in exports), _rejects(exports))
    contents = Contents(names, _blocks(register.slots, numbers))
    return pack.write(order.place, contents, pack.new_seal(facts, order.key, check))


def page(base: str, folder: Path, token: str | None, watch: Callable[[str], Told]) -> Sources:
    """Page the needed columns of the three data sets from the API at ``base`` into ``folder``.

    What an interrupted run left there is gone on with; ``watch(name)`` gives what is told how many rows are there.

    Raises:
        ConfigError: the address, a column or the token is refused.
        AnprError: the API stays away, or ``folder`` can't be written.
    """
    sets = [Dataset(table.name, table.resource, table.names) for table in TABLES]
    return Sources(*(str(download(one, base, folder, token=token, told=watch(one.name))) for one in sets))


def forget_pages(sources: Sources) -> None:
    """Remove what was paged, so that the next pack is made from what is new then."""
    for pages in map(Path, sources):
        pages.unlink()
        pages.with_suffix(".state.json").unlink(missing_ok=True)


def _after_last(order: Order) -> Callable[[Manifest], None]:
    """Compare a new pack with the one that lies in its place; before minutes of reading, see that it can lie there."""
    place = order.place
    if place.is_dir():
        raise ConfigError(f"{place}: can't be written: is a folder")
    if not place.parent.is_dir():
        raise ConfigError(f"{place}: can't be written: there is no folder {place.parent}")
    with last_pack(place, order.key.verify_key, order.warn) as last:
        if last is None:
            return lambda _new: None
        before = last.manifest
    return lambda new: check_successor(place, before, new, order.allowed)


def _rejects(exports: Iterable[Export]) -> dict[str, int]:
    return {f"{one.table.name}.{reason}": count for one in exports for reason, count in sorted(one.rejects.items())}


def _blocks(slots: Slots, numbers: Shorts) -> Iterator[Block]:
    """Yield the blocks of vehicles (n,) that are sorted by their slots."""
    bounds = np.flatnonzero(np.diff(slots // SPAN)) + 1
    for start, end in pairwise((0, *bounds.tolist(), len(slots))):
        offsets = (slots[start:end] % SPAN).astype(np.uint16)
        yield int(slots[start]) // SPAN, encode(Members(offsets, numbers[start:end]))
