"""The broker of demo, tests and benches, where it fails."""

from pathlib import Path

import pytest

from edge.proof.broker import Broker, BrokerError, broker
from edge.proof.listener import listening
from edge.proof.pki import SUBSCRIBER, Pki
from edge.uplink.contract import Status, Stream
from tests.brokers import CAMERA, OTHER, SECOND_SUBSCRIBER, speaking, until
from tests.messages import ADDRESS, checkpoint, health, report, signed, state


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


TAKEN, REFUSED = {0, 16}, 135
RECEIPT = ADDRESS.receipt(SUBSCRIBER)


def test_a_camera_may_say_what_is_its_own_to_say(mosquitto: Broker, pki: Pki) -> None:
    """Counts, state, health and checkpoint below its own name; no receipt, and nothing below another's."""
    entries = [signed(message) for message in (report(1), state(Status.ONLINE), health(1), checkpoint(1))]
    topics = [ADDRESS.topic(Stream.DAY), *(entry.topic for entry in entries)]
    with (
        speaking(mosquitto, pki, pki.cameras[CAMERA]) as camera,
        speaking(mosquitto, pki, pki.cameras[OTHER]) as other,
    ):
        assert {camera.say(topic, b"", retain=False) for topic in topics} <= TAKEN
        receipts = [RECEIPT, ADDRESS.receipt(CAMERA), ADDRESS.receipt(OTHER)]
        assert {camera.say(topic, b"") for topic in [*receipts, f"{ADDRESS.root}/register", ADDRESS.root]} == {REFUSED}
        assert {other.say(topic, b"") for topic in [*topics, *receipts]} == {REFUSED}


def test_a_subscriber_writes_its_own_receipts_and_nothing_else(mosquitto: Broker, pki: Pki) -> None:
    """Not those of another subscriber, and nothing that a camera says."""
    with (
        speaking(mosquitto, pki) as one,
        speaking(mosquitto, pki, pki.subscribers[SECOND_SUBSCRIBER]) as second,
    ):
        assert one.say(RECEIPT, b"") in TAKEN
        assert second.say(ADDRESS.receipt(SECOND_SUBSCRIBER), b"") in TAKEN
        others = [ADDRESS.topic(Stream.HOUR), ADDRESS.state, ADDRESS.receipt(CAMERA), f"{RECEIPT}/more"]
        assert {one.say(topic, b"") for topic in [*others, ADDRESS.receipt(SECOND_SUBSCRIBER)]} == {REFUSED}
        assert {second.say(topic, b"") for topic in [*others, RECEIPT]} == {REFUSED}


def test_a_camera_reads_the_receipts_for_itself(mosquitto: Broker, pki: Pki) -> None:
    """And of all that there is nothing else: not its own words, not another camera's receipts."""
    with (
        speaking(mosquitto, pki) as one,
        speaking(mosquitto, pki, pki.cameras[CAMERA]) as camera,
        listening(mosquitto, pki, pki.cameras[CAMERA]) as reading,
    ):
        camera.say(ADDRESS.state, b"online")
        one.say(RECEIPT.replace(CAMERA, OTHER), b"for another")
        one.say(RECEIPT, b"for this one")
        until(lambda: reading.messages)
    assert [(message.topic, message.payload) for message in reading.messages] == [(RECEIPT, b"for this one")]
