"""Publishes the outbox: presence, health and reports, over connections that come and go."""

import threading
import time
from collections.abc import Mapping

import structlog

from edge.config import UplinkConfig
from edge.uplink import tls
from edge.uplink.backoff import Backoff
from edge.uplink.connection import Broker, Connection, ConnectionFailedError, Will
from edge.uplink.contract import Status
from edge.uplink.delivery import Delivery
from edge.uplink.outbox import Entry, OutboxReader
from edge.uplink.receipts import Receipts
from edge.uplink.replay import PATIENCE_SECONDS, Replays

log = structlog.get_logger()

# A modem that changes cells is not worth an alarm at the centre.
WILL_DELAY_SECONDS = 60
TURN_SECONDS = 0.25
OUTBOX_SECONDS = 0.5
# SIGTERM leaves 5 s: 3 to send what waits, half of one to say goodbye.
DRAIN_SECONDS = 3.0
GOODBYE_SECONDS = 0.5
# A connection that held this long was good: the next failure starts with a short delay again.
GOOD_SECONDS = 30.0


class Publisher:
    """The uplink's work."""

    def __init__(
        self,
        config: UplinkConfig,
        reader: OutboxReader,
        camera: str,
        *,
        will_delay: int = WILL_DELAY_SECONDS,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """Read the certificates; nothing is connected yet. The MQTT client id is the camera's.

        Reports without a receipt are sent again after ``patience`` seconds at the earliest.

        Raises:
            ConfigError: a certificate or key is missing or wrong.
        """
        context = tls.client_context(config.ca, config.certificate, config.key)
        self._broker = Broker(config.host, config.port, context)
        self._reader, self._camera, self._will_delay = reader, camera, will_delay
        replays = Replays(reader, patience)
        self._receipts = Receipts(reader, config.subscribers, replays)
        self._delivery = Delivery(reader, replays)
        self._backoff = Backoff()

    def run(self, stop: threading.Event) -> None:
        """Publish until ``stop`` is set; then send what waits, say `stopped` and return, within 4 s."""
        while not stop.is_set():
            if states := self._wait_for_states(stop):
                self._attempt(states, stop)

    def _wait_for_states(self, stop: threading.Event) -> dict[Status, Entry]:
        """Wait for the gate, which signs what the last will says."""
        states = self._reader.states()
        if len(states) < len(Status):
            log.info("waiting_for_gate")
        while len(states) < len(Status) and not stop.wait(OUTBOX_SECONDS):
            states = self._reader.states()
        return states if len(states) == len(Status) else {}

    def _attempt(self, states: dict[Status, Entry], stop: threading.Event) -> None:
        connection = Connection(self._broker, self._camera, Will(states[Status.OFFLINE], self._will_delay))
        begun = time.monotonic()
        try:
            connection.open(stop)
            log.info("broker_connected", broker=str(self._broker))
            _Session(connection, self._reader, self._delivery, self._receipts, states).run(stop)
        except ConnectionFailedError as error:
            if time.monotonic() - begun > GOOD_SECONDS:
                self._backoff.reset()
            if not stop.is_set():
                delay = self._backoff.fail()
                log.warning(error.event, broker=str(self._broker), reason=error.reason, retry_in_s=delay)
                stop.wait(delay)
        finally:
            connection.close()


class _Session:
    """What is done over one connection."""

    def __init__(
        self,
        connection: Connection,
        reader: OutboxReader,
        delivery: Delivery,
        receipts: Receipts,
        states: Mapping[Status, Entry],
    ) -> None:
        self._connection, self._reader, self._states = connection, reader, states
        self._delivery, self._receipts = delivery, receipts
        self._said: dict[str, int] = {}
        self._retained: dict[int, str] = {}

    def run(self, stop: threading.Event) -> None:
        """Publish until ``stop`` is set, or until the gate has signed another will, which takes a new connection."""
        self._delivery.begin()
        self._retain(self._states[Status.ONLINE])
        self._ask_for_receipts()
        while not stop.is_set():
            self._send()
            self._settle()
            if self._reader.states() != self._states:
                log.info("states_changed")
                return
        self._drain()
        self._say_goodbye()

    def _ask_for_receipts(self) -> None:
        root = self._states[Status.ONLINE].topic.removesuffix("/state")
        if topics := self._receipts.begin(f"{root}/receipt"):
            self._connection.subscribe(topics)

    def _send(self) -> None:
        self._publish_latest()
        self._delivery.hand_over(self._connection)

    def _settle(self) -> None:
        answers = self._connection.turn(TURN_SECONDS)
        self._delivery.settle(answers)
        for answer in answers:
            topic = self._retained.pop(answer.message, None)
            if topic and answer.reason.is_failure:
                log.warning("message_refused", topic=topic, reason=str(answer.reason))
        for message in self._connection.received():
            self._receipts.take(message)

    def _drain(self) -> None:
        deadline = time.monotonic() + DRAIN_SECONDS
        self._send()
        while time.monotonic() < deadline and not self._delivery.idle:
            self._settle()
            self._send()

    def _say_goodbye(self) -> None:
        deadline = time.monotonic() + GOODBYE_SECONDS
        self._retain(self._states[Status.STOPPED])
        while time.monotonic() < deadline and self._retained:
            self._settle()

    def _publish_latest(self) -> None:
        """Publish the latest health and checkpoint once per connection, and each newer one."""
        for found in (self._reader.health(), self._reader.checkpoint()):
            if found and found[0] != self._said.get(found[1].topic):
                self._said[found[1].topic] = found[0]
                self._retain(found[1])

    def _retain(self, entry: Entry) -> None:
        self._retained[self._connection.publish(entry, retain=True)] = entry.topic
