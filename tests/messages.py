"""Signed messages as a gate makes them, for whoever sends or receives them."""

import base64
from datetime import date

from nacl.signing import SigningKey

from edge.categories import CameraState, Clock, Direction, Drive, PlateKind, RegisterAge, Share, Unreadable, VehicleType
from edge.gate.signing import Signer
from edge.uplink import contract
from edge.uplink.contract import (
    Address,
    Cell,
    Checkpoint,
    CountReport,
    Health,
    Receipt,
    ReceiptData,
    Sequences,
    State,
    Status,
    Stream,
)
from edge.uplink.outbox import Entry

KEY = SigningKey(bytes(range(32)))
ADDRESS = Address("zez-demo", "cam-017", bench=False)
HOUR = 3600
BEGIN = 1_795_420_800  # 2026-11-23 08:00 UTC
FAR = 4_102_444_800  # The year 2100: not expired in any test.
DIGEST = "sha256:" + "0" * 64
CELL = Cell(n=37, direction=Direction.IN, plate=PlateKind.NL, vehicle_type=VehicleType.VAN, drive=Drive.ELECTRIC)


def report(  # noqa: PLR0913  (each a field that tests vary)
    sequence: int,
    *,
    k: int = 10,
    cells: tuple[Cell, ...] = (CELL,),
    address: Address = ADDRESS,
    partial: bool = False,
    noise: contract.Perturbation | contract.DifferentialPrivacy | None = None,
) -> CountReport:
    """Report the window that has this sequence, the first one beginning at 08:00 UTC."""
    start = BEGIN + (sequence - 1) * HOUR
    data = contract.CountData(
        window=contract.Window(
            start=contract.timestamp(start),
            end=contract.timestamp(start + HOUR),
            timezone="Europe/Amsterdam",
            partial=partial,
            observed_share=0.95 if partial else 1.0,
        ),
        policy=DIGEST,
        release=contract.ReleaseRule(k, noise),
        table="emission",
        weight=1.0,
        measure="passages",
        cells=cells,
        expires=date(2036, 1, 1),
    )
    return CountReport(
        id=f"{address.camera}:hour:{sequence}",
        source=address.source,
        time=contract.timestamp(start + HOUR + 10),
        sequence=str(sequence),
        data=data,
    )


def state(status: Status, address: Address = ADDRESS) -> State:
    """Say that the camera is there, or not."""
    return State(
        id=f"{address.camera}:state-{status}:{BEGIN}",
        source=address.source,
        time=contract.timestamp(BEGIN),
        data=contract.StateData(status, "0.1.0", DIGEST, DIGEST),
    )


def health(number: int, address: Address = ADDRESS) -> Health:
    """Say how the camera is doing."""
    data = contract.HealthData(
        camera=CameraState.DELIVERING,
        clock=Clock.SYNCHRONISED,
        frames_dropped=Share.FEW,
        frames_corrupt=Share.NONE,
        reopened=0,
        outbox_waiting="none",
        outbox_dropped=0,
        register_age=RegisterAge.BELOW_8_DAYS,
        unreadable=Unreadable.SOME,
        unreceived="none",
        oldest=Sequences(1, 1),
    )
    return Health(
        id=f"{address.camera}:health:{BEGIN + number}",
        source=address.source,
        time=contract.timestamp(BEGIN + number),
        data=data,
    )


def checkpoint(size: int, address: Address = ADDRESS) -> Checkpoint:
    """Vouch for an audit log of so many entries."""
    origin = f"anpr-edge/{address.zone}/{address.camera}"
    root, signature = base64.b64encode(bytes(32)).decode(), base64.b64encode(bytes(68)).decode()
    return Checkpoint(
        id=f"{address.camera}:checkpoint:{size}",
        source=address.source,
        time=contract.timestamp(BEGIN),
        data=contract.CheckpointData(f"{origin}\n{size}\n{root}\n\n\u2014 {origin} {signature}\n"),
    )


def receipt(subscriber: str, hour: int, day: int = 0) -> Receipt:
    """Say up to which sequences a subscriber has stored everything."""
    return Receipt(
        id=f"{subscriber}:receipt:{hour}:{day}",
        source=f"urn:anpr-subscriber:{subscriber}",
        time=contract.timestamp(BEGIN),
        data=ReceiptData(Sequences(hour, day)),
    )


def topic_of(message: CountReport | State | Health | Checkpoint, address: Address = ADDRESS) -> str:
    """Return where a message belongs."""
    if isinstance(message, CountReport):
        return address.topic(Stream.HOUR)
    if isinstance(message, Checkpoint):
        return address.checkpoint
    return address.state if isinstance(message, State) else address.topic(Stream.HEALTH)


def signed(message: CountReport | State | Health | Checkpoint, address: Address = ADDRESS, expires: int = FAR) -> Entry:
    """Sign a message for its topic, as it goes into the outbox."""
    topic, payload = topic_of(message, address), contract.encode(message)
    return Entry(topic, payload, Signer(KEY).sign(topic, payload), expires)


def states(address: Address = ADDRESS) -> dict[Status, Entry]:
    """Sign all states."""
    return {status: signed(state(status, address), address) for status in Status}
