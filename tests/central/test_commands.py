"""The commands of a city's server, on a store that is filled by hand."""

import csv
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from central import store
from edge.cli import commands
from edge.errors import AnprError
from edge.gate.audit import witness
from edge.proof.pki import Pki
from edge.uplink.contract import DifferentialPrivacy, Status
from tests.central.collecting import write_key
from tests.central.stores import Filled, changed, filled
from tests.messages import BEGIN, CELL, KEY, checkpoint, health, report, signed, state

REST = msgspec.structs.replace(CELL, drive=msgspec.UNSET, rest=("drive",), n=14)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Filled]:
    """A store with two hours."""
    with filled(tmp_path / "counts.db") as made:
        for message in (changed(1, cells=(CELL, REST)), changed(2, cells=())):
            made.take(signed(message))
        yield made


def run(*arguments: object) -> Result:
    """Run `anpr-edge central`."""
    return CliRunner().invoke(commands, ["central", *map(str, arguments)])


def said(*arguments: object) -> list[dict[str, str]]:
    """Run, and read the CSV."""
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_an_export_has_a_row_for_each_cell_and_empty_report(kept: Filled) -> None:
    """Local time with its offset, what a cell is the rest of, and until when the row may be kept."""
    rows = said("export", "--store", kept.file)
    assert [(row["from"], row["vehicle_type"], row["drive"], row["rest"], row["passages"]) for row in rows] == [
        ("2026-11-23T09:00+01:00", "van", "electric", "", "37"),
        ("2026-11-23T09:00+01:00", "van", "", "drive", "14"),
        ("2026-11-23T10:00+01:00", "", "", "", "0"),
    ]
    assert rows[0]["expires"] == "2036-01-02T00:00+01:00"
    assert (rows[0]["hour_of_day"], rows[0]["day_of_week"], rows[0]["unique_vehicles"]) == ("9", "1", "")


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_no_name_is_a_formula(tmp_path: Path, first: str) -> None:
    """A camera chooses the names of its tables, and a spreadsheet would run one; programs read it as it was signed."""
    name = f'{first}HYPERLINK("https://example.org","x")'
    with filled(tmp_path / "counts.db") as made:
        made.take(signed(changed(1, table=name)))
        rows = said("export", "--store", made.file)
        assert [(row["table"], row["camera"]) for row in rows] == [(f"'{name}", "cam-017")]
        done = run("export", "--store", made.file, "--format", "json")
        assert json.loads(done.stdout)["table"] == name


def test_an_export_speaks_the_national_standard(kept: Filled) -> None:
    """Its names for what it names, ours for the rest; as lines of JSON, with numbers as numbers."""
    done = run("export", "--store", kept.file, "--vocabulary", "nl", "--format", "json")
    first = json.loads(done.output.splitlines()[0])
    assert (first["aantalPassages"], first["voertuigType"], first["typeBrandstof"]) == (37, "van", "electric")
    assert (first["rijRichtingZone"], first["uur"], first["weekDag"]) == ("in", 9, 1)
    assert first["emission_class"] is None
    assert "passages" not in first


@pytest.mark.parametrize(
    ("choice", "number"),
    [
        (["--from", "2026-11-23", "--to", "2026-11-23"], 3), (["--from", "2026-11-24"], 0),
        (["--to", "2026-11-22"], 0), (["--zone", "zez-demo", "--camera", "cam-017"], 3),
        (["--zone", "other"], 0), (["--table", "emission"], 3), (["--table", "none"], 0),
    ],
)  # fmt: skip
def test_an_export_chooses(kept: Filled, choice: list[str], number: int) -> None:
    """By local days, zone, camera and table."""
    assert len(said("export", "--store", kept.file, *choice)) == number


@pytest.mark.parametrize("command", ["export", "totals"])
def test_nothing_is_said(kept: Filled, command: str) -> None:
    """On the error output: what is piped on stays empty."""
    done = run(command, "--store", kept.file, "--zone", "other")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "no report in the store is so\n")


