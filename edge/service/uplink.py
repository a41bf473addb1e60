"""`anpr-edge uplink`: released messages from the outbox to the broker; expired rows of lists are deleted."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from edge.config import Config, RegistryConfig
from edge.registry.lists.expiry import expire_all
from edge.service.clock import synchronised
from edge.uplink.outbox import OutboxReader
from edge.uplink.publisher import Publisher
from edge.windows import local_day

# A day begins at midnight; within the hour what expired with the day before is gone.
EXPIRY_SECONDS = 3_600.0
# Vision looks up the day's last passages some seconds after midnight.
GRACE_SECONDS = 60.0


def work(config: Config, stop: threading.Event) -> None:
    """Put the process together and publish until ``stop`` is set.

    Raises:
        ConfigError: certificates or outbox are missing or wrong.
    """
    reader = OutboxReader(config.outbox_file)
    lists = _lists(config.registry)
    threading.Thread(target=expire_lists, args=(lists, stop), name="expiry", daemon=True).start()
    try:
        Publisher(config.uplink, reader, config.camera.id).run(stop)
    finally:
        reader.close()


def expire_lists(
    files: Sequence[Path],
    stop: threading.Event,
    now: Callable[[], float] = time.time,
    clock_known: Callable[[], bool] = synchronised,
) -> None:
    """Delete expired rows of sealed lists at once and each hour, until ``stop`` is set.

    By a clock that is not synchronised nothing is deleted: what is gone does not come back.
    """
    while files:
        if clock_known():
            expire_all(files, local_day(now() - GRACE_SECONDS))
        if stop.wait(EXPIRY_SECONDS):
            return


def _lists(config: RegistryConfig) -> list[Path]:
    return [file for file in (config.exemptions, config.origin, config.trade) if file is not None]
