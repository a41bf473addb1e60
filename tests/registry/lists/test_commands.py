"""`anpr-edge lists`."""

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge.categories import Exemption, Trade
from edge.cli import commands
from edge.registry.lists.lookup import Exemptions, Origins, Trades
from tests.registry.lists.office import Office, plates

# Far from the day on which the test runs, which the commands take from the clock.
FAR = date(2999, 12, 31)


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(commands, [str(argument) for argument in arguments])


def _seal(office: Office, kind: str, source: Path, *options: str | Path) -> Result:
    return _run(
        "lists", "seal", kind, source, "--for", office.sealing_public, "--key", office.registry_secret,
        "--out", office.sealed, *options,
    )  # fmt: skip


def test_exemptions_are_sealed_shown_and_expired(office: Office) -> None:
    """From a CSV file to the camera; nothing that is printed says anything of a plate, or how many there are."""
    rows = ["V-12-BDF;dag;2020-01-01;2999-12-31", "V12BDG;dag;01-01-2020;01-01-2021"]
    source = office.write("list.csv", "kenteken;soort;vanaf;t/m", rows)
    sealed = _seal(office, "exemptions", source)
    told = sealed.output.splitlines()
    assert told[0].startswith(f"{office.sealed}: sealed for the key ")
    assert told[1:] == ["  2 rows read", "  1 expired already, left out"]
    loaded = Exemptions.load(office.sealed, office.sealing_key, office.registry_key, FAR)
    assert loaded.on(b"V12BDF", FAR) is Exemption.DAY
    shown = _run("lists", "info", office.sealed).output.splitlines()
    assert shown[0].startswith(f"{office.sealed}: exemptions, made 2")
    assert shown[1:] == ["  until 2999-12-31: 1072 bytes"]
    assert _run("lists", "expire", office.sealed).output == f"{office.sealed}: 0 segments deleted\n"


def test_the_list_itself_is_never_overwritten(office: Office) -> None:
    """By what is sealed from it."""
    source = office.write("list.sealed", "kenteken;soort;vanaf;t/m", ["V12BDF;dag;2020-01-01;2999-12-31"])
    before = source.read_bytes()
    refused = _seal(office, "exemptions", source)
    assert "is the file to be sealed" in str(refused.exception)
    assert source.read_bytes() == before


def test_deleted_segments_are_shown_as_such(office: Office) -> None:
    """Once what has expired since the list was sealed is deleted."""
    past = date(2020, 1, 1)
    office.exemptions("V12BDF,day,2020-01-01,2020-01-01", "V12BDG,day,2020-01-01,2999-12-31", today=past)
    assert _run("lists", "expire", office.sealed).output == f"{office.sealed}: 1 segments deleted\n"
    shown = _run("lists", "info", office.sealed).output.splitlines()
    assert shown[1:] == ["  until 2020-01-01: 1072 bytes, deleted", "  until 2999-12-31: 1072 bytes"]


def test_origins_are_sealed(office: Office) -> None:
    """With the municipality's table; how many were merged is said."""
    source = office.write("list.csv", "kenteken;postcode", [f"{plate};3511 AB" for plate in plates(1000)])
    table = office.write("pc4.csv", "pc4;gm_code", ["3511;GM0344"])
    sealed = _seal(office, "origin", source, "--municipalities", table, "--until", FAR.isoformat())
    assert "1000 postcodes with letters, which were cut off" in sealed.output
    assert "0 values with fewer than 1000 vehicles, merged" in sealed.output
    assert Origins.load(office.sealed, office.sealing_key, office.registry_key, FAR).of(b"V00BBB") == 344


def test_trades_are_sealed(office: Office) -> None:
    """Until the day on which the whole list ends, which may not have passed."""
    source = office.write("list.csv", "kenteken;sbi", [f"{plate};4941" for plate in plates(1000)])
    past = _seal(office, "trade", source, "--until", "2020-01-01")
    assert "--until 2020-01-01: has passed already; allowed: today or later" in str(past.exception)
    assert _seal(office, "trade", source, "--until", FAR.isoformat()).exit_code == 0
    assert Trades.load(office.sealed, office.sealing_key, office.registry_key, FAR).of(b"V00BBB") is Trade.TRANSPORT


@pytest.mark.parametrize(("kind", "options"), [("origin", ["--municipalities", "pc4.csv"]), ("trade", [])])
def test_a_whole_list_needs_its_last_day(office: Office, kind: str, options: list[str]) -> None:
    """Nothing is kept without an end."""
    assert "Missing option '--until'" in _seal(office, kind, office.folder / "list.csv", *options).output


def test_a_camera_gets_its_pair_of_keys(tmp_path: Path) -> None:
    """As every other pair."""
    assert _run("keys", "sealing", "--out", tmp_path).exit_code == 0
    assert (tmp_path / "sealing.pub").read_text().startswith("anpr-edge sealing public key\n")
