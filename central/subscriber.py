"""What `anpr-edge subscribe` does: receive, check and show what cameras publish."""

import math
import re
import time
from pathlib import Path
from typing import TextIO

import msgspec
from rich.console import Console

from central.checks import Checker
from central.events import Event, Report
from central.keyring import AnyCamera
from central.listener import Broker, Listener
from central.memory import InMemory
from central.show import print_event, printable
from edge.errors import ConfigError
from edge.uplink import tls
from edge.uplink.contract import BENCH_ROOT, PRODUCTION_ROOT, encode

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
# Where there is no terminal whose width is known.
PLAIN_WIDTH = 120


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What to listen to, and how to show it.

    ``zone`` and ``camera`` are one name each, or None for all. Signatures are checked where ``camera_keys``, files of
    public keys, are given. ``json`` prints each report's payload as a line and everything else on the error output.
    It ends after ``count`` accepted reports or ``seconds``, whichever comes first.
    """

    host: str
    port: int
    ca: Path
    certificate: Path
    key: Path
    zone: str | None = None
    camera: str | None = None
    bench: bool = False
    camera_keys: tuple[Path, ...] = ()
    json: bool = False
    count: int | None = None
    seconds: float | None = None


class Subscriber:
    """Listens at one broker."""

    def __init__(self, options: Options, out: TextIO, notices: TextIO) -> None:
        """Read keys and certificates.

        Raises:
            ConfigError: a file is missing or wrong, or a name can't be one.
        """
        self._options, self._out = options, out
        self._notices = _console(notices if options.json else out)
        known = AnyCamera(options.camera_keys) if options.camera_keys else None
        self._checker = Checker(known, InMemory(), bench=options.bench)
        broker = Broker(options.host, options.port, tls.client_context(options.ca, options.certificate, options.key))
        self._listener = Listener(broker, topic_filter(options), self._say)

    def run(self) -> bool:
        """Show what comes; tell whether it was the whole ``count``, where one is asked for."""
        count = math.inf if self._options.count is None else self._options.count
        seconds = math.inf if self._options.seconds is None else self._options.seconds
        accepted = 0
        for received in self._listener.listen(time.monotonic() + seconds):
            event = self._checker.check(received)
            self._show(event)
            accepted += isinstance(event, Report)
            if accepted >= count:
                break
        return self._options.count is None or accepted >= count

    def _show(self, event: Event) -> None:
        if self._options.json and isinstance(event, Report):
            self._out.write(encode(event.message).decode() + "\n")
            self._out.flush()
            if event.gap:
                self._say(f"{event.message.source}: missing: sequence {event.gap}")
        else:
            print_event(event, self._notices)

    def _say(self, line: str) -> None:
        self._notices.print(printable(line), style="dim", markup=False, highlight=False, soft_wrap=True)


def run(options: Options, out: TextIO, notices: TextIO) -> int:
    """Run until Ctrl-C or as the options say; return the exit status, 1 where fewer than ``count`` reports came."""
    subscriber = Subscriber(options, out, notices)
    try:
        return 0 if subscriber.run() else 1
    except (KeyboardInterrupt, BrokenPipeError):
        return 0


def topic_filter(options: Options) -> str:
    """Return the MQTT topic filter for a zone and a camera."""
    names = [("zone", options.zone), ("camera", options.camera)]
    for option, name in names:
        if name is not None and not NAME.fullmatch(name):
            raise ConfigError(f"--{option} {name!r}; allowed: lower-case letters, digits and dashes, 1 to 63")
    root = BENCH_ROOT if options.bench else PRODUCTION_ROOT
    return "/".join([root, *(name or "+" for _, name in names), "#"])


def _console(file: TextIO) -> Console:
    return Console(file=file, width=None if file.isatty() else PLAIN_WIDTH, emoji=False)
