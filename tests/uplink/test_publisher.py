"""The publisher against a real Mosquitto, and against its absence."""

import gc
import socket
import threading
import time
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from paho.mqtt import client as mqtt
from structlog.testing import capture_logs

from edge.config import UplinkConfig
from edge.errors import ConfigError
from edge.proof.broker import Broker
from edge.proof.listener import Listener, listening
from edge.proof.pki import Pki, make_pki
from edge.uplink import signature
from edge.uplink.connection import Broker as BrokerAddress
from edge.uplink.connection import Connection, Will
from edge.uplink.contract import CONTENT_TYPE, Status, Stream
from edge.uplink.outbox import OutboxReader
from edge.uplink.publisher import Publisher
from edge.uplink.tls import client_context
from tests.brokers import CAMERA, OTHER, until, uplink_config
from tests.messages import ADDRESS, FAR, KEY, checkpoint, health, report, signed, state, states
from tests.uplink.site import Site, sequences, uplink_process

Logs = list[MutableMapping[str, Any]]


BACKLOG = 2_000
"""So many reports that an uplink can't send them all before it is killed."""


@pytest.fixture
def _failed_handshakes() -> Iterator[None]:
    """Let paho's failed handshakes end here: it leaves their sockets to the garbage collector, which warns."""
    yield
    for thread in threading.enumerate():
        if thread.name == "connect":
            thread.join()
    gc.collect()


def _statuses(heard: Listener) -> list[str]:
    return [msgspec.json.decode(payload)["data"]["status"] for payload in heard.payloads("/state")]


def _events(logs: Logs) -> list[str]:
    return [entry["event"] for entry in logs]


def _first(logs: Logs, event: str) -> MutableMapping[str, Any]:
    return next(entry for entry in logs if entry["event"] == event)


def _properties(message: mqtt.MQTTMessage) -> dict[str, Any]:
    found: dict[str, Any] = message.properties.json() if message.properties else {}  # type: ignore[no-untyped-call]
    return found


def test_a_report_arrives_exactly_as_the_contract_says(site: Site, mosquitto: Broker, pki: Pki) -> None:
    """QoS 1, not retained, payload byte for byte, content type, what is left until expiry, a right signature."""
    entry = signed(report(1))
    with listening(mosquitto, pki) as heard, site.publishing(uplink_config(mosquitto, pki)):
        site.add(1)
        until(lambda: heard.payloads("/counts/hour"))
        before = time.time()
    (message,) = [message for message in heard.messages if message.topic == ADDRESS.topic(Stream.HOUR)]
    assert (message.qos, message.retain, bytes(message.payload)) == (1, False, entry.payload)
    properties = _properties(message)
    assert properties.pop("MessageExpiryInterval") == pytest.approx(FAR - before, abs=15)
    assert properties == {"ContentType": CONTENT_TYPE, "UserProperty": [("sig", entry.signature)]}
    assert signature.verify(KEY.verify_key, message.topic, bytes(message.payload), entry.signature)
    assert site.waiting == 0


def test_who_comes_later_finds_presence_and_health_but_no_counts(site: Site, mosquitto: Broker, pki: Pki) -> None:
    """State, health and checkpoint are retained, with content type, signature and no expiry; counts are not."""
    site.add(1)
    with listening(mosquitto, pki) as heard, site.publishing(uplink_config(mosquitto, pki)):
        until(lambda: site.waiting == 0 and heard.payloads("/health"))
        with listening(mosquitto, pki) as late:
            until(lambda: len(late.messages) == 2)
        site.outbox.put_health(signed(health(2)))
        until(lambda: heard.payloads("/health") == [signed(health(number)).payload for number in (1, 2)])
        site.outbox.put_checkpoint(signed(checkpoint(7)))
        until(lambda: heard.payloads("/checkpoint"))
        site.outbox.put_checkpoint(signed(checkpoint(9)))
        until(lambda: heard.payloads("/checkpoint") == [signed(checkpoint(size)).payload for size in (7, 9)])
        with listening(mosquitto, pki) as witness:
            until(lambda: witness.payloads("/checkpoint") == [signed(checkpoint(9)).payload])
    expected = [signed(health(1)), signed(state(Status.ONLINE))]
    for message, entry in zip(sorted(late.messages, key=lambda message: message.topic), expected, strict=True):
        assert (message.topic, bytes(message.payload), message.retain) == (entry.topic, entry.payload, True)
        assert _properties(message) == {"ContentType": CONTENT_TYPE, "UserProperty": [("sig", entry.signature)]}


