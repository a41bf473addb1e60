"""`anpr-edge prove` as a privacy officer runs it: once on a sound camera, and each check on a broken one."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from edge import policy as policies
from edge.config import load
from edge.errors import ConfigError
from edge.policy_text import Language, Words
from edge.proof import clip, prove, report
from edge.proof.claims import Claim, Outcome
from edge.proof.forms import dashed
from edge.proof.identity import Identity
from edge.proof.pki import Pki
from edge.proof.prove import Proof
from hil.demo.site import CAMERA, ROOT, ZONE, Plan, Site, make
from hil.scenes import truth
from tests.service.sites import CLOSED_PORT, camera, command, edit

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root reads the memory of processes that hide theirs")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, one_vehicle: Path, pki: Pki) -> Iterator[Site]:
    """A production camera that has counted before."""
    folder = tmp_path_factory.mktemp("proof")
    with prove._in_memory() as runtime:
        line = truth.load(one_vehicle / "truth.json").line
        made = make(folder, Plan(one_vehicle / "street.mkv", one_vehicle, line, CLOSED_PORT, runtime), pki)
        done = camera(made, "run", "--start", "2026-11-20T15:00:00+01:00")
        assert done.returncode == 0, done.stderr
        yield made


@pytest.fixture(scope="module")
def done(site: Site) -> subprocess.CompletedProcess[str]:
    """What the command said; its page is beside the configuration."""
    return camera(site, "prove", "--html", str(site.folder / "proof.html"), "--language", "nl", timeout=110)


def test_a_sound_camera_is_proven(done: subprocess.CompletedProcess[str]) -> None:
    """Every claim holds, in the reader's language, with progress while it runs."""
    assert done.returncode == 0, done.stdout + done.stderr
    marks = re.findall(r"^[✓✗?]", done.stdout, re.MULTILINE)
    assert marks == ["✓"] * 15
    assert "Alle 15 beweringen kloppen" in done.stdout
    assert "geheugen 1/" in done.stderr


def test_the_page_says_the_same(site: Site, done: subprocess.CompletedProcess[str]) -> None:
    """With all identities, without anything from outside, and without a plate."""
    page = (site.folder / "proof.html").read_text()
    assert page.count("<td class=mark>✓</td>") == 15
    assert "Alle 15 beweringen kloppen" in page
    assert not re.search(r"(src|href)=|url\(", page)
    for digest in re.findall(r"\b[0-9a-f]{64}\b", done.stdout):
        assert digest in page
    for passage in clip.truth().passages:
        assert passage.plate not in page + done.stdout + done.stderr
        assert dashed(passage.plate) not in page + done.stdout + done.stderr


def test_counts_were_released_and_plates_were_seen(done: subprocess.CompletedProcess[str]) -> None:
    """So the checks had something to find."""
    passages = re.search(r"(\d+) van 30 passages", done.stdout)
    assert passages
    assert int(passages[1]) >= 20
    seen = re.search(r"(\d+) kentekens\s+terwijl", done.stdout)
    assert seen
    assert int(seen[1]) > 0


def test_the_camera_is_as_it_was(site: Site, done: subprocess.CompletedProcess[str]) -> None:
    """Nothing was published, written or kept: the proof was another installation, and is gone."""
    assert done.returncode == 0
    config = load(site.config)
    before = sorted(path.stat().st_mtime for path in config.paths.state.rglob("*") if path.is_file())
    assert max(before) < (site.folder / "proof.html").stat().st_mtime - 5
    assert not list(prove.IN_MEMORY.glob("anpr-edge-proof-*/output"))


