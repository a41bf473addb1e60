"""From exports to a pack, and everything that can be wrong with them."""

import gzip
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from edge.categories import Drive, EmissionClass
from edge.errors import AnprError, ConfigError
from edge.registry.manifest import Allowed
from edge.registry.pack import Pack
from edge.registry.rdw.builder import Order, Sources, build
from edge.registry.vehicle import VehicleClass
from tests.registry.packs import VAN, registry_keys
from tests.registry.rdw import exports
from tests.registry.rdw.exports import CAR_ROW, NOW, VAN_ROW, make, write
from tests.registry.rdw.servers import Answer, Request, serving


def _look(place: Path, *plates: str) -> list[VehicleClass | None]:
    with closing(Pack(place, registry_keys(place.parent)[0].verify_key)) as pack:
        return [pack.lookup(plate.encode()) for plate in plates]


def test_vehicles_are_joined_and_reduced(tmp_path: Path) -> None:
    """Each plate gives its class; the manifest says what was read."""
    made = make(write(tmp_path), tmp_path / "register.db")
    assert _look(tmp_path / "register.db", "V12BDF", "X12BDH") == [VAN, None]
    assert [(one.name, one.rows) for one in made.sources] == [("vehicles", 2), ("fuel", 2), ("particulars", 0)]
    assert (made.vehicles, made.classes, made.rejects, made.built) == (2, 2, {}, NOW)


def test_the_day_of_a_pack_is_that_of_its_oldest_export(tmp_path: Path) -> None:
    """As the files' dates say."""
    sources = write(tmp_path)
    old = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
    os.utime(sources.fuel, (old, old))
    assert make(sources, tmp_path / "register.db").day == date(2026, 11, 20)


def test_several_rows_of_one_vehicle(tmp_path: Path) -> None:
    """Fuel rows add up in any order, the worst class of what burns counts, particulars open the door."""
    fuel = ["V12BDF,2,Elektriciteit,Z,AX", "V12BDF,1,Diesel,5,EURO 5", "V12BDF,3,Benzine,6,EURO 6"]
    make(write(tmp_path, fuel=fuel, particulars=["V12BDF,1,999", "V12BDF,2,147"]), tmp_path / "register.db")
    hybrid = msgspec.structs.replace(VAN, drive=Drive.HYBRID, emission_class=EmissionClass.E5, wheelchair=True)
    assert _look(tmp_path / "register.db", "V12BDF") == [hybrid]


def test_plates_with_dashes_and_small_letters_are_plates(tmp_path: Path) -> None:
    """In each table."""
    sources = write(tmp_path, [VAN_ROW.replace("V12BDF", "v-12-bdf")], ["V-12-BDF,1,Diesel,6,"])
    assert make(sources, tmp_path / "register.db").rejects == {}
    assert _look(tmp_path / "register.db", "V12BDF") == [VAN]


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    """Odd plates, wrong numbers of columns, doubled plates, rows without a vehicle, dates that are none."""
    sources = write(
        tmp_path,
        [VAN_ROW, CAR_ROW, "V12BD!,x,,,,,,", "V12BD,x,,,,,,", "é12BDF,x,,,,,,", "V12BDH,x", CAR_ROW,
         "X12BDJ,Personenauto,,M1,,,00000000,"],
        ["V12BDF,1,Diesel,6,", "X12BDZ,1,Diesel,6,", "X12BDG,1"],
        ["X12BDZ,1,145", "X12BDG,1,145"],
    )  # fmt: skip
    assert make(sources, tmp_path / "register.db").rejects == {
        "vehicles.duplicate_plate": 1,
        "vehicles.malformed_plate": 3,
        "vehicles.unreadable_date": 1,
        "vehicles.wrong_number_of_columns": 1,
        "fuel.without_vehicle": 1,
        "fuel.wrong_number_of_columns": 1,
        "particulars.without_vehicle": 1,
    }


def test_of_two_rows_with_one_plate_the_last_counts(tmp_path: Path) -> None:
    """As a correction would come."""
    sources = write(tmp_path, [VAN_ROW.replace("2019", "2001"), CAR_ROW, VAN_ROW])
    make(sources, tmp_path / "register.db")
    assert _look(tmp_path / "register.db", "V12BDF") == [VAN]


def test_gzip_gives_the_same_pack(tmp_path: Path) -> None:
    """Plain or packed, whatever the name."""
    sources = write(tmp_path)
    plain = make(sources, tmp_path / "plain.db")
    for spec in sources:
        Path(spec).write_bytes(gzip.compress(Path(spec).read_bytes()))
    assert make(sources, tmp_path / "packed.db").content == plain.content


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    """The same register in another order has the same contents."""
    rows = [f"V{number}BDF,Bedrijfsauto,,N1,,,{2000 + number % 20}0101," for number in range(10, 99)]
    fuel = [f"V{number}BDF,1,{random.choice(['Diesel', 'Benzine'])},5," for number in range(10, 99)]
    first = make(write(tmp_path, rows, fuel), tmp_path / "register.db")
    random.shuffle(rows)
    random.shuffle(fuel)
    assert make(write(tmp_path, rows, fuel), tmp_path / "register.db").content == first.content


def _refused(sources: Sources, place: Path, message: str) -> None:
    """Expect an error that shows no plate, and leaves the old pack and no draft."""
    before = place.read_bytes() if place.exists() else None
    with pytest.raises(ConfigError, match=message) as refused:
        make(sources, place)
    assert "12BD" not in str(refused.value)
    assert (place.read_bytes() if place.exists() else None) == before
    assert not list(place.parent.glob(".*"))


@pytest.mark.parametrize("keep", [1, 20, 400, 5_000])
def test_a_cut_file_is_refused(tmp_path: Path, keep: int) -> None:
    """Plain or packed, cut in the middle of a row."""
    sources = write(tmp_path, [VAN_ROW.replace("12", str(number)) for number in range(10, 99)] + [CAR_ROW])
    make(sources, tmp_path / "register.db")
    content = Path(sources.vehicles).read_bytes()
    Path(sources.vehicles).write_bytes(content[: keep - 5])
    _refused(sources, tmp_path / "register.db", r"vehicles\.csv: ")
    Path(sources.vehicles).write_bytes(gzip.compress(content)[:-keep])
    _refused(sources, tmp_path / "register.db", r"vehicles\.csv: ")


def test_a_last_line_without_its_end_is_whole_if_it_is(tmp_path: Path) -> None:
    """Editors leave it out."""
    sources = write(tmp_path)
    Path(sources.vehicles).write_text(Path(sources.vehicles).read_text().rstrip("\n"))
    assert make(sources, tmp_path / "register.db").vehicles == 2


def test_what_is_no_export_is_refused(tmp_path: Path) -> None:
    """No file, no vehicle, the wrong file, zeros, and one of which hardly anything can be read."""
    place = tmp_path / "register.db"
    sources = write(tmp_path)
    _refused(sources._replace(vehicles=str(tmp_path / "none.csv")), place, r"none\.csv: can't be read")
    _refused(
        sources._replace(fuel=sources.vehicles),
        place,
        r"vehicles\.csv: has no column brandstof_omschrijving .*; it looks like the export of vehicles",
    )
    _refused(write(tmp_path, []), place, r"vehicles\.csv: holds no vehicle")
    _refused(
        write(tmp_path, ["V12BDF"] * 500), place, "of 500 rows too many would be left out: 500 wrong_number_of_columns"
    )
    Path(sources.vehicles).write_bytes(bytes(10_000))
    _refused(sources, place, r"vehicles\.csv: ")


@pytest.mark.parametrize("spoilt", [0, 1, 44, 88])
def test_a_quote_that_is_never_closed_costs_one_row(tmp_path: Path, spoilt: int) -> None:
    """It would swallow everything behind it."""
    rows = [VAN_ROW.replace("12", str(number)) for number in range(10, 99)]
    rows[spoilt] = '"' + rows[spoilt]
    made = make(write(tmp_path, rows), tmp_path / "register.db")
    left_out = sum(count for reason, count in made.rejects.items() if reason.startswith("vehicles."))
    assert (made.vehicles, left_out) == (88, 1)


def test_an_export_without_fuels_is_refused(tmp_path: Path) -> None:
    """Every vehicle would be of unknown drive."""
    _refused(write(tmp_path, fuel=[]), tmp_path / "register.db", r"fuel\.csv: holds no row")


def test_half_an_export_is_noticed_after_a_whole_one(tmp_path: Path) -> None:
    """Cut at the end of a line, it says so by nothing but its length; of the fuels and the particulars too."""
    rows = [VAN_ROW.replace("12", str(number)) for number in range(10, 99)]
    fuel = [f"V{number}BDF,1,Diesel,6," for number in range(10, 99)]
    codes = [f"V{number}BDF,1,145" for number in range(10, 99)]
    make(write(tmp_path, rows, fuel, codes), tmp_path / "register.db")
    _refused(
        write(tmp_path, rows, fuel[:44], codes), tmp_path / "register.db", "has 44 rows of the export fuel; expected"
    )
    _refused(write(tmp_path, rows, fuel, codes[:44]), tmp_path / "register.db", "has 44 rows of the export particulars")


def test_a_pack_that_can_not_be_used_gives_way(tmp_path: Path) -> None:
    """One of another key, of an older schema or damaged is told, and replaced by a good one."""
    place = tmp_path / "register.db"
    for content in (b"damaged", b""):
        place.write_bytes(content)
        assert make(write(tmp_path), place).vehicles == 2


