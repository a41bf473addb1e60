"""Should recognition ask the register which of two look-alike texts a plate bears?

    python -m benchmarks.tie_break [--vehicles 20000] [--models DIR]

Made-up vehicles pass (models.training.tracks). A Dutch text is tied where its rival, the likeliest other Dutch text a
single character away, is more than so many times as likely by the looks. Whether a text is registered is not drawn but
weighed: a true Dutch plate is so with ``KNOWN``, an assumption; any other text with the density of its series in the
made-up register (hil/register/series.py: 16.6 million vehicles, totals of RDW and CBS, their spread over sidecodes
an assumption).

now        the vote, as it is and with lower limits: what a tie-break must be better than
chosen     of two tied texts of which exactly one is registered, that one is believed
refused    tied texts of which neither is registered are not believed

Prints the density of each sidecode, and what becomes of all vehicles under each rule, those whose true plate is
registered apart from others (foreign ones among them): right; other's, which is wrong and registered, so that another
vehicle's class is counted; unknown, which is wrong and not registered; unreadable.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Final

import click
import numpy as np

from benchmarks.clips import MODELS
from edge.categories import PlateKind
from edge.config import ModelsConfig
from edge.plates.calibration import calibrated
from edge.plates.inference import load_models
from edge.plates.look import PlateReader
from edge.plates.read import Reader
from edge.plates.syntax import ALPHABET, SIDECODES, sidecode
from edge.plates.vote import BELIEVED, Candidate, candidate, shows_nothing
from hil.register.forms import universe
from hil.register.series import SERIES, Series
from models.training.tracks import passing

KNOWN: Final = 0.97
RESULTS: Final = ("right", "other's", "unknown", "unreadable")
LIMIT: Final = BELIEVED[PlateKind.NL]


@dataclass(frozen=True, slots=True)
class Case:
    """A Dutch text and its probability; its rival and how many times as likely that is; the true plate if Dutch."""

    text: str
    probability: float
    rival: str
    ratio: float
    truth: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What is believed: texts from a limit on, but for ties from a factor on where the register has a say."""

    name: str
    limit: float = LIMIT
    factor: float = 1.0
    chosen: bool = False

    def believed(self, case: Case, listed: tuple[bool, ...]) -> str:
        """Return the text that is believed, if any; ``listed`` says whether text and rival are registered."""
        if case.ratio >= self.factor:
            if self.chosen and listed[0] != listed[1]:
                return case.text if listed[0] else case.rival
            if not self.chosen and not any(listed):
                return ""
        return case.text if case.probability >= self.limit else ""


RULES: Final = (
    *(Rule(f"now, believed from {limit:g}", limit) for limit in (LIMIT, 0.8, 0.7, 0.5)),
    *(Rule(f"chosen, rival from {factor:g}", factor=factor, chosen=True) for factor in (0.33, 0.1, 0.03)),
    *(Rule(f"refused, rival from {factor:g}", factor=factor) for factor in (0.33, 0.1, 0.03)),
)


def cases(vehicles: int, reader: PlateReader) -> Iterator[Case]:
    """Let vehicles pass; yield what those say that say something Dutch."""
    for seed in range(vehicles):
        vehicle = passing(seed, reader)
        evidence = vehicle.evidence()
        found = None if shows_nothing(evidence) else candidate(evidence)
        if found is not None and found.kind is PlateKind.NL:
            truth = vehicle.text if vehicle.kind is PlateKind.NL else ""
            probability = calibrated(found.kind, found.grounds)
            yield Case(found.text.decode(), probability, *rival_of(found), truth)


def rival_of(found: Candidate) -> tuple[str, float]:
    """Return the likeliest other Dutch text a single character away, and how many times as likely it is."""
    text = found.text.decode()
    best = ("", 0.0)
    for at, new in product(range(len(text)), range(len(ALPHABET))):
        other = text[:at] + chr(ALPHABET[new]) + text[at + 1 :]
        own = float(found.slots[at, ALPHABET.index(text[at].encode())])
        ratio = float(found.slots[at, new]) / max(own, 1e-9)
        if ratio > best[1] and other != text and sidecode(other) is not None:
            best = (other, ratio)
    return best


@cache
def density(text: str) -> float:
    """Return which share of the plates with a text's sidecode and first letter is registered."""
    code = sidecode(text)
    if code is None:
        return 0.0
    plate = np.frombuffer(text.encode(), np.uint8)[None]
    issued = [series for series in SERIES if rows(series, code)]
    mine = [series for series in issued if len(series.form(code).ranks(plate))]
    return min(1.0, sum(rows(series, code) / series.form(code).size for series in mine))


def rows(series: Series, code: int) -> float:
    """Return how many vehicles of a series have a sidecode."""
    return 1000 * sum(thousands.get(code, 0.0) for thousands in series.thousands.values())


def weigh(case: Case, rule: Rule, *, registered: bool) -> Iterator[tuple[str, float]]:
    """Yield results and their chances for a true plate that is registered, or is not."""
    for listed in product((True, False), repeat=2):
        chances = [float(registered) if text == case.truth else density(text) for text in (case.text, case.rival)]
        weights = [chance if there else 1 - chance for chance, there in zip(chances, listed, strict=True)]
        text = rule.believed(case, listed)
        yield _result(case, text, there=listed[0] if text == case.text else listed[1]), weights[0] * weights[1]


def _result(case: Case, text: str, *, there: bool) -> str:
    if not text:
        return "unreadable"
    if text == case.truth:
        return "right"
    return "other's" if there else "unknown"


def total(found: list[Case], rule: Rule, *, registered: bool) -> dict[str, float]:
    """Return the expected number of vehicles per result."""
    counts: dict[str, float] = defaultdict(float)
    for case in found:
        known = KNOWN if case.truth else 0.0
        for result, chance in weigh(case, rule, registered=registered):
            counts[result] += chance * (known if registered else 1 - known)
    return counts


@click.command()
@click.option("--vehicles", default=20_000)
@click.option("--models", type=click.Path(path_type=Path), default=MODELS)
def main(vehicles: int, models: Path) -> None:
    """Show what the register gains and spoils between look-alikes."""
    for code in SIDECODES:
        print(f"sidecode {code:2}: {sum(rows(series, code) for series in SERIES) / universe(code):4.0%} registered")
    reader = Reader(load_models(ModelsConfig(models, "cpu", 1, models)).reader)
    found = list(cases(vehicles, reader))
    print(f"{vehicles} vehicles, {len(found)} with a Dutch text")
    for registered in (True, False):
        print(
            f"\ntrue plate {'' if registered else 'not '}registered".ljust(30)
            + "".join(f"{each:>12}" for each in RESULTS)
        )
        for rule in RULES:
            counts = total(found, rule, registered=registered)
            print(f"{rule.name:29}" + "".join(f"{counts[result]:12.1f}" for result in RESULTS))


if __name__ == "__main__":
    main()
