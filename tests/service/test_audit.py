"""The audit log of a real camera, and what its auditor sees."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from edge import keys, policy
from edge.cli import commands
from edge.config import load
from edge.gate.audit import store
from edge.gate.audit.events import NAMES
from edge.keys import Role
from edge.proof.pki import Pki
from edge.uplink.outbox import OutboxReader
from hil.demo.site import Site
from hil.scenes import truth
from tests.conftest import IN_MEMORY
from tests.gate.serving import until
from tests.service.sites import bench_site, camera, command

START = ("--start", "2026-11-17T15:00:00+01:00")


def _run(*arguments: str | int | Path) -> Result:
    return CliRunner().invoke(commands, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, one_vehicle: Path, pki: Pki) -> Iterator[Site]:
    """A camera that has counted one vehicle, and stopped."""
    folder = tmp_path_factory.mktemp("audited")
    with tempfile.TemporaryDirectory(prefix="anpr-edge-test-", dir=IN_MEMORY) as memory:
        site = bench_site(folder / "site", one_vehicle, Path(memory), pki)
        assert camera(site, "run", *START).returncode == 0
        yield site


@pytest.fixture
def site(ran: Site, tmp_path: Path) -> Site:
    """Its files, to do with as one likes."""
    places = (ran.folder, ran.config, ran.policy, ran.camera_key)
    base = Path(os.path.commonpath(places))
    shutil.copytree(base, tmp_path / "site", symlinks=True)
    return Site(*(tmp_path / "site" / place.relative_to(base) for place in places))


def _lines(site: Site) -> Path:
    (file,) = (site.folder / "state" / "audit").glob("*.jsonl")
    return file


def _kept(site: Site, file: Path) -> Path:
    """Keep the checkpoint as a subscriber does: the messages, one a line."""
    reader = OutboxReader(load(site.config).outbox_file)
    found = reader.checkpoint()
    reader.close()
    assert found is not None
    file.write_bytes(found[1].payload + b"\n")
    return file


def test_a_run_is_in_the_log(site: Site) -> None:
    """From start to stop: models, register, the tag key made and destroyed, the policy, the report."""
    shown = _run("audit", "show", "--config", site.config).output
    wanted = [
        "the gate started, software 0.",
        "models in use: sha256:",
        "policy in force: serial 1, sha256:",
        "vision: register in use, ",
        "vision: tag key made, 2026-11-17",
        "report released: hour 1, of the bin to 2026-11-17 16:00:00 CET",
        "vision: tag key destroyed, 2026-11-17",
        "the gate ended in good order",
    ]
    places = [shown.index(text) for text in wanted[:3]]
    assert places == sorted(places)
    assert all(text in shown for text in wanted)
    assert shown.rstrip().endswith(wanted[-1])


def test_no_plate_is_in_the_log(site: Site, one_vehicle: Path) -> None:
    """Nor its passage, in any file of it."""
    (passage,) = truth.load(one_vehicle / "truth.json").passages
    content = b"".join(file.read_bytes() for file in (site.folder / "state" / "audit").iterdir()).upper()
    for plate in (passage.plate, passage.plate.replace("-", "")):
        assert plate.encode() not in content


def test_entries_can_be_chosen(site: Site) -> None:
    """By event and day, as sentences or as they stand in the log."""
    shown = _run("audit", "show", "--config", site.config, "--event", "report_released", "--json").output
    entries = [json.loads(line)["what"] for line in shown.splitlines()]
    assert [(entry["event"], entry["stream"]) for entry in entries] == [
        ("report_released", "hour"),
        ("report_released", "day"),
    ]
    assert _run("audit", "show", "--config", site.config, "--until", "2020-01-01").output == ""
    wrong = _run("audit", "show", "--config", site.config, "--event", "report")
    assert str(wrong.exception).startswith("--event report: is no event; allowed: started, stopped, begun_anew")
    assert len(NAMES) == 15


def test_a_good_log_verifies(site: Site, tmp_path: Path) -> None:
    """On the camera, as a copy, and against what a subscriber has kept."""
    kept = _kept(site, tmp_path / "kept.jsonl")
    note = tmp_path / "note.txt"
    note.write_text(msgspec.json.decode(kept.read_bytes())["data"]["note"])
    log = site.folder / "state" / "audit"
    for place in (("--config", site.config), ("--log", log, "--key", site.camera_key)):
        done = _run("audit", "verify", *place, "--checkpoint", kept, "--checkpoint", note)
        assert done.exit_code == 0
        assert "good: up to entry 8, of 20" in done.output
        assert "2 checkpoints from elsewhere, the newest over 9 entries" in done.output
        assert "anpr-edge/zez-demo/" in done.output


def test_a_log_for_which_nobody_elsewhere_vouches_is_not_called_good(site: Site) -> None:
    """Cut off at a checkpoint of its own it looks whole: status 3; what the outbox knows is on the camera."""
    file, log = _lines(site), site.folder / "state" / "audit"
    told = "not fully checked: the log is consistent in itself;"
    on_camera = _run("audit", "verify", "--config", site.config)
    assert on_camera.exit_code == 3
    assert "own outbox: one over 9 entries\n  no checkpoints from elsewhere\n" in on_camera.output
    assert told in on_camera.output
    size = store.load(log).marks[0].place
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[: size + 1]))
    cut = _run("audit", "verify", "--log", log, "--key", site.camera_key)
    assert cut.exit_code == 3
    assert f"  {size} entries, " in cut.output
    assert told in cut.output
    assert "good" not in cut.output.replace("last good one", "")


def test_an_old_checkpoint_vouches_for_what_was_before_it_only(site: Site, tmp_path: Path) -> None:
    """Of the entries after it the line says that more may have followed."""
    first = store.load(site.folder / "state" / "audit").marks[0]
    (tmp_path / "old.txt").write_text(first.note)
    done = _run("audit", "verify", "--config", site.config, "--checkpoint", tmp_path / "old.txt")
    assert done.exit_code == 0
    assert f"good: up to entry {first.place - 1}, of 20" in done.output
    assert "whether more followed can't be told from these checkpoints" in done.output


def test_entries_behind_a_fault_are_under_no_good_checkpoint(site: Site, tmp_path: Path) -> None:
    """The summary of a log that was edited does not say that they wait for the next one."""
    file = _lines(site)
    file.write_bytes(file.read_bytes().replace(b'"software":"0.1', b'"software":"0.2', 1))
    done = _run("audit", "verify", "--config", site.config, "--checkpoint", _kept(site, tmp_path / "kept.jsonl"))
    assert done.exit_code == 1
    assert "the last good one over 0 entries; 9 after them under no good one" in done.output
    assert "  1 checkpoint from elsewhere, " in done.output


def test_each_attack_on_the_log_is_named(site: Site, tmp_path: Path) -> None:
    """And the exit status is 1."""
    kept = _kept(site, tmp_path / "kept.jsonl")
    file, log = _lines(site), site.folder / "state" / "audit"
    lines = file.read_bytes().splitlines(keepends=True)
    attacks = {
        "edited": [lines[0].replace(b"0.1", b"0.2"), *lines[1:]],
        "reordered": [lines[1], lines[0], *lines[2:]],
        "truncated": [*lines[:-2], lines[-1]],
        "rolled back": lines[:4],
    }
    for name, content in attacks.items():
        file.write_bytes(b"".join(content))
        done = _run("audit", "verify", "--log", log, "--key", site.camera_key, "--checkpoint", kept)
        assert done.exit_code == 1
        assert f"FAULT  {name}: " in done.output
    keys.make(Role.CAMERA, tmp_path / "other")
    file.write_bytes(b"".join(lines))
    done = _run("audit", "verify", "--log", log, "--key", tmp_path / "other" / "camera.pub")
    assert done.exit_code == 1
    assert "FAULT  forged: " in done.output


def test_a_gate_does_not_start_on_a_log_that_was_set_back(site: Site) -> None:
    """Status 78, and nothing is written to it."""
    file = _lines(site)
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:4]))
    before = file.read_bytes()
    done = camera(site, "gate")
    assert done.returncode == 78
    assert "rolled back: the outbox vouches for" in done.stderr
    assert file.read_bytes() == before


def test_a_gate_does_not_start_on_an_outbox_that_was_set_back(site: Site) -> None:
    """Status 78: bins that were released would open again."""
    for file in load(site.config).outbox_file.parent.iterdir():
        file.unlink()
    done = camera(site, "gate")
    assert done.returncode == 78
    assert "the outbox was set back: the audit log has released hour reports up to 2026-11-17T15:00:00Z" in done.stderr


def test_a_refused_policy_is_in_the_log(site: Site) -> None:
    """With the reason as one word; the gate ends with status 78."""
    keys.make(Role.BENCH, site.folder / "stranger")
    policy.sign(site.policy, site.folder / "stranger" / "bench.key")
    assert camera(site, "gate").returncode == 78
    shown = _run("audit", "show", "--config", site.config).output
    assert "policy refused: invalid; nothing is counted" in shown


def test_proofs_are_made_and_checked(site: Site, tmp_path: Path) -> None:
    """Of an entry and of growth, by who has the camera's public key only."""
    entry, growth = tmp_path / "entry.tlog-proof", tmp_path / "growth.txt"
    first = store.load(site.folder / "state" / "audit").marks[0]
    (tmp_path / "old.txt").write_text(first.note)
    entry.write_text(_run("audit", "prove", "--config", site.config, "--entry", 0).output)
    growth.write_text(_run("audit", "prove", "--config", site.config, "--since", first.place).output)
    done = _run("audit", "verify", "--key", site.camera_key, "--proof", entry)
    assert (done.exit_code, done.output[:15]) == (0, "proven: entry 0")
    checked = ("--proof", growth, "--checkpoint", tmp_path / "old.txt")
    done = _run("audit", "verify", "--key", site.camera_key, *checked)
    assert (done.exit_code, done.output[:16]) == (0, "proven: the log ")


