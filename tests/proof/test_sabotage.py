"""`anpr-edge prove` on software that was made to cheat: the page says so, claim by claim."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.proof import prove
from edge.proof.pki import Pki
from hil.demo.site import Plan, Site, make
from hil.scenes import truth
from tests.service.sites import CLOSED_PORT, command

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root reads the memory of processes that hide theirs")

CHEATS = """
import sys

if sys.argv[0].endswith("paced.py") or "edge.proof.paced" in sys.orig_argv:
    from edge.registry.enrich import Enricher

    honest, kept = Enricher.attributes, []

    def attributes(self, plate, *rest):
        kept.append(bytes(plate))
        print(bytes(plate).decode(), file=sys.stderr)
        return honest(self, plate, *rest)

    Enricher.attributes = attributes
elif "gate" in sys.orig_argv:
    import edge.gate.release

    edge.gate.release.different = lambda seen: 1_000
"""
"""It is imported when Python starts: vision keeps plates and prints them, the gate takes each cell for a thousand."""


@pytest.fixture
def site(tmp_path: Path, one_vehicle: Path, pki: Pki) -> Iterator[Site]:
    """A production camera."""
    with prove._in_memory() as runtime:
        line = truth.load(one_vehicle / "truth.json").line
        yield make(tmp_path, Plan(one_vehicle / "street.mkv", one_vehicle, line, CLOSED_PORT, runtime), pki)


def test_software_that_cheats_is_found_out(site: Site, tmp_path: Path) -> None:
    """A plate in the log, plates in memory, small cells."""
    (tmp_path / "cheats").mkdir()
    (tmp_path / "cheats" / "sitecustomize.py").write_text(CHEATS)
    done = subprocess.run(
        command(site, "prove"), env=os.environ | {"PYTHONPATH": str(tmp_path / "cheats")}, capture_output=True,
        text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    failed = re.findall(r"^✗ (.*): does not hold$", done.stdout, re.MULTILINE)
    assert [claim.split(",")[0] for claim in failed] == [
        "No plate",
        "Vision holds no plate 2 seconds after its passage",
        "What is sent are counts of 10 and more",
    ], done.stdout
