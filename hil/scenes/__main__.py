"""python -m hil.scenes: render a street scene with known truth."""

import os
import signal
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import click
import cv2

from edge.errors import AnprError
from hil.register import exports
from hil.scenes import truth
from hil.scenes.camera import Point, mast_camera
from hil.scenes.crew import Job, render_on
from hil.scenes.film import splice
from hil.scenes.render import Renderer
from hil.scenes.schedule import Shot, best_moment, shots
from hil.scenes.traffic import Traffic, make_traffic

BUSIEST = 1_200
"""Vehicles per hour; with more, the platoons of the traffic light would run into each other."""
INTERRUPTED, TERMINATED = 130, 143
"""Exit status after Ctrl-C and after a request to end, as shells have it."""
REGISTER = ("vehicles.csv", "fuel.csv", "particulars.csv")
FILES = ("street.mkv", "truth.json", *REGISTER, "still.png")


class Progress:
    """One line that tells how far the rendering is, how fast, and how long it still takes."""

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._done = 0
        self._start = time.monotonic()

    def add(self, frames: int) -> None:
        """Count frames and show the line; without a terminal only its end."""
        self._done += frames
        rate = self._done / max(time.monotonic() - self._start, 1e-6)
        left = (self._frames - self._done) / max(rate, 1e-6)
        clock = f"{int(left) // 60}:{int(left) % 60:02}"
        line = f"{self._done:6,} of {self._frames:,} frames  {rate:4.0f} frames/s  {clock} left"
        if sys.stderr.isatty():
            click.echo(f"\r{line}", err=True, nl=False)
        if self._done >= self._frames:
            click.echo("" if sys.stderr.isatty() else line, err=True)


def _aware(_context: click.Context, _option: click.Parameter, value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise click.BadParameter(f"{value!r} is no time with an offset, such as 2026-11-17T15:00:00+01:00")
    return moment


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the files.")
@click.option("--vehicles", type=click.IntRange(1, 20_000), default=600, show_default=True,
              help="Different vehicles; some pass more than once.")  # fmt: skip
@click.option("--hours", type=click.FloatRange(0.008, 24), default=2.0, show_default=True, help="Simulated time.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Another seed, another street life.")
@click.option("--start", callback=_aware, default="2026-11-17T15:00:00+01:00", show_default=True,
              help="Wall clock of the first frame; the light follows it.")  # fmt: skip
def main(out: Path, vehicles: int, hours: float, seed: int, start: datetime) -> None:
    """Render a street with made-up traffic whose truth is known.

    A camera on a mast looks at two lanes: traffic comes towards it on the left (in) and leaves on the right (out).
    Cars, vans, lorries, buses and motorcycles pass by daylight and dusk; some are foreign, some too dirty to
    read, some come back; a parked car stands in the picture all the time. Plates have a form that is not issued
    (X-99-XXX).

    \b
    street.mkv    the video; frames carry their own time, and empty street is skipped
    truth.json    who crossed the counting line, when, which way, and where the line is
    vehicles.csv, fuel.csv, particulars.csv
                  every Dutch vehicle in it, as the register exports them
    still.png     one frame to look at

    The same arguments give the same scene. Two hours with 600 vehicles take a minute or two.
    """  # noqa: D301  (click wants the backspace)
    if vehicles > BUSIEST * hours:
        raise click.BadParameter(
            f"{vehicles} in {hours:g} hours; this street takes {BUSIEST} an hour", param_hint="--vehicles"
        )
    traffic = make_traffic(start, hours * 3600, vehicles, seed)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        line = _make(out, traffic, seed)
    except AnprError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or out}: {error.strerror}") from error
    except KeyboardInterrupt:
        click.echo("\nstopped; nothing was written", err=True)
        sys.exit(INTERRUPTED)
    _tell(out, line, start)


def _make(out: Path, traffic: Traffic, seed: int) -> tuple[Point, Point]:
    """Make all files in a folder beside the place where they go, and move them there when all are whole."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".scene-", dir=out) as name:
        draft = Path(name)
        known = truth.make_truth(traffic, mast_camera())
        truth.save(known, draft / "truth.json")
        exports.write(truth.register(traffic), draft, exports.Style.EXPORT)
        _film(draft, traffic, seed)
        for file in FILES:
            (draft / file).replace(out / file)
    return known.line


def _film(draft: Path, traffic: Traffic, seed: int) -> None:
    takes: list[Shot] = shots(traffic)
    job = Job(traffic, seed, tuple(enumerate(takes)), draft)
    render_on(min(os.cpu_count() or 1, 8), job, Progress(sum(len(take.ticks) for take in takes)).add)
    splice(job.reels(), draft / "street.mkv")
    moment = best_moment(traffic)
    still = Renderer(traffic, seed).stretch(moment - 1, moment + 1).frame(moment)
    cv2.imwrite(str(draft / "still.png"), still)


def _tell(out: Path, line: tuple[Point, Point], start: datetime) -> None:
    """Say what was made and how a camera counts on it."""
    size = (out / "street.mkv").stat().st_size / 1e6
    click.echo(f"{out / 'street.mkv'} ({size:.0f} MB), its first second is {start.isoformat()}")
    click.echo(", ".join(str(out / file) for file in FILES[1:]))
    ends = ", ".join(f"[{x:g}, {y:g}]" for x, y in line)
    click.echo(f'counting line, as it stands in docs/examples/video.toml:\n\n[view]\nline = [{ends}]\ninwards = "down"')


if __name__ == "__main__":
    main()
