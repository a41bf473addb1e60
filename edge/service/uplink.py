"""`anpr-edge uplink`: released messages from the outbox to the broker."""

import threading
from pathlib import Path

from edge.config import Config, load
from edge.service import process
from edge.uplink.outbox import OutboxReader
from edge.uplink.publisher import Publisher


def main(file: Path, *, supervisor: int | None) -> int:
    """Run until a signal; return the exit status."""
    process.end_with(supervisor)
    return process.run("uplink", lambda stop: work(load(file), stop))


def work(config: Config, stop: threading.Event) -> None:
    """Put the process together and publish until ``stop`` is set.

    Raises:
        ConfigError: certificates or outbox are missing or wrong.
    """
    reader = OutboxReader(config.outbox_file)
    try:
        Publisher(config.uplink, reader, config.camera.id).run(stop)
    finally:
        reader.close()
