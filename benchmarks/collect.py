"""How fast the collector brings a backlog onto the disk: a real Mosquitto, a collector as a process of its own.

Cameras send a made-up week (`hil.week`) as fast as the broker takes it, so what is measured is the collector:

    python -m benchmarks.collect --json
"""

import base64
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import msgspec
from nacl.signing import SigningKey

from central.store import reading
from edge.errors import ConfigError
from edge.proof.broker import Broker, broker
from edge.proof.pki import Pki, make_pki
from edge.uplink.connection import Broker as BrokerAddress
from edge.uplink.connection import Connection, Will
from edge.uplink.contract import Address
from edge.uplink.outbox import Entry
from edge.uplink.tls import client_context
from hil.week.__main__ import send
from hil.week.made import Plan, entries, example_policy

END = datetime(2026, 11, 23, 12, 5, tzinfo=UTC)
PATIENCE = 300.0


class Measured(msgspec.Struct, frozen=True):
    """Reports and their cells, seconds until all were stored, and bytes of disk for each."""

    reports: int
    cells: int
    seconds: float
    reports_per_second: int
    bytes_per_report: int


def measure(cameras: int, days: int, folder: Path) -> Measured:
    """Send so much, and wait until it is stored."""
    plans = [
        Plan(Address("zez-demo", f"cam-{number:03}", bench=False), number, SigningKey.generate())
        for number in range(cameras)
    ]
    terms = example_policy()
    messages = {plan.address.camera: list(entries(plan, terms, END, days)) for plan in plans}
    reports = sum("/counts/" in entry.topic for found in messages.values() for entry in found)
    pki = make_pki(folder / "pki", messages)
    (folder / "keys").mkdir()
    for plan in plans:
        public = base64.b64encode(bytes(plan.key.verify_key)).decode()
        (folder / "keys" / f"{plan.address.camera}.pub").write_text(f"anpr-edge camera public key\n{public}\n")
    with broker(folder / "broker", pki) as running, _collector(running, pki, folder):
        begun = time.monotonic()
        for camera, found in messages.items():
            _send(running, pki, camera, found)
        while _count(folder, "reports") < reports:
            if time.monotonic() - begun > PATIENCE:
                raise click.ClickException(f"only {_count(folder, 'reports')} of {reports} reports came")
            time.sleep(0.05)
        seconds = time.monotonic() - begun
    size = (folder / "counts.db").stat().st_size
    return Measured(
        reports, _count(folder, "cells"), round(seconds, 2), round(reports / seconds), round(size / reports)
    )


def _send(running: Broker, pki: Pki, camera: str, found: list[Entry]) -> None:
    identity = pki.cameras[camera]
    address = BrokerAddress(running.host, running.port, client_context(pki.ca, identity.certificate, identity.key))
    connection = Connection(address, camera, Will(found[-1], 0))
    connection.open(threading.Event())
    send(connection, found)
    connection.close()


@contextmanager
def _collector(running: Broker, pki: Pki, folder: Path) -> Iterator[None]:
    """Run `anpr-edge central collect`, connected."""
    identity = pki.subscriber
    options = {
        "store": folder / "counts.db",
        "camera-keys": folder / "keys",
        "host": running.host,
        "port": running.port,
        "ca": pki.ca,
        "certificate": identity.certificate,
        "key": identity.key,
    }
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    log = folder / "collect.log"
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "edge", "central", "collect", *words], stdout=out, stderr=out)
    try:
        while b" connected; " not in log.read_bytes():
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def _count(folder: Path, table: str) -> int:
    try:
        with reading(folder / "counts.db") as database:
            return int(database.execute(f"select count(*) from {table}").fetchone()[0])  # noqa: S608  (our own names)
    except ConfigError:
        return 0


@click.command()
@click.option("--cameras", type=click.IntRange(1, 20), default=10, show_default=True)
@click.option("--days", type=click.IntRange(1, 60), default=31, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON line.")
def main(cameras: int, days: int, *, as_json: bool) -> None:
    """Measure how fast reports are stored."""
    with TemporaryDirectory(prefix="anpr-collect-") as name:
        found = measure(cameras, days, Path(name))
    shown = msgspec.json.encode(found).decode()
    print(shown if as_json else msgspec.json.format(shown))


if __name__ == "__main__":
    main()