def test_the_broker_goes_and_comes_and_every_window_arrives(site: Site, mosquitto: Broker, pki: Pki) -> None:
    """While it is away reports are kept and each attempt is logged; what comes twice has the same id and content."""
    with (
        capture_logs() as logs,
        listening(mosquitto, pki) as heard,
        site.publishing(uplink_config(mosquitto, pki)),
    ):
        site.add(5)
        until(lambda: len(sequences(heard)) == 5)
        mosquitto.kill()
        site.add(20)
        until(lambda: "broker_unreachable" in _events(logs))
        assert site.waiting == 20
        mosquitto.start()
        until(lambda: set(sequences(heard)) == set(range(1, 26)))
        until(lambda: site.waiting == 0)
    assert len(set(heard.payloads("/counts/hour"))) == 25
    unreachable = _first(logs, "broker_unreachable")
    assert unreachable["broker"] == f"{mosquitto.host}:{mosquitto.port}"
    assert unreachable["reason"] == "Connection refused"
    assert unreachable["log_level"] == "warning"


def test_kill_9_in_the_middle_and_every_window_arrives(site: Site, mosquitto: Broker, pki: Pki) -> None:
    """A killed uplink sends the rest when it is back; what comes twice has the same id and content."""
    site.add(BACKLOG)
    config = uplink_config(mosquitto, pki)
    with listening(mosquitto, pki) as heard:
        with uplink_process(site, config, will_delay=60):
            until(lambda: len(sequences(heard)) > 20)
        assert site.waiting > 0
        with uplink_process(site, config, will_delay=60):
            until(lambda: site.waiting == 0)
        until(lambda: set(sequences(heard)) == set(range(1, BACKLOG + 1)))
    assert len(set(heard.payloads("/counts/hour"))) == BACKLOG


def test_after_kill_9_the_last_will_comes_as_the_gate_signed_it(site: Site, mosquitto: Broker, pki: Pki) -> None:
    """Once the delay is over the camera is offline, with content type and signature."""
    with listening(mosquitto, pki) as heard:
        with uplink_process(site, uplink_config(mosquitto, pki), will_delay=1):
            until(lambda: _statuses(heard) == ["online"])
        until(lambda: _statuses(heard) == ["online", "offline"])
    entry = signed(state(Status.OFFLINE))
    will = heard.messages[-1]
    assert (will.topic, bytes(will.payload)) == (entry.topic, entry.payload)
    assert _properties(will) == {"ContentType": CONTENT_TYPE, "UserProperty": [("sig", entry.signature)]}


def test_who_is_back_in_time_was_never_away(mosquitto: Broker, pki: Pki) -> None:
    """A connection that is cut and made again within the delay brings no last will."""
    config, entries, stop = uplink_config(mosquitto, pki), states(), threading.Event()
    tls = client_context(config.ca, config.certificate, config.key)
    will = Will(entries[Status.OFFLINE], 1)
    with listening(mosquitto, pki) as heard:
        cut, back = (Connection(BrokerAddress(config.host, config.port, tls), CAMERA, will) for _ in range(2))
        cut.open(stop)
        wire = cut._client.socket()
        assert isinstance(wire, socket.socket)
        wire.shutdown(socket.SHUT_RDWR)
        cut.close()
        back.open(stop)
        back.publish(entries[Status.ONLINE], retain=True)
        until(lambda: _statuses(heard) == ["online"])
        time.sleep(1.8)
        back.close()
    assert _statuses(heard) == ["online"]


def test_nobody_subscribed_is_no_delivery(site: Site, mosquitto: Broker, pki: Pki) -> None:
    """The broker's reason 16 keeps the report until somebody listens."""
    site.add(3)
    with capture_logs() as logs, site.publishing(uplink_config(mosquitto, pki)):
        until(lambda: "nobody_subscribed" in _events(logs))
        assert site.waiting == 3
        with listening(mosquitto, pki) as heard:
            until(lambda: sequences(heard) == [1, 2, 3])
            until(lambda: site.waiting == 0)


def test_refused_is_not_connected(site: Site, mosquitto: Broker, pki: Pki) -> None:
    """A broker that refuses the client gets nothing, its reason is logged, and nothing is lost when it relents."""
    site.add(2)
    config = mosquitto.config.read_text()
    mosquitto.config.write_text(f"{config}clientid_prefixes other-\n")
    mosquitto.restart()
    with capture_logs() as logs, site.publishing(uplink_config(mosquitto, pki)):
        until(lambda: "broker_refused" in _events(logs))
        assert site.waiting == 2
        mosquitto.stop()
        mosquitto.config.write_text(config)
        mosquitto.start()
        with listening(mosquitto, pki) as heard:
            until(lambda: set(sequences(heard)) == {1, 2})
    assert _first(logs, "broker_refused")["reason"] == "Not authorized"
    assert _events(logs).index("broker_refused") < _events(logs).index("broker_connected")


