"""A whole camera: frames in, counts at a subscriber."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from edge import keys
from edge.counting.spool import Spool
from edge.keys import Role
from edge.proof.broker import broker
from edge.proof.pki import Pki
from edge.uplink.contract import CountReport
from edge.windows import window_of
from hil.scenes import truth
from tests.counts import cell, counts, van
from tests.service.sites import bench_site, camera, command, reports_of

START = ("--start", "2026-11-17T15:00:00+01:00")


def test_one_vehicle_on_a_bench_becomes_one_report(tmp_path: Path, one_vehicle: Path, memory: Path, pki: Pki) -> None:
    """Under a bench policy one passing vehicle arrives at a bench subscriber as one cell of the right class."""
    with broker(tmp_path / "broker", pki) as running:
        site = bench_site(tmp_path / "site", one_vehicle, memory, pki, running.port)
        options = {"--port": running.port, "--ca": pki.ca, "--camera-key": site.camera_key, "--count": 1}
        options |= {"--certificate": pki.subscriber.certificate, "--key": pki.subscriber.key}
        subscribe = [sys.executable, "-m", "edge", "subscribe", "--bench", "--json"]
        subscribe += [str(part) for option in options.items() for part in option]
        listening = subprocess.Popen(subscribe, stdout=subprocess.PIPE, text=True)
        assert camera(site, "run", *START).returncode == 0
        received, _ = listening.communicate(timeout=20)
    report = msgspec.json.decode(received.strip(), type=CountReport)
    (passage,) = truth.load(one_vehicle / "truth.json").passages
    (cell,) = report.data.cells
    assert (cell.n, cell.direction) == (1, passage.direction)
    assert (cell.vehicle_type, cell.drive) == (passage.vehicle_class.vehicle_type, passage.vehicle_class.drive)


def test_the_plate_is_nowhere_after_the_run(tmp_path: Path, one_vehicle: Path, memory: Path, pki: Pki) -> None:
    """Neither output nor any file that the processes write holds the vehicle's plate."""
    site = bench_site(tmp_path / "site", one_vehicle, memory, pki)
    before = {path for path in site.folder.rglob("*") if path.is_file()}
    done = camera(site, "run", *START)
    written = [path for folder in (site.folder, memory) for path in folder.rglob("*") if path.is_file()]
    everything = (done.stdout + done.stderr).encode() + b"".join(
        path.read_bytes() for path in written if path not in before
    )
    (passage,) = truth.load(one_vehicle / "truth.json").passages
    plate = passage.plate.replace("-", "")
    dashed = f"{plate[0]}-{plate[1:3]}-{plate[3:]}"
    assert b"window_released" in everything
    for spelling in (plate, dashed, plate.lower(), dashed.lower()):
        assert spelling.encode() not in everything
        assert spelling.encode("utf-16-le") not in everything


def test_an_unreachable_broker_costs_no_report(tmp_path: Path, one_vehicle: Path, memory: Path, pki: Pki) -> None:
    """Without a broker the camera counts on, says so, and keeps the report."""
    site = bench_site(tmp_path / "site", one_vehicle, memory, pki)
    done = camera(site, "run", *START)
    assert done.returncode == 0
    assert "broker_unreachable" in done.stderr
    (report,) = reports_of(site)
    assert sum(cell.n for cell in report.data.cells) == 1
    assert report.data.window.partial


def test_a_production_gate_refuses_a_bench_policy(tmp_path: Path, one_vehicle: Path, memory: Path, pki: Pki) -> None:
    """With an officer's key enrolled, a bench policy stops gate and vision with status 78."""
    site = bench_site(tmp_path / "site", one_vehicle, memory, pki)
    _, officer = keys.make(Role.OFFICER, tmp_path)
    (site.folder / "bench.pub").write_text(officer.read_text())
    for name in ("gate", "vision"):
        done = camera(site, name)
        assert done.returncode == 78
        assert "is not the signature of" in done.stderr


def test_a_file_that_is_read_again_is_not_added_to_its_last_reading(
    tmp_path: Path, one_vehicle: Path, memory: Path, pki: Pki
) -> None:
    """What an interrupted reading left in the runtime folder is forgotten: the vehicle counts once."""
    site = bench_site(tmp_path / "site", one_vehicle, memory, pki)
    start = int(truth.load(one_vehicle / "truth.json").start.timestamp())
    Spool(memory / "vision").put(counts(cell(van(), 5, 5), window=window_of(start), final=False))
    assert camera(site, "run", *START).returncode == 0
    (report,) = reports_of(site)
    assert sum(one.n for one in report.data.cells) == 1


def test_sigterm_ends_all_within_five_seconds(tmp_path: Path, one_vehicle: Path, memory: Path, pki: Pki) -> None:
    """SIGTERM in the middle of a window ends the three processes with status 0, the open window handed over."""
    site = bench_site(tmp_path / "site", one_vehicle, memory, pki)
    process = subprocess.Popen(command(site, "run", *START), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "file_progress" in line:
            break
    asked = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=10)
    assert time.monotonic() - asked < 5
    assert process.returncode == 0
    ended = {json.loads(line)["process"] for line in rest.splitlines() if "process_ended" in line}
    assert ended == {"vision", "gate", "uplink", "run"}
    assert len(list((memory / "vision").glob("*.json"))) == 1
    assert not reports_of(site)


def test_a_supervisor_that_is_killed_leaves_nobody_behind(
    tmp_path: Path, one_vehicle: Path, memory: Path, pki: Pki
) -> None:
    """Kill -9 of the supervisor ends its children, through the kernel."""
    site = bench_site(tmp_path / "site", one_vehicle, memory, pki)
    started = []
    with subprocess.Popen(command(site, "run", *START), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "child_started" in line:
                started.append(json.loads(line)["pid"])
            if "file_progress" in line:
                break
        process.kill()
        rest = process.stderr.read()  # Ends when the last child has closed it.
    assert len(started) == 3
    assert rest.count("process_ended") == 3
