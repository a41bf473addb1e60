"""Runs the three processes of a camera on a video; vision is held at moments at which memory is to be looked at."""

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from edge.errors import AnprError

END_SECONDS: Final = 20.0
ARRIVAL_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.05


class ProofError(AnprError):
    """What was to be looked at did not run."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Vision is held at ``time`` (Unix seconds; infinite after the end of its video).

    ``pids`` are the processes by name, ``keys`` those of vision's tags, in hexadecimal.
    """

    time: float
    pids: Mapping[str, int]
    keys: Sequence[str]


@dataclass(frozen=True, slots=True)
class Stage:
    """An installation and its video, whose first frame is of ``start``.

    ``seconds`` from there are moments at which vision is held. ``output`` gets a file of what each process writes, and
    a folder for its temporary files. ``arrived`` tells whether all that is to be sent has come.
    """

    config: Path
    start: datetime
    seconds: Sequence[float]
    output: Path
    arrived: Callable[[], bool]


def perform(stage: Stage, look: Callable[[Moment], None]) -> None:
    """Run the three to the end of the video, and let ``look`` look whenever vision is held; at last at the end.

    Raises:
        ProofError: a process ended before, or not all that was to be sent has come.
    """
    seconds = sorted(stage.seconds)
    vision = ["-m", "edge.proof.paced", str(stage.config), stage.start.isoformat(), *map(str, seconds)]
    commands = {"uplink": _command(stage, "uplink"), "gate": [*_command(stage, "gate"), "--proof"], "vision": vision}
    with ExitStack() as stack:
        running = {name: stack.enter_context(_process(name, one, stage.output)) for name, one in commands.items()}
        pids = {name: process.pid for name, process in running.items()}
        for _ in [*seconds, math.inf]:
            moment = _held(running, pids, stage.output)
            if moment.time == math.inf:
                _wait(stage.arrived, running, stage.output)
            look(moment)
            _let_go(running["vision"])
            if moment.time == math.inf:  # Moments after the end of the video never come.
                break


def _command(stage: Stage, name: str) -> list[str]:
    return ["-m", "edge", name, "--config", str(stage.config)]


@contextmanager
def _process(name: str, arguments: Sequence[str], output: Path) -> Iterator[subprocess.Popen[str]]:
    """Run one process, and end it."""
    temporary = output / f"{name}.tmp"
    temporary.mkdir(parents=True)
    with (output / name).open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  (our own command)
            [sys.executable, *arguments], stdin=subprocess.PIPE, stderr=log, text=True, bufsize=1,
            stdout=subprocess.PIPE if name == "vision" else log,
            env=os.environ | {"TMPDIR": str(temporary)}, start_new_session=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _held(running: Mapping[str, subprocess.Popen[str]], pids: Mapping[str, int], output: Path) -> Moment:
    """Wait until vision says that it is held."""
    stdout = running["vision"].stdout
    words = stdout.readline().split() if stdout is not None else []
    if not words:
        raise ProofError(f"vision ended: {_last_words(output / 'vision')}")
    return Moment(float(words[0]), pids, words[1:])


def _let_go(vision: subprocess.Popen[str]) -> None:
    if vision.stdin is not None:
        vision.stdin.write("\n")


def _wait(arrived: Callable[[], bool], running: Mapping[str, subprocess.Popen[str]], output: Path) -> None:
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while not arrived():
        for name, process in running.items():
            if process.poll() is not None:
                raise ProofError(f"{name} ended: {_last_words(output / name)}")
        if time.monotonic() > deadline:
            raise ProofError(
                f"the reports did not come in {ARRIVAL_SECONDS:.0f} s; uplink: {_last_words(output / 'uplink')}"
            )
        time.sleep(POLL_SECONDS)


def _last_words(file: Path) -> str:
    """Return the reason in the last line of a log that has one."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    for line in reversed(lines):
        try:
            entry = json.loads(line)
        except ValueError:
            return line
        if isinstance(entry, dict) and "reason" in entry:
            return str(entry["reason"])
    return "it says nothing"
