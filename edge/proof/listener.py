"""Somebody who listens at a proof's broker, and keeps all that comes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge.proof.broker import Broker, BrokerError
from edge.proof.pki import Identity, Pki
from edge.uplink.tls import client_context

ANSWER_SECONDS = 10.0


class Listener:
    """Keeps what came, in order."""

    def __init__(self) -> None:
        self.messages: list[mqtt.MQTTMessage] = []
        self.subscribed = threading.Event()

    def payloads(self, ending: str) -> list[bytes]:
        """Return what came on topics that end so."""
        return [bytes(message.payload) for message in self.messages if message.topic.endswith(ending)]


def signature(message: mqtt.MQTTMessage) -> str:
    """Return the signature that a message bears; empty without one."""
    given = getattr(message.properties, "UserProperty", [])
    return next((str(value) for name, value in given if name == "sig"), "")


@contextmanager
def listening(running: Broker, pki: Pki, identity: Identity | None = None) -> Iterator[Listener]:
    """Subscribe to everything, as the centre or with another certificate, again after each loss of the connection.

    Raises:
        BrokerError: it does not answer.
    """
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
        if not heard.subscribed.wait(ANSWER_SECONDS):
            raise BrokerError("the broker did not answer")
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()
