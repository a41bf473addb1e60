"""The one way to a frame source: `open_source(url)`."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

from edge.camera.file import FileSource
from edge.camera.folder import FolderOptions, FolderSource
from edge.camera.frame import Source
from edge.camera.gstreamer import open_gstreamer
from edge.camera.picamera import PiOptions, open_picamera
from edge.camera.rtsp import open_rtsp
from edge.camera.url import masked, nearest, split_options
from edge.camera.v4l2 import V4l2Options, open_v4l2
from edge.errors import ConfigError

Clock: TypeAlias = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Scheme:
    """One form of source: how it is written, an example, a line of help."""

    form: str
    example: str
    help: str


SCHEMES: Final[Mapping[str, Scheme]] = MappingProxyType(
    {
        "file": Scheme("FILE", "street.mp4", "a video file: every frame, with the video's own clock"),
        "folder": Scheme("FOLDER[?fps=N]", "frames?fps=25", "a folder of images, sorted by name: N a second, or 12"),
        "rtsp": Scheme("rtsp://[USER:PASSWORD@]HOST[:PORT]/PATH", "rtsp://10.0.0.5/main", "a network camera, over TCP"),
        "rtsps": Scheme("rtsps://...", "rtsps://10.0.0.5/main", "a network camera, encrypted"),
        "v4l2": Scheme(
            "v4l2:DEVICE[?size=WxH&fps=N&format=FOUR]",
            "v4l2:/dev/video0?size=1920x1080&format=MJPG",
            "a USB camera or other Video4Linux device; what is left out, its driver chooses",
        ),
        "gst": Scheme(
            "gst:PIPELINE",
            "gst:nvarguscamerasrc ! nvvidconv",
            "a GStreamer pipeline that ends in video/x-raw, such as a Jetson's CSI camera",
        ),
        "picamera2": Scheme(
            "picamera2:[NUMBER][?size=WxH&fps=N]",
            "picamera2:0?size=1920x1080&fps=30",
            "a Raspberry Pi camera: a small stream for detection, the full one for plates",
        ),
    }
)
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


def open_source(url: str, *, start: datetime | None = None, clock: Clock = time.time) -> Source:
    """Open the frame source that ``url`` names, in one of the forms of ``SCHEMES``.

    ``start`` is the wall clock at the beginning of a file or folder, with its offset from UTC; ``clock`` gives Unix
    seconds for live sources. A live source opens in the background: what its camera refuses comes from the first read.

    Raises:
        ConfigError: no such form, option, file or program; or a ``start`` without offset, or for a live source.
    """
    scheme, rest = _split(url)
    if start is not None:
        _check_start(url, scheme, start)
    if scheme in _RECORDED:
        return _RECORDED[scheme](rest, start)
    return _LIVE[scheme](rest, clock)


def is_recorded(url: str) -> bool:
    """Tell whether ``url`` names a file or folder, which a second reading would give again from its beginning.

    Raises:
        ConfigError: no such form.
    """
    return _split(url)[0] in _RECORDED


def forms() -> str:
    """Return all forms of source in one line, for messages."""
    return ", ".join(scheme.form for scheme in SCHEMES.values())


def _split(url: str) -> tuple[str, str]:
    """Return the scheme and what follows it; a path needs none, unless there is a colon in it (file:NAME)."""
    match = _SCHEME.match(url)
    if match is None:
        return _path_scheme(url), url
    scheme = match[1].lower()
    if scheme not in SCHEMES:
        raise _unknown(url, scheme)
    return scheme, url[match.end() :]


def _path_scheme(path: str) -> str:
    if not path or path in SCHEMES:
        raise _unknown(path, path)
    if path.startswith("/dev/"):
        return "v4l2"
    return "folder" if _is_folder(path.partition("?")[0]) or _is_folder(path) else "file"


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except OSError:  # Too long for a path.
        return False


def _unknown(url: str, scheme: str) -> ConfigError:
    hint = f"; did you mean {scheme}:?" if scheme in SCHEMES else nearest(scheme, SCHEMES)
    return ConfigError(f'source "{masked(url)}" is of no known form{hint}; allowed: {forms()}')


def _check_start(url: str, scheme: str, start: datetime) -> None:
    if scheme in _LIVE:
        raise ConfigError(f"source {masked(url)}: a start is for files and folders; a live camera has the wall clock")
    if start.tzinfo is None:
        raise ConfigError(f"source {url}: start {start.isoformat()} has no offset from UTC; such as +01:00 or Z")


def _open_folder(rest: str, start: datetime | None) -> Source:
    folder, options = split_options("folder", rest, FolderOptions)
    return FolderSource(Path(folder), options, start)


def _open_v4l2(rest: str, clock: Clock) -> Source:
    device, options = split_options("v4l2", rest, V4l2Options)
    return open_v4l2(Path(device), options, clock)


def _open_picamera(rest: str, clock: Clock) -> Source:
    number, options = split_options("picamera2", rest, PiOptions)
    return open_picamera(number, options, clock)


_RECORDED: Final[Mapping[str, Callable[[str, datetime | None], Source]]] = MappingProxyType(
    {"file": lambda rest, start: FileSource(Path(rest), start), "folder": _open_folder}
)
_LIVE: Final[Mapping[str, Callable[[str, Clock], Source]]] = MappingProxyType(
    {
        "rtsp": lambda rest, clock: open_rtsp(f"rtsp:{rest}", clock),
        "rtsps": lambda rest, clock: open_rtsp(f"rtsps:{rest}", clock),
        "v4l2": _open_v4l2,
        "gst": open_gstreamer,
        "picamera2": _open_picamera,
    }
)
