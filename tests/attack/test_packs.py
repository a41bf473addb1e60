"""Whoever sends registers and lists: nothing old, of another or put together is used; a class of one stays hidden."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from unittest.mock import ANY

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from edge import keys
from edge.categories import (
    Admitted,
    Attributes,
    Direction,
    Drive,
    EmissionClass,
    Exemption,
    PlateKind,
    VehicleType,
    VisionAct,
)
from edge.counting.part import key_of
from edge.errors import ConfigError
from edge.gate.release import Rule
from edge.gate.sights import Sight
from edge.keys import Role
from edge.registry import delta, pack
from edge.registry.install import install
from edge.registry.lists.lookup import Exemptions
from edge.registry.manifest import NOTHING, ContentHash, Manifest
from edge.registry.pack import Contents, Pack
from edge.release_rules import Measure
from edge.service.lookups import Lookups
from tests.counts import cell
from tests.examples import dices, examples
from tests.gate.attacker import learn
from tests.gate.streets import CLASSES, LADDERS, run, sights, street
from tests.registry.lists.office import CREATED, TODAY, Office
from tests.registry.packs import ELECTRIC_VAN, TRUCK, VAN, make_pack, registry_keys
from tests.service.test_lookups import PLATE, Site

Weaken = Callable[[pytest.MonkeyPatch], None]
LATER = TODAY + timedelta(7)
HOURS, STREETS = 4, 20


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A camera whose register, of last week, calls the victim a van; and whose list knows no exemption of it today."""
    made = Site(tmp_path)
    made.register({"V12BDF": VAN}, LATER)
    return made


def _sound(_: pytest.MonkeyPatch) -> None:
    """Change nothing."""


def _age_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("edge.service.lookups.check_successor", lambda *_: None)
    patch.setattr(Exemptions, "accept", lambda *_: None)


def _signatures_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(keys, "verifies", lambda *_: True)


def _contents_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ContentHash, "hexdigest", lambda _: ANY)


def _deltas_applied_to_anything(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("edge.registry.install.check_successor", lambda *_: None)

    def apply(old: Pack, found: delta.Delta, target: Manifest, file: Path) -> None:
        pack.write(file, Contents(found.classes, delta._changed(old, found)), lambda _: (found.target, target))

    patch.setattr(delta, "apply", apply)


def _one_key_for_all_cameras(patch: pytest.MonkeyPatch) -> None:
    """Give each camera the same secret to open lists with."""
    make = keys.make
    made = dict[Role, tuple[Path, Path]]()

    def shared(role: Role, folder: Path) -> tuple[Path, Path]:
        if role is not Role.SEALING or role not in made:
            made[role] = make(role, folder)
            return made[role]
        folder.mkdir()
        secret, public = (Path(shutil.copy(file, folder)) for file in made[role])
        return secret, public

    patch.setattr(keys, "make", shared)


def _replayed(site: Site) -> None:
    """An older register, in which the victim was alone in its class, comes once more."""
    site.register({"V12BDF": TRUCK}, TODAY)


def _of_another(site: Site) -> None:
    """A register that another signed."""
    key, _ = registry_keys(site.folder / "another")
    make_pack(site.folder / "register.db", {"V12BDF": TRUCK}, key, LATER + timedelta(7))


def _put_together(site: Site) -> None:
    """An older register under the manifest of a newer one."""
    _replayed(site)
    with closing(Pack(site.folder / "register.db", _registry(site).verify_key)) as old:
        classes = old.classes
    made = site.folder / "made.db"
    make_pack(made, {"V12BDF": VAN}, _registry(site), LATER + timedelta(7))
    assert len(classes) == 1
    with closing(sqlite3.connect(made)) as file, file:
        file.execute("update classes set class = ?", [msgspec.json.encode(classes[0])])
    made.replace(site.folder / "register.db")


def _registry(site: Site) -> SigningKey:
    return keys.read_secret(site.office.registry_secret, Role.REGISTRY)[1]


Put = Callable[[Site], None]


@pytest.mark.parametrize(
    ("put", "weaken", "succeeds"),
    [
        (_replayed, _sound, False),
        (_of_another, _sound, False),
        (_put_together, _sound, False),
        (_replayed, _age_not_looked_at, True),
        (_of_another, _signatures_not_looked_at, True),
        (_put_together, _contents_not_looked_at, True),
    ],
)
def test_a_register_put_into_place(
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    put: Put,
    weaken: Weaken,
    succeeds: bool,  # noqa: FBT001  (a parameter)
) -> None:
    """While the camera runs: the victim stays the van that it is."""
    lookups = site.open(site.policy("rdw", zone_rules=""))
    put(site)
    weaken(monkeypatch)
    site.wait(lookups)
    seen = lookups.enricher.attributes(PLATE, PlateKind.NL, TODAY)
    lookups.close()
    assert (seen.vehicle_type is VehicleType.TRUCK) is succeeds


def _older(office: Office) -> None:
    office.exemptions("V12BDF,long_term,2026-11-01,2027-01-01")


def _of_another_office(office: Office) -> None:
    other = Office(office.folder / "another")
    other.sealing_public = office.sealing_public
    _newer(other)
    other.sealed.replace(office.sealed)


def _of_another_camera(office: Office) -> None:
    """Sealed by the same office, for the camera next door."""
    other = Office(office.folder / "next-door")
    other.registry_secret = office.registry_secret
    _newer(other)
    other.sealed.replace(office.sealed)


def _newer(office: Office) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.registry.lists.office.CREATED", CREATED + timedelta(days=2))
        office.exemptions("V12BDF,long_term,2026-11-01,2027-01-01")


@pytest.mark.parametrize(
    ("put", "weaken", "succeeds"),
    [
        (_older, _sound, False),
        (_of_another_office, _sound, False),
        (_of_another_camera, _sound, False),
        (_older, _age_not_looked_at, True),
        (_of_another_office, _signatures_not_looked_at, True),
        (_of_another_camera, _one_key_for_all_cameras, True),
    ],
)
def test_a_list_put_into_place(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    put: Callable[[Office], None],
    weaken: Weaken,
    succeeds: bool,  # noqa: FBT001  (a parameter)
) -> None:
    """The victim has the exemption that its own list of today gives it, and none of an older or another's list."""
    weaken(monkeypatch)
    site = Site(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.registry.lists.office.CREATED", CREATED + timedelta(days=1))
        site.office.exemptions("V12BDG,long_term,2026-11-01,2027-01-01")
    lookups = site.open(site.policy("rdw", "exemptions", zone_rules=""))
    put(site.office)
    site.wait(lookups)
    seen = lookups.enricher.attributes(PLATE, PlateKind.NL, TODAY)
    lookups.close()
    assert (seen.exemption is Exemption.LONG_TERM) is succeeds


@pytest.mark.parametrize(("weaken", "succeeds"), [(_sound, False), (_deltas_applied_to_anything, True)])
def test_a_delta_replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weaken: Weaken, succeeds: bool) -> None:  # noqa: FBT001
    """The way from the first register to the second, sent again to a camera that has the third."""
    key, public = registry_keys(tmp_path)
    for number, kind in enumerate((VAN, TRUCK, ELECTRIC_VAN)):
        make_pack(tmp_path / f"{number}.db", {"V12BDF": kind}, key, TODAY + timedelta(7 * number))
    with (
        closing(Pack(tmp_path / "0.db", key.verify_key)) as old,
        closing(Pack(tmp_path / "1.db", key.verify_key)) as new,
    ):
        delta.make(old, new, tmp_path / "0-1.delta", key)
    before = (tmp_path / "2.db").read_bytes()
    weaken(monkeypatch)
    with suppress(ConfigError):
        install(tmp_path / "0-1.delta", tmp_path / "2.db", public, NOTHING, print)
    assert ((tmp_path / "2.db").read_bytes() != before) is succeeds


def _tell_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Lookups, "_note", lambda *_: None)


