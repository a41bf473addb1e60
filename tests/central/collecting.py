"""A collector as its own process, and what it has stored."""

import base64
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

from central import store
from edge.proof.broker import Broker
from edge.proof.pki import Pki
from tests.brokers import CAMERA, OTHER, until
from tests.messages import KEY

KEYS = {CAMERA: KEY, OTHER: SigningKey(bytes(range(1, 33)))}


def write_key(folder: Path, name: str, key: SigningKey) -> Path:
    """Write the public half of a camera's key as NAME.pub."""
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.pub"
    file.write_text(f"anpr-edge camera public key\n{base64.b64encode(bytes(key.verify_key)).decode()}\n")
    return file


def rows(file: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Read the store beside whoever writes it."""
    with store.reading(file) as database:
        return database.execute(query, list(values)).fetchall()


def sequences(file: Path, camera: str = CAMERA) -> list[int]:
    """List the sequences of one camera's hours, as they were stored."""
    query = """
        select sequence from reports join stations on stations.id = station
        where camera = ? and stream = 'hour' order by reports.id
    """
    return [row[0] for row in rows(file, query, camera)]


class Collecting:
    """One collector; it can be killed and started again."""

    def __init__(self, broker: Broker, pki: Pki, folder: Path) -> None:
        """Prepare it with the keys of both cameras."""
        self.store, self.keys, self.log = folder / "counts.db", folder / "keys", folder / "collect.log"
        for camera, key in KEYS.items():
            write_key(self.keys, camera, key)
        identity = pki.subscriber
        self.options: Sequence[str | Path] = [
            "--store", self.store, "--camera-keys", self.keys, "--host", broker.host, "--port", str(broker.port),
            "--ca", pki.ca, "--certificate", identity.certificate, "--key", identity.key,
        ]  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def text(self) -> str:
        """Everything that it has printed."""
        return self.log.read_text() if self.log.exists() else ""

    def start(self, *more: str) -> None:
        """Start it, and wait until it is connected."""
        before = self.text.count(" connected; collecting")
        self.spawn(*more)
        until(lambda: self.text.count(" connected; collecting") > before)

    def spawn(self, *more: str) -> None:
        """Start it."""
        command = [sys.executable, "-m", "edge", "central", "collect", *self.options, *more]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it; return its exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(how)
        status, self.process = self.process.wait(20), None
        return status

    def kill(self) -> None:
        """End it as a power cut would."""
        self.stop(signal.SIGKILL)


@contextmanager
def collecting(broker: Broker, pki: Pki, folder: Path) -> Iterator[Collecting]:
    """Run a collector."""
    running = Collecting(broker, pki, folder)
    running.start()
    try:
        yield running
    finally:
        running.kill()
