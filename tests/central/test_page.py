"""docs/subscriber.md: its five commands work as they stand there."""

import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.proof.broker import BrokerError, find_mosquitto
from hil.demo.site import ROOT
from tests.brokers import until
from tests.central.collecting import rows

PAGE = (ROOT / "docs" / "subscriber.md").read_text(encoding="utf-8")
PORTS = re.compile(r"hil\.broker|hil\.week|central collect")


def commands(folder: Path, port: int, page_port: int) -> list[list[str]]:
    """Read the five commands; another folder and other ports are all that is changed."""
    (block,) = re.findall(r"^```sh\n(python -m hil\.broker.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    found = []
    for line in block.replace("var/city", str(folder)).splitlines():
        own = f" --port {port}" if PORTS.search(line) else f" --port {page_port}"
        words = shlex.split(line + ("" if "--keys-only" in line else own))
        found.append([sys.executable, *(words[1:] if words[0] == "python" else ["-m", "edge", *words[1:]])])
    return found


@contextmanager
def running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in the background; it is told to end and does."""
    with log.open("wb") as out, subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0


def free_port() -> int:
    """Return a port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_five_commands_lead_from_nothing_to_the_page(tmp_path: Path) -> None:
    """Broker, keys, collector, a made-up week, page."""
    try:
        find_mosquitto()
    except BrokerError as error:
        pytest.skip(str(error))
    city, page_port = tmp_path / "city", free_port()
    broker, keys, collect, week, dashboard = commands(city, free_port(), page_port)
    with running(broker, tmp_path / "broker.log"):
        until(lambda: "broker at" in (tmp_path / "broker.log").read_text())
        subprocess.run(keys, cwd=ROOT, check=True)
        with running(collect, tmp_path / "collect.log"):
            until(lambda: "connected; collecting" in (tmp_path / "collect.log").read_text())
            subprocess.run(week, cwd=ROOT, check=True, timeout=60)
            until(lambda: len(rows(city / "counts.db", "select status from states")) == 3)
        with running(dashboard, tmp_path / "page.log"):
            until(lambda: "http://" in (tmp_path / "page.log").read_text())
            begun = time.monotonic()
            with urllib.request.urlopen(f"http://127.0.0.1:{page_port}", timeout=20) as answer:
                page = answer.read().decode()
            assert time.monotonic() - begun < 10
    assert "cam-001" in page
    assert "zez-demo" in page


def test_every_command_of_the_page_is_one() -> None:
    """No name in it is out of date."""
    from edge.cli import commands as known  # noqa: PLC0415
    from edge.cli.central import central  # noqa: PLC0415

    named = set(re.findall(r"anpr-edge central (\w+)", PAGE))
    assert named == set(central.commands)
    assert set(re.findall(r"`(--[a-z-]+)", PAGE)) <= {
        option for command in [*central.commands.values(), *known.commands.values()] for parameter in command.params
        for option in parameter.opts
    }  # fmt: skip
