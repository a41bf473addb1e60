"""Files that survive a killed process and not a power cut: a folder on a file system in memory, for one user alone."""

import os
from pathlib import Path

from edge.errors import ConfigError

IN_MEMORY = {"tmpfs", "ramfs"}


def make_folder(folder: Path) -> None:
    """Make ``folder``, for this user alone, or take what is there; drafts that a killed process left are removed.

    Raises:
        OSError: it can't be made.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    for draft in folder.glob("*.new"):
        draft.unlink()


def replace(file: Path, content: bytes) -> None:
    """Write a file for this user alone, in one step: whoever reads it finds the old content or the new.

    Raises:
        OSError: there is no room.
    """
    draft = file.with_suffix(".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
    draft.replace(file)


def require_tmpfs(folder: Path, mounts: Path = Path("/proc/self/mountinfo")) -> None:
    """Check that what is written to ``folder`` never reaches a disk.

    Raises:
        ConfigError: it is not on a file system in memory, or is not there.
    """
    try:
        device = folder.stat().st_dev
    except OSError as error:
        raise ConfigError(f"[paths] runtime = {folder}: {error.strerror}") from error
    kind = _kinds(mounts).get(f"{os.major(device)}:{os.minor(device)}", "unknown")
    if kind not in IN_MEMORY:
        raise ConfigError(
            f"[paths] runtime = {folder}: lies on {kind}; allowed: a folder on tmpfs, such as one in /run or /dev/shm, "
            "for counts below the threshold must never reach a disk"
        )


def _kinds(mounts: Path) -> dict[str, str]:
    """Return the file system type per device number (proc_pid_mountinfo(5))."""
    lines = [line.split(" ") for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines()]
    return {fields[2]: fields[fields.index("-") + 1] for fields in lines}
