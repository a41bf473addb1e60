"""Score tracks and votes on folders of labelled clips.

    python -m benchmarks.clips DIR... [--json] [--models DIR] [--threads N]

Each DIR holds video files and a labels.csv with the columns ``file`` and ``plate``; two rows of one file are two
vehicles. Clips may be hand-held past parked cars, so tracks are scored, wherever they go, and not passages.

There are no boxes, so a track is assigned to a vehicle by what it says. A track speaks if its vote is a text; if it
has none, but lives for ``LIVED`` looks, its most frequent text stands in for it. A track is on the vehicle of its clip
whose plate is nearest by edit distance, if at most ``NEAR`` edits away; else it is on no plate.

exact     vehicles on which the vote of a track is their plate
wrong     vehicles on which the vote of a track is another text
missed    vehicles that are neither
double    vehicles whose plate is the vote of more than one track
spurious  tracks that speak, or live for LIVED looks without a word, on no plate

What is printed are counts and times, never a plate. Time is from the decoded frame to the updated tracks.
"""

import argparse
import csv
import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from edge.camera.frame import EndOfSource, Frame, Source
from edge.camera.opener import open_source
from edge.config import ModelsConfig, ViewConfig
from edge.errors import AnprError, ConfigError
from edge.plates.detect import Detector
from edge.plates.inference import load_models
from edge.plates.look import Looker
from edge.plates.read import Reader
from edge.plates.track import Track, Tracker
from edge.plates.vote import vote

MODELS = Path(__file__).parent.parent / "models"
VIEW = ViewConfig(line=((0.0, 0.5), (1.0, 0.5)), inwards="down", region=(), masks=())
NEAR = 3
LIVED = 6


class Score(msgspec.Struct):
    """The figures of one folder."""

    vehicles: int = 0
    exact: int = 0
    wrong: int = 0
    missed: int = 0
    double: int = 0
    spurious: int = 0
    ms_per_frame_median: float = 0.0


@dataclass(frozen=True, slots=True)
class Said:
    """What one track of a clip says: its ``vote``, empty if it has none, and the text it says most often."""

    vote: str = field(repr=False)
    usual: str = field(repr=False)
    looks: int


@dataclass(slots=True)
class Follower:
    """Looks, tracks and votes on clips, and keeps the time that each frame took."""

    looker: Looker
    milliseconds: list[float] = field(default_factory=list)

    def follow(self, source: Source) -> list[Said]:
        """Track one clip to its end."""
        tracker = Tracker()
        tracks: dict[int, Said] = {}
        for frame in _frames(source):
            begin = time.perf_counter()
            aspect = frame.gray.shape[1] / frame.gray.shape[0]
            update = tracker.update(frame.time, self.looker.look(frame, tracker), aspect)
            self.milliseconds.append(1_000 * (time.perf_counter() - begin))
            for _, gone in update.merged:
                tracks.pop(gone.number, None)
            touched = [*update.seen, *(kept for kept, _ in update.merged)]
            tracks |= {track.number: _said(track) for track in touched}
        return list(tracks.values())


def score_clip(score: Score, plates: Sequence[str], tracks: Sequence[Said]) -> None:
    """Add the outcome of one clip to ``score``."""
    on: dict[int, list[Said]] = defaultdict(list)
    for track in tracks:
        vehicle = nearest(track.vote or track.usual, plates)
        if vehicle is not None:
            on[vehicle].append(track)
        elif track.vote or track.looks >= LIVED:
            score.spurious += 1
    score.vehicles += len(plates)
    for vehicle, plate in enumerate(plates):
        votes = [track.vote for track in on[vehicle] if track.vote]
        right = votes.count(plate)
        score.exact += right > 0
        score.double += right > 1
        score.wrong += right < len(votes)
        score.missed += not votes


def nearest(text: str, plates: Sequence[str]) -> int | None:
    """Return the index of the plate that is nearest to a text, None where none is near."""
    if not text or not plates:
        return None
    edits, vehicle = min((edit_distance(text, plate), index) for index, plate in enumerate(plates))
    return vehicle if edits <= NEAR else None


def edit_distance(one: str, other: str) -> int:
    """Return the least number of characters to insert, delete or replace (Levenshtein)."""
    row = list(range(len(other) + 1))
    for at, char in enumerate(one, start=1):
        previous, row = row, [at]
        for column, match in enumerate(other):
            row.append(min(row[column] + 1, previous[column + 1] + 1, previous[column] + (char != match)))
    return row[-1]


def read_labels(folder: Path) -> dict[str, list[str]]:
    """Return the plates of each file in a folder, without dashes.

    Raises:
        ConfigError: no labels.csv, or one without the columns.
    """
    file = folder / "labels.csv"
    try:
        with file.open(encoding="utf-8", newline="") as rows:
            found: dict[str, list[str]] = defaultdict(list)
            for row in csv.DictReader(rows):
                found[row["file"]].append(row["plate"].replace("-", "").upper())
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}") from error
    except KeyError as error:
        raise ConfigError(f"{file}: has no column {error}") from error
    return found


def score_folder(folder: Path, models: ModelsConfig) -> Score:
    """Score all labelled clips of a folder."""
    opened = load_models(models)
    follower = Follower(Looker(Detector(opened.detector, VIEW), Reader(opened.reader)))
    score = Score()
    for name, plates in read_labels(folder).items():
        score_clip(score, plates, follower.follow(open_source(str(folder / name))))
    if follower.milliseconds:
        score.ms_per_frame_median = round(statistics.median(follower.milliseconds), 2)
    return score


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures of each folder; return the exit status."""
    options = _options(arguments)
    models = ModelsConfig(options.models, "auto", options.threads, options.models / "engines")
    try:
        scores = [(folder, score_folder(folder, models)) for folder in options.folders]
    except AnprError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    for line in _lines(scores, as_json=options.json):
        print(line)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clips", description="Score tracks on labelled clips.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="clips and their labels.csv")
    parser.add_argument("--json", action="store_true", help="one line of JSON per folder instead of a table")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of the ONNX files")
    parser.add_argument("--threads", type=int, default=2, help="inference threads (2)")
    return parser.parse_args(arguments)


def _lines(scores: list[tuple[Path, Score]], *, as_json: bool) -> Iterator[str]:
    if as_json:
        yield from (json.dumps(msgspec.to_builtins(score)) for _, score in scores)
        return
    columns = Score.__struct_fields__
    yield "  ".join(columns)
    for folder, score in scores:
        yield "  ".join(f"{getattr(score, name):>{len(name)}}" for name in columns) + f"  {folder.name}"


def _frames(source: Source) -> Iterator[Frame]:
    try:
        while True:
            yield source.read()
    except EndOfSource:
        source.close()


def _said(track: Track) -> Said:
    outcome = vote(track.evidence)
    usual = track.evidence.favourite().decode() if outcome.kind is not None else ""
    return Said(outcome.text.decode(), usual, track.looks if outcome.kind is not None else 0)


if __name__ == "__main__":
    sys.exit(main())
