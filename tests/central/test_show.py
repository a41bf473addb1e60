"""Events as text."""

import io

import pytest
from rich.console import Console

from central.events import Event, Gap, HealthNote, Refused, Repeated, Report, StateChange
from central.show import local, print_event, printable
from edge.categories import Admitted, Direction, Exemption, PlateKind, Trade, VehicleType
from edge.uplink.contract import Cell, DifferentialPrivacy, Perturbation, Status, Window
from tests.messages import CELL, health, report, state

PLAIN_WIDTH = 120


def shown(event: Event) -> str:
    """Print an event where there is no terminal."""
    out = io.StringIO()
    print_event(event, Console(file=out, width=PLAIN_WIDTH))
    return out.getvalue()


def test_a_report_is_a_table_in_local_time() -> None:
    """Camera, window, a column per dimension in use, the numbers, and what is not in it."""
    text = shown(Report(report(1), "verified", gap=None, late=False))
    lines = [line.rstrip() for line in text.splitlines()]
    assert lines[0] == "cam-017 in zez-demo, Mon 23 Nov 2026 09:00 to 10:00 CET"
    assert lines[2].split() == ["direction", "plate", "vehicle", "type", "drive", "passages"]
    assert lines[4].split() == ["in", "nl", "van", "electric", "37"]
    assert "what fewer than 10 different vehicles share is withheld" in text
    assert "cam-017:hour:1, signature verified" in text
    assert "partial" not in text
    assert "\x1b" not in text


def test_every_dimension_of_the_contract_has_its_column() -> None:
    """Also those that came with a later version of it."""
    cells = (Cell(n=37, admitted=Admitted.EXEMPT, exemption=Exemption.DAY, origin="GM0344", trade=Trade.TRANSPORT),)
    lines = shown(Report(report(1, cells=cells), "verified", gap=None, late=False)).splitlines()
    assert lines[2].split() == ["admitted", "exemption", "origin", "trade", "passages"]
    assert lines[4].split() == ["exempt", "day", "GM0344", "H", "37"]


def test_everything_unusual_is_said() -> None:
    """Partial windows, gaps, late reports, leftovers and an unchecked signature each have their words."""
    cells = (
        CELL,
        Cell(n=14, direction=Direction.IN, plate=PlateKind.NL, vehicle_type=VehicleType.VAN, rest=("drive",)),
    )
    text = shown(Report(report(9, partial=True, cells=cells), "not checked", gap=Gap(3, 8), late=True))
    for words in (
        "partial: the camera saw 95% of this window",
        "missing: sequence 3 to 8 of this camera did not come",
        "late: later reports came before this one",
        "rest of",
        "signature not checked",
    ):
        assert words in text


def test_noise_is_said_by_its_name() -> None:
    """An epsilon where there is one, with its unit, and what an absent cell then means."""
    private = DifferentialPrivacy(0.5, "vehicle_camera_day", 6.667, 37)
    text = shown(Report(report(1, noise=private), "verified", gap=None, late=False))
    assert "what stayed below 37 with its noise is withheld" in text
    assert "different vehicles" not in text
    assert "differential privacy: epsilon 0.5 for each vehicle, camera and day; noise of scale 6.667 on each" in text
    assert "no cell: what stayed" in shown(Report(report(1, cells=(), noise=private), "verified", gap=None, late=False))
    blurred = shown(Report(report(1, noise=Perturbation(3)), "verified", gap=None, late=False))
    assert "numbers are perturbed: noise of scale 3 on each" in blurred
    assert "epsilon" not in blurred


def test_an_empty_report_says_what_that_means() -> None:
    """No cell is not no vehicle."""
    text = shown(Report(report(1, cells=()), "verified", gap=None, late=False))
    assert "nothing passed, or everything is shared by fewer than 10 different vehicles" in text


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z", "Sun 29 Mar 2026 01:00 CET to 03:00 CEST"),
        ("2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "Sun 25 Oct 2026 02:00 CEST to 02:00 CET"),
        ("2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z", "Sun 25 Oct 2026 02:00 to 03:00 CET"),
        ("2026-07-01T21:00:00Z", "2026-07-01T22:00:00Z", "Wed 01 Jul 2026 23:00 to Thu 00:00 CEST"),
    ],
)
def test_windows_are_clear_on_every_day(start: str, end: str, expected: str) -> None:
    """Also where the clocks change and over midnight."""
    assert local(Window(start, end, "Europe/Amsterdam", partial=False, observed_share=1.0)) == expected


def test_the_rest_is_a_line_each_and_a_repeated_message_none() -> None:
    """State, health and refusals are one line."""
    assert shown(StateChange(state(Status.OFFLINE), "verified")) == (
        "cam-017 in zez-demo is offline (software 0.1.0; signature verified)\n"
    )
    assert shown(HealthNote(health(1), "verified")) == (
        "cam-017 in zez-demo health: camera delivering, clock synchronised, reports waiting none, dropped 0, "
        "register below_8_days, unreadable plates some (signature verified)\n"
    )
    assert shown(Refused("anpr/1/x", "is not JSON")) == "refused: anpr/1/x: is not JSON\n"
    assert shown(Repeated("cam-017:hour:1")) == ""


def test_a_stranger_does_not_write_on_the_terminal() -> None:
    """Escape sequences, line breaks and markup of a hostile message come out as harmless text, cut to a line."""
    assert shown(Refused("anpr/\x1b[2J\n\u202e", "[bold]x")) == "refused: anpr/\\x1b[2J\\n\\u202e: [bold]x\n"
    assert printable("caf\u00e9") == "caf\\xe9"
    assert len(printable("x" * 10_000)) == 200
