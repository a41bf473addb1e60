"""The commands for people."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from edge import cli
from edge.cli import commands
from edge.errors import ConfigError
from hil.pki import Pki
from tests.policies import policy_text
from tests.service.sites import bench_site


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(commands, [str(argument) for argument in arguments])


def test_keys_sign_and_verify_a_policy(tmp_path: Path) -> None:
    """What the README tells an installer to do works: keys, signature, check."""
    assert _run("keys", "officer", "--out", tmp_path).exit_code == 0
    policy = tmp_path / "policy.toml"
    policy.write_text(policy_text())
    assert "signed" in _run("policy", "sign", policy, "--key", tmp_path / "officer.key").output
    assert "serial 1, sha256:" in _run("policy", "verify", policy, "--key", tmp_path / "officer.pub").output


def test_a_register_pack_is_built(tmp_path: Path) -> None:
    """The number of vehicles is told."""
    source = tmp_path / "register.csv"
    source.write_text("plate,vehicle_type,drive,emission_class\nV-12-BDF,van,diesel,6\n")
    assert "1 vehicles" in _run("registry", "build", source, "--out", tmp_path / "pack.db").output


def test_the_line_is_drawn_on_a_still(tmp_path: Path, one_vehicle: Path, memory: Path, pki: Pki) -> None:
    """A PNG of the camera's first frame is written."""
    site = bench_site(tmp_path / "site", one_vehicle, memory, pki)
    drawn = _run("line", "--config", site.config, "--out", tmp_path / "still.png")
    assert drawn.exit_code == 0
    assert (tmp_path / "still.png").read_bytes().startswith(b"\x89PNG")


def test_the_configuration_that_results_is_shown(tmp_path: Path) -> None:
    """Options of the operator and defaults stand together."""
    file = tmp_path / "camera.toml"
    file.write_text('[camera]\nid = "cam-017"\nzone = "zez"\nsource = "x.mp4"\n')
    shown = _run("config", "--config", file).output
    assert '"id": "cam-017"' in shown
    assert '"port": 8883' in shown


def test_an_expected_error_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The installed command prints it without a traceback and exits with its status."""

    def refuse(prog_name: str) -> None:
        raise ConfigError(f"{prog_name}: no")

    monkeypatch.setattr(cli, "commands", refuse)
    with pytest.raises(SystemExit) as ended:
        cli.entry()
    assert ended.value.code == 78
    assert capsys.readouterr().err == "anpr-edge: anpr-edge: no\n"


def _paths(group: click.Group, *names: str) -> Iterator[list[str]]:
    """Yield the names that lead to every group and every command."""
    yield list(names)
    for name, found in group.commands.items():
        if isinstance(found, click.Group):
            yield from _paths(found, *names, name)
        else:
            yield [*names, name]


@pytest.mark.parametrize("arguments", list(_paths(commands)), ids=" ".join)
def test_every_command_explains_itself(arguments: list[str]) -> None:
    """--help says what a command is for."""
    shown = _run(*arguments, "--help")
    assert shown.exit_code == 0
    assert len(shown.output.splitlines()) > 4


def test_a_wrong_time_is_refused(tmp_path: Path) -> None:
    """The allowed form is shown."""
    assert "2026-11-23T10:00:00" in _run("vision", "--config", tmp_path / "x", "--start", "noon").output
