"""The command that writes a register."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from hil.register.__main__ import main


def test_it_writes_three_files(tmp_path: Path) -> None:
    """The command tells what it wrote, how fast, and how much of it is spoilt."""
    command = [sys.executable, "-m", "hil.register", "--out", str(tmp_path), "--vehicles", "500", "--mess", "0.1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["fuel.csv", "particulars.csv", "vehicles.csv"]
    assert "6 duplicate rows" in done.stdout
    assert "rows/s" in done.stderr


def test_gzip_and_style(tmp_path: Path) -> None:
    """Options choose compression and headers; without mess none is told."""
    options = ["--out", str(tmp_path), "--vehicles", "10", "--style", "select", "--gzip"]
    result = CliRunner().invoke(main, options)
    assert result.exit_code == 0
    assert (tmp_path / "vehicles.csv.gz").read_bytes()[:2] == b"\x1f\x8b"
    assert "spoilt" not in result.output


@pytest.mark.parametrize(
    "options", [["--vehicles", "0"], ["--vehicles", "99000000"], ["--mess", "0.7"], ["--style", "json"]]
)
def test_wrong_options_are_named(options: list[str], tmp_path: Path) -> None:
    """A wrong value ends with status 2 and the option's name, and nothing is written."""
    result = CliRunner().invoke(main, ["--out", str(tmp_path / "register"), *options])
    assert result.exit_code == 2
    assert options[0] in result.output
    assert not (tmp_path / "register").exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """No traceback where the folder can't be made."""
    (tmp_path / "file").touch()
    result = CliRunner().invoke(main, ["--out", str(tmp_path / "file" / "register")])
    assert result.exit_code == 1
    assert "file/register: can't be written: Not a directory" in result.output


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_nothing(number: signal.Signals, status: int, tmp_path: Path) -> None:
    """Ctrl-C, and a request to end, in the middle of writing: no file, no draft."""
    command = [sys.executable, "-m", "hil.register", "--out", str(tmp_path), "--vehicles", "400000", "--gzip"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("*/vehicles")) and time.monotonic() < deadline:
            time.sleep(0.01)
        running.send_signal(number)
        errors = running.communicate(timeout=60)[1]
    assert running.returncode == status
    assert not list(tmp_path.iterdir())
    assert "Traceback" not in errors
