"""python -m tests.counting.tag_process: tags made-up plates, then wipes their day; says when it has done either."""

import sys
from datetime import date

from edge.counting.day import Day
from edge.counting.tags import TagKey

PLATES = [b"X%02d%03d" % divmod(number, 1_000) for number in range(300)]


def ascending_key() -> TagKey:
    """Make a key that others can make too."""
    return TagKey("policy", lambda buffer: buffer.__setitem__(slice(None), bytes(range(32))))


def main() -> None:
    """Tag each plate twice; wait; wipe; wait."""
    day = Day(date(2026, 11, 23), 0, ascending_key(), gap=0.0)
    for plate in PLATES * 2:
        day.vehicle(bytearray(plate))
    _wait()
    day.wipe()
    _wait()


def _wait() -> None:
    sys.stdout.write("\n")
    sys.stdout.flush()
    sys.stdin.readline()


if __name__ == "__main__":
    main()
