"""Runs a camera's processes and a subscriber, and watches them."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec
import psutil

from edge.uplink.contract import CountReport

MEGABYTE = 1_000_000
SAMPLE_SECONDS = 0.3
SUBSCRIBER_SECONDS = 20.0


@dataclass
class Watched:
    """What was seen of a run: peak resident memory per process in MB, and the log."""

    peak_mb: dict[str, float] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    def sample(self, supervisor: psutil.Process) -> None:
        """Note the memory of the supervisor's children by the name of their command."""
        for child in supervisor.children():
            try:
                name, megabytes = child.cmdline()[3], child.memory_info().rss / MEGABYTE
            except (psutil.NoSuchProcess, IndexError):
                continue
            self.peak_mb[name] = max(self.peak_mb.get(name, 0.0), megabytes)


def run_camera(config: Path, start: datetime, told: Callable[[dict[str, object]], None]) -> tuple[int, Watched]:
    """Run `anpr-edge run` to the end of its file; return its exit status and what was seen.

    ``told`` gets each log entry as it comes.
    """
    command = [sys.executable, "-m", "edge", "run", "--config", str(config), "--start", start.isoformat()]
    watched = Watched()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        reader = threading.Thread(target=_follow, args=(process, watched, told), daemon=True)
        reader.start()
        try:
            while process.poll() is None:
                _sample(process.pid, watched)
                time.sleep(SAMPLE_SECONDS)
        except KeyboardInterrupt:
            process.terminate()
            raise
        reader.join()
        return process.returncode, watched


@contextmanager
def subscriber(
    options: Sequence[str], reports: list[CountReport], is_last: Callable[[CountReport], bool]
) -> Iterator[None]:
    """Run `anpr-edge subscribe --json` and collect the reports that it accepts, up to the one that is the last."""
    command = [sys.executable, "-m", "edge", "subscribe", "--json", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        reader = threading.Thread(target=_collect, args=(process, reports, is_last), daemon=True)
        reader.start()
        try:
            yield
            reader.join(SUBSCRIBER_SECONDS)
        finally:
            process.terminate()
            reader.join()


def _follow(process: subprocess.Popen[str], watched: Watched, told: Callable[[dict[str, object]], None]) -> None:
    assert process.stderr is not None  # noqa: S101  (opened as a pipe above)
    for line in process.stderr:
        watched.log.append(line)
        try:
            entry = msgspec.json.decode(line)
        except msgspec.DecodeError:
            entry = {"level": "error", "event": line.strip()}
        told(entry)


def _sample(pid: int, watched: Watched) -> None:
    try:
        watched.sample(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return


def _collect(
    process: subprocess.Popen[str], reports: list[CountReport], is_last: Callable[[CountReport], bool]
) -> None:
    assert process.stdout is not None  # noqa: S101  (opened as a pipe above)
    for line in process.stdout:
        reports.append(msgspec.json.decode(line, type=CountReport))
        if is_last(reports[-1]):
            return
