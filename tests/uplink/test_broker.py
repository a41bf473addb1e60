"""The broker of demo, tests and benches, where it fails."""

from pathlib import Path

import pytest

from edge.proof.broker import Broker, BrokerError, broker
from edge.proof.pki import Pki


def test_its_absence_says_how_to_mend_it(tmp_path: Path, pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line with the package's name."""
    monkeypatch.setattr("edge.proof.broker.PLACES", str(tmp_path))
    with pytest.raises(BrokerError, match="apt-get install mosquitto"), broker(tmp_path, pki):
        pass


def test_a_broker_that_does_not_start_is_quoted(mosquitto: Broker) -> None:
    """What it wrote last is in the error, and no process is left."""
    mosquitto.stop()
    mosquitto.config.write_text("nonsense true\n")
    with pytest.raises(BrokerError, match=r"did not start; its last words: .*nonsense"):
        mosquitto.start()
    assert mosquitto.pid is None


def test_retained_messages_survive_a_restart(mosquitto: Broker) -> None:
    """It keeps its port and writes its store into its folder."""
    port = mosquitto.port
    mosquitto.restart()
    assert mosquitto.port == port
    assert mosquitto.config.with_name("mosquitto.db").exists()


def test_its_end_right_after_its_start_writes_the_store(mosquitto: Broker) -> None:
    """It starts only when it hears what it is asked: an end at once is an orderly end, however often."""
    store = mosquitto.config.with_name("mosquitto.db")
    for _ in range(10):
        mosquitto.stop()
        store.unlink()
        mosquitto.start()
