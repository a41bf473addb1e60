"""An uplink of its own, to be killed: camera, outbox, will delay, host, port, CA, certificate, key."""

import signal
import sys
import threading
from pathlib import Path

from edge.config import UplinkConfig
from edge.uplink.outbox import OutboxReader
from edge.uplink.publisher import Publisher


def main(camera: str, outbox: str, will_delay: str, host: str, port: str, *files: str) -> None:
    """Publish until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    ca, certificate, key = map(Path, files)
    config = UplinkConfig(host, int(port), ca, certificate, key)
    Publisher(config, OutboxReader(Path(outbox)), camera, will_delay=int(will_delay)).run(stop)


if __name__ == "__main__":
    main(*sys.argv[1:])
