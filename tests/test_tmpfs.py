"""What must never reach a disk."""

import os
from pathlib import Path

import pytest

from edge.errors import ConfigError
from edge.tmpfs import require_tmpfs


def test_tmpfs_is_demanded(memory: Path, tmp_path: Path) -> None:
    """A folder in memory is fine; one on a disk is refused by name, for counts must not reach it."""
    require_tmpfs(memory)
    mounts = tmp_path / "mountinfo"
    for kind, allowed in [("tmpfs", True), ("ramfs", True), ("ext4", False), ("overlay", False)]:
        device = tmp_path.stat().st_dev
        mounts.write_text(f"1 0 {os.major(device)}:{os.minor(device)} / / rw shared:1 - {kind} source rw\n")
        if allowed:
            require_tmpfs(tmp_path, mounts)
        else:
            with pytest.raises(ConfigError, match=f"lies on {kind}; allowed: a folder on tmpfs"):
                require_tmpfs(tmp_path, mounts)


def test_a_folder_that_is_not_there_is_no_tmpfs(tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(ConfigError, match=r"runtime = .*nowhere: No such file"):
        require_tmpfs(tmp_path / "nowhere")
