"""One MQTT 5 connection to the broker, driven from one thread.

paho's own network thread is not used: an exception in it would end it while ``publish`` still returns 0. A connection
is made anew for each attempt, so that no message stays in paho's queue, where its expiry would not run.
"""

import queue
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec
import structlog
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge.uplink.contract import CONTENT_TYPE
from edge.uplink.outbox import Entry

log = structlog.get_logger()

KEEPALIVE_SECONDS = 30
# The broker keeps longer messages to itself: receipts, the only ones that come, have some 400 bytes.
MAX_PACKET_BYTES = 8192
# Topics of which one message is kept at a time; more are those of strangers.
MAX_RECEIVED = 64
# Below the time that SIGTERM leaves.
ANSWER_SECONDS = 5.0
LOOK_SECONDS = 0.05
MAX_QUEUED = 32


class Broker(msgspec.Struct, frozen=True):
    """Where the broker is, and how to prove to each other who we are."""

    host: str
    port: int
    tls: ssl.SSLContext

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Will(msgspec.Struct, frozen=True):
    """What the broker says when the connection ends without goodbye and is not back ``delay`` seconds later."""

    entry: Entry
    delay: int


class ConnectionFailedError(Exception):
    """There is no connection (any more); ``event`` is what to log, ``reason`` why."""

    def __init__(self, event: str, reason: str) -> None:
        super().__init__(f"{event}: {reason}")
        self.event, self.reason = event, reason


class Acknowledged(NamedTuple):
    """The broker's answer to one message."""

    message: int
    reason: ReasonCode

    @property
    def nobody_subscribed(self) -> bool:
        """Whether the broker dropped it because nobody subscribes to its topic."""
        return bool(self.reason.value == 16)  # noqa: PLR2004  (MQTT 5, section 3.4.2.1)


class Received(NamedTuple):
    """A message that came; ``retained`` where the broker had kept it."""

    topic: str
    payload: bytes
    retained: bool