@pytest.mark.usefixtures("_failed_handshakes")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_certificates_of_strangers_are_refused_on_both_sides(
    site: Site, mosquitto: Broker, pki: Pki, tmp_path: Path
) -> None:
    """A camera with another authority's certificate, and a broker with one, are named in the log; nothing is sent."""
    site.add(1)
    stranger = make_pki(tmp_path / "stranger", [CAMERA])
    wrong_camera = uplink_config(mosquitto, pki, stranger.cameras[CAMERA])
    with capture_logs() as logs, site.publishing(wrong_camera):
        until(lambda: "broker_refused" in _events(logs))
    wrong_broker = msgspec.structs.replace(uplink_config(mosquitto, pki), ca=stranger.ca)
    with capture_logs() as more, site.publishing(wrong_broker):
        until(lambda: "broker_unreachable" in _events(more))
    assert "certificate is not accepted" in _first(more, "broker_unreachable")["reason"]
    assert "broker_connected" not in _events([*logs, *more])
    assert site.waiting == 1


def test_a_camera_writes_below_its_own_name_only(site: Site, mosquitto: Broker, pki: Pki) -> None:
    """With another camera's certificate every message is refused and kept, and a camera reads nothing at all."""
    site.add(2)
    with (
        capture_logs() as logs,
        listening(mosquitto, pki) as heard,
        listening(mosquitto, pki, pki.cameras[OTHER]) as spy,
    ):
        with site.publishing(uplink_config(mosquitto, pki, pki.cameras[OTHER])):
            until(lambda: {"report_refused", "message_refused"} <= set(_events(logs)))
        assert (heard.messages, site.waiting) == ([], 2)
        with site.publishing(uplink_config(mosquitto, pki)):
            until(lambda: set(sequences(heard)) == {1, 2})
    assert _first(logs, "report_refused")["reason"] == "Not authorized"
    assert spy.messages == []


def test_the_end_sends_what_waits_and_says_so(site: Site, mosquitto: Broker, pki: Pki) -> None:
    """On a stop the rest goes out, the state is `stopped`, no will follows, and it takes less than 4 s."""
    with listening(mosquitto, pki) as heard, site.publishing(uplink_config(mosquitto, pki)) as stop:
        until(lambda: _statuses(heard) == ["online"])
        site.add(100)
        stop.set()
        begun = time.monotonic()
        until(lambda: _statuses(heard) == ["online", "stopped"], seconds=4)
        assert time.monotonic() - begun < 4
        assert set(sequences(heard)) == set(range(1, 101))


def test_new_states_take_a_new_connection(site: Site, mosquitto: Broker, pki: Pki) -> None:
    """When the gate signs for another policy, the broker gets the new state, and the new will, without an alarm."""
    renewed = {status: msgspec.structs.replace(entry, signature="renewed") for status, entry in states().items()}
    with listening(mosquitto, pki) as heard, site.publishing(uplink_config(mosquitto, pki)):
        until(lambda: _statuses(heard) == ["online"])
        site.outbox.set_states(renewed)
        until(lambda: _statuses(heard) == ["online", "online"])
    assert _properties(heard.messages[-1])["UserProperty"] == [("sig", "renewed")]


def test_it_waits_for_the_gate(tmp_path: Path, mosquitto: Broker, pki: Pki) -> None:
    """Before the gate has signed a last will, there is no connection; then it comes by itself."""
    file = tmp_path / "outbox.db"
    stop = threading.Event()
    publisher = Publisher(uplink_config(mosquitto, pki), OutboxReader(file), CAMERA)
    with ExitStack() as stack, listening(mosquitto, pki) as heard, capture_logs() as logs:
        thread = threading.Thread(target=publisher.run, args=(stop,))
        stack.callback(thread.join)
        stack.callback(stop.set)
        thread.start()
        until(lambda: "waiting_for_gate" in _events(logs))
        with closing(Site(file).outbox):
            until(lambda: _statuses(heard) == ["online"])


@pytest.mark.usefixtures("_failed_handshakes")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_stop_does_not_wait_for_a_broker_that_says_nothing(site: Site, pki: Pki) -> None:
    """Where the other side accepts the connection and then is silent, the end comes at once all the same."""
    identity = pki.cameras[CAMERA]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config = UplinkConfig("127.0.0.1", silent.getsockname()[1], pki.ca, identity.certificate, identity.key)
        with site.publishing(config) as stop:
            time.sleep(0.3)
            stop.set()
            begun = time.monotonic()
        assert time.monotonic() - begun < 3


def test_a_missing_certificate_is_a_configuration_error(site: Site, pki: Pki, tmp_path: Path) -> None:
    """It is named, and nothing is tried."""
    identity = pki.cameras[CAMERA]
    config = UplinkConfig("127.0.0.1", 1, pki.ca, tmp_path / "absent.crt", identity.key)
    with closing(OutboxReader(site.file)) as reader, pytest.raises(ConfigError, match=r"absent\.crt"):
        Publisher(config, reader, CAMERA)
