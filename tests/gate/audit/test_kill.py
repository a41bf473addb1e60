"""A real writer is killed again and again: what it had said is there, and the log goes on."""

import random
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from edge.gate.audit import store
from tests.gate.audit.logs import look

ROOT = Path(__file__).parents[3]


def _kill(folder: Path, after: float) -> tuple[int, str]:
    """Let a writer write, kill it; return the last that it said."""
    command = [sys.executable, "-m", "tests.gate.audit.writer", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(after)
        process.kill()
        said = [line for line in (first + process.stdout.read()).split(b"\n")[:-1] if line]
    size, note = msgspec.json.decode(said[-1], type=tuple[int, str])
    return size, note


def test_a_writer_killed_many_times_leaves_a_whole_log(memory: Path) -> None:
    """After each of fifteen kills: every entry that it vouched for is there, under checkpoints that all fit."""
    dice, notes = random.Random(6962), list[str]()
    for _ in range(15):
        size, note = _kill(memory / "audit", dice.uniform(0, 0.2))
        notes.append(note)
        assert store.load(memory / "audit").size >= size
        assert look(memory / "audit", *notes).findings == ()
