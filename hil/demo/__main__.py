"""python -m hil.demo: a street, a camera, a broker and a subscriber, and what comes of them."""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from edge import policy
from edge.errors import AnprError
from edge.proof.broker import broker
from edge.proof.pki import Pki, make_pki
from edge.uplink.contract import CountReport
from edge.windows import day_window, local_day
from hil.demo import compare, report
from hil.demo.admission import judged
from hil.demo.camera_run import Watched, run_camera, subscriber
from hil.demo.site import CAMERA, ROOT, Plan, Site, make
from hil.scenes import truth as truths
from hil.scenes.__main__ import main as render
from hil.scenes.traffic import Truth

PLAIN_WIDTH = 100
LOUD = {"warning", "error", "critical"}
# All start together, so vision looks for a gate that is not there yet; that one died is a warning of its own.
USUAL = {"gate_unreachable"}


@dataclass
class Timing:
    """Wall time of each step, in seconds."""

    started: float = field(default_factory=time.monotonic)
    steps: list[tuple[str, float]] = field(default_factory=list)

    def note(self, step: str) -> None:
        """End a step."""
        done = sum(seconds for _, seconds in self.steps)
        self.steps.append((step, time.monotonic() - self.started - done))


@click.command()
@click.option("--vehicles", type=int, default=600, show_default=True, help="Made-up vehicles.")
@click.option("--hours", type=float, default=2.0, show_default=True, help="Simulated hours.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=ROOT / "var" / "demo", help="Folder for everything that it makes."
)
def main(vehicles: int, hours: float, out: Path) -> None:
    """Render a street, count its vehicles with the three processes of a camera, compare with the truth.

    The counts travel through a real Mosquitto with TLS to `anpr-edge subscribe`. Result: a table here, and
    report.html in the output folder.
    """
    console = Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    try:
        _demo(console, vehicles, hours, out)
    except AnprError as error:
        console.print(f"demo: {error}", style="red", highlight=False)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        console.print("stopped")
        sys.exit(130)


def _demo(console: Console, vehicles: int, hours: float, out: Path) -> None:
    timing = Timing()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    console.print(f"[bold]1[/] rendering {hours:g} hours of street with {vehicles} made-up vehicles")
    render(["--out", str(out), "--vehicles", str(vehicles), "--hours", str(hours)], standalone_mode=False)
    timing.note("rendering")
    truth = truths.load(out / "truth.json")
    pki = make_pki(out / "pki", [CAMERA])
    with broker(out / "broker", pki) as running, _in_memory() as runtime:
        plan = Plan(out / "street.mkv", out, truth.line, running.port, runtime)
        site = make(out, plan, pki)
        console.print("[bold]2[/] vision, gate and uplink count it; a subscriber listens at the broker")
        reports, watched = _count(console, site, pki, plan, truth)
    timing.note("counting")
    _show(console, out, _result(site, truth, reports, watched, timing))


def _count(console: Console, site: Site, pki: Pki, plan: Plan, truth: Truth) -> tuple[list[CountReport], Watched]:
    reports: list[CountReport] = []
    day = day_window(local_day(truth.end.timestamp() - 1))

    def is_day(one: CountReport) -> bool:
        """Tell whether it is the last one: how many hours come before depends on where the video's tail ends."""
        return compare.bin_of(one) == day

    with _progress(console, truth) as told, subscriber(_subscriber_options(site, pki, plan), reports, is_day):
        status, watched = run_camera(site.config, truth.start, told)
        if status:
            raise AnprError(f"anpr-edge run ended with status {status}: {''.join(watched.log[-5:])}")
    if not any(map(is_day, reports)):
        raise AnprError(f"the day's report did not arrive, {len(reports)} others did; see the broker's log")
    return reports, watched


def _subscriber_options(site: Site, pki: Pki, plan: Plan) -> list[str]:
    identity = pki.subscriber
    options = {
        "--port": plan.port,
        "--ca": pki.ca,
        "--certificate": identity.certificate,
        "--key": identity.key,
        "--camera-key": site.camera_key,
    }
    return [str(part) for option in options.items() for part in option]


@contextmanager
def _in_memory() -> Iterator[Path]:
    """Make a folder on tmpfs, as systemd does on a camera."""
    with tempfile.TemporaryDirectory(prefix="anpr-edge-", dir="/dev/shm") as name:
        yield Path(name)


@contextmanager
def _progress(console: Console, truth: Truth) -> Iterator[Callable[[dict[str, object]], None]]:
    """Show how far the video is, and whatever the processes warn about."""
    start, end = truth.start.timestamp(), truth.end.timestamp()
    columns = (
        TextColumn("  {task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f}%"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("counting", total=end - start)

        def told(entry: dict[str, object]) -> None:
            if entry.get("event") == "file_progress":
                at = float(str(entry["at"]))
                progress.update(task, completed=at - start, description=f"street clock {clock(at)}")
            elif entry.get("level") in LOUD and entry.get("event") not in USUAL:
                progress.console.print(
                    f"  {entry.get('process', '')}: {entry['event']}", style="yellow", highlight=False
                )

        yield told
        progress.update(task, completed=end - start)


def clock(moment: float) -> str:
    """Show a time as people on that street would."""
    return datetime.fromtimestamp(moment, report.ZONE).strftime("%H:%M")


def _result(site: Site, truth: Truth, reports: list[CountReport], watched: Watched, timing: Timing) -> report.Result:
    terms = policy.read(site.policy).file
    rows = compare.rows(reports, judged(truth.passages, site), terms)
    facts = [
        ("passages in truth", str(len(truth.passages))),
        ("passages in released cells", f"{sum(row.counted or 0 for row in rows)}"),
        ("the same for the truth", f"{sum(row.truth or 0 for row in rows)}"),
        ("reports received", f"{len(reports)}, schema and signature checked"),
        *((f"{step}, seconds", f"{seconds:.0f}") for step, seconds in timing.steps),
        *((f"peak memory of {name}, MB", f"{peak:.0f}") for name, peak in sorted(watched.peak_mb.items())),
    ]
    return report.Result(compare.columns(terms), terms.release.k, rows, site.folder.parent / "still.png", facts)


def _show(console: Console, out: Path, result: report.Result) -> None:
    console.print("[bold]3[/] what the subscriber received")
    report.show(result, console)
    report.write(result, out / "report.html")
    console.print(f"the same as a page: {out / 'report.html'}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