def test_a_request_to_end_leaves_nothing_behind(site: Site) -> None:
    """SIGTERM in the middle: its status, no process and no folder."""
    before = set(prove.IN_MEMORY.glob("anpr-edge-proof-*"))
    with subprocess.Popen(command(site, "prove"), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "1/" not in process.stderr.readline():
            pass
        (folder,) = set(prove.IN_MEMORY.glob("anpr-edge-proof-*")) - before
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 143, said
    assert not folder.exists()
    assert not _running(folder)


def _running(folder: Path) -> list[bytes]:
    time.sleep(0.2)
    lines = [file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline") if file.exists()]
    return [line for line in lines if str(folder).encode() in line]


@pytest.mark.parametrize(
    ("valid", "said"),
    [("2026-11-23", "ended on 2026-11-23"), ("2027-11-23", None)],
)
def test_the_clip_is_of_a_day_of_the_policys_term(site: Site, valid: str, said: str | None) -> None:
    """Yesterday where that is in it; a policy that has ended proves nothing, for the camera counts nothing."""
    config = load(site.config)
    policy = policies.verify_for(config.policy.file, config.policy.officer_key, CAMERA, ZONE)
    where = replace(policy.file.where, valid_until=datetime.fromisoformat(valid).date())
    policy = replace(policy, file=replace(policy.file, where=where))
    today = datetime(2026, 11, 24, tzinfo=UTC).date()
    if said:
        with pytest.raises(ConfigError, match=said):
            prove._day(policy, today, config.policy.file)
    else:
        assert prove._day(policy, today, config.policy.file).isoformat() == "2026-11-23"


@pytest.mark.parametrize(
    ("old", "new", "status", "said"),
    [
        ('id = "cam-017"', 'id = "cam-099"', 78, "does not list this camera"),
        ('zone_rules = "zone-rules.toml"', "", 1, "vision ended"),
    ],
)
def test_a_camera_that_would_not_run_is_told_why(site: Site, old: str, new: str, status: int, said: str) -> None:
    """In one line, with the reason that its process gives."""
    text = site.config.read_text()
    edit(site, old, new)
    try:
        done = camera(site, "prove")
    finally:
        site.config.write_text(text)
    assert done.returncode == status, done.stderr
    assert said in done.stderr.splitlines()[-1]


def test_a_page_that_can_t_be_written_is_said_at_once(site: Site) -> None:
    """Not after minutes."""
    done = camera(site, "prove", "--html", "/nowhere/proof.html", timeout=10)
    assert done.returncode == 78
    assert "--html /nowhere/proof.html: can't be written" in done.stderr


def test_a_claim_that_fails_is_told_first_of_all() -> None:
    """One red claim among green ones and unchecked ones decides the page."""
    words = Words("a <claim>", "een <bewering>")
    claims = tuple(Claim(words, words, words, outcome) for outcome in Outcome)
    proof = Proof(_identity(), claims, 1.0)
    assert report.verdict(proof).en == "1 of 3 claims fails, 1 not checked"
    page = report.page(proof, Language.EN)
    assert '<b class="fails">' in page
    assert "a &lt;claim&gt;" in page
    assert report.verdict(Proof(_identity(), claims[2:], 1.0)).en == "Of 1 claims 0 hold; not checked: 1"


def _identity() -> Identity:
    return Identity("cam", "zone", "1", "0" * 64, "1" * 64, "p", 1, "2" * 64, "key", "machine", datetime.now(UTC))


def test_anybody_can_repeat_the_softwares_digest(done: subprocess.CompletedProcess[str]) -> None:
    """With the command of the documentation."""
    (command,) = re.findall(r"^find .*$", (ROOT / "docs" / "proof.md").read_text(), re.MULTILINE)
    found = subprocess.run(["sh", "-c", command], cwd=ROOT / "edge", capture_output=True, text=True, check=True)
    assert found.stdout.split()[0] in done.stdout


def test_an_older_policy_than_one_that_ran_proves_nothing(site: Site) -> None:
    """The camera would refuse it."""
    known = load(site.config).paths.state / "policy-serial"
    before = known.read_text()
    try:
        known.write_text(f"serial 2 sha256:{'0' * 64}\n")
        done = camera(site, "prove", timeout=20)
    finally:
        known.write_text(before)
    assert done.returncode == 78
    assert "allowed: 2 or higher" in done.stderr


def test_a_page_from_before_stays_where_a_run_fails(site: Site, tmp_path: Path) -> None:
    """And no draft is left."""
    page = tmp_path / "proof.html"
    page.write_text("of last year")
    text = site.config.read_text()
    edit(site, 'zone_rules = "zone-rules.toml"', "")
    try:
        assert camera(site, "prove", "--html", str(page)).returncode == 1
    finally:
        site.config.write_text(text)
    assert page.read_text() == "of last year"
    assert [file.name for file in tmp_path.iterdir()] == ["proof.html"]
