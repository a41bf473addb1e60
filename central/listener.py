"""Messages from the broker, over connections that come and go."""

import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from central.events import Received
from edge.uplink.backoff import Backoff

KEEPALIVE_SECONDS = 30
ANSWER_SECONDS = 5.0
TURN_SECONDS = 0.25
MAX_PACKET_BYTES = 2 << 20


class Broker(msgspec.Struct, frozen=True):
    """Where the broker is, and how to prove to each other who we are."""

    host: str
    port: int
    tls: ssl.SSLContext


class ListenError(Exception):
    """There is no connection (any more), and why."""


class Listener:
    """Subscribes to one topic filter; ``say`` gets a line about each connection."""

    def __init__(self, broker: Broker, topics: str, say: Callable[[str], None]) -> None:
        self._broker, self._topics, self._say = broker, topics, say

    def listen(self, until: float) -> Iterator[Received]:
        """Give messages as they come, until that moment of the monotonic clock; connect again where needed."""
        backoff = Backoff()
        while time.monotonic() < until:
            session = _Session(self._broker, self._topics)
            try:
                session.open(until)
                backoff.reset()
                self._say(f"{self._name} connected; waiting for {self._topics}")
                yield from session.messages(until)
            except (ListenError, OSError) as error:
                delay = min(backoff.fail(), max(0.0, until - time.monotonic()))
                self._say(f"{self._name} not connected: {error}; trying again in {delay:.0f} s")
                time.sleep(delay)
            finally:
                session.close()

    @property
    def _name(self) -> str:
        return f"{self._broker.host}:{self._broker.port}"


class _Session:
    """One connection, driven from the thread that reads it."""

    def __init__(self, broker: Broker, topics: str) -> None:
        self._broker, self._topics = broker, topics
        self._inbox: deque[Received] = deque()
        self._subscribed = False
        self._refusal = ""
        self._error = ""
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.connect_timeout = ANSWER_SECONDS
        self._client.tls_set_context(broker.tls)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_log = self._on_log

    def open(self, until: float) -> None:
        """Connect and subscribe."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho left it untyped
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        self._client.connect(
            self._broker.host, self._broker.port, keepalive=KEEPALIVE_SECONDS, clean_start=True, properties=properties
        )
        deadline = min(until, time.monotonic() + ANSWER_SECONDS)
        while not self._subscribed:
            if time.monotonic() > deadline:
                raise ListenError("no answer")
            self._turn()

    def messages(self, until: float) -> Iterator[Received]:
        """Give messages as they come."""
        while time.monotonic() < until:
            while self._inbox:
                yield self._inbox.popleft()
            self._turn()

    def close(self) -> None:
        """Say goodbye."""
        self._client.disconnect()
        # They hold us as we hold the client: without them its sockets are closed now, not when garbage is collected.
        self._client.on_connect = self._client.on_subscribe = self._client.on_message = self._client.on_log = None

    def _turn(self) -> None:
        result = self._client.loop(TURN_SECONDS)
        if self._refusal:
            raise ListenError(f"refused: {self._refusal}")
        if result != mqtt.MQTT_ERR_SUCCESS:
            raise ListenError(self._error or mqtt.error_string(result))

    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if reason.is_failure:
            self._refusal = str(reason)
            return
        # As published: a count that someone retained shows at once, not to the next subscriber only.
        client.subscribe(self._topics, options=SubscribeOptions(qos=1, retainAsPublished=True))

    def _on_subscribe(
        self, _client: mqtt.Client, _data: Any, _message: int, reasons: list[ReasonCode], _properties: Any
    ) -> None:
        refusals = [str(reason) for reason in reasons if reason.is_failure]
        self._refusal = ", ".join(refusals)
        self._subscribed = not refusals

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        properties = message.properties
        signatures = [value for name, value in getattr(properties, "UserProperty", []) if name == "sig"]
        self._inbox.append(
            Received(
                topic=message.topic,
                payload=bytes(message.payload),
                signature=signatures[0] if len(signatures) == 1 else "",
                content_type=getattr(properties, "ContentType", ""),
                retained=message.retain,
            )
        )

    def _on_log(self, _client: mqtt.Client, _data: Any, level: int, text: str) -> None:
        if level == mqtt.MQTT_LOG_ERR:
            self._error = self._error or text
