"""Looking plates up on the camera."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.categories import ELSEWHERE, Exemption, Trade
from edge.registry.lists.lookup import Exemptions, Origins, Trades
from tests.registry.lists.office import TODAY, Office, plates

UNTIL = date(2026, 12, 31)
AFTER = UNTIL + timedelta(1)
DAYS = st.integers(0, 40).map(lambda number: TODAY + timedelta(number))


def _exemptions(office: Office, *rows: str) -> Exemptions:
    office.exemptions(*rows)
    return Exemptions.load(office.sealed, office.sealing_key, office.registry_key, TODAY)


def test_an_exemption_holds_from_its_first_to_its_last_day(office: Office) -> None:
    """Both included; a foreign plate may have one."""
    loaded = _exemptions(office, "V12BDF,day,2026-11-24,2026-11-25", "AB1234CD,day,2026-11-24,2026-11-24")
    found = [loaded.on(b"V12BDF", date(2026, 11, day)) for day in (23, 24, 25, 26)]
    assert found == [Exemption.NONE, Exemption.DAY, Exemption.DAY, Exemption.NONE]
    assert loaded.on(b"AB1234CD", date(2026, 11, 24)) is Exemption.DAY
    assert loaded.on(b"V12BDG", date(2026, 11, 24)) is Exemption.NONE


def test_long_term_wins_over_day(office: Office) -> None:
    """A plate with several rows has the stronger of those that hold on the day."""
    loaded = _exemptions(
        office,
        "V12BDF,langdurig,2026-11-24,2026-11-24",
        "V12BDF,dag,2026-11-23,2026-11-25",
        "V12BDF,day,2026-12-01,2026-12-01",
    )
    found = [loaded.on(b"V12BDF", date(2026, 11, day)) for day in (23, 24, 25, 26)]
    assert found == [Exemption.DAY, Exemption.LONG_TERM, Exemption.DAY, Exemption.NONE]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    st.lists(st.tuples(st.sampled_from(plates(4)), st.sampled_from(["day", "long_term"]), DAYS, DAYS), min_size=1),
    DAYS,
    DAYS,
)
def test_a_loaded_list_says_what_its_rows_say(
    office: Office, rows: list[tuple[str, str, date, date]], today: date, day: date
) -> None:
    """On any day from that of loading or forgetting on, for any rows."""
    rows = [(plate, kind, min(one, other), max(one, other)) for plate, kind, one, other in rows]
    loaded = _exemptions(office, *(",".join(map(str, row)) for row in rows))
    loaded.forget(today)
    day = max(day, today)
    for plate in plates(5):
        kinds = [kind for listed, kind, since, until in rows if listed == plate and since <= day <= until]
        assert loaded.expired or loaded.on(plate.encode(), day) == max(kinds, default="none")


def test_plates_that_are_not_listed_are_from_elsewhere(office: Office) -> None:
    """And a listed one from its municipality, until the list ends."""
    office.origin([f"{plate};3511AB" for plate in plates(1000)], {"3511": 344}, UNTIL)
    loaded = Origins.load(office.sealed, office.sealing_key, office.registry_key, TODAY)
    assert {loaded.of(bytearray(plate.encode())) for plate in plates(1000)} == {344}
    assert loaded.of(b"V12ZZZ") == ELSEWHERE
    loaded.forget(UNTIL)
    assert loaded.of(b"V00BBB") == 344
    loaded.forget(AFTER)
    assert loaded.expired
    assert loaded.of(b"V00BBB") == ELSEWHERE


def test_trades_of_plates(office: Office) -> None:
    """Private and a section are told apart; a rare one, and a plate that is not listed, are unknown."""
    private, bakers, rare = plates(1000), plates(1000, first=1000), plates(10, first=2000)
    rows = (
        [f"{plate};" for plate in private] + [f"{plate};10.71" for plate in bakers] + [f"{plate};84" for plate in rare]
    )
    office.trade(rows, UNTIL)
    loaded = Trades.load(office.sealed, office.sealing_key, office.registry_key, TODAY)
    assert {loaded.of(plate.encode()) for plate in private} == {Trade.PRIVATE}
    assert {loaded.of(plate.encode()) for plate in bakers} == {Trade.MANUFACTURING}
    assert {loaded.of(plate.encode()) for plate in rare} == {Trade.UNKNOWN}


def test_what_is_forgotten_is_overwritten(office: Office) -> None:
    """The arrays that held it are zero."""
    loaded = _exemptions(office, "V12BDF,day,2026-11-23,2026-11-24", "V12BDG,day,2026-11-23,2026-11-30")
    before = loaded._rows._hashes
    loaded.forget(date(2026, 11, 25))
    assert not before.any()
    assert loaded.on(b"V12BDG", date(2026, 11, 25)) is Exemption.DAY


def test_a_loaded_list_shows_nothing(office: Office) -> None:
    """Its repr names its class."""
    loaded = _exemptions(office, "V12BDF,day,2026-11-23,2026-11-25")
    assert repr(loaded).startswith("<edge.registry.lists.lookup.Exemptions object at ")


def test_no_plate_is_in_the_memory_of_a_process_that_has_loaded_a_list(office: Office) -> None:
    """Not even while it waits right after loading, when what was opened may still lie about."""
    listed = plates(2000)
    office.exemptions(*(f"{plate},day,2026-11-23,2026-11-25" for plate in listed))
    with _loaded_elsewhere(office) as process:
        image = b"".join(_memory(process.pid))
    assert b"a text that stands in the program" in image
    spelt = set(re.findall(rb"V[0-9]{2}[A-Z]{3}", image))
    assert not spelt & {plate.encode() for plate in listed}


@contextmanager
def _loaded_elsewhere(office: Office) -> Iterator["subprocess.Popen[str]"]:
    files = f"Path({str(office.sealed)!r}), Path({str(office.sealing_key)!r}), Path({str(office.registry_key)!r})"
    program = f"""
from datetime import date
from pathlib import Path
from edge.registry.lists.lookup import Exemptions
known = "a text that stands in the program"
loaded = Exemptions.load({files}, date(2026, 11, 23))
print("loaded", flush=True)
input()
"""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "loaded\n"
        yield process
        process.kill()


def _memory(pid: int) -> Iterator[bytes]:
    """Yield what a process has in its writable memory."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            bounds, mode, *_ = line.split()
            first, end = (int(bound, 16) for bound in bounds.split("-"))
            if mode.startswith("rw"):
                memory.seek(first)
                yield memory.read(end - first)
