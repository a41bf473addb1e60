"""Renders the shots of a scene on several processor cores."""

import multiprocessing
import queue
import signal
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from pathlib import Path

import cv2

from hil.scenes.film import FilmError, Reel, shoot
from hil.scenes.render import Renderer
from hil.scenes.schedule import RATE, Shot
from hil.scenes.traffic import Traffic

Report = Callable[[int], None]
"""Is told how many more frames are done."""


@dataclass(frozen=True, slots=True)
class Job:
    """What one process renders: numbered shots of a scene, into one file each."""

    traffic: Traffic
    seed: int
    shots: tuple[tuple[int, Shot], ...]
    folder: Path

    def reels(self) -> list[Reel]:
        """The files that the job makes."""
        return [Reel(self.folder / f"{number:05}.avi", shot.ticks) for number, shot in self.shots]


def render(job: Job, report: Report) -> None:
    """Render all shots of a job in this process."""
    cv2.setNumThreads(1)
    renderer = Renderer(job.traffic, job.seed)
    for reel, (_, shot) in zip(job.reels(), job.shots, strict=True):
        stretch = renderer.stretch(*shot.seconds)
        shoot(reel, (stretch.frame(tick / RATE) for tick in shot.ticks))
        report(len(shot.ticks))


def render_on(cores: int, job: Job, report: Report) -> None:
    """Share a job among ``cores`` processes.

    Raises:
        FilmError: one of them failed.
    """
    context = multiprocessing.get_context("spawn")
    done = context.Queue()
    parts = [Job(job.traffic, job.seed, job.shots[first::cores], job.folder) for first in range(cores)]
    workers = [context.Process(target=_work, args=(part, done), daemon=True) for part in parts if part.shots]
    for worker in workers:
        worker.start()
    try:
        _follow(workers, done, sum(len(shot.ticks) for _, shot in job.shots), report)
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _work(job: Job, done: "multiprocessing.Queue[int]") -> None:
    """The process: Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    render(job, done.put)


def _follow(workers: list[SpawnProcess], done: "multiprocessing.Queue[int]", frames: int, report: Report) -> None:
    """Pass progress on until all frames are done."""
    while frames > 0:
        try:
            finished = done.get(timeout=0.5)
        except queue.Empty:
            if any(worker.exitcode for worker in workers):
                raise FilmError("a rendering process failed; its message is above") from None
            continue
        frames -= finished
        report(finished)
