"""An uplink of its own, to be killed: camera, outbox, will delay, host, port, CA, certificate, key, subscribers."""

import signal
import sys
import threading
from pathlib import Path

from edge.config import UplinkConfig
from edge.uplink.outbox import OutboxReader
from edge.uplink.publisher import Publisher

# Tests can't wait for two minutes.
PATIENCE = 1.0


def main(camera: str, outbox: str, will_delay: str, host: str, port: str, *others: str) -> None:
    """Publish until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    ca, certificate, key = map(Path, others[:3])
    config = UplinkConfig(host, int(port), ca, certificate, key, others[3:])
    Publisher(config, OutboxReader(Path(outbox)), camera, will_delay=int(will_delay), patience=PATIENCE).run(stop)


if __name__ == "__main__":
    main(*sys.argv[1:])
