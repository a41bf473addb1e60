"""What the retained state says of a camera's walls."""

import json
from pathlib import Path

import pytest

from edge.categories import Ack, CameraState, Clock, Message, RegisterAge, Sandbox, Share, VisionHealth
from edge.gate.presence import Presence
from edge.uplink.contract import Status
from edge.uplink.outbox import Outbox, OutboxReader
from tests.counts import counts
from tests.gate.desks import reports

MODELS = "sha256:" + "0" * 64
MEGABYTE = 1_000_000
FULL, PARTIAL, NONE = Sandbox.FULL, Sandbox.PARTIAL, Sandbox.NONE


def _health(sandbox: Sandbox) -> VisionHealth:
    return VisionHealth(
        CameraState.DELIVERING, Clock.SYNCHRONISED, Share.NONE, Share.NONE, 0, RegisterAge.UNKNOWN, sandbox
    )


@pytest.mark.parametrize(
    ("own", "vision", "said"),
    [
        (FULL, (), "full"),
        (FULL, (FULL,), "full"),
        (FULL, (PARTIAL,), "partial"),
        (FULL, (PARTIAL, FULL), "full"),
        (PARTIAL, (FULL,), "partial"),
        (FULL, (NONE,), "none"),
        (NONE, (FULL,), "none"),
    ],
)
def test_the_state_names_the_weaker_of_gate_and_vision(
    tmp_path: Path, own: Sandbox, vision: tuple[Sandbox, ...], said: str
) -> None:
    """In each of its forms, as soon as vision has told; what vision tells goes on to the desk."""
    made, taken = reports(tmp_path), list[Message]()
    outbox = Outbox(tmp_path / "outbox.db", MEGABYTE)
    presence = Presence(outbox, own, lambda level: made.states("1.2.3", MODELS, level))

    def take(message: Message) -> Ack:
        taken.append(message)
        return Ack(accepted=True)

    messages: list[Message] = [*map(_health, vision), counts()]
    assert all(presence.over(take)(message).accepted for message in messages)
    reader = OutboxReader(tmp_path / "outbox.db")
    states = reader.states()
    reader.close()
    outbox.close()
    assert taken == messages
    assert {status: json.loads(entry.payload)["data"]["sandbox"] for status, entry in states.items()} == dict.fromkeys(
        Status, said
    )
