"""From a camera's outbox to a collector's disk, and the word back: every process as it is installed."""

import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from edge.config import load
from edge.proof.broker import broker
from edge.proof.pki import SUBSCRIBER, Pki
from edge.uplink.contract import Sequences, Stream
from edge.uplink.outbox import OutboxReader
from tests.brokers import until
from tests.service.sites import bench_site, camera, command


def test_a_camera_learns_that_its_report_is_on_a_collectors_disk(
    tmp_path: Path, one_vehicle: Path, memory: Path, pki: Pki
) -> None:
    """Named in camera.toml, the collector confirms; walled in, uplink reads it, and notes it in the outbox."""
    with broker(tmp_path / "broker", pki) as running:
        site = bench_site(tmp_path / "site", one_vehicle, memory, pki, running.port)
        site.config.write_text(f'{site.config.read_text()}subscribers = ["{SUBSCRIBER}"]\n')
        (tmp_path / "keys").mkdir()
        shutil.copy(site.camera_key, tmp_path / "keys" / "cam-017.pub")
        options: dict[str, object] = {"--store": tmp_path / "counts.db", "--camera-keys": tmp_path / "keys"}
        options |= {"--port": running.port, "--ca": pki.ca}
        options |= {"--certificate": pki.subscriber.certificate, "--key": pki.subscriber.key}
        collect = [sys.executable, "-m", "edge", "central", "collect", "--bench"]
        collect += [str(part) for option in options.items() for part in option]
        with (
            subprocess.Popen(collect) as collecting,
            closing(OutboxReader(load(site.config).outbox_file)) as reader,
        ):
            assert camera(site, "run", "--start", "2026-11-17T15:00:00+01:00").returncode == 0
            released = Sequences(reader.highest(Stream.HOUR), reader.highest(Stream.DAY))
            with subprocess.Popen(command(site, "uplink")) as uplink:
                until(lambda: reader.receipts() == {SUBSCRIBER: released})
                uplink.kill()
            collecting.kill()
    assert released.hour == 1
