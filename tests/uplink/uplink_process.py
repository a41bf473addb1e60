"""An uplink of its own, to be killed.

Options: camera, outbox, will delay, patience, host, port, CA, certificate, key, names of subscribers.
"""

import signal
import sys
import threading
from pathlib import Path

from edge.config import UplinkConfig
from edge.uplink.outbox import OutboxReader
from edge.uplink.publisher import Publisher


def main(camera: str, outbox: str, will_delay: str, patience: str, *others: str) -> None:
    """Publish until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    host, port, *files = others[:5]
    ca, certificate, key = map(Path, files)
    config = UplinkConfig(host, int(port), ca, certificate, key, subscribers=others[5:])
    reader, delay = OutboxReader(Path(outbox)), int(will_delay)
    Publisher(config, reader, camera, will_delay=delay, patience=float(patience)).run(stop)


if __name__ == "__main__":
    main(*sys.argv[1:])
