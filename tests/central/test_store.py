"""Who can open the store, and how."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from central import store
from edge.errors import ConfigError
from hil.demo.site import ROOT
from tests.central.stores import filled
from tests.messages import report, signed

NOBODY = 65534
COUNT = (
    "import os, sys; from pathlib import Path; from central.store import reading\n"
    # What it loads when it is first used lies where only root may read here.
    "from sqlite_utils import Database; Database(memory=True)\n"
    "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
    "with reading(Path(sys.argv[1])) as d: print(d.execute('select count(*) from reports').fetchone()[0])"
)


def test_the_store_is_its_collectors_and_its_groups(tmp_path: Path) -> None:
    """Nobody else reads it, whatever the umask; the log beside it likewise."""
    before = os.umask(0)
    try:
        with filled(tmp_path / "counts.db") as kept:
            kept.take(signed(report(1)))
            modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == {0o640}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
@pytest.mark.parametrize("writing", [True, False])
def test_who_may_only_read_can(*, writing: bool) -> None:
    """Of the group, while a collector writes and when none does."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with filled(folder / "counts.db") as kept:
            kept.take(signed(report(1)))
            for file in folder.iterdir():
                os.chown(file, 0, NOBODY)
            found = _count(folder / "counts.db") if writing else ""
        assert (found or _count(folder / "counts.db")) == "1"


def test_a_backup_on_a_medium_that_can_not_be_written_is_read(tmp_path: Path) -> None:
    """A reader changes nothing in the folder."""
    place = tmp_path / "counts.db"
    with filled(place) as kept:
        kept.take(signed(report(1)))
    before = place.read_bytes()
    with store.reading(place) as database:
        assert database.execute("select count(*) from reports").fetchone() == (1,)
    assert place.read_bytes() == before


def test_readers_write_nothing(tmp_path: Path) -> None:
    """Not even by mistake."""
    with filled(tmp_path / "counts.db"):
        pass
    with pytest.raises(store.StoreError, match="readonly"), store.reading(tmp_path / "counts.db") as database:
        database.execute("delete from reports")


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    """Said with its name."""
    with pytest.raises(ConfigError, match=str(tmp_path)):
        store.make(tmp_path, bench=False, name="x")


def _count(place: Path) -> str:
    """Read it as a user of the group."""
    command = [sys.executable, "-c", COUNT, str(place)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr
