"""The contract with central subscribers: topics and messages.

CloudEvents 1.0 in structured mode, one struct per message; the JSON Schema is generated from these structs.
"""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from edge.categories import (
    Admitted,
    CameraState,
    Clock,
    Direction,
    Drive,
    EmissionClass,
    Exemption,
    PlateKind,
    RegisterAge,
    Sandbox,
    Share,
    Trade,
    Unreadable,
    VehicleType,
)

CONTENT_TYPE = "application/cloudevents+json"
PRODUCTION_ROOT = "anpr/1"
BENCH_ROOT = "anpr-bench/1"
PROOF_ROOT = "anpr-proof/1"  # Of `anpr-edge prove`, whose broker knows no other; nobody subscribes to it.

Timestamp = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")]
Digest = Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}$")]
Source = Annotated[str, Meta(pattern=r"^urn:anpr:[a-z0-9-]+:[a-z0-9-]+$")]
Natural = Annotated[int, Meta(ge=0)]
Municipality = Annotated[str, Meta(pattern=r"^(GM[0-9]{4}|elsewhere)$")]
DimensionName = Literal[
    "direction", "plate", "vehicle_type", "drive", "emission_class", "admitted", "exemption", "origin", "trade"
]
# What earlier rungs of a ladder told: dimensions, and the hour.
RestName = Literal[
    "hour",
    "direction",
    "plate",
    "vehicle_type",
    "drive",
    "emission_class",
    "admitted",
    "exemption",
    "origin",
    "trade",
]
# A subscriber reads every minor version of what it knows: a minor version adds optional fields only.
CountsSchema = Annotated[str, Meta(pattern=r"^urn:anpr-edge:schema:counts:1\.[0-9]{1,3}$")]
StateSchema = Annotated[str, Meta(pattern=r"^urn:anpr-edge:schema:state:1\.[0-9]{1,3}$")]
CheckpointSchema = Annotated[str, Meta(pattern=r"^urn:anpr-edge:schema:checkpoint:1\.[0-9]{1,3}$")]
# A signed note: origin, number of entries, root hash, a blank line, the camera's signature.
Note = Annotated[
    str,
    Meta(
        pattern=r"^anpr-edge/[a-z0-9-]+/[a-z0-9-]+\n[0-9]{1,18}\n[A-Za-z0-9+/]{43}=\n\n"
        r"\u2014 anpr-edge/[a-z0-9-]+/[a-z0-9-]+ [A-Za-z0-9+/]{91}=\n$"
    ),
]
HealthSchema = Annotated[str, Meta(pattern=r"^urn:anpr-edge:schema:health:1\.[0-9]{1,3}$")]
ReceiptSchema = Annotated[str, Meta(pattern=r"^urn:anpr-edge:schema:receipt:1\.[0-9]{1,3}$")]
# The common name of a subscriber's certificate.
SubscriberSource = Annotated[str, Meta(pattern=r"^urn:anpr-subscriber:[a-z0-9][a-z0-9.-]{0,62}$")]


class Stream(StrEnum):
    """Kinds of messages of one camera, each with its own topic; those with sequences are never skipped."""

    HOUR = "hour"
    DAY = "day"
    HEALTH = "health"


class Status(StrEnum):
    """What a retained `state` says."""

    ONLINE = "online"
    STOPPED = "stopped"
    OFFLINE = "offline"


