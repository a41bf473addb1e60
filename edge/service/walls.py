"""What each of the three processes needs, and so is left: files, devices, network."""

import os
import re
import socket
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

import edge
from edge.camera.url import masked
from edge.categories import Sandbox
from edge.config import Config, replace_source
from edge.errors import SourceError
from edge.sandbox import memory
from edge.sandbox.landlock import DEVICE, READ, RUN, WRITE, Access
from edge.sandbox.peer import Peer, move_in
from edge.sandbox.seccomp import Network
from edge.service.sandbox import Walls, close, enter

# Interpreter, libraries and what they look up when they are loaded; below /etc nothing that is secret.
_SYSTEM: Final = (
    "/usr", "/lib", "/lib64", "/proc", "/sys", "/dev/random", "/dev/urandom", "/etc/ld.so.cache", "/etc/localtime",
    "/etc/nsswitch.conf", "/etc/passwd", "/etc/group", "/etc/ssl/openssl.cnf",
)  # fmt: skip
_PROGRAMS: Final = ("/usr", "/lib", "/lib64", "/bin", "/opt")
_NAMES: Final = ("/etc/hosts", "/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/resolv.conf")
_PACKAGES: Final = ("site-packages", "dist-packages")
# Of a Pi's or a Jetson's camera, and of processors that models run on; patterns below /dev.
_CAMERAS: Final = ("video*", "media*", "v4l*", "dma_heap", "udmabuf", "vchiq", "vcio", "vcsm*")
_PROCESSORS: Final = ("nv*", "dri", "host1x*")
_CAMERA_FILES: Final = ("/etc/libcamera", "/run/udev")
_PIPELINE_FILES: Final = ("~/.cache/gstreamer-1.0", "/etc/alternatives", "/etc/nv_tegra_release")
# Modes of folders: of one process; of two users of one group, in which SQLite makes files beside its database.
_OWN: Final = 0o750
_SHARED: Final = 0o2770
_SCHEME: Final = re.compile(r"(rtsps?|v4l2|gst|picamera2|file|folder):")
_ADDRESS: Final = re.compile(r"(rtsps?)://[^\s\"']+")
_PORTS: Final = {"rtsp": 554, "rtsps": 322}


def enter_vision(config: Config) -> tuple[Config, Sandbox]:
    """Wall in the process that sees plates; return how well, and the configuration with its camera's address resolved.

    A network camera is the one machine that it can reach.

    Raises:
        SourceError: the camera's name can't be resolved.
    """
    return _enter_seeing(config, of_vision(config))


def _enter_seeing(config: Config, walls: Walls) -> tuple[Config, Sandbox]:
    url = _ADDRESS.search(config.camera.source)
    if url is None:
        return config, enter(walls)
    config, camera = _resolved(config, urlsplit(url[0]))
    missing: tuple[str, ...] = ()
    try:
        move_in(camera, lambda: _wall_in_relay(camera))
    except OSError as error:
        missing = (f"network: port {camera.port} of any machine can be reached ({error.strerror})",)
    return config, enter(replace(walls, ports=(camera.port,), network=Network.TCP, missing=missing))


def enter_setup(config: Config) -> tuple[Config, Sandbox]:
    """Wall in set-up mode, as vision but without any place to write to: no picture can be kept.

    The socket on which it shows them is made before; inside, no other can be. Where the kernel holds less than all, no
    file can grow. That would stop a log that goes to a file as well, and so is not done where walls are whole.

    Raises:
        SourceError: the camera's name can't be resolved.
    """
    config, level = _enter_seeing(config, of_setup(config))
    if level is not Sandbox.FULL:
        memory.keep_from_files()
    return config, level


def enter_gate(config: Config) -> Sandbox:
    """Wall in the process that releases and signs; return how well."""
    return enter(of_gate(config))


def enter_uplink(config: Config) -> Sandbox:
    """Wall in the process that has the network; return how well."""
    return enter(of_uplink(config))


def of_gate(config: Config) -> Walls:
    """Return the walls around the gate."""
    policy, own, outbox = config.policy, config.socket.parent, config.outbox_file.parent
    read = [policy.file.parent, policy.officer_key, config.gate.signing_key, config.models.directory]
    files = _system() | dict.fromkeys(read, READ) | dict.fromkeys([config.paths.state, own], WRITE)
    folders = {own: _OWN, config.paths.state: _OWN, outbox: _SHARED}
    return Walls(files, folders=folders, hidden=(config.registry.sealing_key, config.uplink.key))


