"""A gate's outbox, and uplinks for it."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from edge.config import UplinkConfig
from edge.proof.listener import Listener
from edge.uplink.contract import Stream
from edge.uplink.outbox import Outbox, OutboxReader
from edge.uplink.publisher import Publisher
from edge.uplink.replay import PATIENCE_SECONDS
from tests.brokers import CAMERA
from tests.messages import BEGIN, HOUR, health, report, signed, states


class Site:
    """A gate's outbox, and uplinks for it."""

    def __init__(self, file: Path) -> None:
        """Store what a gate stores when it starts."""
        self.file = file
        self.outbox = Outbox(file, 10_000_000)
        self.outbox.set_states(states())
        self.outbox.put_health(signed(health(1)))

    def add(self, number: int) -> None:
        """Release so many more windows."""
        last = self.outbox.highest_window(Stream.HOUR) or BEGIN
        for window in range(last + HOUR, last + (number + 1) * HOUR, HOUR):
            assert self.outbox.append(Stream.HOUR, window, [lambda sequence: signed(report(sequence))])

    @property
    def waiting(self) -> int:
        """How many reports wait."""
        return self.outbox.stats().waiting

    @contextmanager
    def publishing(
        self, config: UplinkConfig, camera: str = CAMERA, patience: float = PATIENCE_SECONDS
    ) -> Iterator[threading.Event]:
        """Run a publisher in a thread; setting the event ends it."""
        stop = threading.Event()

        def work() -> None:
            with closing(OutboxReader(self.file)) as reader:
                Publisher(config, reader, camera, patience=patience).run(stop)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield stop
        finally:
            stop.set()
            thread.join(10)
            assert not thread.is_alive()


def uplink_command(file: Path, config: UplinkConfig, will_delay: int = 60, patience: float = 1) -> list[str]:
    """Return how to start an uplink as a process of its own."""
    options = [CAMERA, file, will_delay, patience, config.host, config.port]
    files = [config.ca, config.certificate, config.key]
    return [sys.executable, "-m", "tests.uplink.uplink_process", *map(str, [*options, *files]), *config.subscribers]


@contextmanager
def uplink_process(site: Site, config: UplinkConfig, will_delay: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run an uplink as a process of its own; it is killed in the end."""
    with subprocess.Popen(uplink_command(site.file, config, will_delay)) as process:
        try:
            yield process
        finally:
            process.kill()


def sequences(heard: Listener) -> list[int]:
    """Return the sequences of the hourly reports that came."""
    return [int(msgspec.json.decode(payload)["sequence"]) for payload in heard.payloads("/counts/hour")]
