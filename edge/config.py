"""camera.toml as typed structs.

The defaults file that ships with the package comes first, the operator's file overrides single options. Every error
names file, section, option, value and what is allowed; an option that nobody reads is an error.
"""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from edge.settings import OptionalFile, ThreadCount, build, parse, refusal

Identifier = Annotated[
    str,
    Meta(pattern=r"\A[a-z0-9][a-z0-9-]{0,62}\Z", description="lower-case letters, digits and dashes, 1 to 63"),
]
Fraction = Annotated[float, Meta(ge=0.0, le=1.0)]
Point = tuple[Fraction, Fraction]
Polygon = tuple[Point, ...]
Line = Annotated[tuple[Point, Point], Meta(description="two points [[x, y], [x, y]], each number from 0 to 1")]
Region = Annotated[Polygon, Meta(description="no point, or at least three points [x, y], each number from 0 to 1")]
Masks = Annotated[
    tuple[Polygon, ...],
    Meta(description="a list of polygons of at least three points [x, y], each number from 0 to 1"),
]
Inwards = Annotated[Literal["down", "up", "left", "right"], Meta(description="down, up, left or right")]
Provider = Annotated[Literal["auto", "cpu", "cuda", "tensorrt"], Meta(description="auto, cpu, cuda or tensorrt")]
File = Annotated[Path, Meta(description="a path, relative to the configuration file or absolute")]
UserName = Annotated[str, Meta(description="a user name, or empty where all processes run as one user")]
SubscriberName = Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9.-]{0,62}\Z")]
Subscribers = Annotated[
    tuple[SubscriberName, ...],
    Meta(max_length=16, description="a list of up to 16 names of lower-case letters, digits, dashes and dots"),
]
Text = Annotated[str, Meta(min_length=1, description="a text that is not empty")]


class CameraConfig(msgspec.Struct, frozen=True):
    """Which camera this is."""

    id: Identifier
    zone: Identifier
    source: Text


class ViewConfig(msgspec.Struct, frozen=True):
    """Where in the picture to look, and where to count; points as shares of width and height."""

    line: Line
    inwards: Inwards
    region: Region
    masks: Masks


class ModelsConfig(msgspec.Struct, frozen=True):
    """Which models run, on what."""

    directory: File
    provider: Provider
    threads: ThreadCount
    engine_cache: File


class RegistryConfig(msgspec.Struct, frozen=True):
    """The register table and what else vehicles are looked up in, each only where the policy names it."""

    pack: File
    key: File
    zone_rules: OptionalFile
    exemptions: OptionalFile
    origin: OptionalFile
    trade: OptionalFile
    sealing_key: File


class PolicyConfig(msgspec.Struct, frozen=True):
    """The signed policy and whose signature counts."""

    file: File
    officer_key: File


class PathsConfig(msgspec.Struct, frozen=True):
    """Where the processes may write."""

    runtime: File
    state: File


class GateConfig(msgspec.Struct, frozen=True):
    """The process that releases and signs."""

    signing_key: File
    user: UserName
    vision_user: UserName


class OutboxConfig(msgspec.Struct, frozen=True):
    """The store of released messages."""

    max_mb: Annotated[int, Meta(ge=1, le=4096, description="megabytes, a whole number from 1 to 4096")]


class UplinkConfig(msgspec.Struct, frozen=True):
    """The broker, and whose receipts are waited for."""

    host: Text
    port: Annotated[int, Meta(ge=1, le=65535, description="a whole number from 1 to 65535")]
    ca: File
    certificate: File
    key: File
    subscribers: Subscribers = ()


class Config(msgspec.Struct, frozen=True):
    """A whole camera.toml."""

    camera: CameraConfig
    view: ViewConfig
    models: ModelsConfig
    registry: RegistryConfig
    policy: PolicyConfig
    paths: PathsConfig
    gate: GateConfig
    outbox: OutboxConfig
    uplink: UplinkConfig

    @property
    def socket(self) -> Path:
        """The Unix socket between vision and gate."""
        return self.paths.runtime / "gate" / "counts.sock"

    @property
    def day_folder(self) -> Path:
        """What hours have left for the rungs of the day."""
        return self.paths.runtime / "gate" / "day"

    @property
    def notes_folder(self) -> Path:
        """Where root leaves notes for the audit log."""
        return self.paths.runtime / "gate" / "notes"

    @property
    def outbox_file(self) -> Path:
        """The database of released messages, in the one folder of the state that uplink may write to."""
        return self.paths.state / "outbox" / "outbox.db"

    @property
    def audit_folder(self) -> Path:
        """The audit log."""
        return self.paths.state / "audit"


MIN_CORNERS = 3
DEFAULTS = Path(__file__).with_name("defaults.toml")


def load(file: Path) -> Config:
    """Read ``file`` over the defaults.

    Raises:
        ConfigError: naming file, section, option, value and what is allowed.
    """
    config = build(Config, [parse(DEFAULTS), parse(file)])
    _check_shapes(file, config.view)
    return config


def replace_source(config: Config, source: str) -> Config:
    """Return ``config`` with another camera source, as `anpr-edge run --source` asks."""
    return msgspec.structs.replace(config, camera=msgspec.structs.replace(config.camera, source=source))


def _check_shapes(file: Path, view: ViewConfig) -> None:
    """Refuse a line without length and polygons without area, which the types alone let through."""
    if view.line[0] == view.line[1]:
        raise refusal(file, "view", "line", view.line, "two different points")
    if view.region and len(view.region) < MIN_CORNERS:
        raise refusal(file, "view", "region", view.region, "no point, or at least three")
    if any(len(mask) < MIN_CORNERS for mask in view.masks):
        raise refusal(file, "view", "masks", view.masks, "polygons of at least three points")
