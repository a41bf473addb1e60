"""A real Mosquitto on the loopback interface, for proof, demo, tests and benches."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path

from edge.errors import AnprError
from edge.proof.pki import Pki
from edge.uplink.contract import BENCH_ROOT, PRODUCTION_ROOT

HOST = "127.0.0.1"
START_SECONDS = 10.0
STOP_SECONDS = 5.0
# /usr/sbin is not on every user's PATH.
PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"

CONFIG = """\
listener {port} {host}
cafile {ca}
certfile {certificate}
keyfile {key}
require_certificate true
use_identity_as_username true
allow_anonymous false
acl_file {acl}
persistence true
persistence_location {folder}/
autosave_interval 5
max_queued_messages 20000
log_dest stderr
log_type error
log_type warning
log_type notice
{user}
"""

# %u is the common name of the certificate: each camera writes below its own name, and reads the receipts there.
CAMERA_RIGHTS = (
    "write {root}/+/%u/counts/+",
    "write {root}/+/%u/state",
    "write {root}/+/%u/health",
    "write {root}/+/%u/checkpoint",
    "read {root}/+/%u/receipt/+",
)
# By name: with %u a camera could write receipts too.
SUBSCRIBER_RIGHTS = ("read {root}/#", "write {root}/+/+/receipt/{subscriber}")
ROOTS = (PRODUCTION_ROOT, BENCH_ROOT)


class BrokerError(AnprError):
    """Mosquitto is absent, or did not start."""


class Broker:
    """One Mosquitto; it keeps port and stored messages over `stop` and `start`."""

    def __init__(self, folder: Path, pki: Pki, port: int | None = None, roots: Sequence[str] = ROOTS) -> None:
        """Write the configuration into ``folder``, which must exist; nothing runs yet.

        Without a ``port`` any free one is taken. Nothing but topics below ``roots`` is taken or given out.

        Raises:
            BrokerError: Mosquitto is absent.
        """
        self.host, self.port = HOST, port or _free_port()
        self.log_file = folder / "mosquitto.log"
        self.config = folder / "mosquitto.conf"
        self._program = find_mosquitto()
        self._process: subprocess.Popen[bytes] | None = None
        _configure(folder, self.config, pki, self.port, roots)

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start, and return when it answers.

        Raises:
            BrokerError: it ended, or did not answer within 10 s.
        """
        command = [self._program, "-c", str(self.config)]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # noqa: S603
        deadline = time.monotonic() + START_SECONDS
        while not _answers(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise BrokerError(f"mosquitto did not start; its last words: {self._last_words()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it as a shutdown would: it writes down retained messages and sessions."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start."""
        self.stop()
        self.start()

    def _end(self, how: signal.Signals) -> None:
        if not self._process:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _last_words(self) -> str:
        lines = self.log_file.read_text(errors="replace").splitlines()
        return " / ".join(lines[-3:])


@contextmanager
def broker(folder: Path, pki: Pki, port: int | None = None, roots: Sequence[str] = ROOTS) -> Iterator[Broker]:
    """Run a broker with its files in ``folder``, for topics below ``roots``.

    Raises:
        BrokerError: Mosquitto is absent, or did not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    running = Broker(folder, pki, port, roots)
    running.start()
    try:
        yield running
    finally:
        running.stop()


def find_mosquitto() -> str:
    """Return the path of the program.

    Raises:
        BrokerError: it is absent.
    """
    if found := shutil.which("mosquitto", path=PLACES):
        return found
    raise BrokerError("mosquitto, the MQTT broker, is not installed; on Debian: apt-get install mosquitto")


def _configure(folder: Path, file: Path, pki: Pki, port: int, roots: Sequence[str]) -> None:
    acl = folder.absolute() / "acl"
    acl.write_text("\n".join(_rights(pki.subscribers, roots)) + "\n")
    # Mosquitto refuses lists that others may read or write, and as root it would become a user who can't read them.
    acl.chmod(0o600)
    file.write_text(
        CONFIG.format(
            port=port,
            host=HOST,
            ca=pki.ca.absolute(),
            certificate=pki.server.certificate.absolute(),
            key=pki.server.key.absolute(),
            acl=acl,
            folder=folder.absolute(),
            user="user root" if os.geteuid() == 0 else "",
        )
    )


def _rights(subscribers: Iterable[str], roots: Sequence[str]) -> Iterator[str]:
    for right, root in product(CAMERA_RIGHTS, roots):
        yield f"pattern {right.format(root=root)}"
    for subscriber in subscribers:
        yield f"user {subscriber}"
        for right, root in product(SUBSCRIBER_RIGHTS, roots):
            yield f"topic {right.format(root=root, subscriber=subscriber)}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    """Tell whether it takes a connection and sees its end.

    That it listens is not enough: until its loop runs, a Mosquitto that is asked to end dies without writing its
    store, or never hears of it.
    """
    with socket.socket() as probe:
        probe.settimeout(1.0)
        try:
            probe.connect((HOST, port))
            probe.shutdown(socket.SHUT_WR)
            probe.recv(1)
        except OSError as error:
            return isinstance(error, ConnectionResetError)
        return True
