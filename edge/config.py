"""camera.toml as typed structs.

The defaults file that ships with the package comes first, the operator's file overrides single options. Every error
names file, section, option, value and what is allowed; an option that nobody reads is an error.
"""

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import msgspec
from msgspec import Meta

from edge.errors import ConfigError

Identifier = Annotated[
    str,
    Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="lower-case letters, digits and dashes, 1 to 63"),
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
Text = Annotated[str, Meta(min_length=1, description="a text that is not empty")]


class CameraConfig(msgspec.Struct, frozen=True):
    """Which camera this is."""

    id: Identifier
    zone: Identifier
    source: Text
    azimuth_deg: Annotated[float, Meta(ge=0, lt=360, description="degrees, from 0 to below 360")]


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
    threads: Annotated[int, Meta(ge=1, le=16, description="a whole number from 1 to 16")]
    engine_cache: File


class RegistryConfig(msgspec.Struct, frozen=True):
    """The register table."""

    pack: File


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
    vision_user: Annotated[str, Meta(description="a user name, or empty for the gate's own user")]


class OutboxConfig(msgspec.Struct, frozen=True):
    """The store of released messages."""

    max_mb: Annotated[int, Meta(ge=1, le=4096, description="megabytes, a whole number from 1 to 4096")]


class UplinkConfig(msgspec.Struct, frozen=True):
    """The broker."""

    host: Text
    port: Annotated[int, Meta(ge=1, le=65535, description="a whole number from 1 to 65535")]
    ca: File
    certificate: File
    key: File


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
    def outbox_file(self) -> Path:
        """The database of released messages."""
        return self.paths.state / "outbox.db"


MIN_CORNERS = 3
DEFAULTS = Path(__file__).with_name("defaults.toml")


def load(file: Path) -> Config:
    """Read ``file`` over the defaults.

    Raises:
        ConfigError: naming file, section, option, value and what is allowed.
    """
    layers = [(DEFAULTS, _parse(DEFAULTS)), (file, _parse(file))]
    _check_names(file, layers[1][1])
    return Config(**{name: _section(name, kind, layers) for name, kind in get_type_hints(Config).items()})


def replace_source(config: Config, source: str) -> Config:
    """Return ``config`` with another camera source, as `anpr-edge run --source` asks."""
    return msgspec.structs.replace(config, camera=msgspec.structs.replace(config.camera, source=source))


def _parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: is not TOML: {error}") from error


def _check_names(file: Path, tree: Mapping[str, Any]) -> None:
    """Refuse every section and option that nobody reads."""
    sections = get_type_hints(Config)
    for section, options in tree.items():
        if section not in sections:
            raise ConfigError(f"{file}: unknown section [{section}]{_nearest(section, sections)}")
        if not isinstance(options, dict):
            raise ConfigError(f"{file}: {section} = {options!r}: [{section}] is a section of options")
        known = get_type_hints(sections[section])
        for option in options:
            if option not in known:
                raise ConfigError(f"{file}: [{section}] unknown option {option!r}{_nearest(option, known)}")


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    match = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {match[0]!r}?" if match else f"; allowed: {', '.join(known)}"


def _section(name: str, kind: type, layers: list[tuple[Path, dict[str, Any]]]) -> Any:
    hints = get_type_hints(kind, include_extras=True)
    return kind(**{option: _option(name, option, hint, layers) for option, hint in hints.items()})


def _option(section: str, option: str, hint: Any, layers: list[tuple[Path, dict[str, Any]]]) -> Any:
    for file, tree in reversed(layers):
        if option in tree.get(section, {}):
            return _value(file, section, option, tree[section][option], hint)
    file = layers[-1][0]
    raise ConfigError(f"{file}: [{section}] {option} is missing; allowed: {_allowed(hint)}")


def _value(file: Path, section: str, option: str, value: Any, hint: Any) -> Any:
    refusal = ConfigError(f"{file}: [{section}] {option} = {value!r}; allowed: {_allowed(hint)}")
    try:
        converted = msgspec.convert(value, hint, dec_hook=_as_path)
    except msgspec.ValidationError as error:
        raise refusal from error
    if isinstance(converted, Path):
        return file.parent.absolute() / converted
    if not _polygons_complete(option, converted):
        raise refusal
    return converted


def _as_path(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str) and value:
        return Path(value)
    raise msgspec.ValidationError("not a path")


def _polygons_complete(option: str, value: Any) -> bool:
    """Tell whether polygons have area and the line has length, which the types alone don't say."""
    if option == "line":
        return bool(value[0] != value[1])
    if option == "region":
        return len(value) == 0 or len(value) >= MIN_CORNERS
    return option != "masks" or not any(len(polygon) < MIN_CORNERS for polygon in value)


def _allowed(hint: Any) -> str:
    metas: tuple[Any, ...] = getattr(hint, "__metadata__", ())
    return next((meta.description for meta in metas if meta.description), "see defaults.toml")
