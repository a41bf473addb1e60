"""Random keys that can be overwritten when they have served."""

from collections.abc import Callable
from pathlib import Path

Fill = Callable[[bytearray], object]


def fill_randomly(buffer: bytearray) -> None:
    """Fill ``buffer`` from the kernel, in place: a `bytes` in between could not be overwritten afterwards.

    Unlike /dev/urandom this one waits, shortly after boot, until the kernel has gathered randomness.
    """
    with Path("/dev/random").open("rb", buffering=0) as source:
        source.readinto(buffer)
