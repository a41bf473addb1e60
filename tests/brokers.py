"""A real broker for tests, and somebody who listens to it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from edge.config import UplinkConfig
from edge.proof.broker import Broker, BrokerError, broker, find_mosquitto
from edge.proof.pki import SUBSCRIBER, Identity, Pki, make_pki
from edge.uplink.tls import client_context

CAMERA = "cam-017"
OTHER = "cam-018"
SECOND_SUBSCRIBER = "planning.central"


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """Certificates for two cameras and two subscribers."""
    return make_pki(tmp_path_factory.mktemp("pki"), [CAMERA, OTHER], [SUBSCRIBER, SECOND_SUBSCRIBER])


@pytest.fixture
def mosquitto(tmp_path: Path, pki: Pki) -> Iterator[Broker]:
    """Run a broker of its own for each test: retained messages of one test are not another's."""
    try:
        find_mosquitto()
    except BrokerError as error:
        pytest.skip(str(error))
    with broker(tmp_path / "broker", pki) as running:
        yield running


def uplink_config(
    running: Broker, pki: Pki, identity: Identity | None = None, subscribers: tuple[str, ...] = ()
) -> UplinkConfig:
    """Configure a camera's uplink for a broker."""
    shown = identity or pki.cameras[CAMERA]
    return UplinkConfig(running.host, running.port, pki.ca, shown.certificate, shown.key, subscribers)


class Speaker:
    """Somebody who publishes."""

    def __init__(self, client: mqtt.Client) -> None:
        """Listen to what the broker answers."""
        self._client = client
        self._answers: dict[int, ReasonCode] = {}
        client.on_publish = self._on_publish

    def say(self, topic: str, payload: bytes, *, retain: bool = True) -> int:
        """Publish with QoS 1; return the reason of the broker's answer."""
        message = self._client.publish(topic, payload, qos=1, retain=retain).mid
        until(lambda: message in self._answers)
        return int(self._answers[message].value)

    def _on_publish(self, _client: mqtt.Client, _data: Any, mid: int, reason: ReasonCode, _properties: Any) -> None:
        self._answers[mid] = reason


@contextmanager
def speaking(running: Broker, pki: Pki, identity: Identity | None = None) -> Iterator[Speaker]:
    """Connect as a subscriber, or with another certificate, and publish."""
    shown = identity or pki.subscriber
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.tls_set_context(client_context(pki.ca, shown.certificate, shown.key))
    client.connect(running.host, running.port)
    client.loop_start()
    try:
        yield Speaker(client)
    finally:
        client.disconnect()
        client.loop_stop()
        client.on_publish = None  # It holds the client, which closes its last sockets when nothing does.


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited for {seconds} s in vain"
        time.sleep(0.02)
