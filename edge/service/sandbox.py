"""Walling a process in, at its start: before it has a second thread, and before it opens more than its configuration.

What the kernel refuses is said in one line of the log and in the camera's retained `state`.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
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
    are walled in, with their modes; ``hidden`` are secret keys that are not for it to read, ``kept`` what is not for it
    to change. ``ports`` are the TCP ports that it may connect to (None: any), ``network`` the sockets that it may make.
    ``locked`` says that its memory must never reach a disk. ``missing`` is what was refused already.
    """

    files: Mapping[Path, Access]
    folders: Mapping[Path, int] = field(default_factory=dict)
    hidden: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()
    ports: tuple[int, ...] | None = ()
    network: Network = Network.NONE
    locked: bool = True
    missing: tuple[str, ...] = ()


def enter(walls: Walls) -> Sandbox:
    """Give up everything but ``walls``, for ever; say what the kernel left open, and how much that is."""
    for folder, mode in walls.folders.items():
        with suppress(OSError):  # Whoever uses it says so in its own words.
            folder.mkdir(mode=mode)
            folder.chmod(mode)  # What the umask took away.
    missing = [*walls.missing, *open_by_layout(walls), *close(walls)]
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


def open_by_layout(walls: Walls) -> list[str]:
    """Name what lies in a folder that is open to the process, and should not."""
    read = [file for file in walls.hidden if os.access(file, os.R_OK) and _covered(file, walls, Access.READ_FILE)]
    changed = [place for place in walls.kept if _covered(place, walls, Access.WRITE_FILE)]
    return [f"secret keys: {file} can be read" for file in read] + [f"files: {one} can be changed" for one in changed]


def _covered(path: Path, walls: Walls, access: Access) -> bool:
    """Tell whether a path lies in what may be accessed so."""
    places = [place.resolve() for place, allowed in walls.files.items() if allowed & access]
    return any(path.resolve().is_relative_to(place) for place in places)


def _level(missing: list[str]) -> Sandbox:
    gone = {text.partition(":")[0] for text in missing if ": Landlock is" in text or ": seccomp is" in text}
    if {"files", "system calls"} <= gone:
        return Sandbox.NONE
    return Sandbox.PARTIAL if missing else Sandbox.FULL
