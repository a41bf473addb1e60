"""Building and reading register packs."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.categories import Attributes, Drive, EmissionClass, VehicleType
from edge.errors import AnprError, ConfigError
from edge.registry.pack import Registry, build, plate_number

HEADER = "plate,vehicle_type,drive,emission_class\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two made-up vehicles."""
    file = tmp_path / "register.csv"
    file.write_text(HEADER + "V-12-BDF,van,electric,Z\nX12BDG,truck,diesel,6\n")
    return file


def test_a_vehicle_is_found_by_its_plate(tmp_path: Path, source: Path) -> None:
    """A plate in the CSV file, with or without dashes, is found with its class; another is None."""
    assert build(source, tmp_path / "pack.db") == 2
    registry = Registry(tmp_path / "pack.db")
    assert registry.lookup(bytearray(b"V12BDF")) == Attributes(VehicleType.VAN, Drive.ELECTRIC, EmissionClass.Z)
    assert registry.lookup(b"X12BDG") == Attributes(VehicleType.TRUCK, Drive.DIESEL, EmissionClass.E6)
    assert registry.lookup(b"X12BDH") is None
    registry.close()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("kenteken,soort\n", "line 1: columns are not plate,vehicle_type,"),
        ("V-12-BDF,van,electric,Z\n", "line 1: columns are not plate,vehicle_type,"),
        ("", "line 1: columns are not plate,vehicle_type,"),
        (HEADER, r"register\.csv: holds no vehicle"),
        (HEADER + "V-12-BDF,van,electric\n", "line 2: 3 columns"),
        (HEADER + "V-12-BD!,van,electric,Z\n", "line 2: plate is not six"),
        (HEADER + "V-12-BDF,lorry,electric,Z\n", "line 2: .*lorry"),
        (HEADER + "X-12-BDG,van,diesel,6\nV-12-BDF,van,electric," + "Z" * 200_000, "line 3: is no CSV: field larger"),
        (HEADER + "V-12-BDF\0,van,electric,Z\n", "line 2: "),
        (HEADER + "V-12-BDF,van\0,electric,Z\n", "line 2: "),
        ("\0" * 1000, "line 1: "),
    ],
)
def test_a_wrong_row_is_refused_by_line(tmp_path: Path, content: str, message: str) -> None:
    """A wrong CSV file is refused with the line, leaves no pack, and keeps plates out of the error."""
    source = tmp_path / "register.csv"
    source.write_text(content)
    with pytest.raises(ConfigError, match=message) as refused:
        build(source, tmp_path / "pack.db")
    assert "12-BD" not in str(refused.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["register.csv"]


def test_a_pack_that_can_not_be_written_is_named(tmp_path: Path, source: Path) -> None:
    """A folder that is not there, a folder in the pack's place and a file in the folder's place, without a draft."""
    (tmp_path / "taken").mkdir()
    for pack in (tmp_path / "none" / "x.db", tmp_path / "taken", source / "x.db"):
        with pytest.raises(ConfigError, match=f"{pack}: can't be written: "):
            build(source, pack)
    with pytest.raises(ConfigError, match=r"\.: can't be written: "):
        build(source, Path())
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["register.csv", "taken"]


def test_the_mark_of_a_spreadsheet_is_left_out(tmp_path: Path, source: Path) -> None:
    """A byte order mark before the header is no part of it."""
    source.write_text(source.read_text(), encoding="utf-8-sig")
    assert build(source, tmp_path / "pack.db") == 2


def test_a_failed_build_keeps_the_old_pack(tmp_path: Path, source: Path) -> None:
    """A pack stays what it was when its successor can't be built."""
    pack = tmp_path / "pack.db"
    build(source, pack)
    before = pack.read_bytes()
    source.write_text(HEADER + "nonsense\n")
    with pytest.raises(ConfigError):
        build(source, pack)
    assert pack.read_bytes() == before


def test_missing_and_damaged_packs_are_refused(tmp_path: Path) -> None:
    """A missing file, a text file and a database of another schema are each refused by name."""
    with pytest.raises(ConfigError, match="the register pack is missing"):
        Registry(tmp_path / "none.db")
    (tmp_path / "text.db").write_text("no database, and long enough to be sure of it" * 50)
    with pytest.raises(ConfigError, match="is no register pack"):
        Registry(tmp_path / "text.db")
    sqlite3.connect(tmp_path / "other.db").execute("pragma user_version = 9")
    with pytest.raises(ConfigError, match="schema 9"):
        Registry(tmp_path / "other.db")


def test_damage_that_shows_at_a_lookup_is_one_line(tmp_path: Path, source: Path) -> None:
    """A broken page and a class that is not there end vision with an error to restart from, and name the pack only."""
    pack = tmp_path / "pack.db"
    build(source, pack)
    registry = Registry(pack)
    with closing(sqlite3.connect(pack)) as connection:
        connection.execute("update vehicles set class = 77")
        connection.commit()
    with pytest.raises(AnprError, match=r"pack\.db: the register pack is damaged \(KeyError\)$") as refused:
        registry.lookup(b"V12BDF")
    assert refused.value.exit_status == 1
    registry.close()
    content = bytearray(pack.read_bytes())
    with closing(sqlite3.connect(pack)) as connection:
        ((page,),) = connection.execute("select rootpage from sqlite_schema where name = 'vehicles'").fetchall()
        ((size,),) = connection.execute("pragma page_size").fetchall()
    content[(page - 1) * size : page * size] = b"\xff" * size
    pack.write_bytes(content)
    registry = Registry(pack)
    with pytest.raises(AnprError, match=r"pack\.db: the register pack is damaged \(DatabaseError\)$"):
        registry.lookup(b"V12BDF")
    registry.close()


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=6, max_size=6), st.data())
def test_different_plates_have_different_numbers(plate: str, data: st.DataObject) -> None:
    """Six characters and their base-36 number tell each other."""
    other = data.draw(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=6, max_size=6))
    assert (plate_number(plate.encode()) == plate_number(other.encode())) == (plate == other)
