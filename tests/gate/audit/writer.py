"""A process that writes a log as fast as it can: ``python -m tests.gate.audit.writer FOLDER``.

It says on standard output what must be on the disk from then on: how many entries, and the checkpoint.
"""

import sys
from pathlib import Path

import msgspec

from tests.gate.audit.logs import open_log, released


def main(folder: Path) -> None:
    """Write until death."""
    log = open_log(folder)
    while True:
        for hour in range(3):
            log.note(released(hour))
        sys.stdout.write(msgspec.json.encode([log.size, log.seal()]).decode() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
