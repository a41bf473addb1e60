"""Starts the three processes and keeps them running, where no systemd does.

The order of ending is the order of the data: vision hands its window over, the gate releases it, the uplink sends it.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from edge.config import Config
from edge.errors import AnprError, ConfigError

log = structlog.get_logger()

TERM_SECONDS = 5.0
POLL_SECONDS = 0.1
FIRST_DELAY = 1.0
LONGEST_DELAY = 60.0
# A process that ran this long was healthy: its next failure starts with a short delay again.
HEALTHY_SECONDS = 60.0


class ChildFailedError(AnprError):
    """A process ended that a restart can't help; its own line says why."""

    def __init__(self, child: "Child", status: int) -> None:
        wrong = status == ConfigError.exit_status
        reason = "can't run with this configuration" if wrong else "died in the middle of its file; start anew"
        super().__init__(f"{child.name} {reason}")
        self.exit_status = status if wrong else 1


@dataclass
class Child:
    """One process under supervision.

    ``again`` is False where a restart would do harm: a file read from its beginning once more is counted twice.
    """

    name: str
    command: Sequence[str]
    again: bool = True
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    delay: float = FIRST_DELAY
    due: float = 0.0

    def start(self, now: float) -> None:
        """Start it in a process group of its own, so that Ctrl-C reaches the supervisor alone."""
        self.process = subprocess.Popen(self.command, start_new_session=True)  # noqa: S603  (our own command)
        self.started = now
        log.info("child_started", child=self.name, pid=self.process.pid)

    def ended(self) -> int | None:
        """Return the exit status of a process that has ended, None while it runs or waits."""
        return self.process.poll() if self.process else None

    def schedule(self, now: float, status: int) -> None:
        """Plan the next start, later each time it fails soon."""
        self.delay = FIRST_DELAY if now - self.started > HEALTHY_SECONDS else self.delay
        self.process, self.due = None, now + self.delay
        log.warning("child_died", child=self.name, exit_status=status, restart_in_s=self.delay)
        self.delay = min(self.delay * 2, LONGEST_DELAY)

    def end(self) -> None:
        """Ask it to end, and kill it after five seconds."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(TERM_SECONDS)
        except subprocess.TimeoutExpired:
            log.error("child_killed", child=self.name, after_s=TERM_SECONDS)  # noqa: TRY400  (no traceback helps)
            self.process.kill()
            self.process.wait()


class Supervisor:
    """Runs children in their order; ``monotonic`` is the clock, in seconds."""

    def __init__(self, children: Sequence[Child], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._children = children
        self._monotonic = monotonic

    def run(self, stop: threading.Event) -> None:
        """Keep all running until ``stop`` is set or vision has come to the end of its source.

        Raises:
            ChildFailedError: a process says that its configuration is wrong; nothing is left running.
        """
        try:
            while not stop.wait(POLL_SECONDS) and not self._finished():
                pass
        finally:
            for child in reversed(self._children):
                child.end()

    def _finished(self) -> bool:
        """Start what is due, look after what ended; tell whether the source is at its end."""
        now = self._monotonic()
        for child in self._children:
            if child.process is None and now >= child.due:
                child.start(now)
            status = child.ended()
            if status == 0 and child.name == "vision":
                return True
            if status == ConfigError.exit_status or (status is not None and not child.again):
                raise ChildFailedError(child, status)
            if status is not None:
                child.schedule(now, status)
        return False


def camera_children(config: Path, vision_options: Sequence[str], *, recorded: bool) -> list[Child]:
    """Return the three processes in the order of starting: who receives stands before who sends."""

    def command(name: str) -> list[str]:
        return [sys.executable, "-m", "edge", name, "--config", str(config), "--supervisor", str(os.getpid())]

    vision = Child("vision", [*command("vision"), *vision_options], again=not recorded)
    return [Child("uplink", command("uplink")), Child("gate", command("gate")), vision]


def prepare_folders(config: Config) -> None:
    """Make the folders that systemd makes on a camera.

    Raises:
        ConfigError: a folder can't be made.
    """
    for option, folder in [("runtime", config.paths.runtime), ("state", config.paths.state)]:
        try:
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"[paths] {option} = {folder}: can't be made: {error.strerror}") from error
