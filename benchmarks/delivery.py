"""How fast an outbox drains, and what a report costs on the wire and on the card.

    python -m benchmarks.delivery [--json] [--reports 10000]

Fills an outbox with signed reports as a camera has after a long time without a link, and lets `anpr-edge uplink` send
them to a Mosquitto on this machine; a subscriber takes what comes. The floor is a bare paho client that sends the same
bytes with the same properties and QoS 1 out of memory, as fast as it can, in a process of its own. Prints one line:
``{"reports", "per_s", "floor_per_s", "share_of_floor", "payload_bytes", "wire_up_bytes", "wire_down_bytes",
"uplink_disk_bytes", "gate_disk_bytes"}``; all but the first four are per report, on the wire those of TLS without TCP
and IP, on the disk those that the kernel counts for the process. Receipts, one in five seconds at most, are not in it.
"""

import multiprocessing
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import click
import msgspec
from nacl.signing import SigningKey
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.categories import Direction, EmissionClass, VehicleType
from edge.gate.signing import Signer
from edge.proof.broker import Broker, broker
from edge.proof.pki import Identity, Pki, make_pki
from edge.uplink import contract
from edge.uplink.contract import CONTENT_TYPE, Address, Cell, CountReport, State, Status, Stream
from edge.uplink.outbox import Entry, Outbox
from edge.uplink.tls import client_context

ROOT = Path(__file__).parent.parent
ADDRESS = Address("zez-demo", "cam-017", bench=True)
DIGEST = "sha256:" + "0" * 64
EXPIRES = date(2100, 1, 1)
FAR = 4_102_444_800
BEGIN, HOUR = 1_795_420_800, 3600
MEGABYTE = 1_000_000
ALONE = 200  # Reports that are stored one by one, each with its sync of the disk, as the gate does.
ROUNDS = 3  # The quickest counts: what else the machine does is not our speed.
ON_THE_WIRE = 500
START_UP = 100  # Reports that are not counted: connecting, states, the first marks.
DEADLINE = 300.0

CONFIG = """\
[camera]
id = "{camera}"
zone = "{zone}"
source = "none"
[paths]
runtime = "runtime"
state = "."
[uplink]
host = "{host}"
port = {port}
ca = "{ca}"
certificate = "{certificate}"
key = "{key}"
subscribers = ["subscriber.central"]
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the JSON line says."""

    reports: int
    per_s: float
    floor_per_s: float
    share_of_floor: float
    payload_bytes: int
    wire_up_bytes: int
    wire_down_bytes: int
    uplink_disk_bytes: int
    gate_disk_bytes: int


@dataclass(frozen=True, slots=True)
class Drained:
    """Reports a second, and bytes that the uplink wrote to the disk for each."""

    per_s: float
    disk_bytes: float


