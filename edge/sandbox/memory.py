"""What a process holds in memory stays there: no core dump, no debugger, no swap."""

import resource
from pathlib import Path
from typing import Final

from edge.sandbox import kernel

_NOW, _LATER, _WHEN_USED = 1, 2, 4  # mlockall(2)
_SWAPS: Final = Path("/proc/swaps")


def seal() -> None:
    """Give up core dumps, and be read or traced by nobody but root.

    Raises:
        OSError: the kernel refused.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)


def keep_from_swap(swaps: Path = _SWAPS) -> list[str]:
    """Lock all memory, now and later; say so where that is not allowed and the machine has swap."""
    everything = resource.RLIM_INFINITY, resource.RLIM_INFINITY
    try:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, everything)  # Under a lower one later allocations would fail.
        kernel.lock_memory(_NOW | _LATER | _WHEN_USED)
    except (OSError, ValueError):
        return ["memory: may be swapped out"] if _has_swap(swaps) else []
    return []


def keep_from_files() -> None:
    """Give up writing a byte to any file, also through one that is open; devices, pipes and sockets are none."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _has_swap(swaps: Path) -> bool:
    """Tell whether there is any; where that can't be read, there may be."""
    try:
        return len(swaps.read_text(encoding="ascii").splitlines()) > 1
    except OSError:
        return True
