"""Signs what leaves the camera."""

import msgspec
from nacl.signing import SigningKey

from edge.uplink import signature


class Signer:
    """Signs payloads with the camera's key, as `edge.uplink.signature` verifies them."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    @property
    def kid(self) -> str:
        """How messages name the key."""
        return signature.key_id(self._key.verify_key)

    def sign(self, topic: str, payload: bytes) -> str:
        """Return the detached signature, "header..signature", over ``payload`` on ``topic``."""
        header = signature.encode(msgspec.json.encode(signature.header_for(self._key.verify_key, topic)))
        raw = self._key.sign(signature.signing_input(header, payload)).signature
        return f"{header}..{signature.encode(raw)}"