def test_retention_is_proven(site: Site) -> None:
    """Each store in a line, with its term; the status says whether something is older."""
    done = _run("audit", "retention", "--config", site.config)
    assert done.exit_code == 0
    assert "ok     outbox messages " in done.output
    shown = _run("audit", "retention", "--config", site.config, "--json").output
    assert {json.loads(line)["over"] for line in shown.splitlines()} == {False}


def test_a_login_is_noted_by_the_gate(site: Site) -> None:
    """A hook of the system leaves a note, and the running gate takes it at once; so does the next one."""
    config = load(site.config)
    with subprocess.Popen(command(site, "gate")) as gate:
        until(config.socket.exists)
        for name in ("logged-in", "logged-in", "exported"):
            assert _run("audit", "note", "--config", site.config, name).exit_code == 0
        until(lambda: not list(config.notes_folder.iterdir()))
        gate.terminate()
    assert config.notes_folder.stat().st_mode & 0o777 == 0o700
    shown = _run("audit", "show", "--config", site.config, "--event", "logged_in", "--event", "exported").output
    told = sorted(line.split("  ")[-1] for line in shown.splitlines())
    assert told == ["somebody logged in", "somebody logged in", "something was exported"]


def test_a_note_that_no_gate_takes_waits_for_the_next(site: Site) -> None:
    """Whoever leaves it is told so; with a gate nothing is said."""
    config = load(site.config)
    done = _run("audit", "note", "--config", site.config, "logged-in")
    assert (done.exit_code, done.stderr) == (0, "no gate is running; noted when it starts, with the time of then\n")
    with subprocess.Popen(command(site, "gate")) as gate:
        until(lambda: not list(config.notes_folder.iterdir()))
        assert _run("audit", "note", "--config", site.config, "logged-in").stderr == ""
        gate.terminate()
    assert len(_run("audit", "show", "--config", site.config, "--event", "logged_in").output.splitlines()) == 2


def test_what_has_lain_too_long_is_named(site: Site) -> None:
    """Counts of a day that was never closed: the line begins with OLDER, and the status is 1."""
    planted = load(site.config).day_folder / "1763391600.json"
    planted.touch()
    done = _run("audit", "retention", "--config", site.config)
    planted.unlink()
    assert done.exit_code == 1
    (line,) = [line for line in done.output.splitlines() if not line.startswith("ok ")]
    told = "OLDER counts of the day (in memory) term: until their day is closed oldest: 2025-11-17 16:00:00 CET"
    assert " ".join(line.split()) == told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("verify",), "give either --config or --log"),
        (("verify", "--log", "x"), "give --config, or --key"),
        (("show",), "give either --config or --log"),
        (("prove", "--log", "x"), "give either --entry or --since"),
    ],
)
def test_what_is_missing_is_said(
    site: Site, arguments: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line, with status 2."""
    monkeypatch.chdir(site.folder)
    (site.folder / "x").mkdir()
    done = _run("audit", *arguments)
    assert done.exit_code == 2
    assert message in done.output
