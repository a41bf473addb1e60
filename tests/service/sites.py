"""Whole installations for tests, and the commands of a camera on them."""

import subprocess
import sys
from pathlib import Path

import msgspec

from edge.config import load
from edge.proof.pki import Pki
from edge.uplink.contract import CountReport, Stream
from edge.uplink.outbox import OutboxReader
from hil.demo.site import Plan, Site, make
from hil.scenes import truth

CLOSED_PORT = 1  # Nobody listens there.


def bench_site(folder: Path, scene: Path, memory: Path, pki: Pki, port: int = CLOSED_PORT) -> Site:
    """Make an installation under a bench policy that releases single vehicles."""
    folder.mkdir(exist_ok=True)
    line = truth.load(scene / "truth.json").line
    plan = Plan(scene / "street.mkv", scene, line, port, memory, bench=True, k=1)
    return make(folder, plan, pki)


def camera(site: Site, *arguments: str, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
    """Run one command of a camera to its end."""
    return subprocess.run(command(site, *arguments), capture_output=True, text=True, timeout=timeout, check=False)


def command(site: Site, name: str, *options: str) -> list[str]:
    """Return the command line of a command that takes a configuration."""
    return [sys.executable, "-m", "edge", name, "--config", str(site.config), *options]


def edit(site: Site, old: str, new: str) -> None:
    """Change the configuration."""
    text = site.config.read_text()
    assert old in text
    site.config.write_text(text.replace(old, new))


def reports_of(site: Site) -> list[CountReport]:
    """Return the reports of hours that wait in the outbox."""
    reader = OutboxReader(load(site.config).outbox_file)
    rows = reader.unsent(100)
    reader.close()
    return [msgspec.json.decode(row.entry.payload, type=CountReport) for row in rows if row.stream is Stream.HOUR]
