"""A gate whose disk is full or fails: each hour is released once or waits with vision, and the process stays."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest

from edge.categories import Ack, WindowCounts
from edge.proof.pki import Pki
from edge.uplink.contract import timestamp
from hil.demo.site import Site
from tests.counts import HOUR, cell, counts, van
from tests.gate.serving import ask, calling, until
from tests.service.sites import bench_site, command, reports_of

YES, NO = [Ack(accepted=True)], [Ack(accepted=False)]


class Disk:
    """A file system of 8 MB in a file."""

    def __init__(self, image: Path, place: Path) -> None:
        self.place, self._image = place, image
        with image.open("wb") as stream:
            stream.truncate(8 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)

    def mount(self) -> bool:
        """Tell whether it could be mounted."""
        return subprocess.run(["mount", "-o", "loop", self._image, self.place], check=False).returncode == 0

    def fill(self) -> None:
        """Leave not a byte."""
        with (self.place / "rest").open("wb", buffering=0) as stream:
            try:
                while stream.write(b"\0" * 512):
                    pass
            except OSError:
                return

    def fail(self) -> None:
        """Become read-only in the middle, as ext4 does when the medium under it fails."""
        subprocess.run(["mount", "-o", "remount,abort", self.place], check=True)

    def mend(self) -> None:
        """Check and mount it anew."""
        self.unmount()
        subprocess.run(["e2fsck", "-fy", self._image], check=False, stdout=subprocess.DEVNULL)
        assert self.mount()

    def unmount(self) -> None:
        """Let go of it."""
        subprocess.run(["umount", self.place], check=True)


@pytest.fixture
def site(tmp_path: Path, one_vehicle: Path, memory: Path, pki: Pki) -> Site:
    """Make an installation."""
    return bench_site(tmp_path / "site", one_vehicle, memory, pki)


@pytest.fixture
def disk(tmp_path: Path, site: Site) -> Iterator[Disk]:
    """Put its state on a disk of its own."""
    if not shutil.which("mkfs.ext4"):
        pytest.skip("mkfs.ext4 is absent")
    (site.folder / "state").mkdir()
    made = Disk(tmp_path / "disk", site.folder / "state")
    if not made.mount():
        pytest.skip("nobody but root mounts a file")
    yield made
    made.unmount()


@contextmanager
def _gate(site: Site, memory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a gate, which must be there until the end."""
    process = subprocess.Popen(command(site, "gate"), stderr=subprocess.DEVNULL)
    try:
        until((memory / "gate" / "counts.sock").is_socket)
        yield process
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait(10)


def _ask(memory: Path, message: WindowCounts) -> list[Ack]:
    """Send a message on a connection of its own, as vision does after one that was closed."""
    with calling(memory / "gate" / "counts.sock") as client:
        return ask(client, message)


def _hours() -> Iterator[WindowCounts]:
    """Make the final counts of hour after hour."""
    window = HOUR
    while True:
        yield counts(cell(van(), 5), window=window)
        window = window.next


def _windows(site: Site) -> list[str]:
    return [report.data.window.start for report in reports_of(site)]


def _log_is_good(site: Site) -> bool:
    verify = [sys.executable, "-m", "edge", "audit", "verify", "--config", str(site.config)]
    # 3: without a fault; that its end is there only a checkpoint from elsewhere could show.
    return subprocess.run(verify, check=False, stdout=subprocess.DEVNULL).returncode == 3


def test_a_full_disk_stops_no_release_and_doubles_none(site: Site, disk: Disk, memory: Path) -> None:
    """Each hour is answered, for old messages make room for new ones; repeated, it is refused as on any other day."""
    hours = list(islice(_hours(), 60))
    with _gate(site, memory):
        assert _ask(memory, hours[0]) == YES
        disk.fill()
        assert [_ask(memory, one) for one in hours[1:]] == [YES] * 59
        (disk.place / "rest").unlink()
        assert [_ask(memory, one) for one in hours] == [NO] * 60
    kept = _windows(site)
    assert kept == [timestamp(one.start) for one in hours][-len(kept) :]
    assert kept
    assert _log_is_good(site)


def test_a_disk_that_fails_releases_nothing_until_it_is_mended(site: Site, disk: Disk, memory: Path) -> None:
    """Vision gets no answer, so that it keeps the hour; the next gate releases it, once, and goes on in its log."""
    first, second = islice(_hours(), 2)
    with _gate(site, memory):
        assert _ask(memory, first) == YES
        disk.fail()
        assert [_ask(memory, second) for _ in range(3)] == [[]] * 3
        assert _windows(site) == [timestamp(first.start)]
    disk.mend()
    with _gate(site, memory):
        assert [_ask(memory, one) for one in (first, second, second)] == [NO, YES, NO]
    assert _windows(site) == [timestamp(one.start) for one in (first, second)]
    assert _log_is_good(site)