def test_a_place_that_can_not_be_is_told_before_reading(tmp_path: Path) -> None:
    """A folder, and a folder that is not there."""
    sources = Sources("none", "none", "none")
    registry_keys(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match="folder: can't be written: is a folder"):
        make(sources, tmp_path / "folder")
    order = Order(tmp_path / "none" / "x.db", registry_keys(tmp_path)[0], NOW, print)
    with pytest.raises(ConfigError, match="can't be written: there is no folder"):
        build(sources, order, exports.unseen)


def test_bytes_that_are_no_text_are_no_known_text(tmp_path: Path) -> None:
    """A body in another encoding makes no difference to what is read."""
    sources = write(tmp_path)
    content = Path(sources.vehicles).read_bytes()
    Path(sources.vehicles).write_bytes(content.replace(b"gesloten", b"geslot\xe9n"))
    make(sources, tmp_path / "register.db")
    assert _look(tmp_path / "register.db", "V12BDF") == [VAN]


def test_the_last_pack_bounds_the_next(tmp_path: Path) -> None:
    """An older one and one of half the size are refused unless told."""
    place = tmp_path / "register.db"
    rows = [VAN_ROW.replace("12", str(number)) for number in range(10, 99)]
    make(write(tmp_path, rows), place, NOW)
    small = write(tmp_path, rows[:40])
    _refused(small, place, r"has 40 vehicles; expected after the current pack: 81 to 97")
    make(small, place, allowed=Allowed(size=True))
    with pytest.raises(ConfigError, match="older than the current one"):
        make(small, place, NOW - timedelta(hours=1))
    make(small, place, NOW - timedelta(hours=1), Allowed(older=True))


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_build_leaves_nothing(tmp_path: Path, sent: signal.Signals, status: int) -> None:
    """Ctrl-C and SIGTERM end it at once, with the old pack in its place."""
    make(write(tmp_path), tmp_path / "register.db")
    before = (tmp_path / "register.db").read_bytes()
    slow = tmp_path / "slow.csv"
    os.mkfifo(slow)
    options = {"--vehicles": "slow.csv", "--fuel": "fuel.csv", "--particulars": "particulars.csv",
               "--key": "registry.key", "--out": "register.db"}  # fmt: skip
    command = [sys.executable, "-m", "edge", "registry", "build", *(part for one in options.items() for part in one)]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    with process, slow.open("w") as stream:
        stream.write(exports.VEHICLES + "\n" + f"{VAN_ROW}\n" * 1000)
        stream.flush()
        time.sleep(0.5)
        process.send_signal(sent)
        _, told = process.communicate(timeout=20)
    assert process.returncode == status
    assert told.splitlines()[-1] == "anpr-edge: stopped; nothing was changed"
    assert (tmp_path / "register.db").read_bytes() == before
    assert not list(tmp_path.glob(".*"))


def _served(sources: Sources, cut: int | None = None) -> Callable[[Request], Answer]:
    """Serve the exports; that of the fuels breaks off after ``cut`` bytes."""
    files = {f"/{Path(spec).name}": Path(spec).read_bytes() for spec in sources}

    def answering(request: Request) -> Answer:
        body = files[request.path]
        if cut is None or not request.path.endswith("fuel.csv"):
            return Answer(body)
        return Answer(body[:cut], length=len(body))

    return answering


def test_exports_come_from_the_web_too(tmp_path: Path) -> None:
    """By their addresses, the same pack results."""
    sources = write(tmp_path)
    local = make(sources, tmp_path / "local.db")
    with serving(_served(sources)) as server:
        addresses = Sources(*(f"{server.url}/{Path(spec).name}" for spec in sources))
        assert make(addresses, tmp_path / "web.db").content == local.content


def test_a_connection_that_breaks_keeps_the_last_pack(tmp_path: Path) -> None:
    """In the middle of the second export; the error says how far it came."""
    sources = write(tmp_path)
    make(sources, tmp_path / "register.db")
    before = (tmp_path / "register.db").read_bytes()
    with serving(_served(sources, cut=90)) as server:
        addresses = Sources(*(f"{server.url}/{Path(spec).name}" for spec in sources))
        with pytest.raises(AnprError, match=r"fuel\.csv: .* after 90 of \d+ bytes; nothing was written, run it again"):
            make(addresses, tmp_path / "register.db")
    assert (tmp_path / "register.db").read_bytes() == before


def test_a_full_disk_keeps_the_last_pack(tmp_path: Path) -> None:
    """What does not fit is said, and no draft stays."""
    make(write(tmp_path), tmp_path / "register.db")
    before = (tmp_path / "register.db").read_bytes()
    build = (
        "trap '' XFSZ; ulimit -f 8; exec \"$0\" -m edge registry build --vehicles vehicles.csv --fuel fuel.csv "
        "--particulars particulars.csv --key registry.key --out register.db"
    )
    done = subprocess.run(
        ["bash", "-c", build, sys.executable], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "register.db: can't be written: " in done.stderr
    assert (tmp_path / "register.db").read_bytes() == before
    assert not list(tmp_path.glob(".*"))