def of_uplink(config: Config) -> Walls:
    """Return the walls around the uplink: of the state it has the outbox."""
    broker, places, outbox = config.uplink, config.registry, config.outbox_file.parent
    lists = [file.parent for file in (places.exemptions, places.origin, places.trade) if file is not None]
    read = [broker.ca, broker.certificate, broker.key, *_names()]
    files = _system() | dict.fromkeys(read, READ) | dict.fromkeys([outbox, *lists], WRITE)
    hidden, kept = (config.gate.signing_key, places.sealing_key), (config.audit_folder,)
    return Walls(
        files, folders={outbox: _SHARED}, hidden=hidden, kept=kept, ports=None, network=Network.ALL, locked=False
    )


def of_vision(config: Config) -> Walls:
    """Return the walls around vision with a camera that is a file or a device."""
    places, own = config.registry, config.paths.runtime / "vision"
    replaced = (places.pack, places.zone_rules, places.exemptions, places.origin, places.trade)
    read = [places.key, places.sealing_key, *(file.parent for file in replaced if file is not None)]
    files = _of_seeing(config) | dict.fromkeys(read, READ) | {own: WRITE}
    return Walls(files, folders={own: _OWN}, hidden=(config.gate.signing_key, config.uplink.key))


def of_setup(config: Config) -> Walls:
    """Return the walls around set-up mode, which looks nothing up."""
    hidden = config.gate.signing_key, config.uplink.key, config.registry.sealing_key
    return Walls(_of_seeing(config), hidden=hidden)


def _of_seeing(config: Config) -> dict[Path, Access]:
    """Return what whoever sees frames needs: policy, models, what they run on, the camera."""
    models, policy = config.models, config.policy
    read = [policy.file.parent, policy.officer_key, models.directory, models.engine_cache]
    devices = dict.fromkeys(_devices(_PROCESSORS), DEVICE)
    return _system() | dict.fromkeys(read, READ) | devices | _camera(config.camera.source)


def _camera(source: str) -> dict[Path, Access]:
    """Return what a camera source is read through; of a network camera nothing, of a pipeline all that may be run."""
    match = _SCHEME.match(source)
    scheme, rest = (
        (match[1], source[match.end() :]) if match else ("v4l2" if source.startswith("/dev/") else "", source)
    )
    path = Path(rest.partition("?")[0]).absolute()
    if scheme in _PORTS:
        return {}
    if scheme in {"picamera2", "gst"}:
        read = [Path(name).expanduser() for name in (*_CAMERA_FILES, *_PIPELINE_FILES)]
        run = dict.fromkeys(map(Path, _PROGRAMS), RUN) if scheme == "gst" else {}
        return dict.fromkeys(read, READ) | dict.fromkeys(_devices(_CAMERAS), DEVICE) | run
    return {path: DEVICE} if scheme == "v4l2" else {path: READ, Path(rest).absolute(): READ}


def _devices(patterns: Iterable[str]) -> list[Path]:
    return [path for pattern in patterns for path in Path("/dev").glob(pattern)]


def _system() -> dict[Path, Access]:
    """Return what every Python program reads."""
    packages = [Path(place) for place in sys.path if Path(place).name in _PACKAGES]
    places = [*map(Path, _SYSTEM), Path(sys.prefix), Path(sys.base_prefix), Path(edge.__file__).parent, *packages]
    return dict.fromkeys(places, READ) | {Path(os.devnull): READ | Access.WRITE_FILE}


def _names() -> list[Path]:
    """Return what names of machines are looked up in; where a link leads elsewhere, files may be replaced there."""
    places = [Path(name) for name in _NAMES]
    return places + [place.resolve().parent for place in places if place.is_symlink()]


def _resolved(config: Config, url: SplitResult) -> tuple[Config, Peer]:
    """Find out the camera's address while names can still be looked up, and write it into the source."""
    host, port = url.hostname or "", url.port or _PORTS[url.scheme]
    try:
        address = str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        raise SourceError(f"source {masked(url.geturl())}: its name can't be resolved: {error.strerror}") from error
    written = f"[{address}]" if ":" in address else address
    credentials, at, place = url.netloc.rpartition("@")
    named = f"[{host}]" if "[" in place else place.partition(":")[0]
    resolved = url._replace(netloc=f"{credentials}{at}{place.replace(named, written, 1)}").geturl()
    return replace_source(config, config.camera.source.replace(url.geturl(), resolved)), Peer(address, port)


def _wall_in_relay(camera: Peer) -> None:
    """Leave to the process outside the connection to the camera, and no file."""
    close(Walls({}, ports=(camera.port,), network=Network.TCP))