class Backlog:
    """A folder with an outbox in which reports wait."""

    def __init__(self, folder: Path, entries: Sequence[Entry]) -> None:
        """Store ``entries``, a hundred in one transaction."""
        folder.mkdir()
        (folder / "outbox").mkdir()
        self.folder, self.file = folder, folder / "outbox" / "outbox.db"
        with closing(Outbox(self.file, 1000 * MEGABYTE)) as outbox:
            outbox.set_states({status: _state(status) for status in Status})
            for first in range(0, len(entries), 100):
                outbox.append(Stream.HOUR, first, _makes(entries[first : first + 100]))

    @property
    def waiting(self) -> int:
        """How many reports were not sent yet."""
        with closing(sqlite3.connect(self.file)) as connection:
            return int(connection.execute("select count(*) from messages where outcome is null").fetchone()[0])

    @contextmanager
    def uplink(self, port: int, pki: Pki) -> Iterator[int]:
        """Run `anpr-edge uplink` for a broker at ``port``; give its process id."""
        shown = pki.cameras[ADDRESS.camera]
        text = CONFIG.format(
            camera=ADDRESS.camera, zone=ADDRESS.zone, host="127.0.0.1", port=port, ca=pki.ca.absolute(),
            certificate=shown.certificate.absolute(), key=shown.key.absolute(),
        )  # fmt: skip
        (self.folder / "camera.toml").write_text(text)
        command = [sys.executable, "-m", "edge", "uplink", "--config", str(self.folder / "camera.toml")]
        with (self.folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
            try:
                yield process.pid
            finally:
                process.terminate()
                process.wait()


def make_entries(number: int) -> list[Entry]:
    """Sign reports of a busy street: sixteen cells each, some 1.9 KB."""
    signer = Signer(SigningKey.generate())
    return [_entry(sequence, signer) for sequence in range(1, number + 1)]


def drain(backlog: Backlog, running: Broker, pki: Pki) -> Drained:
    """Let the uplink send everything; its start is not counted."""
    with backlog.uplink(running.port, pki) as pid:
        total = backlog.waiting
        _wait(lambda: backlog.waiting <= total - START_UP)
        left, begun, written = backlog.waiting, time.perf_counter(), _written(pid)
        _wait(lambda: backlog.waiting == 0)
        return Drained(left / (time.perf_counter() - begun), (_written(pid) - written) / left)


def floor(entries: Sequence[Entry], running: Broker, pki: Pki) -> float:
    """Return reports a second of a bare client, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    answer = context.SimpleQueue()
    shown = pki.cameras[ADDRESS.camera]
    arguments = (entries, running.port, pki.ca, shown, answer)
    process = context.Process(target=_send_bare, args=arguments)
    process.start()
    seconds: float = answer.get()
    process.join()
    return len(entries) / seconds


def _send_bare(
    entries: Sequence[Entry], port: int, ca: Path, shown: Identity, answer: "multiprocessing.SimpleQueue[float]"
) -> None:
    client = _connected(port, ca, shown)
    done = threading.Semaphore(0)

    def on_publish(*_: Any) -> None:
        done.release()

    client.on_publish = on_publish
    begun = time.perf_counter()
    for entry in entries:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho left it untyped
        properties.ContentType = CONTENT_TYPE
        properties.UserProperty = ("sig", entry.signature)
        properties.MessageExpiryInterval = entry.expires - int(time.time())
        client.publish(entry.topic, entry.payload, qos=1, properties=properties)
    for _ in entries:
        done.acquire()
    answer.put(time.perf_counter() - begun)
    client.disconnect()
    client.loop_stop()


def on_the_wire(backlog: Backlog, running: Broker, pki: Pki) -> tuple[float, float]:
    """Return the bytes of TLS to the broker and back, for each report."""
    with _proxy(running.port) as (port, counts), backlog.uplink(port, pki):
        total = backlog.waiting
        _wait(lambda: backlog.waiting <= total - START_UP)
        left, before = backlog.waiting, list(counts)
        _wait(lambda: backlog.waiting == 0)
        up, down = (after - earlier for after, earlier in zip(counts, before, strict=True))
    return up / left, down / left


def stored_alone(folder: Path, entries: Sequence[Entry]) -> float:
    """Return the bytes that a gate writes to the disk for each report that it stores by itself."""
    with closing(Outbox(folder / "alone.db", 1000 * MEGABYTE)) as outbox:
        before = _written("self")
        for window, entry in enumerate(entries, 1):
            outbox.append(Stream.HOUR, window, _makes([entry]))
        return (_written("self") - before) / len(entries)


def measure(reports: int, folder: Path) -> Figures:
    """Do everything in one ``folder``, which must be on a disk."""
    entries = make_entries(reports)
    pki = make_pki(folder / "pki", [ADDRESS.camera])
    with broker(folder / "broker", pki) as running, _listening(running.port, pki):
        drained, floors = [], []
        for number in range(ROUNDS):
            floors.append(floor(entries, running, pki))
            drained.append(drain(Backlog(folder / f"backlog-{number}", entries), running, pki))
        up, down = on_the_wire(Backlog(folder / "wire", entries[: START_UP + ON_THE_WIRE]), running, pki)
    best = max(one.per_s for one in drained)
    return Figures(
        reports=reports,
        per_s=round(best),
        floor_per_s=round(max(floors)),
        share_of_floor=round(best / max(floors), 3),
        payload_bytes=round(sum(len(entry.payload) for entry in entries) / reports),
        wire_up_bytes=round(up),
        wire_down_bytes=round(down),
        uplink_disk_bytes=round(min(one.disk_bytes for one in drained)),
        gate_disk_bytes=round(stored_alone(folder, entries[:ALONE])),
    )


def _entry(sequence: int, signer: Signer) -> Entry:
    start = BEGIN + sequence * HOUR
    cells = tuple(
        Cell(
            n=10 + (sequence * 7 + at) % 90, direction=direction, vehicle_type=VehicleType.VAN, emission_class=emission
        )
        for at, (direction, emission) in enumerate(
            (one, other) for one in Direction for other in list(EmissionClass)[:8]
        )
    )
    window = contract.Window(
        contract.timestamp(start),
        contract.timestamp(start + HOUR),
        "Europe/Amsterdam",
        partial=False,
        observed_share=1.0,
    )
    data = contract.CountData(
        window=window, policy=DIGEST, release=contract.ReleaseRule(10, None), table="emission", weight=1.0,
        measure="passages", cells=cells, expires=EXPIRES,
    )  # fmt: skip
    report = CountReport(
        id=f"{ADDRESS.camera}:hour:{sequence}", source=ADDRESS.source, time=contract.timestamp(start + HOUR + 10),
        sequence=str(sequence), data=data,
    )  # fmt: skip
    payload, topic = contract.encode(report), ADDRESS.topic(Stream.HOUR)
    return Entry(topic, payload, signer.sign(topic, payload), FAR)


def _makes(entries: Sequence[Entry]) -> list[Callable[[int], Entry]]:
    """Give entries to an outbox, which numbers them as they are."""
    ready = iter(entries)
    return [lambda _: next(ready)] * len(entries)


def _state(status: Status) -> Entry:
    data = contract.StateData(status, "0.1.0", DIGEST, DIGEST)
    state = State(id=f"{status}", source=ADDRESS.source, time=contract.timestamp(BEGIN), data=data)
    return Entry(ADDRESS.state, contract.encode(state), "not checked here", FAR)


def _written(pid: int | str) -> int:
    """Return the bytes that a process sent to the disk so far."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            raise click.ClickException(f"not done after {DEADLINE:g} s")
        time.sleep(0.02)


def _connected(port: int, ca: Path, shown: Identity) -> mqtt.Client:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.tls_set_context(client_context(ca, shown.certificate, shown.key))
    connected = threading.Event()
    client.on_connect = lambda *_: connected.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    connected.wait()
    return client


@contextmanager
def _listening(port: int, pki: Pki) -> Iterator[None]:
    """Have somebody subscribe, in a process of its own, with QoS 0: it answers nothing and holds nobody up."""
    process = multiprocessing.get_context("spawn").Process(target=_listen, args=(port, pki.ca, pki.subscriber))
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def _listen(port: int, ca: Path, shown: Identity) -> None:
    client = _connected(port, ca, shown)
    client.subscribe(f"{ADDRESS.root}/#", qos=0)
    threading.Event().wait()


@contextmanager
def _proxy(port: int) -> Iterator[tuple[int, list[int]]]:
    """Stand between uplink and broker; give the port, and the bytes so far to the broker and back."""
    counts = [0, 0]
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        threading.Thread(target=_serve, args=(server, port, counts), daemon=True).start()
        yield server.getsockname()[1], counts


def _serve(server: socket.socket, port: int, counts: list[int]) -> None:
    camera, _ = server.accept()
    with camera, socket.create_connection(("127.0.0.1", port)) as behind:
        back = threading.Thread(target=_copy, args=(behind, camera, counts, 1))
        back.start()
        _copy(camera, behind, counts, 0)
        back.join()


def _copy(source: socket.socket, target: socket.socket, counts: list[int], at: int) -> None:
    with suppress(OSError):  # Either side may be gone.
        while data := source.recv(65536):
            counts[at] += len(data)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@click.command()
@click.option("--reports", type=click.IntRange(2 * START_UP + ON_THE_WIRE), default=10_000, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@click.option("--folder", type=click.Path(path_type=Path), default=ROOT / "var", help="On a disk, not in memory.")
def main(reports: int, folder: Path, *, as_json: bool) -> None:
    """Drain an outbox of so many reports."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="delivery-", dir=folder) as name:
        figures = asdict(measure(reports, Path(name)))
    if as_json:
        click.echo(msgspec.json.encode(figures))
    else:
        for key, value in figures.items():
            click.echo(f"{key:20} {value}")


if __name__ == "__main__":
    main()
