"""Small register packs for tests."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import numpy as np
from nacl.signing import SigningKey

from edge import keys
from edge.categories import Drive, EmissionClass, VehicleType
from edge.keys import Role
from edge.registry import pack
from edge.registry.blocks import SPAN, Members, encode
from edge.registry.manifest import Manifest, Source
from edge.registry.numbering import slot
from edge.registry.pack import Block, Contents, Facts
from edge.registry.vehicle import Category, VehicleClass

DAY = date(2026, 11, 20)
VAN = VehicleClass(
    VehicleType.VAN,
    Drive.DIESEL,
    EmissionClass.E6,
    Category.N1,
    first_year=2019,
    special=False,
    wheelchair=False,
    diesel=True,
)
ELECTRIC_VAN = msgspec.structs.replace(
    VAN, drive=Drive.ELECTRIC, emission_class=EmissionClass.Z, first_year=2024, diesel=False
)
TRUCK = msgspec.structs.replace(VAN, vehicle_type=VehicleType.TRUCK, category=Category.N3)


def registry_keys(folder: Path) -> tuple[SigningKey, Path]:
    """Make the server's keys in ``folder``, once; return the secret one and the public one's file."""
    private, public = folder / "registry.key", folder / "registry.pub"
    if not private.exists():
        keys.make(Role.REGISTRY, folder)
    return keys.read_secret(private, Role.REGISTRY)[1], public


def make_pack(
    file: Path, vehicles: Mapping[str, VehicleClass], key: SigningKey, day: date = DAY, hour: int = 6
) -> Manifest:
    """Write a pack with these plates."""
    facts = Facts(
        datetime(day.year, day.month, day.day, hour, tzinfo=UTC), (Source("vehicles", day, len(vehicles)),), {}
    )
    return pack.write(file, contents(vehicles), pack.new_seal(facts, key, lambda _: None))


def contents(vehicles: Mapping[str, VehicleClass]) -> Contents:
    """Sort vehicles into blocks."""
    classes = sorted(set(vehicles.values()), key=repr)
    numbered = sorted((known_slot(plate), classes.index(found)) for plate, found in vehicles.items())
    return Contents(classes, list(_blocks(numbered)))


def known_slot(plate: str) -> int:
    """Return the slot of a plate that has one."""
    found = slot(plate.encode())
    assert found is not None
    return found


def _blocks(numbered: Iterable[tuple[int, int]]) -> Iterable[Block]:
    rows = np.array(list(numbered)).reshape(-1, 2)
    for number in np.unique(rows[:, 0] // SPAN).tolist():
        some = rows[rows[:, 0] // SPAN == number]
        yield number, encode(Members((some[:, 0] % SPAN).astype(np.uint16), some[:, 1].astype(np.uint16)))