# Bounds of floats are written as floats: to `typing`, equal annotations are one, and the schema would show whichever
# was made first.
class Window(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """The bin of a report; ``partial`` where the camera did not see all of it, ``observed_share`` in steps of 0.05."""

    start: Timestamp
    end: Timestamp
    timezone: str
    partial: bool
    observed_share: Annotated[float, Meta(ge=0.0, le=1.0)]


class Perturbation(msgspec.Struct, frozen=True, tag_field="mode", tag="perturbation"):
    """Discrete Laplace noise of this scale on numbers of cells that true numbers chose; no epsilon follows."""

    scale: Annotated[int, Meta(ge=1, le=100)]


class DifferentialPrivacy(msgspec.Struct, frozen=True, tag_field="mode", tag="dp"):
    """Discrete Laplace noise on every cell that there could be; one that did not reach ``threshold`` is absent.

    ``epsilon`` is what all reports of one camera and one local day together may tell of one vehicle. ``scale`` is that
    of the noise on each number.
    """

    epsilon: Annotated[float, Meta(gt=0.0, le=10.0)]
    unit: Literal["vehicle_camera_day"]
    scale: Annotated[float, Meta(gt=0.0)]
    threshold: Annotated[int, Meta(ge=1)]


class ReleaseRule(msgspec.Struct, frozen=True):
    """How many different vehicles a cell needs, and which noise was added."""

    k: Annotated[int, Meta(ge=1)]
    noise: Perturbation | DifferentialPrivacy | None


class Cell(msgspec.Struct, frozen=True, omit_defaults=True):
    """One released cell: a value for each dimension of its rung, and the number.

    With ``rest`` it is what is left of such vehicles after the cells that tell these things too, of the same report or
    (``hour``) of the hours of the day. ``vehicle_types`` says which types it holds where its rung tells them not apart
    and is not for all.
    """

    n: Annotated[int, Meta(ge=1)]
    direction: Direction | UnsetType = UNSET
    plate: PlateKind | UnsetType = UNSET
    vehicle_type: VehicleType | UnsetType = UNSET
    drive: Drive | UnsetType = UNSET
    emission_class: EmissionClass | UnsetType = UNSET
    admitted: Admitted | UnsetType = UNSET
    exemption: Exemption | UnsetType = UNSET
    origin: Municipality | UnsetType = UNSET
    trade: Trade | UnsetType = UNSET
    rest: tuple[RestName, ...] | UnsetType = UNSET
    vehicle_types: tuple[VehicleType, ...] | UnsetType = UNSET


class CountData(msgspec.Struct, frozen=True):
    """What a count report says."""

    window: Window
    policy: Digest
    release: ReleaseRule
    table: str
    weight: Annotated[float, Meta(gt=0.0, le=1.0)]
    measure: Literal["passages", "unique_vehicles"]
    cells: tuple[Cell, ...]
    expires: date


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """The CloudEvents attributes of every message."""

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: Source
    time: Timestamp
    datacontenttype: Literal["application/json"] = "application/json"


class CountReport(Envelope, frozen=True, kw_only=True):
    """The released cells of one bin of one camera; ``sequence`` is contiguous per stream, and fits into 64 bits."""

    type: Literal["nl.anpr-edge.counts.v1"] = "nl.anpr-edge.counts.v1"
    dataschema: CountsSchema = "urn:anpr-edge:schema:counts:1.3"
    sequence: Annotated[str, Meta(pattern=r"^[0-9]{1,18}$")]
    data: CountData


class StateData(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which software, policy and models (digest of their checksum file) a camera runs; the weaker of its sandboxes."""

    status: Status
    software: str
    policy: Digest
    models: Digest
    sandbox: Sandbox | UnsetType = UNSET


class State(Envelope, frozen=True, kw_only=True):
    """A camera's presence: retained, and the last will."""

    type: Literal["nl.anpr-edge.state.v1"] = "nl.anpr-edge.state.v1"
    dataschema: StateSchema = "urn:anpr-edge:schema:state:1.1"
    data: StateData


class Term(StrEnum):
    """Whether the day lies in the policy's term; outside it nothing is counted."""

    NOT_YET = "not_yet"
    IN_FORCE = "in_force"
    ENDED = "ended"


class Sequences(msgspec.Struct, frozen=True):
    """One sequence in each stream of reports; as many digits as those of reports."""

    hour: Annotated[int, Meta(ge=0, le=999_999_999_999_999_999)]
    day: Annotated[int, Meta(ge=0, le=999_999_999_999_999_999)]


class HealthData(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a camera is doing, in buckets that traffic does not drive; ``unreadable`` repeats what a report shows.

    ``unreceived`` is there where the camera knows whose receipts to wait for. What has a sequence below ``oldest`` and
    did not come will not come any more.
    """

    camera: CameraState
    clock: Clock
    frames_dropped: Share
    frames_corrupt: Share
    reopened: Natural
    outbox_waiting: Literal["none", "below_24", "below_168", "168_or_more"]
    outbox_dropped: Natural
    register_age: RegisterAge | UnsetType = UNSET
    unreadable: Unreadable | UnsetType = UNSET
    policy: Term | UnsetType = UNSET
    unreceived: Literal["none", "below_24", "below_168", "168_or_more"] | UnsetType = UNSET
    oldest: Sequences | UnsetType = UNSET


class Health(Envelope, frozen=True, kw_only=True):
    """A camera's health, hourly and retained."""

    type: Literal["nl.anpr-edge.health.v1"] = "nl.anpr-edge.health.v1"
    dataschema: HealthSchema = "urn:anpr-edge:schema:health:1.4"
    data: HealthData


class CheckpointData(msgspec.Struct, frozen=True):
    """The head of the camera's audit log, as a checkpoint of C2SP tlog-checkpoint."""

    note: Note


class Checkpoint(Envelope, frozen=True, kw_only=True):
    """What every subscriber keeps as a witness of a camera's audit log: hourly and retained."""

    type: Literal["nl.anpr-edge.checkpoint.v1"] = "nl.anpr-edge.checkpoint.v1"
    dataschema: CheckpointSchema = "urn:anpr-edge:schema:checkpoint:1.0"
    data: CheckpointData


class ReceiptData(msgspec.Struct, frozen=True):
    """The highest sequence in each stream up to which the subscriber has stored every report; 0 for none."""

    stored: Sequences


class Receipt(Envelope, frozen=True, kw_only=True):
    """What a subscriber tells one camera: retained, unsigned; the broker sees to it who writes it."""

    type: Literal["nl.anpr-edge.receipt.v1"] = "nl.anpr-edge.receipt.v1"
    source: SubscriberSource
    dataschema: ReceiptSchema = "urn:anpr-edge:schema:receipt:1.0"
    data: ReceiptData


class Address(msgspec.Struct, frozen=True):
    """Where one camera publishes."""

    zone: str
    camera: str
    bench: bool
    proof: bool = False

    @property
    def root(self) -> str:
        """Topic prefix of this camera."""
        root = PROOF_ROOT if self.proof else BENCH_ROOT if self.bench else PRODUCTION_ROOT
        return f"{root}/{self.zone}/{self.camera}"

    @property
    def source(self) -> str:
        """CloudEvents source of this camera."""
        return f"urn:anpr:{self.zone}:{self.camera}"

    @property
    def state(self) -> str:
        """Topic of the retained state."""
        return f"{self.root}/state"

    @property
    def checkpoint(self) -> str:
        """Topic of the retained checkpoint."""
        return f"{self.root}/checkpoint"

    def receipt(self, subscriber: str) -> str:
        """Topic of a subscriber's receipts, by the common name of its certificate."""
        return f"{self.root}/receipt/{subscriber}"

    def topic(self, stream: Stream) -> str:
        """Topic of one stream."""
        return f"{self.root}/health" if stream is Stream.HEALTH else f"{self.root}/counts/{stream}"


def timestamp(seconds: float) -> str:
    """Write Unix ``seconds`` as the contract does: UTC, whole seconds, Z."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def encode(message: CountReport | State | Health | Checkpoint | Receipt) -> bytes:
    """Serialise a message; these bytes are what is published and, but for receipts, signed."""
    return msgspec.json.encode(message)
