"""The canary run: one made-up plate through the three processes, and then every place is searched for it."""

import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from edge.camera.frame import Frame
from edge.config import load
from edge.policy import read
from edge.proof import capture, places
from edge.proof.broker import broker
from edge.proof.canary import AFTER, Canary, Passing, everywhere
from edge.proof.listener import listening
from edge.proof.paced import Paced
from edge.proof.pki import Pki
from edge.proof.processes import Moment, Stage, perform
from edge.proof.search import Find
from edge.service.supervisor import prepare_folders
from edge.uplink.contract import PROOF_ROOT
from hil.scenes import truth
from tests.service.sites import bench_site

root = pytest.mark.skipif(os.geteuid() != 0, reason="only root reads the memory of processes that hide theirs")
CROSSING, LATER = 0.0, (5.0, 15.0)
EMPTY = np.zeros((9, 16), np.uint8)
MOMENTS = (CROSSING, AFTER, *LATER)
"""Seconds after the crossing at which vision is held."""


@dataclass
class Run:
    """What was found: in the memory of each process by the seconds after the crossing, and in all other places."""

    memory: dict[float, dict[str, list[Find]]] = field(default_factory=dict)
    elsewhere: list[Find] = field(default_factory=list)
    reports: int = 0

    def vision(self, seconds: float) -> set[str]:
        """Return the forms that vision held."""
        return {find.form for find in self.memory[seconds]["vision"]}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, one_vehicle: Path, pki: Pki) -> Run:
    """Do it once; the tests look at what it found."""
    folder, found = tmp_path_factory.mktemp("canary"), Run()
    scene = truth.load(one_vehicle / "truth.json")
    (passage,) = scene.passages
    with ExitStack() as stack:
        runtime = stack.enter_context(_in_memory())
        running = stack.enter_context(broker(folder / "broker", pki, roots=(PROOF_ROOT,)))
        packets = stack.enter_context(capture.loopback(running.port))
        heard = stack.enter_context(listening(running, pki))
        site = bench_site(folder / "site", one_vehicle, runtime, pki, running.port)
        config = load(site.config)
        prepare_folders(config)
        canary = Canary([Passing(passage.time, passage.plate)], read(site.policy).file.policy.id)

        def look(moment: Moment) -> None:
            found.memory[round(moment.time - passage.time, 3)] = canary.finds(moment)

        seconds = [passage.time - scene.start.timestamp() + after for after in MOMENTS]
        stage = Stage(
            site.config, scene.start, seconds, folder / "output", lambda: bool(heard.payloads("/counts/hour"))
        )
        perform(stage, look)
        sent = [(message.topic, bytes(message.payload)) for message in heard.messages]
        found.reports = len(heard.payloads("/counts/hour"))
        searcher = canary.searcher()
        found.elsewhere += places.messages(searcher, "subscriber", sent) + searcher.whole("packets", bytes(packets))
        folders = [folder / "output", runtime, config.paths.state, folder / "broker"]
        found.elsewhere += everywhere(searcher, folders, [config.outbox_file])
    return found


@root
def test_no_place_holds_the_plate(run: Run) -> None:
    """Log, output, temporary, runtime and state folders, the broker's store, messages, packets: no plate and no tag."""
    assert run.reports == 1
    assert run.elsewhere == []


@root
def test_gate_and_uplink_never_hold_it(run: Run) -> None:
    """At no moment, in no form, neither the plate nor its tag."""
    assert [found[name] for found in run.memory.values() for name in ("gate", "uplink")] == [[]] * 2 * (
        len(MOMENTS) + 1
    )


@root
def test_vision_holds_it_while_the_vehicle_passes(run: Run) -> None:
    """So the search bites: when the vehicle crosses the line, the text is there."""
    assert "text" in run.vision(CROSSING)


@root
@pytest.mark.parametrize("seconds", [AFTER, *LATER])
def test_vision_holds_no_plate_two_seconds_after_the_passage(run: Run, seconds: float) -> None:
    """From then on only the tag is there, once, in the book that is wiped at the end of the day."""
    assert [find.form for find in run.memory[seconds]["vision"]] == ["tag"]


@root
def test_nothing_is_left_after_the_day(run: Run) -> None:
    """When tags are wiped, no plate and no tag is in vision's memory any more."""
    assert run.vision(math.inf) == set()


class Ticks:
    """A source of frames at whole seconds, of which it keeps the last that was asked for."""

    def __init__(self, seconds: list[float]) -> None:
        self.asked = -1.0
        self._seconds = iter(seconds)

    def read(self) -> Frame | None:
        """Return the next frame."""
        self.asked = next(self._seconds)
        return Frame(0, self.asked, EMPTY, EMPTY)


def test_vision_is_held_when_it_is_done_with_a_frame() -> None:
    """With the first frame from each moment on, before the next one is read; moments may share a frame."""
    ticks, held = Ticks([1, 2, 60, 61]), list[tuple[float, float]]()
    paced = Paced(ticks, [30.0, 2.0, 31.0, 99.0], lambda moment: held.append((moment, ticks.asked)))
    with suppress(StopIteration):
        while True:
            paced.read()
    assert held == [(2.0, 2.0), (30.0, 60.0), (31.0, 60.0)]


@contextmanager
def _in_memory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="anpr-edge-canary-", dir="/dev/shm") as name:
        yield Path(name)
