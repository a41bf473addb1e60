"""Receipts: what the collector tells each camera to be on its disk."""

import time
from collections.abc import Callable, Iterable, Iterator

import msgspec
from cryptography import x509
from cryptography.x509.oid import NameOID
from sqlite_utils import Database

from central.events import Received
from central.sequence_book import SequenceBook
from edge.errors import ConfigError
from edge.uplink.contract import Address, Receipt, ReceiptData, Sequences, Stream, encode, timestamp

# Between two receipts for one camera: one for a night's backlog, not one for each of its reports.
SECONDS = 5.0
LONGEST_NAME = 63


class Due(msgspec.Struct, frozen=True):
    """A receipt to publish."""

    address: Address
    topic: str
    payload: bytes


class Receipts:
    """Says which receipts are due: where reports came, and for all cameras on each connection."""

    def __init__(self, database: Database, name: str, *, bench: bool) -> None:
        """Sign as subscriber ``name``, for what ``database`` holds."""
        self._database, self._name, self._bench = database, name, bench
        self._waiting = set[Address]()
        self._sent = dict[Address, float]()

    def connected(self) -> None:
        """Have a receipt sent to every camera: nobody knows what the broker kept of the last ones."""
        query = "select distinct zone, camera from stations"
        known = self._database.execute(query).fetchall()
        self._waiting |= {Address(zone, camera, self._bench) for zone, camera in known}
        self._sent.clear()

    def came(self, received: Iterable[Received]) -> None:
        """Note that messages came: also a receipt that says nothing new is a sign of life to which a camera answers."""
        for one in received:
            root, version, zone, camera, *branch = one.topic.split("/")
            if root and version and branch[:1] == ["counts"]:
                self._waiting.add(Address(zone, camera, self._bench))

    def due(self, now: float, clock: Callable[[], float] = time.time) -> Iterator[Due]:
        """Give what is due at ``now`` of the monotonic clock."""
        for address in sorted(self._waiting, key=lambda one: one.root):
            if now - self._sent.get(address, -SECONDS) >= SECONDS:
                self._waiting.discard(address)
                if (stored := self._stored(address)) is not None:
                    self._sent[address] = now
                    yield self._receipt(address, stored, clock())

    def _stored(self, address: Address) -> Sequences | None:
        """Return what came from this camera under its latest key."""
        query = "select id from stations where zone = ? and camera = ? order by id desc limit 1"
        found = self._database.execute(query, [address.zone, address.camera]).fetchone()
        if found is None:
            return None
        hour, day = (SequenceBook(self._database, found[0], one).stored() for one in (Stream.HOUR, Stream.DAY))
        return Sequences(hour, day)

    def _receipt(self, address: Address, stored: Sequences, now: float) -> Due:
        receipt = Receipt(
            id=f"{self._name}:{address.camera}:{int(now)}",
            source=f"urn:anpr-subscriber:{self._name}",
            time=timestamp(now),
            data=ReceiptData(stored),
        )
        return Due(address, address.receipt(self._name), encode(receipt))


def name_of(certificate: bytes) -> str:
    """Return the subscriber's name: the common name of its certificate (PEM).

    Raises:
        ConfigError: it has none that can stand in a topic.
    """
    subject = x509.load_pem_x509_certificate(certificate).subject
    names = [str(one.value) for one in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    allowed = set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    if len(names) == 1 and 0 < len(names[0]) <= LONGEST_NAME and allowed.issuperset(names[0]) and names[0][0].isalnum():
        return names[0]
    raise ConfigError(
        f"--certificate has the common name {' + '.join(names)!r}; cameras know subscribers by names of lower-case "
        "letters, digits, dashes and dots"
    )
