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
from edge.policy_fields import PolicyFile
from edge.release_rules import Dimension, Enrichment
from edge.windows import Window
from hil.demo import compare, report, site
from hil.demo.compare import Row
from hil.scenes.traffic import TruePassage
from tests import messages
from tests.counts import HOUR
from tests.policies import FLAT, policy_text, rung, table

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


def _policy(folder: Path, text: str | None = None) -> PolicyFile:
    file = folder / "policy.toml"
    file.write_text(text or policy_text(gap=5, tables=[FLAT]))
    return policy.read(file).file


def _truth(passages: list[TruePassage], rules: PolicyFile) -> list[tuple[int, int]]:
    """Return start and number of each cell that the truth gives."""
    return [(at.start, one.n) for at, one in compare.released_truth(passages, rules)]


def _vans(numbers: range, minute: float = 0.0) -> list[TruePassage]:
    plates = [f"V{number:02}BDF" for number in numbers]
    return [TruePassage(HOUR.start + 60 * minute, Direction.IN, PlateKind.NL, VAN, plate) for plate in plates]


def _unreadable(number: int) -> list[TruePassage]:
    return [TruePassage(HOUR.start, Direction.IN, PlateKind.UNREADABLE, UNKNOWN_ATTRIBUTES, "V99BDF")] * number


def test_every_dimension_can_be_compared(tmp_path: Path) -> None:
    """The truth is written as the contract writes what is released, municipalities by their code."""
    digest = f'"sha256:{"0" * 64}"'
    every = table(rung(*Dimension))
    enrichment = [str(one) for one in Enrichment]
    rules = _policy(tmp_path, site.policy_text(every, enrichment=enrichment, zone_rules=digest, link_decision='"B 1"'))
    exempt = msgspec.structs.replace(VAN, admitted=Admitted.EXEMPT, exemption=Exemption.DAY, trade=Trade.TRANSPORT)
    seen = [msgspec.structs.replace(exempt, origin=origin) for origin in (0, 344)]
    passages = [
        msgspec.structs.replace(one, vehicle_class=of, plate=f"{one.plate[:3]}{letters}")
        for of, letters in zip(seen, ("BDF", "BDG"), strict=True)
        for one in _vans(range(12))
    ]
    cells = tuple(found for _, found in compare.released_truth(passages, rules))
    compared = compare.rows([messages.report(HOUR_OF_REPORT, cells=cells)], passages, rules)
    assert [(row.key[-2:], row.counted, row.truth) for row in compared] == [
        (("GM0344", "H"), 12, 12),
        (("elsewhere", "H"), 12, 12),
    ]


def test_the_truth_needs_ten_different_vehicles(tmp_path: Path) -> None:
    """Ten vans are released, nine are not, however often they pass."""
    rules = _policy(tmp_path)
    assert _truth(_vans(range(10)), rules) == [(HOUR.start, 10)]
    nine = [passage for minute in (0, 10, 20) for passage in _vans(range(9), minute)]
    assert _truth(nine, rules) == []


def test_a_repeat_within_the_gap_is_one_passage(tmp_path: Path) -> None:
    """After four minutes it is none, after six it is one."""
    again = [*_vans(range(10)), *_vans(range(10), 4), *_vans(range(3), 6)]
    assert _truth(again, _policy(tmp_path)) == [(HOUR.start, 13)]


def test_what_hours_leave_is_compared_too(tmp_path: Path) -> None:
    """Nine vans each hour are released with the day, as what is left of two hours; four hours may hide them."""
    rules = _policy(tmp_path, policy_text(gap=5))
    seen = [one for hour in range(4) for one in _vans(range(6 * hour, 6 * hour + 6), 60 * hour)]
    ((day, found),) = compare.released_truth(seen, rules)
    assert (day.end - day.start, found.n, found.rest) == (24 * 3_600, 24, ("hour",))
    names = compare.columns(rules)
    assert names == ("direction", "plate", "vehicle_type", "drive", "emission_class")
    ((*_, row),) = [compare.rows([], seen, rules)]
    assert (row.key, row.counted, row.truth) == (("in", "", "van", "", "6"), None, 24)


def _result(*rows: Row) -> report.Result:
    return report.Result(NAMES, 10, rows, Path("still.png"), [("made <by>", "hand & heart")])


LONGEST = ("out", "unreadable", "passenger_car", "electric", "not_applicable")
NAMES = ("direction", "plate", "vehicle_type", "drive", "admitted")
AT = HOUR
WITHHELD = Row(AT, LONGEST, None, 12)


def test_the_table_fits_eighty_columns() -> None:
    """Nothing is cut off, and what is not released says so."""
    out = StringIO()
    rows = (Row(AT, (*KEY, "yes"), 120, 121), Row(AT, LONGEST, 12, None), WITHHELD)
    report.show(_result(*rows), Console(file=out, width=80))
    shown = out.getvalue()
    assert max(map(len, shown.splitlines())) <= 80
    assert "…" not in shown
    assert shown.count(" - ") == 2
    assert "-: not released" in shown


def test_a_sign_that_stands_nowhere_is_not_explained() -> None:
    """Neither in the table nor on the page."""
    out = StringIO()
    whole = _result(Row(AT, (*KEY, "yes"), 120, 121))
    report.show(whole, Console(file=out, width=80))
    assert "not released" not in out.getvalue()
    assert "not released" not in report.page(whole)
    assert "not released" in report.page(_result(WITHHELD))


def test_the_page_is_sound() -> None:
    """Every tag is closed, text is escaped, and an hour with nothing released is drawn too."""
    for result in (_result(Row(AT, (*KEY, "yes"), 12, 13), WITHHELD), _result(WITHHELD)):
        page = report.page(result)
        tags = Tags()
        tags.feed(page)
        assert not tags.open
        assert "made &lt;by&gt;" in page
        assert "<td class=n>-</td>" in page


def test_bins_are_named() -> None:
    """An hour by its clock, also the last of a day; a day by its name."""
    assert report.title(AT) == "11:00-12:00"
    assert report.title(Window(1_795_471_200, 1_795_474_800)) == "23:00-00:00"
    assert report.title(Window(1_795_388_400, 1_795_474_800)) == "Monday as a whole: what its hours left"


def test_bars_are_as_long_as_their_numbers() -> None:
    """The largest fills its place, nothing is nothing."""
    assert len(report.bar(100, 100)) == report.BAR
    assert report.bar(0, 100) == ""
