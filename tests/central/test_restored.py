"""A camera's uplink and the collector together."""

import shutil
from pathlib import Path

from edge.proof.broker import Broker
from edge.proof.pki import SUBSCRIBER, Pki
from tests.brokers import until, uplink_config
from tests.central.collecting import collecting, rows, sequences
from tests.uplink.site import Site

PATIENCE = 1.0


def test_a_store_from_a_backup_is_filled_up_by_the_camera(mosquitto: Broker, pki: Pki, tmp_path: Path) -> None:
    """What was stored after the backup was confirmed to the broker long ago: only the camera has it still."""
    site, backup = Site(tmp_path / "outbox.db"), tmp_path / "backup.db"
    config = uplink_config(mosquitto, pki, subscribers=(SUBSCRIBER,))
    with collecting(mosquitto, pki, tmp_path) as collector, site.publishing(config, patience=PATIENCE):
        site.add(5)
        until(lambda: sequences(collector.store) == [1, 2, 3, 4, 5])
        assert collector.stop() == 0
        shutil.copy(collector.store, backup)
        collector.start()
        site.add(15)
        until(lambda: len(sequences(collector.store)) == 20)
        assert collector.stop() == 0
        for file in tmp_path.glob("counts.db*"):
            file.unlink()
        shutil.copy(backup, collector.store)
        collector.start()
        until(lambda: sorted(sequences(collector.store)) == list(range(1, 21)), 60)
    assert rows(collector.store, "select count(*), sum(n) from cells") == [(20, 20 * 37)]
    site.outbox.close()
