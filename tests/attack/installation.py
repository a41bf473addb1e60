"""An installed gate, with its files as they lie on a card, for whoever gets hold of them."""

import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from edge import config, keys, policy
from edge.categories import Ack, Message, Sandbox
from edge.gate.audit import store
from edge.gate.audit.events import Event
from edge.keys import Role
from edge.service.gate import work
from edge.service.succession import PolicyChangedError
from edge.uplink.contract import CountReport
from edge.uplink.outbox import OutboxReader
from tests.gate.serving import ask, calling, until
from tests.policies import policy_text

MODELS = Path(__file__).parents[2] / "models"


class Installation:
    """A camera's folder: keys, policy and state; what it counts lies in ``memory``."""

    def __init__(self, folder: Path, memory: Path) -> None:
        self.folder, self.state, self.memory = folder, folder / "state", memory
        for role in (Role.CAMERA, Role.OFFICER):
            keys.make(role, folder)
        (self.state / "outbox").mkdir(parents=True)
        (folder / "camera.toml").write_text(f"""
[camera]
id = "cam-017"
zone = "zez-demo"
source = "rtsp://camera.example/main"
[models]
directory = "{MODELS}"
[policy]
file = "policy.toml"
officer_key = "officer.pub"
[paths]
runtime = "{memory}"
state = "state"
[gate]
signing_key = "camera.key"
""")
        self.config = config.load(folder / "camera.toml")

    def put(self, serial: int, k: int, key: Path | None = None, *, bench: bool = False, minutes: int = 0) -> None:
        """Put a policy into place, signed by the officer or with another ``key``; it allows so much set-up mode."""
        text = policy_text(k=k, bench=bench).replace("serial = 1\n", f"serial = {serial}\n")
        self.write(text.replace("\nminutes = 0", f"\nminutes = {minutes}"))
        policy.sign(self.folder / "policy.toml", key or self.folder / "officer.key")

    def write(self, text: str) -> None:
        """Put a policy's text into place, under the signature that lies there."""
        (self.folder / "policy.toml").write_text(text)

    def count(self, *messages: Message) -> list[Ack]:
        """Start the gate as its main does, hand messages over as vision does, and stop it.

        One that ends for a newer policy is started again, as supervisors do.

        Raises:
            ConfigError: it refuses to start.
        """
        try:
            return self._count(messages)
        except PolicyChangedError:
            return self._count(messages)

    def _count(self, messages: Sequence[Message]) -> list[Ack]:
        with self.running() as gate:
            return [] if gate.done() else self.hand_over(*messages)

    @contextmanager
    def running(self) -> Iterator[Future[None]]:
        """Run the gate as its main does, until the end of the block or its own."""
        stop = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            gate = pool.submit(work, self.config, Sandbox.FULL, stop)
            try:
                until(lambda: gate.done() or self._listens())
                yield gate
            finally:
                stop.set()
                gate.result()

    def _listens(self) -> bool:
        try:
            with calling(self.config.socket):
                return True
        except OSError:
            return False

    def hand_over(self, *messages: Message) -> list[Ack]:
        """Hand messages over to a gate that runs, as vision does; return its answers."""
        answers = list[Ack]()

        def answered() -> bool:
            """Try, as vision does, until the gate has noticed that the connection before is gone."""
            with calling(self.config.socket) as vision, suppress(OSError):
                answers[:] = ask(vision, *messages)
            return len(answers) == len(messages)

        until(answered)
        return answers

    def reports(self) -> list[CountReport]:
        """Return the reports in the outbox."""
        reader = OutboxReader(self.config.outbox_file)
        try:
            rows = reader.unsent(1_000)
        finally:
            reader.close()
        return [msgspec.json.decode(row.entry.payload, type=CountReport) for row in rows]

    def events(self) -> list[Event]:
        """Return what the audit log says."""
        return [entry.what for entry in store.load(self.config.audit_folder).entries()]

    def copy(self, name: str) -> Path:
        """Put a copy of a part of the state aside."""
        return Path(shutil.copytree(self.state / name, self.folder / f"copy-of-{name}"))

    def replace(self, name: str, copy: Path | None = None) -> None:
        """Take a file or folder of the state away, or put a ``copy`` in its place."""
        place = self.state / name
        if place.is_dir():
            shutil.rmtree(place)
        place.unlink(missing_ok=True)
        if copy is not None:
            shutil.copytree(copy, place)
