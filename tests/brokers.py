"""A real broker for tests, and somebody who listens to it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge.config import UplinkConfig
from edge.proof.broker import Broker, BrokerError, broker, find_mosquitto
from edge.proof.pki import Identity, Pki, make_pki
from edge.uplink.tls import client_context

CAMERA = "cam-017"
OTHER = "cam-018"


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """Certificates for two cameras."""
    return make_pki(tmp_path_factory.mktemp("pki"), [CAMERA, OTHER])


@pytest.fixture
def mosquitto(tmp_path: Path, pki: Pki) -> Iterator[Broker]:
    """Run a broker of its own for each test: retained messages of one test are not another's."""
    try:
        find_mosquitto()
    except BrokerError as error:
        pytest.skip(str(error))
    with broker(tmp_path / "broker", pki) as running:
        yield running


class Listener:
    """Keeps what came, in order."""

    def __init__(self) -> None:
        self.messages: list[mqtt.MQTTMessage] = []
        self.subscribed = threading.Event()

    def payloads(self, ending: str) -> list[bytes]:
        """Return what came on topics that end so."""
        return [bytes(message.payload) for message in self.messages if message.topic.endswith(ending)]


@contextmanager
def listening(running: Broker, pki: Pki, identity: Identity | None = None) -> Iterator[Listener]:
    """Subscribe to everything, as the centre or with another certificate, again after each loss of the connection."""
    heard, shown = Listener(), identity or pki.subscriber

    def on_connect(client: mqtt.Client, *_: Any) -> None:
        client.subscribe("#", qos=1)

    def on_subscribe(*_: Any) -> None:
        heard.subscribed.set()

    def on_message(_client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        heard.messages.append(message)

    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.tls_set_context(client_context(pki.ca, shown.certificate, shown.key))
    client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
    client.connect(running.host, running.port)
    client.loop_start()
    try:
        assert heard.subscribed.wait(5), "the broker did not answer"
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()


def uplink_config(running: Broker, pki: Pki, identity: Identity | None = None) -> UplinkConfig:
    """Configure a camera's uplink for a broker."""
    shown = identity or pki.cameras[CAMERA]
    return UplinkConfig(running.host, running.port, pki.ca, shown.certificate, shown.key)


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited for {seconds} s in vain"
        time.sleep(0.02)
