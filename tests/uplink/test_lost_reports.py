"""Reports that the broker took and a subscriber does not have, with a real Mosquitto."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager

import msgspec
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from structlog.testing import capture_logs

from edge.proof.broker import Broker
from edge.proof.listener import listening, signature
from edge.proof.pki import SUBSCRIBER, Pki
from edge.uplink.connection import MAX_PACKET_BYTES, MAX_RECEIVED, Connection, Will
from edge.uplink.connection import Broker as BrokerAddress
from edge.uplink.contract import Sequences, Status, Stream, encode
from edge.uplink.outbox import OutboxReader
from edge.uplink.tls import client_context
from tests.brokers import OTHER, SECOND_SUBSCRIBER, speaking, until, uplink_config
from tests.messages import ADDRESS, receipt, signed, state
from tests.uplink.site import Site, sequences, uplink_process

TOPIC = ADDRESS.receipt(SUBSCRIBER)
PATIENCE = 1.0


def _receipt(hour: int) -> bytes:
    return encode(receipt(SUBSCRIBER, hour))


def _received(site: Site) -> dict[str, Sequences]:
    with closing(OutboxReader(site.file)) as reader:
        return reader.receipts()


def test_what_a_receipt_leaves_open_comes_again_as_it_was(site: Site, mosquitto: Broker, pki: Pki) -> None:
    """Same topic, payload and signature; what is covered does not come again, and nothing once all is."""
    config = uplink_config(mosquitto, pki, subscribers=(SUBSCRIBER,))
    site.add(5)
    with (
        listening(mosquitto, pki) as heard,
        speaking(mosquitto, pki) as central,
        site.publishing(config, patience=PATIENCE),
    ):
        until(lambda: sequences(heard) == [1, 2, 3, 4, 5])
        central.say(TOPIC, _receipt(3))
        until(lambda: sequences(heard)[5:] == [4, 5])
        central.say(TOPIC, _receipt(5))
        until(lambda: _received(site) == {SUBSCRIBER: Sequences(5, 0)})
        time.sleep(5 * PATIENCE)
        assert Counter(sequences(heard)) == {1: 1, 2: 1, 3: 1, 4: 2, 5: 2}
    came = [message for message in heard.messages if message.topic == ADDRESS.topic(Stream.HOUR)]
    assert len({(message.payload, signature(message)) for message in came}) == 5
    assert {message.retain for message in came} == {False}


def test_what_a_killed_broker_had_confirmed_comes_again(site: Site, mosquitto: Broker, pki: Pki) -> None:
    """It took reports for a subscriber that was away, and forgot them in a power cut: a PUBACK is not delivery."""
    mosquitto.config.write_text(mosquitto.config.read_text().replace("autosave_interval 5", "autosave_interval 1800"))
    mosquitto.restart()
    config = uplink_config(mosquitto, pki, subscribers=(SUBSCRIBER,))
    with _durable(mosquitto, pki):
        pass
    with site.publishing(config, patience=PATIENCE):
        site.add(5)
        until(lambda: site.waiting == 0)
    mosquitto.kill()
    mosquitto.start()
    with _durable(mosquitto, pki) as heard, speaking(mosquitto, pki) as central:
        time.sleep(PATIENCE / 2)
        assert heard == []
        with site.publishing(config, patience=PATIENCE):
            until(lambda: heard)
            assert set(heard) == {"1"}
            central.say(TOPIC, _receipt(1))
            until(lambda: sorted({int(one) for one in heard}) == [1, 2, 3, 4, 5])


@contextmanager
def _durable(running: Broker, pki: Pki) -> Iterator[list[str]]:
    """Subscribe with a session that the broker keeps; give the sequences of the reports that come."""
    heard: list[str] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, "central", protocol=mqtt.MQTTv5)
    client.tls_set_context(client_context(pki.ca, pki.subscriber.certificate, pki.subscriber.key))
    client.on_message = lambda _client, _data, message: heard.append(msgspec.json.decode(message.payload)["sequence"])
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho left it untyped
    properties.SessionExpiryInterval = 3600
    client.connect(running.host, running.port, clean_start=False, properties=properties)
    client.loop_start()
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    client.subscribe(ADDRESS.topic(Stream.HOUR), qos=1)
    assert subscribed.wait(10)
    try:
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()


def test_silence_does_not_flood_the_broker(site: Site, mosquitto: Broker, pki: Pki) -> None:
    """While no named subscriber says anything, only the first report comes again, and ever more rarely."""
    config = uplink_config(mosquitto, pki, subscribers=(SUBSCRIBER, SECOND_SUBSCRIBER))
    site.add(20)
    with listening(mosquitto, pki) as heard, site.publishing(config, patience=PATIENCE):
        until(lambda: len(sequences(heard)) == 20)
        time.sleep(8 * PATIENCE)
    assert set(sequences(heard)[20:]) == {1}
    assert 1 <= len(sequences(heard)[20:]) <= 3


def test_receipts_are_remembered_over_kill_9(site: Site, mosquitto: Broker, pki: Pki) -> None:
    """Also where the broker has forgotten them: what was received does not come again."""
    config = uplink_config(mosquitto, pki, subscribers=(SUBSCRIBER,))
    site.add(5)
    with listening(mosquitto, pki) as heard:
        with uplink_process(site, config, will_delay=60), speaking(mosquitto, pki) as central:
            until(lambda: len(sequences(heard)) == 5)
            central.say(TOPIC, _receipt(4))
            until(lambda: _received(site) == {SUBSCRIBER: Sequences(4, 0)})
            central.say(TOPIC, b"")
        before = len(sequences(heard))
        with uplink_process(site, config, will_delay=60):
            until(lambda: len(sequences(heard)) > before)
            time.sleep(3 * PATIENCE)
        assert set(sequences(heard)[before:]) == {5}


def test_a_receipt_waits_at_the_broker(site: Site, mosquitto: Broker, pki: Pki) -> None:
    """One that was written while the camera was away is found on its next connection."""
    config = uplink_config(mosquitto, pki, subscribers=(SUBSCRIBER,))
    site.add(5)
    with listening(mosquitto, pki), site.publishing(config):
        until(lambda: site.waiting == 0)
    with speaking(mosquitto, pki) as central:
        central.say(TOPIC, _receipt(5))
        central.say(TOPIC.replace(ADDRESS.camera, OTHER), _receipt(1))
    with site.publishing(config):
        until(lambda: _received(site) == {SUBSCRIBER: Sequences(5, 0)})


def test_what_is_too_long_stays_with_the_broker(site: Site, mosquitto: Broker, pki: Pki) -> None:
    """The connection holds, and the next good receipt is read."""
    config = uplink_config(mosquitto, pki, subscribers=(SUBSCRIBER,))
    with (
        capture_logs() as logs,
        listening(mosquitto, pki) as heard,
        speaking(mosquitto, pki) as central,
        site.publishing(config),
    ):
        site.add(1)
        until(lambda: sequences(heard) == [1])
        central.say(TOPIC, b"x" * 100 * MAX_PACKET_BYTES)
        time.sleep(0.5)
        central.say(TOPIC, b"short and wrong")
        central.say(TOPIC, _receipt(1))
        until(lambda: _received(site) == {SUBSCRIBER: Sequences(1, 0)})
    (refused,) = [entry["reason"] for entry in logs if entry["event"] == "receipt_refused"]
    assert "breaks its form" in refused  # The short one.
    assert [entry["event"] for entry in logs].count("broker_connected") == 1


def test_of_each_topic_the_latest_message_is_kept_and_not_of_any_number(mosquitto: Broker, pki: Pki) -> None:
    """Whatever a broker hands over between two turns: memory is bounded."""
    config = uplink_config(mosquitto, pki)
    context = client_context(config.ca, config.certificate, config.key)
    will = Will(signed(state(Status.OFFLINE)), 60)
    connection = Connection(BrokerAddress(config.host, config.port, context), ADDRESS.camera, will)
    with closing(connection):
        for payload in (b"first", b"latest"):
            for number in range(2 * MAX_RECEIVED):
                message = mqtt.MQTTMessage(topic=f"{number}".encode())
                message.payload = payload
                connection._on_message(connection._client, None, message)
        assert [message.payload for message in connection.received()] == [b"latest"] * MAX_RECEIVED
        assert connection.received() == []


def test_a_broker_that_gives_out_no_receipts_stops_nothing(site: Site, mosquitto: Broker, pki: Pki) -> None:
    """With the access list of an older broker reports go out as before, and are counted as not received."""
    acl = mosquitto.config.with_name("acl")
    lines = [line for line in acl.read_text().splitlines() if "receipt" not in line]
    acl.write_text("\n".join(lines) + "\n")
    mosquitto.restart()
    config = uplink_config(mosquitto, pki, subscribers=(SUBSCRIBER,))
    with (
        listening(mosquitto, pki) as heard,
        speaking(mosquitto, pki) as central,
        site.publishing(config),
    ):
        site.add(3)
        until(lambda: sequences(heard) == [1, 2, 3])
        assert central.say(TOPIC, _receipt(3)) == 135
        until(lambda: site.waiting == 0)
    assert _received(site) == {SUBSCRIBER: Sequences(0, 0)}
