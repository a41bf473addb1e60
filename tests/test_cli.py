"""The commands for people."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from edge import cli, keys
from edge.cli import commands
from edge.errors import ConfigError
from edge.keys import Role
from edge.proof.pki import Pki
from tests.policies import policy_text
from tests.registry.rdw import exports
from tests.registry.rdw.exports import CAR_ROW, VAN_ROW
from tests.registry.rdw.servers import page_of, serving
from tests.service.sites import bench_site


def _run(*arguments: str | int | Path) -> Result:
    return CliRunner().invoke(commands, [str(argument) for argument in arguments])


def test_keys_sign_and_verify_a_policy(tmp_path: Path) -> None:
    """What the README tells an installer to do works: keys, signature, check."""
    assert _run("keys", "officer", "--out", tmp_path).exit_code == 0
    policy = tmp_path / "policy.toml"
    policy.write_text(policy_text())
    assert "signed" in _run("policy", "sign", policy, "--key", tmp_path / "officer.key").output
    assert "serial 1, sha256:" in _run("policy", "verify", policy, "--key", tmp_path / "officer.pub").output


def test_a_register_pack_is_built_checked_and_installed(tmp_path: Path) -> None:
    """What a server and an installer do with packs and deltas works, and shows numbers only."""
    assert _run("keys", "registry", "--out", tmp_path).exit_code == 0
    secret, public, place = tmp_path / "registry.key", tmp_path / "registry.pub", tmp_path / "register.db"
    for week, vehicles in enumerate([[VAN_ROW, CAR_ROW], [CAR_ROW, VAN_ROW.replace("2019", "2018")]]):
        sources = exports.write(tmp_path, vehicles)
        named = zip(("--vehicles", "--fuel", "--particulars"), sources, strict=True)
        options = [part for option in named for part in option]
        built = _run("registry", "build", *options, "--key", secret, "--out", tmp_path / f"{week}.db")
        assert "2 vehicles of " in built.output
    made = _run("registry", "delta", tmp_path / "0.db", tmp_path / "1.db", "--key", secret, "--out", tmp_path / "week")
    assert "1 vehicles changed" in made.output
    (tmp_path / "camera.toml").write_text(
        f'[camera]\nid = "a"\nzone = "b"\nsource = "x"\n[registry]\npack = "{place}"\nkey = "{public}"\n'
    )
    for file in ("0.db", "week"):
        put = _run("registry", "install", tmp_path / file, "--config", tmp_path / "camera.toml")
        assert f"{place}: 2 vehicles of" in put.output
    assert "valid pack; 2 vehicles" in _run("registry", "verify", place, "--key", public).output
    assert "2 rows of" in _run("registry", "info", place, "--key", public).output
    assert "1,000 look-ups" in _run("registry", "lookup-stats", place, "--key", public, "--lookups", 1000).output


def test_a_build_from_the_api_leaves_no_pages(tmp_path: Path) -> None:
    """What was paged is removed once the pack is made."""
    keys.make(Role.REGISTRY, tmp_path)
    rows = {
        "m9d7-ebf2": [{"kenteken": "V12BDF", "voertuigsoort": "Bedrijfsauto", "europese_voertuigcategorie": "N1"}],
        "8ys7-d773": [{"kenteken": "V12BDF", "brandstof_omschrijving": "Diesel", "emissiecode_omschrijving": "6"}],
        "7ug8-2dtt": [],
    }
    with serving(lambda asked: page_of(rows[asked.path.split("/")[-1].removesuffix(".json")], asked)) as server:
        options: list[str | Path] = [
            "--api",
            "--base",
            server.url,
            "--spool",
            tmp_path / "pages",
            "--key",
            tmp_path / "registry.key",
        ]
        built = _run("registry", "build", *options, "--out", tmp_path / "register.db")
    assert "1 vehicles of" in built.output
    assert not list((tmp_path / "pages").iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [([], "--vehicles, --fuel, --particulars missing"), (["--vehicles", "x"], "--fuel, --particulars missing")],
)
def test_a_build_needs_all_exports(tmp_path: Path, options: list[str], message: str) -> None:
    """Without one every vehicle would be of another class."""
    keys.make(Role.REGISTRY, tmp_path)
    refused = _run("registry", "build", *options, "--key", tmp_path / "registry.key", "--out", tmp_path / "x.db")
    assert (refused.exit_code, message in refused.output) == (2, True)


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
