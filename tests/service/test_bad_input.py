"""What an installer can get wrong: one clear line, the right exit status, no traceback."""

import json
from pathlib import Path

import pytest

from edge.proof.pki import Pki
from hil.demo.site import ROOT, Site
from tests.service.sites import bench_site, camera, edit


@pytest.fixture
def site(tmp_path: Path, one_vehicle: Path, memory: Path, pki: Pki) -> Site:
    """A sound installation, to be spoilt."""
    return bench_site(tmp_path / "site", one_vehicle, memory, pki)


def _refused(site: Site, name: str, *options: str) -> str:
    """Run a command that must end with status 78; return its reason."""
    done = camera(site, name, *options)
    assert done.returncode == 78, done.stderr
    assert "Traceback" not in done.stderr
    return str(json.loads(done.stderr.splitlines()[-1])["reason"])


def test_missing_configuration(site: Site) -> None:
    """The file that can't be read is named."""
    site.config.unlink()
    assert "camera.toml: can't be read" in _refused(site, "vision")


def test_missing_model(site: Site) -> None:
    """A model folder without models is named."""
    edit(site, str(ROOT / "models"), str(site.folder))
    assert "MODELS.sha256" in _refused(site, "vision")


def test_wrong_checksum(site: Site) -> None:
    """A model that is not the one listed is refused by name."""
    models = site.folder / "models"
    models.mkdir()
    for name in ("MODELS.sha256", "detector.int8.onnx", "reader.int8.onnx"):
        (models / name).write_bytes((ROOT / "models" / name).read_bytes() + b"\n" * name.startswith("reader"))
    edit(site, str(ROOT / "models"), str(models))
    assert "reader.int8.onnx" in _refused(site, "vision")


def test_missing_register(site: Site) -> None:
    """A register pack that is not there is named."""
    (site.folder / "register.db").unlink()
    assert "register.db: the register pack is missing" in _refused(site, "vision")


@pytest.mark.parametrize(
    ("source", "reason"), [("rtps://camera/1", "did you mean rtsp"), ("none.mp4", "none.mp4"), (".", "image")]
)
def test_wrong_source(site: Site, source: str, reason: str) -> None:
    """An unknown form, a missing file and a folder without images are refused by name."""
    folder = site.folder / "empty"
    folder.mkdir()
    assert reason in _refused(site, "vision", "--source", str(folder) if source == "." else source)


def test_a_file_that_is_no_video(site: Site) -> None:
    """A text with the name of a video is refused without a traceback."""
    broken = site.folder / "street.mp4"
    broken.write_text("no video")
    assert "street.mp4" in _refused(site, "vision", "--source", str(broken))


def test_a_day_outside_the_policy(site: Site) -> None:
    """Frames of a day after the policy's term are not counted; the dates are named."""
    reason = _refused(site, "vision", "--start", "2027-01-01T12:00:00")
    assert "2027-01-01 is outside its term, 2026-01-01 to 2026-12-31" in reason


def test_runtime_folder_on_a_disk(site: Site, memory: Path) -> None:
    """Open counters never reach a card: vision refuses a runtime folder that is not in memory."""
    edit(site, str(memory), str(ROOT))
    assert "[paths] runtime" in _refused(site, "vision")


def test_run_ends_when_one_process_can_not_start(site: Site) -> None:
    """The supervisor does not restart what a restart can't mend."""
    (site.folder.parent / "secret" / "camera.key").unlink()
    assert "gate can't run" in _refused(site, "run")


def test_missing_certificate(site: Site) -> None:
    """The uplink names the file."""
    edit(site, "ca.crt", "none.crt")
    assert "none.crt: can't be read" in _refused(site, "uplink")
