"""The demo's comparison and its report."""

from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import msgspec
from rich.console import Console

from edge import policy
from edge.categories import (
    UNKNOWN_ATTRIBUTES,
    Admitted,
    Attributes,
    Direction,
    Drive,
    EmissionClass,
    Exemption,
    PlateKind,
    Trade,
    VehicleType,
)
from edge.counting.part import key_of
from edge.gate.release import release
from edge.policy_fields import PolicyFile
from edge.release_rules import Dimension, Enrichment
from hil.demo import compare, report, site
from hil.demo.compare import Row
from hil.scenes.traffic import TruePassage
from tests import messages
from tests.counts import HOUR, cell, counts
from tests.policies import policy_text

VAN = Attributes(VehicleType.VAN, Drive.DIESEL, EmissionClass.E6)
HOUR_OF_REPORT = (HOUR.start - messages.BEGIN) // messages.HOUR + 1
KEY = ("in", "nl", "van", "diesel")


class Tags(HTMLParser):
    """Checks that every tag is closed by its own end."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag, but for those that have no end."""
        del attrs
        self.open += [tag] if tag not in {"meta", "img"} else []

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost one."""
        assert self.open.pop() == tag


def _policy(folder: Path, **changes: object) -> PolicyFile:
    file = folder / "policy.toml"
    text = policy_text(gap=5)
    for old, new in changes.items():
        text = text.replace(old, str(new))
    file.write_text(text)
    return policy.read(file).file


def _vans(numbers: range, minute: float = 0.0) -> list[TruePassage]:
    plates = [f"V{number:02}BDF" for number in numbers]
    return [TruePassage(HOUR.start + 60 * minute, Direction.IN, PlateKind.NL, VAN, plate) for plate in plates]


def _unreadable(number: int) -> list[TruePassage]:
    return [TruePassage(HOUR.start, Direction.IN, PlateKind.UNREADABLE, UNKNOWN_ATTRIBUTES, "V99BDF")] * number


def test_every_dimension_can_be_compared(tmp_path: Path) -> None:
    """The truth is written as the contract writes what is released, municipalities by their code."""
    file = tmp_path / "policy.toml"
    fields = {"enrichment": [str(one) for one in Enrichment], "dimensions": [str(one) for one in Dimension]}
    digest = f'"sha256:{"0" * 64}"'
    file.write_text(site.policy_text(**fields, zone_rules=digest, link_decision='"B&W 2026/1"'))
    rules = policy.read(file).file
    exempt = msgspec.structs.replace(VAN, admitted=Admitted.EXEMPT, exemption=Exemption.DAY, trade=Trade.TRANSPORT)
    seen = [msgspec.structs.replace(exempt, origin=origin) for origin in (0, 344)]
    passages = [
        msgspec.structs.replace(one, vehicle_class=of, plate=f"{one.plate[:3]}{letters}")
        for of, letters in zip(seen, ("BDF", "BDG"), strict=True)
        for one in _vans(range(12))
    ]
    parts = [counts(*(cell(key_of(Direction.IN, PlateKind.NL, of), 12) for of in seen))]
    cells = release(parts, rules.release, rules.what.measure)
    compared = compare.rows([messages.report(HOUR_OF_REPORT, cells=cells)], passages, rules)
    assert [(row.key[-2:], row.counted, row.truth) for row in compared] == [
        (("GM0344", "H"), 12, 12),
        (("elsewhere", "H"), 12, 12),
    ]


def test_the_truth_needs_ten_different_vehicles(tmp_path: Path) -> None:
    """Ten vans are released, nine are not, however often they pass."""
    rules = _policy(tmp_path)
    assert compare.released_truth(_vans(range(10)), rules) == {(HOUR.start, KEY): 10}
    nine = [passage for minute in (0, 10, 20) for passage in _vans(range(9), minute)]
    assert compare.released_truth(nine, rules) == {(HOUR.start, KEY): None}


def test_a_repeat_within_the_gap_is_one_passage(tmp_path: Path) -> None:
    """After four minutes it is none, after six it is one."""
    again = [*_vans(range(10)), *_vans(range(10), 4), *_vans(range(3), 6)]
    assert compare.released_truth(again, _policy(tmp_path)) == {(HOUR.start, KEY): 13}


def test_unreadable_vehicles_make_a_cell_of_their_own_only(tmp_path: Path) -> None:
    """Ten of them alone are released; seven beside five readable ones make no ten."""
    rules = _policy(tmp_path)
    alone = (HOUR.start, ("in", "unreadable", "unknown", "unknown"))
    assert compare.released_truth(_unreadable(10), rules) == {alone: 10}
    mixed = _policy(
        tmp_path, **{'"plate", "vehicle_type", "drive"': '"direction"', '"direction", "direction"': '"direction"'}
    )
    assert compare.released_truth([*_vans(range(5)), *_unreadable(7)], mixed) == {(HOUR.start, ("in",)): None}


def test_unique_vehicles_are_counted_once(tmp_path: Path) -> None:
    """Ten vans that pass twice are ten."""
    rules = _policy(tmp_path, **{'measure = "passages"': 'measure = "unique_vehicles"'})
    twice = [*_vans(range(10)), *_vans(range(10), 10)]
    assert compare.released_truth(twice, rules) == {(HOUR.start, KEY): 10}


def _result(*rows: Row) -> report.Result:
    return report.Result(site.DIMENSIONS, 10, rows, Path("still.png"), [("made <by>", "hand & heart")])


LONGEST = ("out", "unreadable", "passenger_car", "electric", "not_applicable")
WITHHELD = Row(HOUR.start, LONGEST, None, None)


def test_the_table_fits_eighty_columns() -> None:
    """Nothing is cut off, and what is withheld says so."""
    out = StringIO()
    rows = (Row(HOUR.start, (*KEY, "yes"), 120, 121), Row(HOUR.start, LONGEST, None, 12), WITHHELD)
    report.show(_result(*rows), Console(file=out, width=80))
    shown = out.getvalue()
    assert max(map(len, shown.splitlines())) <= 80
    assert "…" not in shown
    assert shown.count("under 10") == 2
    assert "withheld on the camera: 1 more kind of vehicles, each under 10" in shown


def test_the_page_is_sound() -> None:
    """Every tag is closed, text is escaped, and an hour with nothing released is drawn too."""
    for result in (_result(Row(HOUR.start, (*KEY, "yes"), 12, 13), WITHHELD), _result(WITHHELD)):
        page = report.page(result)
        tags = Tags()
        tags.feed(page)
        assert not tags.open
        assert "made &lt;by&gt;" in page
        assert "under 10" in page


def test_bars_are_as_long_as_their_numbers() -> None:
    """The largest fills its place, nothing is nothing."""
    assert len(report.bar(100, 100)) == report.BAR
    assert report.bar(0, 100) == ""
