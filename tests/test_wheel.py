"""The package as it is installed on a camera: what is in it, and that it can't show a plate."""

import ast
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from edge.cli import commands
from edge.proof.pki import Pki
from hil.scenes import truth
from tests.service.sites import bench_site, command

ROOT = Path(__file__).parent.parent

# A new command is a new way out of the camera: whoever adds one adds it here, having looked at what it prints.
COMMANDS = {
    "audit note", "audit prove", "audit retention", "audit show", "audit verify",
    "central checkpoints", "central collect", "central dashboard", "central export", "central retention",
    "central totals",
    "config", "gate", "keys", "line", "lists expire", "lists info", "lists seal exemptions", "lists seal origin",
    "lists seal trade", "policy check", "policy new", "policy show", "policy sign", "policy verify", "prove",
    "registry build", "registry delta", "registry info",
    "registry install", "registry lookup-stats", "registry verify", "rules show", "rules sign", "rules verify", "run",
    "setup", "subscribe", "uplink", "vision",
}  # fmt: skip
# What a log entry may be about; a plate, a reading, a tag or the time of a passage is none of these.
LOG_FIELDS = {
    "after_s", "at", "broker", "cells", "child", "day", "detector", "digest", "error", "exc_info", "exit_status",
    "expected_uid", "file", "frames", "height", "k", "kept", "kind", "messages", "missing", "outcome", "part", "pid",
    "provider", "reader", "reason", "reopened", "restart_in_s", "retry_in_s", "sandbox", "sealed", "sequence", "serial",
    "socket",
    "software", "stream", "subscriber", "topic", "uid", "vehicles", "width", "window",
}  # fmt: skip


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"  # Built in a copy: setuptools leaves files behind, and picks up old ones.
    for package in ("edge", "central"):
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(folder), str(source)], check=True)
    (wheel,) = folder.glob("anpr_edge-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_holds_camera_and_subscriber_only(installed: Path) -> None:
    """Benchmarks, benches and tests, which know plates, are not in the package; defaults and schemas are."""
    packages = {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")}
    assert packages == {"edge", "central"}
    assert (installed / "edge" / "defaults.toml").is_file()
    assert list((installed / "edge" / "uplink" / "schema").glob("*.json"))


def test_there_is_no_other_command() -> None:
    """Every command of the package is one that was looked at."""
    assert set(_names(commands)) == COMMANDS


def test_no_log_entry_has_a_field_for_a_plate(installed: Path) -> None:
    """Every field of every log entry in the package is one that was looked at."""
    fields = {field for file in installed.rglob("*.py") for field in _log_fields(ast.parse(file.read_text()))}
    assert fields <= LOG_FIELDS


def test_the_installed_package_counts_a_vehicle_and_shows_no_plate(
    installed: Path, tmp_path: Path, one_vehicle: Path, memory: Path, pki: Pki
) -> None:
    """Run from the wheel, the camera releases its one vehicle, and prints nothing that spells its plate."""
    site = bench_site(tmp_path / "site", one_vehicle, memory, pki)
    done = subprocess.run(
        command(site, "run", "--start", "2026-11-17T15:00:00+01:00"),
        env=os.environ | {"PYTHONPATH": str(installed)}, cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    printed = (done.stdout + done.stderr).upper().replace("-", "")
    (passage,) = truth.load(one_vehicle / "truth.json").passages
    assert '"CELLS": 1' in printed
    assert passage.plate.replace("-", "") not in printed


def _names(group: click.Group, prefix: str = "") -> Iterator[str]:
    for name, found in group.commands.items():
        if isinstance(found, click.Group):
            yield from _names(found, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}"


def _log_fields(tree: ast.AST) -> Iterator[str]:
    """Yield the keyword arguments of calls on a logger; `**fields` would hide them and counts as one."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and _is_logger(call.func.value):
            yield from (keyword.arg or "**" for keyword in call.keywords)


def _is_logger(value: ast.expr) -> bool:
    return (isinstance(value, ast.Name) and value.id == "log") or (
        isinstance(value, ast.Attribute) and value.attr in {"log", "_log"}
    )