def test_totals_add_up(kept: Filled) -> None:
    """With what they are worth, and how much of the time was seen."""
    (total,) = said("totals", "--store", kept.file, "--by", "vehicle_type")
    assert total == {
        "zone": "zez-demo", "day": "2026-11-23", "day_of_week": "1", "vehicle_type": "van", "passages": "51",
        "unique_vehicles": "", "quality": "at_least", "deviation": "0.0", "observed_share": "0.083",
    }  # fmt: skip
    rows = said("totals", "--store", kept.file, "--by", "drive", "--by", "camera", "--per", "period")
    assert [(row["camera"], row["drive"], row["passages"]) for row in rows] == [
        ("cam-017", "", "14"), ("cam-017", "electric", "37"),
    ]  # fmt: skip


def test_totals_refuse_to_count_a_vehicle_twice(tmp_path: Path) -> None:
    """In one line, with what to do instead."""
    with filled(tmp_path / "unique.db") as kept:
        for number in (1, 2):
            kept.take(signed(changed(number, measure="unique_vehicles")))
        done = run("totals", "--store", kept.file)
    assert isinstance(done.exception, AnprError)
    assert "would be two; see `export`" in str(done.exception)


def test_noise_is_in_every_row(tmp_path: Path) -> None:
    """As the report had it."""
    noise = DifferentialPrivacy(1.0, "vehicle_camera_day", 5.0, 20)
    with filled(tmp_path / "noise.db") as kept:
        kept.take(signed(changed(1, release=msgspec.structs.replace(report(1).data.release, noise=noise))))
        (row,) = said("export", "--store", kept.file)
    assert json.loads(row["noise"])["epsilon"] == 1.0


def test_retention_proves_and_fails(kept: Filled, tmp_path: Path) -> None:
    """Status 0 where nothing is overdue, 1 with the kind where something is."""
    done = run("retention", "--store", kept.file)
    assert (done.exit_code, "ok     reports              2" in done.output) == (0, True)
    with filled(tmp_path / "old.db") as old:
        old.now = BEGIN - 400 * 86_400
        old.take(signed(changed(1, expires=date(2025, 11, 24))))
    done = run("retention", "--store", tmp_path / "old.db")
    assert (done.exit_code, done.output.startswith("OLDER  reports")) == (1, True)
    done = run("retention", "--store", tmp_path / "old.db", "--json")
    assert json.loads(done.output.splitlines()[0])["over"] is True


def test_retention_does_not_trust_a_clock_that_is_behind(tmp_path: Path) -> None:
    """What came from tomorrow says that today is not what it seems."""
    ahead = 10 * 365 * 24
    with filled(tmp_path / "ahead.db") as kept:
        kept.take(signed(report(ahead)))
    done = run("retention", "--store", tmp_path / "ahead.db")
    assert (done.exit_code, "clock is more than a day behind" in done.output) == (1, True)


def test_checkpoints_are_what_an_auditor_gives_to_verify(kept: Filled, tmp_path: Path) -> None:
    """One message a line, which `audit verify --checkpoint` reads."""
    for size in (3, 5):
        kept.take(signed(checkpoint(size)))
    place = tmp_path / "kept.jsonl"
    place.write_text(run("checkpoints", "--store", kept.file, "--camera", "cam-017").output)
    assert [one.note for one in witness.in_file(place)] == [checkpoint(size).data.note for size in (3, 5)]
    done = run("checkpoints", "--store", kept.file, "--camera", "cam-018")
    assert str(done.exception) == "nothing was kept of a camera cam-018"


READERS = (["export"], ["totals"], ["retention"], ["checkpoints", "--camera", "a"], ["dashboard", "--html", "x"])


