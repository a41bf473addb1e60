"""Walling a process in, at its start: before it has a second thread, and before it opens more than its configuration.

What the kernel refuses is said in one line of the log and in the camera's retained `state`.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from edge.categories import Sandbox
from edge.sandbox import kernel, landlock, memory, seccomp
from edge.sandbox.landlock import Access
from edge.sandbox.seccomp import Network

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Walls:
    """What is left to a process.

    ``files`` are what it may do with files, and with all that is in folders; ``folders`` are its own, made before they
    are walled in; ``hidden`` are secret keys that are not for it. ``ports`` are the TCP ports that it may connect to
    (None: any), ``network`` the sockets that it may make. ``locked`` says that its memory must never reach a disk.
    ``missing`` is what was refused already.
    """

    files: Mapping[Path, Access]
    folders: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()
    ports: tuple[int, ...] | None = ()
    network: Network = Network.NONE
    locked: bool = True
    missing: tuple[str, ...] = ()


def enter(walls: Walls) -> Sandbox:
    """Give up everything but ``walls``, for ever; say what the kernel left open, and how much that is."""
    for folder in walls.folders:
        with suppress(OSError):  # Whoever uses it says so in its own words.
            folder.mkdir(mode=0o750)
    seen = [f"secret keys: {file} can be read" for file in walls.hidden if _covered(file, walls.files)]
    refused = close(walls)
    missing = [*walls.missing, *seen, *refused]
    level = _level(missing)
    (log.warning if missing else log.info)("walled_in", sandbox=level.value, missing=missing)
    return level


def close(walls: Walls) -> list[str]:
    """Give up everything but ``walls``, for ever; return what the kernel left open."""
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    memory.seal()
    alone = len(list(Path("/proc/self/task").iterdir())) == 1
    missing = [] if alone else ["files: threads were started before"]
    missing += memory.keep_from_swap() if walls.locked else []
    try:
        missing += landlock.restrict(walls.files, walls.ports)
    except OSError as error:
        missing.append(f"files: Landlock is refused ({error.strerror})")
    return missing + seccomp.restrict(walls.network)


def _covered(secret: Path, files: Mapping[Path, Access]) -> bool:
    """Tell whether a secret key lies in what may be read, by this user."""
    if not os.access(secret, os.R_OK):
        return False
    places = [path.resolve() for path, access in files.items() if access & Access.READ_FILE]
    return any(secret.resolve().is_relative_to(place) for place in places)


def _level(missing: list[str]) -> Sandbox:
    gone = {text.partition(":")[0] for text in missing if ": Landlock is" in text or ": seccomp is" in text}
    if {"files", "system calls"} <= gone:
        return Sandbox.NONE
    return Sandbox.PARTIAL if missing else Sandbox.FULL
