"""When a camera gets a receipt, and what stands in it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from nacl.signing import SigningKey

from central.events import Received
from central.receipts import SECONDS, Receipts, name_of
from edge.errors import ConfigError
from edge.proof.pki import SUBSCRIBER, Pki
from edge.uplink import schema
from edge.uplink.contract import CONTENT_TYPE, Receipt, Sequences, Stream
from tests.central.stores import Filled, filled
from tests.messages import ADDRESS, BEGIN, report, signed


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Filled]:
    """An empty store."""
    with filled(tmp_path / "counts.db") as made:
        yield made


def due(receipts: Receipts, now: float) -> list[Receipt]:
    """Return what is due, checked as a camera does."""
    found = list(receipts.due(now, lambda: float(BEGIN)))
    assert all(one.topic == ADDRESS.receipt(SUBSCRIBER) for one in found)
    return [msgspec.json.decode(one.payload, type=Receipt) for one in found]


def came(topic: str = ADDRESS.topic(Stream.HOUR)) -> list[Received]:
    """Have something come."""
    return [Received(topic, b"", "", CONTENT_TYPE, retained=False)]


def test_one_receipt_in_five_seconds_however_much_comes(kept: Filled) -> None:
    """The next one says what came meanwhile; a repeated report is answered too, for the camera waits for a sign."""
    receipts = Receipts(kept.database, SUBSCRIBER, bench=False)
    kept.take(signed(report(1)))
    receipts.came(came())
    assert [one.data.stored for one in due(receipts, 100.0)] == [Sequences(1, 0)]
    for sequence in (2, 3):
        kept.take(signed(report(sequence)))
        receipts.came(came())
        assert due(receipts, 100.0 + SECONDS - 0.1) == []
    assert [one.data.stored for one in due(receipts, 100.0 + SECONDS)] == [Sequences(3, 0)]
    assert due(receipts, 200.0) == []
    receipts.came(came())
    assert [one.data.stored for one in due(receipts, 200.0)] == [Sequences(3, 0)]


def test_each_connection_tells_every_camera(kept: Filled) -> None:
    """Whatever the broker kept of the last one."""
    kept.take(signed(report(1)))
    receipts = Receipts(kept.database, SUBSCRIBER, bench=False)
    receipts.connected()
    assert len(due(receipts, 0.0)) == 1
    receipts.connected()
    assert len(due(receipts, 0.1)) == 1


def test_only_reports_of_known_cameras_have_receipts(kept: Filled) -> None:
    """Health, other receipts, and whoever has no known key have none."""
    receipts = Receipts(kept.database, SUBSCRIBER, bench=False)
    for topic in (ADDRESS.topic(Stream.HEALTH), ADDRESS.receipt("x"), "anpr/1/z/stranger/counts/hour", "anpr/1/a/b"):
        receipts.came(came(topic))
    assert due(receipts, 0.0) == []


def test_a_new_card_is_told_of_its_own_numbering(kept: Filled) -> None:
    """The receipt is for the key that was seen last."""
    for sequence in (1, 2, 3):
        kept.take(signed(report(sequence)))
    kept.database.execute("update stations set kid = ?", [SigningKey(bytes(32)).verify_key.encode().hex()])
    kept.take(signed(report(1)))
    receipts = Receipts(kept.database, SUBSCRIBER, bench=False)
    receipts.connected()
    assert [one.data.stored for one in due(receipts, 0.0)] == [Sequences(1, 0)]


def test_a_receipt_keeps_to_its_schema(kept: Filled) -> None:
    """Field by field."""
    kept.take(signed(report(1)))
    receipts = Receipts(kept.database, SUBSCRIBER, bench=False)
    receipts.connected()
    (one,) = receipts.due(0.0, lambda: float(BEGIN))
    content = msgspec.json.decode(one.payload)
    assert content["id"] == f"{SUBSCRIBER}:cam-017:{BEGIN}"
    assert content["source"] == f"urn:anpr-subscriber:{SUBSCRIBER}"
    assert set(content) == set(schema.load("receipt")["$defs"]["Receipt"]["properties"])


def test_the_name_is_that_of_the_certificate(pki: Pki) -> None:
    """One that can't stand in a topic is refused."""
    assert name_of(pki.subscriber.certificate.read_bytes()) == SUBSCRIBER
    for name in ("City Data Team", "über", "a/b", "#", ".x"):
        with pytest.raises(ConfigError, match="--certificate has the common name"):
            name_of(_certificate(name))


def _certificate(name: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    day = datetime(2026, 11, 24, tzinfo=UTC)
    made = builder.serial_number(1).not_valid_before(day).not_valid_after(day).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)