@pytest.mark.parametrize("command", READERS)
def test_what_is_no_store_is_said(command: list[str], tmp_path: Path) -> None:
    """Absent, no SQLite, another database, another schema: one line with the file, status 78, nothing made."""
    absent, text, other, newer = (tmp_path / name for name in ("absent.db", "text.db", "other.db", "newer.db"))
    text.write_bytes(b"counts, counts, counts, more counts\n" * 200)
    with sqlite3.connect(other) as database:
        database.execute("create table t (x)")
    with filled(newer) as kept:
        kept.database.execute("pragma user_version = 99")
    lines = {absent: "collect` makes it", text: "no SQLite file", other: "but no store", newer: "schema 99"}
    for file, words in lines.items():
        done = run(*command, "--store", file)
        assert isinstance(done.exception, AnprError)
        assert (done.exception.exit_status, str(file) in str(done.exception)) == (78, True)
        assert words in str(done.exception)
    assert not absent.exists()


def test_an_export_reads_while_the_collector_writes(kept: Filled) -> None:
    """A reader sees what was there when it began, and stops nobody."""
    with store.reading(kept.file) as database:
        before = database.execute("select count(*) from reports").fetchone()
        kept.take(signed(report(3)))
        assert database.execute("select count(*) from reports").fetchone() == before
    assert len(said("export", "--store", kept.file)) == 4


def _collect(tmp_path: Path, pki: Pki, **changes: Path) -> str:
    identity = pki.subscriber
    options = {"store": tmp_path / "c.db", "camera_keys": tmp_path / "keys", "ca": pki.ca,
               "certificate": identity.certificate, "key": identity.key, **changes}  # fmt: skip
    words = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", value)]
    done = run("collect", *words, "--port", 1, "--seconds", 0.5)
    return str(done.exception) if isinstance(done.exception, AnprError) else done.output


def test_collect_says_what_is_wrong(tmp_path: Path, pki: Pki) -> None:
    """Keys that are missing or none, a certificate without a name of its own, a bench's store, a folder that is not."""
    keys = tmp_path / "keys"
    assert "keys: can't be read" in _collect(tmp_path, pki)
    keys.mkdir()
    assert f"{keys}: holds no key; put the camera.pub of each camera there" in _collect(tmp_path, pki)
    write_key(keys, "cam-017", KEY)
    write_key(keys, "cam-018", KEY)
    assert "is the key of cam-017 too; each has its own" in _collect(tmp_path, pki)
    (keys / "cam-018.pub").write_text("nonsense")
    assert "cam-018.pub: is not an anpr-edge camera public key" in _collect(tmp_path, pki)
    (keys / "cam-018.pub").unlink()
    assert "no such" in _collect(tmp_path, pki, store=tmp_path / "nowhere" / "c.db").lower()
    with filled(tmp_path / "bench.db", bench=True):
        pass
    assert "holds counts of a bench; add --bench" in _collect(tmp_path, pki, store=tmp_path / "bench.db")
    assert "localhost:1 not connected" in _collect(tmp_path, pki)


def test_a_collector_deletes_first(tmp_path: Path, pki: Pki) -> None:
    """What expired while it was down, or came back with a backup, is gone before it listens to anybody."""
    place = tmp_path / "c.db"
    with filled(place) as old:
        old.now = BEGIN - 400 * 86_400
        old.take(signed(changed(1, expires=date(2025, 11, 24))))
        old.take(signed(changed(2)))
    write_key(tmp_path / "keys", "cam-017", KEY)
    said = _collect(tmp_path, pki, store=place)
    assert said.index("1 items were past their term, and are deleted") < said.index("not connected")
    assert run("retention", "--store", place).exit_code == 0
    with store.reading(place) as database:
        assert database.execute("select sequence from reports").fetchall() == [(2,)]


def test_the_dashboard_is_served_until_it_is_told_to_stop(kept: Filled) -> None:
    """As its own process; it says where, and ends on SIGTERM with status 0."""
    kept.take(signed(state(Status.ONLINE)))
    kept.take(signed(health(1)))
    command = [sys.executable, "-m", "edge", "central", "dashboard", "--store", str(kept.file), "--port", "0"]
    environment = {**os.environ, "LC_ALL": "nl_NL.UTF-8"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        (address,) = re.findall(r"http://127\.0\.0\.1:\d+", line)
        with urllib.request.urlopen(address, timeout=20) as answer:  # noqa: S310  (ours)
            assert 'lang="nl"' in answer.read().decode()
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert time.monotonic() - begun < 5
