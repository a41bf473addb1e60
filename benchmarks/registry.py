"""The register at full size: building, looking up, updating; beside plain SQLite tables of the same vehicles.

python -m benchmarks.registry --rows 16600000 --json

Makes up so many vehicles, writes them as exports of the register (16.6 million: 14 GB, with all columns), builds a pack
with `anpr-edge registry build`, looks random plates up in a process of its own, and makes and applies the delta to a
week in which one vehicle in a hundred changed. Prints one JSON line, and on the way a table for comparison with a plain
table keyed by text and one keyed by number, and the entropy of what was made up: an easy register would show.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import msgspec
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.lookups import Measured
from edge import keys
from edge.keys import Role
from hil.register import entropy
from hil.register.exports import Style, write
from hil.register.fleet import Fleet, make_fleet, next_week

ROOT = Path(__file__).parent.parent
LOOKUPS = 100_000
UNKNOWN_SHARE = 0.1
WEEKLY = 0.01
SAMPLE = 20_000
SAMPLE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Figures:
    """What the JSON line says; megabytes of a million bytes."""

    rows: int
    build_s: float
    build_peak_mb: float
    pack_mb: float
    bytes_per_vehicle: float
    lookup_us_p50: float
    lookup_us_p99: float
    resident_mb: float
    delta_mb_per_week: float
    apply_delta_s: float


@dataclass(frozen=True, slots=True)
class Run:
    """What a command took."""

    seconds: float
    peak_mb: float


class Bench:
    """One folder with everything that is made."""

    def __init__(self, folder: Path, console: Console) -> None:
        self.folder, self.console = folder, console
        self.secret, self.public = keys.make(Role.REGISTRY, folder)

    def command(self, *arguments: object) -> Run:
        """Run a command of anpr-edge to its end."""
        begun, peak = time.perf_counter(), 0.0
        process = subprocess.Popen([sys.executable, "-m", "edge", *map(str, arguments)], stdout=subprocess.DEVNULL)
        while process.poll() is None:
            peak = max(peak, _high_water_mb(process.pid))
            time.sleep(SAMPLE_SECONDS)
        if process.returncode:
            raise click.ClickException(f"anpr-edge {arguments[0]} {arguments[1]} failed")
        return Run(time.perf_counter() - begun, peak)

    def build(self, fleet: Fleet, name: str, style: Style) -> Run:
        """Write exports, build a pack, remove the exports."""
        self.console.print(f"writing exports of {len(fleet):,} vehicles")
        exports = write(fleet, self.folder / "exports", style)
        sizes = sum(file.stat().st_size for file in (exports.vehicles, exports.fuel, exports.particulars))
        self.console.print(f"building {name} from {sizes / 1e9:.1f} GB")
        options = {"--vehicles": exports.vehicles, "--fuel": exports.fuel, "--particulars": exports.particulars,
                   "--key": self.secret, "--out": self.folder / name}  # fmt: skip
        run = self.command("registry", "build", *(part for option in options.items() for part in option))
        shutil.rmtree(self.folder / "exports")
        return run

    def look_up(self, kind: str, name: str) -> Measured:
        """Look the sampled plates up in a table, in a process of its own."""
        command = [sys.executable, "-m", "benchmarks.lookups", kind, name, "plates", "--key", self.public.name]
        done = subprocess.run(
            command, cwd=self.folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, check=True
        )
        return msgspec.json.decode(done.stdout, type=Measured)

    def apply_delta(self) -> tuple[float, Run]:
        """Make the delta from one pack to the next and install it as a camera does; return its megabytes."""
        delta = self.folder / "week.delta"
        old, new = self.folder / "register.db", self.folder / "next.db"
        self.command("registry", "delta", old, new, "--key", self.secret, "--out", delta)
        (self.folder / "camera.toml").write_text(
            '[camera]\nid = "bench"\nzone = "bench"\nsource = "none"\n'
            '[registry]\npack = "register.db"\nkey = "registry.pub"\n'
        )
        run = self.command("registry", "install", delta, "--config", self.folder / "camera.toml")
        return delta.stat().st_size / 1e6, run


def _high_water_mb(pid: int) -> float:
    """Return the most memory that a process has had so far.

    Not what wait4 says: that counts the moment of the fork too, when the child was still a copy of this process.
    """
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def sample(fleet: Fleet, file: Path, rng: np.random.Generator) -> None:
    """Write plates to look up: of vehicles all over the register, and some that it does not know."""
    plates = fleet.plates[rng.integers(len(fleet), size=LOOKUPS)].copy()
    unknown = rng.random(LOOKUPS) < UNKNOWN_SHARE
    plates[unknown] = rng.permuted(plates[unknown], axis=1)
    file.write_bytes(plates.tobytes())


def plain_table(fleet: Fleet, file: Path, kind: str) -> None:
    """Write a plain SQLite table of plate and class number."""
    name = "text" if kind == "text" else "integer"
    with closing(sqlite3.connect(file)) as database:
        database.execute("pragma journal_mode = off")
        database.execute("pragma synchronous = off")
        without = " without rowid" if kind == "text" else ""
        database.execute(f"create table vehicles (plate {name} primary key, class integer not null){without}")
        database.executemany("insert into vehicles values (?, ?)", _rows(fleet, kind))
        database.commit()


def _rows(fleet: Fleet, kind: str) -> Iterator[tuple[str | int, int]]:
    texts = np.sort(fleet.plates.view("S6").ravel())
    classes = np.random.default_rng(1).integers(0, 3000, len(texts))
    for text, number in zip(texts.tolist(), classes.tolist(), strict=True):
        yield (text.decode() if kind == "text" else int(text, 36)), number


def check(bench: Bench, fleet: Fleet, rng: np.random.Generator) -> None:
    """Compare a sample of the pack with the truth: a table that is small because it is wrong would show."""
    from edge.registry.pack import Pack  # noqa: PLC0415

    places = rng.integers(len(fleet), size=SAMPLE)
    with closing(Pack(bench.folder / "register.db", keys.read_public(bench.public, Role.REGISTRY)[1])) as pack:
        truths = [fleet.truth(int(place)) for place in places]
        wrong = sum(pack.lookup(plate.encode()) != known for plate, known in truths)
    if wrong:
        raise click.ClickException(f"{wrong} of {SAMPLE} vehicles have another class in the pack than in truth")


def measure(rows: int, folder: Path, style: Style, console: Console) -> Figures:
    """Do everything once; the comparison is printed on the way."""
    bench, rng = Bench(folder, console), np.random.default_rng(1)
    fleet = make_fleet(rows, seed=1)
    console.print(_entropy(fleet), highlight=False)
    sample(fleet, folder / "plates", rng)
    built = bench.build(fleet, "register.db", style)
    check(bench, fleet, rng)
    measured = _compare(bench, fleet)
    later = next_week(fleet, WEEKLY, seed=2)
    del fleet
    bench.build(later, "next.db", style)
    del later
    pack_mb = (folder / "register.db").stat().st_size / 1e6
    delta_mb, applied = bench.apply_delta()
    return Figures(
        rows=rows,
        build_s=round(built.seconds, 1),
        build_peak_mb=round(built.peak_mb),
        pack_mb=round(pack_mb, 1),
        bytes_per_vehicle=round(pack_mb * 1e6 / rows, 2),
        lookup_us_p50=round(measured.p50_us, 2),
        lookup_us_p99=round(measured.p99_us, 2),
        resident_mb=round(measured.resident_mb, 1),
        delta_mb_per_week=round(delta_mb, 2),
        apply_delta_s=round(applied.seconds, 1),
    )


def _entropy(fleet: Fleet) -> str:
    found = entropy.report(fleet)
    floor = (found.keys + found.classes) * len(fleet) / 8e6
    return (
        f"bits per vehicle: plates {found.keys:.2f}, classes {found.classes:.2f} ({found.classes_given_plate:.2f}"
        f" where sidecode, first letter and year are known); plates and classes together {floor:.1f} MB at least"
    )


def _compare(bench: Bench, fleet: Fleet) -> Measured:
    """Print the table of three tables; return the pack's figures."""
    shown = Table("table", "MB", "bytes per vehicle", "p50 us", "p99 us", "resident MB")
    found = {}
    for kind, name in (("pack", "register.db"), ("text", "text.db"), ("integer", "integer.db")):
        file = bench.folder / name
        if kind != "pack":
            plain_table(fleet, file, kind)
        found[kind] = bench.look_up(kind, name)
        size, one = file.stat().st_size, found[kind]
        row = (size / 1e6, size / len(fleet), one.p50_us, one.p99_us, one.resident_mb)
        shown.add_row(
            {"pack": "this pack"}.get(kind, f"plain table, {kind} key"), *(f"{number:,.1f}" for number in row)
        )
        if kind != "pack":
            file.unlink()
    bench.console.print(shown)
    return found["pack"]


@click.command()
@click.option("--rows", type=click.IntRange(1000), default=1_000_000, show_default=True, help="Vehicles.")
@click.option("--style", type=click.Choice([style.value for style in Style]), default=Style.EXPORT.value,
              show_default=True, help="Whole exports, or with the needed columns only.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="End with one line of JSON on standard output.")
@click.option("--folder", type=click.Path(path_type=Path), default=ROOT / "var", help="Where there is room for 14 GB.")
def main(rows: int, style: str, folder: Path, *, as_json: bool) -> None:
    """Measure the register of so many made-up vehicles: some minutes for 16,600,000."""
    console = Console(stderr=True, width=100)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="registry-", dir=folder) as name:
        figures = measure(rows, Path(name), Style(style), console)
    if as_json:
        click.echo(msgspec.json.encode(asdict(figures)))
    else:
        for key, value in asdict(figures).items():
            click.echo(f"{key:20} {value}")


if __name__ == "__main__":
    main()
