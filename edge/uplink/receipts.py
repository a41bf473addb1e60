"""Receipts: what named subscribers say they have stored. A stranger's, or one of another form, changes nothing."""

from collections.abc import Iterable, Mapping

import msgspec
import structlog

from edge.errors import AnprError
from edge.uplink.connection import Received
from edge.uplink.contract import Receipt, Sequences, Stream
from edge.uplink.outbox import OutboxError, OutboxReader
from edge.uplink.replay import STREAMS, Replays

log = structlog.get_logger()

MAX_BYTES = 4096


class ReceiptError(AnprError):
    """A receipt breaks the contract."""


class Receipts:
    """Reads receipts and keeps what they say: in the outbox, and for whoever sends reports again."""

    def __init__(self, reader: OutboxReader, subscribers: Iterable[str], replays: Replays) -> None:
        self._reader, self._replays, self._named = reader, replays, frozenset(subscribers)
        self._branch = ""
        self._faulty: set[str] = set()
        self._said: dict[str, Sequences] = {}

    def begin(self, branch: str) -> str | None:
        """Wait for receipts below the topic ``branch``; return what to subscribe to, None where nobody is named.

        Who is named is written into the outbox, and what they said before is read from it.
        """
        self._branch = branch
        try:
            self._reader.name_subscribers(self._named)
        except OutboxError as error:
            log.warning("receipts_not_stored", reason=str(error))
        known = self._reader.receipts()
        for subscriber in self._named:
            self._replays.expect(subscriber, known.get(subscriber, Sequences(0, 0)))
        return f"{branch}/+" if self._named else None

    def take(self, received: Received) -> None:
        """Heed a message, where it is the receipt of a named subscriber."""
        branch, _, subscriber = received.topic.rpartition("/")
        if branch != self._branch or subscriber not in self._named:
            return
        try:
            said = read(received.payload, subscriber)
        except ReceiptError as fault:
            self._complain(subscriber, str(fault))
            return
        self._faulty.discard(subscriber)
        self._keep(subscriber, said, live=not received.retained)

    def _complain(self, subscriber: str, reason: str) -> None:
        """Say once what is wrong, until there is a good one."""
        if subscriber not in self._faulty:
            self._faulty.add(subscriber)
            log.warning("receipt_refused", subscriber=subscriber, reason=reason)

    def _keep(self, subscriber: str, said: Sequences, *, live: bool) -> None:
        known = self._reader.receipts().get(subscriber, Sequences(0, 0))
        stored = self._clamped(subscriber, said)
        self._said[subscriber] = said
        self._replays.hear(subscriber, stored, live=live)
        if stored == known:
            return
        for stream in STREAMS:
            _tell(subscriber, stream, getattr(known, stream), getattr(stored, stream))
        try:
            self._reader.name_subscribers(self._named)
            self._reader.mark_received(subscriber, stored)
        except OutboxError as error:  # It comes again: with the next one, or the next connection.
            log.warning("receipts_not_stored", reason=str(error))

    def _clamped(self, subscriber: str, said: Sequences) -> Sequences:
        """Take what lies beyond the outbox for its end: another camera's receipt, or one of before a new outbox."""
        highest = {stream: self._reader.highest(stream) for stream in STREAMS}
        if said != self._said.get(subscriber):
            _tell_beyond(subscriber, said, highest)
        return Sequences(min(said.hour, highest[Stream.HOUR]), min(said.day, highest[Stream.DAY]))


def read(payload: bytes, subscriber: str) -> Sequences:
    """Return what a receipt of ``subscriber`` says.

    Raises:
        ReceiptError: it breaks the contract.
    """
    if len(payload) > MAX_BYTES:
        raise ReceiptError(f"has more than {MAX_BYTES} bytes")
    try:
        receipt = msgspec.json.decode(payload, type=Receipt)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise ReceiptError(f"breaks its form: {error}") from error
    if receipt.source != f"urn:anpr-subscriber:{subscriber}":
        raise ReceiptError("its source is another subscriber")
    return receipt.data.stored


def _tell(subscriber: str, stream: Stream, known: int, stored: int) -> None:
    if stored > known:
        log.info("receipt_taken", subscriber=subscriber, stream=stream, sequence=stored)
    elif stored < known:
        log.warning("receipt_went_back", subscriber=subscriber, stream=stream, sequence=stored)


def _tell_beyond(subscriber: str, said: Sequences, highest: Mapping[Stream, int]) -> None:
    for stream, last in highest.items():
        if getattr(said, stream) > last:
            log.warning("receipt_beyond_outbox", subscriber=subscriber, stream=stream, sequence=getattr(said, stream))