@pytest.mark.parametrize(("weaken", "silent"), [(_sound, False), (_tell_nobody, True)])
def test_an_older_register_at_a_start(
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    weaken: Weaken,
    silent: bool,  # noqa: FBT001  (a parameter)
) -> None:
    """Vision may keep nothing on the disk, so it takes what lies there; but the gate is told, for the audit log."""
    weaken(monkeypatch)
    rule = site.policy("rdw", zone_rules="")
    site.open(rule).close()
    _replayed(site)
    site.open(rule).close()
    days = [one.day for one in site.told if one.act is VisionAct.REGISTER_IN_USE]
    assert (days == sorted(days)) is silent


# A made-up class that no vehicle has by law, and so no other.
ALONE = Attributes(VehicleType.VAN, Drive.HYDROGEN, EmissionClass.E0, Admitted.NO)


def _proves_the_victim(dice: random.Random, k: int, gate: int) -> bool:
    """Let the victim drive in a random street; tell whether its class finds it out, k being that of the ``gate``."""
    victim, there = key_of(Direction.IN, PlateKind.NL, ALONE), sorted(dice.sample(range(HOURS), dice.randint(1, HOURS)))
    its = [Sight(hour, 0, cell(victim, 1, dice.choice((1, 20)), int(hour == there[0]))) for hour in there]
    table = dice.choice(LADDERS)
    released = run([*sights(street(dice, HOURS)), *its], table, Rule(gate, Measure.PASSAGES), HOURS)
    knowledge = learn(released, table, gate, Direction.IN, [*CLASSES, ALONE])
    groups = [[key == victim and at == hour for at, key in knowledge.places] for hour in range(HOURS)]
    groups.append([key == victim for _, key in knowledge.places])
    return any(knowledge.proves(np.array(group, float), k) for group in groups)


@pytest.mark.parametrize(("gate", "succeeds"), [(10, False), (1, True)])
def test_a_class_made_for_one_vehicle(gate: int, succeeds: bool) -> None:  # noqa: FBT001
    """The register's own server turns against a vehicle: it still needs k-1 others of its class to be released."""
    assert any(_proves_the_victim(random.Random(seed), 10, gate) for seed in range(STREETS)) is succeeds


@examples(100)
@given(dices, st.sampled_from([3, 5, 10]))
def test_in_no_street_is_a_class_made_for_one_vehicle_found_out(dice: random.Random, k: int) -> None:
    """In each hour, and over the day."""
    assert not _proves_the_victim(dice, k, k)
