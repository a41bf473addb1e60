"""python -m tests.uplink.soak --reports 1000: kills everything on the way of a report, again and again.

Gate, uplink and two real collectors run as processes around a real Mosquitto; each is killed with SIGKILL at random
moments and started again. In the end the store of each collector must hold every report once, as it was signed, and the
camera must know it. A broker that is killed forgets what it had confirmed: only receipts make up for that.
"""

import base64
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import click
import msgspec

from edge.proof.broker import Broker
from edge.proof.pki import SUBSCRIBER, Pki, make_pki
from edge.uplink.contract import Sequences
from edge.uplink.outbox import OutboxReader
from tests.brokers import CAMERA, SECOND_SUBSCRIBER, uplink_config
from tests.messages import KEY, report, signed
from tests.uplink.site import uplink_command

SUBSCRIBERS = (SUBSCRIBER, SECOND_SUBSCRIBER)
# Collectors send a receipt every five seconds at most.
PATIENCE = 6.0
DEADLINE = 300.0
AWAY = 0.5


class Soaked(msgspec.Struct, frozen=True):
    """What a soak did: how often it killed what, and how many reports were sent again."""

    reports: int
    kills: dict[str, int]
    sent_again: int
    seconds: float


class Child:
    """A process that can be killed and started again."""

    def __init__(self, command: list[str], log: Path) -> None:
        """Start it; what it says goes into ``log``."""
        self._command, self._log = command, log
        self._process = self._start()

    def kill(self) -> None:
        """Kill it with SIGKILL and start it anew."""
        self.end()
        self._process = self._start()

    def end(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(self._command, stdout=log, stderr=log)


class Street:
    """One camera, a broker and two collectors."""

    def __init__(self, folder: Path, pki: Pki, broker: Broker, reports: int, pause: float) -> None:
        """Start everything; the gate releases so many ``reports``, with a ``pause`` after each, in seconds."""
        self.folder, self.broker, self.reports = folder, broker, reports
        self.outbox = folder / "outbox.db"
        self._config = uplink_config(broker, pki, subscribers=SUBSCRIBERS)
        (folder / "keys").mkdir()
        public = base64.b64encode(bytes(KEY.verify_key)).decode()
        (folder / "keys" / f"{CAMERA}.pub").write_text(f"anpr-edge camera public key\n{public}\n")
        gate = [sys.executable, "-m", "tests.uplink.gate_process", str(self.outbox), str(reports), str(pause)]
        self.children = {
            "gate": Child(gate, folder / "gate.log"),
            "uplink": Child(uplink_command(self.outbox, self._config, 60, PATIENCE), folder / "uplink.log"),
            **{name: Child(self._collector(pki, name), folder / f"{name}.log") for name in SUBSCRIBERS},
        }

    def _collector(self, pki: Pki, name: str) -> list[str]:
        shown, options = pki.subscribers[name], {"--store": self.store(name), "--camera-keys": self.folder / "keys"}
        options |= {"--host": Path(self._config.host), "--port": Path(str(self._config.port)), "--ca": pki.ca}
        options |= {"--certificate": shown.certificate, "--key": shown.key}
        parts = [str(part) for option in options.items() for part in option]
        return [sys.executable, "-m", "edge", "central", "collect", *parts]

    def store(self, name: str) -> Path:
        """Return where a collector keeps what it gets."""
        return self.folder / f"{name}.db"

    def kill(self, name: str) -> None:
        """Kill the broker or a process, and start it again.

        The broker dies while it keeps reports for a collector that is away: those are the ones that it forgets.
        """
        if name == "broker":
            self.children[SUBSCRIBER].end()
            time.sleep(AWAY)
            self.broker.kill()
            self.broker.start()
            self.children[SUBSCRIBER].kill()
        else:
            self.children[name].kill()

    def complete(self) -> bool:
        """Tell whether every store has everything, and the camera knows it."""
        with closing(OutboxReader(self.outbox)) as reader:
            receipts = reader.receipts()
        return receipts == dict.fromkeys(SUBSCRIBERS, Sequences(self.reports, 0))

    def progress(self) -> str:
        """Say how far it is."""
        stored = [len(_rows(self.store(name), "select sequence from reports")) for name in SUBSCRIBERS]
        released = len(_rows(self.outbox, "select sequence from messages"))
        return f"{released} released, {stored} stored"

    def check(self, *, in_order: bool) -> None:
        """Compare every store with what was signed, also the order in which it came.

        Raises:
            AssertionError: something is missing, twice, changed or refused.
        """
        expected = [_signed(sequence) for sequence in range(1, self.reports + 1)]
        for name in SUBSCRIBERS:
            query = "select stream, sequence, payload, signature from reports order by sequence"
            assert _rows(self.store(name), query) == expected, f"{name}: not what was signed"
            came = _rows(self.store(name), "select sequence from reports order by id")
            assert not in_order or came == sorted(came), f"{name}: out of order"
            assert _rows(self.store(name), "select * from gaps") == [], f"{name}: a gap is left"
            for table in ("refusals", "evidence"):
                assert _rows(self.store(name), f"select * from {table}") == [], f"{name}: {table}"  # noqa: S608

    def end(self) -> None:
        """Kill everything."""
        for child in self.children.values():
            child.end()


def soak(folder: Path, reports: int, seed: int, tell: Callable[[str], None], names: tuple[str, ...]) -> Soaked:
    """Kill ``names`` at random while ``reports`` are on their way; return what was done when all have arrived.

    Raises:
        AssertionError: they did not, or not as they were signed.
    """
    begun, kills, chance = time.monotonic(), Counter[str](), random.Random(seed)
    with _street(folder, reports) as street:
        while not _released(street):
            time.sleep(chance.uniform(0.05, 1.5))
            victim = chance.choice(names)
            street.kill(victim)
            kills[victim] += 1
            tell(f"killed {victim}; {street.progress()}")
        _wait(street, tell)
        # What a killed broker forgot comes after what it did not forget.
        street.check(in_order=not kills["broker"])
        again = (street.folder / "uplink.log").read_text().count("report_sent_again")
    return Soaked(reports, dict(kills), again, round(time.monotonic() - begun, 1))


def _released(street: Street) -> bool:
    """Tell whether the gate has released all, and the uplink sent them once."""
    query = "select count(*) from messages where outcome = 'sent'"
    return street.outbox.exists() and _rows(street.outbox, query) == [(street.reports,)]


def _wait(street: Street, tell: Callable[[str], None]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not street.complete():
        assert time.monotonic() < deadline, f"not complete after {DEADLINE:g} s: {street.progress()}"
        tell(street.progress())
        time.sleep(1)


@contextmanager
def _street(folder: Path, reports: int) -> Iterator[Street]:
    pki = make_pki(folder / "pki", [CAMERA], SUBSCRIBERS)
    (folder / "broker").mkdir()
    broker = Broker(folder / "broker", pki)
    broker.start()
    with ExitStack() as stack:
        stack.callback(broker.stop)
        street = Street(folder, pki, broker, reports, pause=0.02)
        stack.callback(street.end)
        yield street


def _signed(sequence: int) -> tuple[str, int, bytes, str]:
    entry = signed(report(sequence))
    return "hour", sequence, entry.payload, entry.signature


def _rows(file: Path, query: str) -> list[tuple[object, ...]]:
    """Read, and find nothing where there is no table yet."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=5)) as connection:
            return connection.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []


@click.command()
@click.option("--reports", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--seed", type=int, default=None, help="Of the kills; another one each time by default.")
def main(reports: int, seed: int | None) -> None:
    """Kill gate, uplink, broker and collectors at random until so many reports have arrived."""
    seed = seed if seed is not None else int.from_bytes(os.urandom(4))
    click.echo(f"seed {seed}")
    with tempfile.TemporaryDirectory(prefix="anpr-edge-soak-") as name:
        done = soak(Path(name), reports, seed, click.echo, ("gate", "uplink", "broker", *SUBSCRIBERS))
    click.echo(msgspec.json.encode(done))


if __name__ == "__main__":
    main()
