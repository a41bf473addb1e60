"""Register packs: writing, verifying, looking up."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import keys
from edge.categories import Drive
from edge.errors import AnprError, ConfigError
from edge.keys import Role
from edge.registry.pack import Pack
from edge.registry.vehicle import VehicleClass
from tests.registry.packs import ELECTRIC_VAN, TRUCK, VAN, make_pack, registry_keys

VEHICLES = {"V12BDF": VAN, "V12BDG": ELECTRIC_VAN, "X99ZZZ": TRUCK, "V12BDE": VAN}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A pack of four vehicles, one of them with a letter that no series has."""
    key, _ = registry_keys(tmp_path)
    make_pack(tmp_path / "register.db", VEHICLES, key)
    return tmp_path / "register.db"


def _open(file: Path) -> Pack:
    return Pack(file, registry_keys(file.parent)[0].verify_key)


def test_a_vehicle_is_found_by_its_plate(file: Path) -> None:
    """Each plate gives its class, from bytes and from a buffer that can be wiped."""
    with closing(_open(file)) as pack:
        assert {plate: pack.lookup(bytearray(plate.encode())) for plate in VEHICLES} == VEHICLES
        assert pack.lookup(b"V12BDF") == VAN


@pytest.mark.parametrize("plate", [b"V12BDH", b"", b"V12BD", b"v12bdf", b"V12BD!", b"V12BDFF", b"CD1", b"V1_BDF"])
def test_another_plate_is_not_known(file: Path, plate: bytes) -> None:
    """Neighbours, other lengths and what is no plate give None."""
    with closing(_open(file)) as pack:
        assert pack.lookup(plate) is None


plates = st.from_regex(r"[BDFGHJ][0-9]{2}[BDFGHJ]{3}", fullmatch=True)
classes = st.builds(
    lambda base, drive, year: VehicleClass(**{**base, "drive": drive, "first_year": year}),
    st.just({name: getattr(VAN, name) for name in VAN.__struct_fields__}),
    st.sampled_from(Drive),
    st.one_of(st.none(), st.integers(1950, 2026)),
)


@given(st.dictionaries(plates, classes, min_size=1, max_size=60), plates)
def test_a_pack_is_the_register(
    tmp_path_factory: pytest.TempPathFactory, vehicles: dict[str, VehicleClass], other: str
) -> None:
    """Whatever is put in is found, and nothing else is."""
    folder = tmp_path_factory.mktemp("pack")
    make_pack(folder / "register.db", vehicles, registry_keys(folder)[0])
    with closing(_open(folder / "register.db")) as pack:
        assert {plate: pack.lookup(plate.encode()) for plate in vehicles} == vehicles
        assert pack.lookup(other.encode()) == vehicles.get(other)


def test_a_pack_holds_no_plate(file: Path) -> None:
    """Neither the text nor its base-36 number stands in the file."""
    content = file.read_bytes()
    for plate in VEHICLES:
        assert plate.encode() not in content
        assert int(plate, 36).to_bytes(4, "little") not in content


def test_another_servers_signature_is_refused(file: Path, tmp_path: Path) -> None:
    """Only the registry key of this camera counts."""
    keys.make(Role.REGISTRY, tmp_path / "other")
    _, other = keys.read_public(tmp_path / "other" / "registry.pub", Role.REGISTRY)
    with pytest.raises(ConfigError, match=r"register\.db: is not signed by the registry key"):
        Pack(file, other)


def test_a_missing_pack_is_refused(tmp_path: Path) -> None:
    """The error says what makes one."""
    with pytest.raises(ConfigError, match="the register pack is missing; `anpr-edge registry build`"):
        Pack(tmp_path / "none.db", registry_keys(tmp_path)[0].verify_key)


@pytest.mark.parametrize(
    "change",
    [
        "update blocks set block = zeroblob(length(block))",
        "delete from blocks where number = (select max(number) from blocks)",
        "update classes set id = 9 - id",
        "insert into blocks values (1, x'00')",
        "update manifest set body = replace(body, '4', '5')",
        "delete from manifest",
        "drop table classes",
        "create table more (a)",
        "create trigger t after insert on blocks begin select 1; end",
        "create view v as select 1",
        "pragma user_version = 9",
    ],
)
def test_a_changed_pack_is_refused(file: Path, change: str) -> None:
    """Nothing in it can be changed, left out or added."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(change)
        connection.commit()
    with pytest.raises(ConfigError, match=r"register\.db: "):
        _open(file)


@pytest.mark.parametrize(
    "spoil", [lambda _: b"no database, but long enough for one" * 99, lambda it: it[: len(it) // 2]]
)
def test_what_is_no_pack_is_refused(file: Path, spoil: Callable[[bytes], bytes]) -> None:
    """Another file, and half a pack."""
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(ConfigError, match="is no register pack, or is damaged"):
        _open(file)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack to make damaged copies of."""
    folder = tmp_path_factory.mktemp("sound")
    make_pack(folder / "register.db", VEHICLES, registry_keys(folder)[0])
    return folder / "register.db"


@given(place=st.integers(0, 1 << 20), value=st.integers(1, 255))
def test_a_flipped_byte_changes_no_answer(sound: Path, place: int, value: int) -> None:
    """Damage anywhere is refused when the pack is opened, or lies where nothing is read."""
    content = bytearray(sound.read_bytes())
    content[place % len(content)] ^= value
    damaged = sound.with_name("damaged.db")
    damaged.write_bytes(content)
    try:
        pack = _open(damaged)
    except ConfigError:
        return
    with closing(pack):
        assert {plate: pack.lookup(plate.encode()) for plate in VEHICLES} == VEHICLES


def test_damage_that_shows_later_is_one_line(file: Path) -> None:
    """A page that breaks after the pack was opened ends vision with an error to restart from, without a plate."""
    pack = _open(file)
    file.write_bytes(b"\xff" * file.stat().st_size)
    pack._connection.execute("pragma shrink_memory")
    with pytest.raises(AnprError, match=r"register\.db: the register pack is damaged \(DatabaseError\)$") as refused:
        pack.lookup(b"V12BDF")
    assert refused.value.exit_status == 1
    pack.close()


def test_a_pack_that_can_not_be_written_leaves_nothing(file: Path, tmp_path: Path) -> None:
    """A folder that is not there, and a folder in the pack's place; no draft stays behind."""
    key, _ = registry_keys(tmp_path)
    (tmp_path / "taken").mkdir()
    before = sorted(path.name for path in tmp_path.iterdir())
    for place in (tmp_path / "none" / "x.db", tmp_path / "taken"):
        with pytest.raises(AnprError, match=f"{place}: can't be written: "):
            make_pack(place, VEHICLES, key)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert file.exists()


def test_a_register_without_vehicles_is_no_pack(file: Path, tmp_path: Path) -> None:
    """Nothing is signed, and the old pack stays."""
    before = file.read_bytes()
    with pytest.raises(ConfigError, match="no vehicle"):
        make_pack(file, {}, registry_keys(tmp_path)[0])
    assert file.read_bytes() == before
