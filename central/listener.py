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
MOST_UNCONFIRMED = 200


class Broker(msgspec.Struct, frozen=True):
    """Where the broker is, and how to prove to each other who we are."""

    host: str
    port: int
    tls: ssl.SSLContext


class ListenError(Exception):
    """There is no connection (any more), and why."""


class Terms(msgspec.Struct, frozen=True):
    """A session that the broker keeps for ``seconds`` after each connection, under the name ``client``.

    What was not confirmed comes again, also to the next process.
    """

    client: str
    seconds: int


class Listener:
    """Subscribes to one topic filter; ``say`` gets a line about each connection."""

    def __init__(self, broker: Broker, topics: str, say: Callable[[str], None]) -> None:
        self._broker, self._topics, self._say = broker, topics, say

    def listen(self, until: float) -> Iterator[Received]:
        """Give messages as they come, until that moment of the monotonic clock; connect again where needed."""
        backoff = Backoff()
        while time.monotonic() < until:
            session = Session(self._broker, self._topics)
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


class Session:
    """One connection, driven from the thread that reads it."""

    def __init__(self, broker: Broker, topics: str, terms: Terms | None = None) -> None:
        """Prepare a connection; without ``terms`` the broker forgets us with it, and nothing needs to be confirmed."""
        self._broker, self._topics, self._terms = broker, topics, terms
        self.inbox: deque[Received] = deque()
        # What the broker said to each message that was published: why not, or nothing.
        self.answers: deque[str] = deque()
        self._subscribed = False
        self._refusal = ""
        self._error = ""
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=terms.client if terms else "",
            protocol=mqtt.MQTTv5,
            manual_ack=terms is not None,
        )
        self._client.connect_timeout = ANSWER_SECONDS
        self._client.tls_set_context(broker.tls)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_log = self._on_log
        self._client.on_publish = self._on_publish

    def open(self, until: float) -> None:
        """Connect and subscribe."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho left it untyped
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        if self._terms:
            properties.SessionExpiryInterval = self._terms.seconds
            properties.ReceiveMaximum = MOST_UNCONFIRMED
        self._client.connect(
            self._broker.host,
            self._broker.port,
            keepalive=KEEPALIVE_SECONDS,
            clean_start=self._terms is None,
            properties=properties,
        )
        deadline = min(until, time.monotonic() + ANSWER_SECONDS)
        while not self._subscribed:
            if time.monotonic() > deadline:
                raise ListenError("no answer")
            self.turn()

    def messages(self, until: float) -> Iterator[Received]:
        """Give messages as they come."""
        while time.monotonic() < until:
            while self.inbox:
                yield self.inbox.popleft()
            self.turn()

    def confirm(self, received: Received) -> None:
        """Tell the broker that it need not send this one again."""
        if received.packet:
            self._client.ack(received.packet, 1)

    def publish(self, topic: str, payload: bytes, content_type: str) -> None:
        """Hand a retained message to the connection; an answer follows."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho left it untyped
        properties.ContentType = content_type
        self._client.publish(topic, payload, qos=1, retain=True, properties=properties)

    def close(self) -> None:
        """Say goodbye."""
        self._client.disconnect()
        # They hold us as we hold the client: without them its sockets are closed now, not when garbage is collected.
        self._client.on_connect = self._client.on_subscribe = self._client.on_message = self._client.on_log = None
        self._client.on_publish = None

    def turn(self, seconds: float = TURN_SECONDS) -> None:
        """Let the connection work; wait so long at most for something to come.

        Raises:
            ListenError: it is lost.
        """
        result = self._client.loop(seconds)
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
        self.inbox.append(
            Received(
                topic=message.topic,
                payload=bytes(message.payload),
                signature=signatures[0] if len(signatures) == 1 else "",
                content_type=getattr(properties, "ContentType", ""),
                retained=message.retain,
                packet=message.mid if self._terms and message.qos else 0,
            )
        )

    def _on_publish(self, _client: mqtt.Client, _data: Any, _number: int, reason: ReasonCode, _more: Any) -> None:
        self.answers.append(str(reason) if reason.is_failure else "")

    def _on_log(self, _client: mqtt.Client, _data: Any, level: int, text: str) -> None:
        if level == mqtt.MQTT_LOG_ERR:
            self._error = self._error or text