class Connection:
    """A connection; `open` it first, `close` it in the end."""

    def __init__(self, broker: Broker, client_id: str, will: Will) -> None:
        self._broker, self._will = broker, will
        self._answer: ReasonCode | None = None
        self._cause = ""
        self._acknowledged: list[Acknowledged] = []
        self._received: dict[str, Received] = {}
        self._client = self._make_client(client_id)

    def open(self, stop: threading.Event) -> None:
        """Connect and wait until the broker agrees.

        Raises:
            ConnectionFailedError: unreachable, refused, or ``stop`` was set meanwhile.
        """
        try:
            _interruptible(self._connect, stop)
        except (OSError, ValueError) as error:
            raise ConnectionFailedError("broker_unreachable", _why(error)) from error
        deadline = time.monotonic() + ANSWER_SECONDS
        while self._answer is None:
            if stop.is_set() or time.monotonic() > deadline:
                raise ConnectionFailedError("broker_unreachable", "no answer to MQTT CONNECT")
            self._turn(LOOK_SECONDS, "broker_refused")
        if self._answer.is_failure:
            raise ConnectionFailedError("broker_refused", str(self._answer))

    def publish(self, entry: Entry, *, retain: bool = False, expiry: int | None = None) -> int:
        """Send with QoS 1, to be dropped by the broker after ``expiry`` seconds; return the message's number.

        Raises:
            ConnectionFailedError: the connection is gone.
        """
        properties = _properties(PacketTypes.PUBLISH, entry)
        if expiry is not None:
            properties.MessageExpiryInterval = expiry
        info = self._client.publish(entry.topic, entry.payload, qos=1, retain=retain, properties=properties)
        if info.rc != mqtt.MQTT_ERR_SUCCESS:
            raise ConnectionFailedError("broker_lost", mqtt.error_string(info.rc))
        return info.mid

    def subscribe(self, topics: str) -> None:
        """Ask for the messages of a topic filter, retained ones first; a refusal is logged and changes nothing else.

        Raises:
            ConnectionFailedError: the connection is gone.
        """
        result, _ = self._client.subscribe(topics, options=SubscribeOptions(qos=1))
        if result != mqtt.MQTT_ERR_SUCCESS:
            raise ConnectionFailedError("broker_lost", mqtt.error_string(result))

    def received(self) -> list[Received]:
        """Return what came since the last call, the latest message of each topic."""
        received, self._received = self._received, {}
        return list(received.values())

    def turn(self, seconds: float) -> list[Acknowledged]:
        """Do what the network asks for, waiting up to ``seconds`` for it; return what was acknowledged.

        Raises:
            ConnectionFailedError: the connection is gone.
        """
        self._turn(seconds, "broker_lost")
        acknowledged, self._acknowledged = self._acknowledged, []
        return acknowledged

    def close(self) -> None:
        """Say goodbye, where there still is a connection: the will is not sent."""
        with suppress(OSError):
            self._client.disconnect()
        # They hold us as we hold the client: without them its sockets are closed now, not when garbage is collected.
        self._client.on_connect = self._client.on_publish = self._client.on_disconnect = self._client.on_log = None
        self._client.on_subscribe = self._client.on_message = None

    def _make_client(self, client_id: str) -> mqtt.Client:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv5)
        client.connect_timeout = ANSWER_SECONDS
        client.max_queued_messages_set(MAX_QUEUED)
        client.tls_set_context(self._broker.tls)
        client.on_connect = self._on_connect
        client.on_publish = self._on_publish
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_log = self._on_log
        entry = self._will.entry
        properties = _properties(PacketTypes.WILLMESSAGE, entry)
        properties.WillDelayInterval = self._will.delay
        client.will_set(entry.topic, entry.payload, qos=1, retain=True, properties=properties)
        return client

    def _connect(self) -> None:
        """Connect to the old session, if the broker still has it.

        A will waits for its delay only as long as the session lives, and a clean start would end the session
        (MQTT 5, sections 3.1.2.4 and 3.1.3.2.2).
        """
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho left it untyped
        properties.SessionExpiryInterval = self._will.delay
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        self._client.connect(
            self._broker.host,
            self._broker.port,
            keepalive=KEEPALIVE_SECONDS,
            clean_start=False,
            properties=properties,
        )

    def _turn(self, seconds: float, event: str) -> None:
        result = self._client.loop(seconds)
        if result != mqtt.MQTT_ERR_SUCCESS and not (self._answer and self._answer.is_failure):
            raise ConnectionFailedError(event, self._cause or mqtt.error_string(result))

    def _on_connect(self, _client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        self._answer = reason

    def _on_publish(self, _client: mqtt.Client, _data: Any, mid: int, reason: ReasonCode, _properties: Any) -> None:
        self._acknowledged.append(Acknowledged(mid, reason))

    def _on_subscribe(
        self, _client: mqtt.Client, _data: Any, _message: int, reasons: list[ReasonCode], _properties: Any
    ) -> None:
        for reason in reasons:
            if reason.is_failure:
                log.warning("receipts_refused", reason=str(reason))

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        if message.topic in self._received or len(self._received) < MAX_RECEIVED:
            self._received[message.topic] = Received(message.topic, bytes(message.payload), message.retain)

    def _on_disconnect(
        self, _client: mqtt.Client, _data: Any, flags: mqtt.DisconnectFlags, reason: ReasonCode, _properties: Any
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._cause = self._cause or str(reason)

    def _on_log(self, _client: mqtt.Client, _data: Any, level: int, text: str) -> None:
        if level == mqtt.MQTT_LOG_ERR:
            self._cause = self._cause or text  # What comes later is mostly that there is no connection.


def _properties(packet: int, entry: Entry) -> Properties:
    properties = Properties(packet)  # type: ignore[no-untyped-call]  # paho left it untyped
    properties.ContentType = CONTENT_TYPE
    properties.UserProperty = ("sig", entry.signature)
    return properties


def _interruptible(call: Callable[[], None], stop: threading.Event) -> None:
    """Run ``call`` in a thread that is left behind when ``stop`` is set: a name server may take half a minute."""
    outcome: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()

    def work() -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001  (raised again by whoever waits)
            outcome.put(error)
        else:
            outcome.put(None)

    threading.Thread(target=work, name="connect", daemon=True).start()
    while outcome.empty():
        if stop.wait(LOOK_SECONDS):
            raise ConnectionFailedError("broker_unreachable", "asked to end while connecting")
    if error := outcome.get():
        raise error


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
