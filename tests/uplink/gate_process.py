"""A gate's outbox that is written by a process of its own, to be killed: outbox, number of reports, seconds between."""

import sys
import time
from pathlib import Path

from edge.uplink.contract import Stream
from edge.uplink.outbox import Outbox
from tests.messages import BEGIN, HOUR, report, signed, states

MEGABYTE = 1_000_000


def main(file: str, number: str, pause: str) -> None:
    """Release hourly reports, one after the other, until there are so many; those of an earlier run count."""
    outbox = Outbox(Path(file), 64 * MEGABYTE)
    outbox.set_states(states())
    last = outbox.highest_window(Stream.HOUR) or BEGIN
    for window in range(last + HOUR, BEGIN + (int(number) + 1) * HOUR, HOUR):
        outbox.append(Stream.HOUR, window, [lambda sequence: signed(report(sequence))])
        time.sleep(float(pause))


if __name__ == "__main__":
    main(*sys.argv[1:])
