"""Detached signatures: made by the gate, checked by subscribers."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from edge.gate.signing import Signer
from edge.uplink import signature

KEY = SigningKey(bytes(range(32)))
TOPIC = "anpr/1/zez-demo/cam-017/counts/hour"
PAYLOAD = b'{"n": 12}'
SIGNED = Signer(KEY).sign(TOPIC, PAYLOAD)


def _header(**changes: object) -> str:
    """Sign properly, but under a header with ``changes``."""
    fields = {"kid": Signer(KEY).kid, "topic": TOPIC, "alg": "EdDSA", "b64": False, "crit": ["b64"], **changes}
    header = signature.encode(json.dumps({name: value for name, value in fields.items() if value is not None}).encode())
    return f"{header}..{signature.encode(KEY.sign(signature.signing_input(header, PAYLOAD)).signature)}"


def test_the_form_is_that_of_the_contract() -> None:
    """Header, nothing, signature; and another library agrees that the payload's own bytes are signed."""
    header, detached, raw = SIGNED.split(".")
    fields = json.loads(base64.urlsafe_b64decode(header + "=="))
    assert fields == {"alg": "EdDSA", "b64": False, "crit": ["b64"], "kid": Signer(KEY).kid, "topic": TOPIC}
    assert detached == ""
    public = Ed25519PublicKey.from_public_bytes(bytes(KEY.verify_key))
    public.verify(base64.urlsafe_b64decode(raw + "=="), header.encode() + b"." + PAYLOAD)


@given(st.text(max_size=80), st.binary(max_size=200))
def test_what_is_signed_verifies(topic: str, payload: bytes) -> None:
    """Any payload on any topic."""
    signed = Signer(KEY).sign(topic, payload)
    assert signature.verify(KEY.verify_key, topic, payload, signed)
    assert not signature.verify(KEY.verify_key, topic + "x", payload, signed)
    assert not signature.verify(KEY.verify_key, topic, payload + b" ", signed)


def test_another_key_does_not_verify() -> None:
    """Neither as the verifier nor by claiming the other's name."""
    other = SigningKey.generate()
    assert not signature.verify(other.verify_key, TOPIC, PAYLOAD, SIGNED)
    assert not signature.verify(other.verify_key, TOPIC, PAYLOAD, _header(kid=Signer(other).kid))


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"b64": True},
        {"alg": None},
        {"b64": None},
        {"crit": None},
        {"crit": []},
        {"crit": ["b64", "exp"]},
        {"kid": "0000000000000000"},
        {"kid": None},
        {"topic": None},
        {"topic": "anpr/1/zez-demo/cam-018/counts/hour"},
        {"jwk": "x"},
    ],
)
def test_another_header_does_not_verify(changes: dict[str, object]) -> None:
    """Even where the bytes are signed by the right key."""
    assert signature.verify(KEY.verify_key, TOPIC, PAYLOAD, _header())
    assert not signature.verify(KEY.verify_key, TOPIC, PAYLOAD, _header(**changes))


@given(st.text(max_size=200) | st.integers(0, len(SIGNED) - 1).map(lambda at: SIGNED[:at] + "A" + SIGNED[at + 1 :]))
def test_rubbish_does_not_verify_nor_raise(rubbish: str) -> None:
    """Texts that are no signature, and the right one with a character changed."""
    assert rubbish == SIGNED or not signature.verify(KEY.verify_key, TOPIC, PAYLOAD, rubbish)


@pytest.mark.parametrize("signed", [SIGNED + "=", SIGNED + "\n", SIGNED.replace("..", ".."[:1])])
def test_only_one_spelling_verifies(signed: str) -> None:
    """Padding and white space are not ignored, so a signature can't be varied."""
    assert not signature.verify(KEY.verify_key, TOPIC, PAYLOAD, signed)
