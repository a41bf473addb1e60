"""The page: its numbers are those of the reports, and it says what they are worth."""

import http.client
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from central.dashboard.page import page, view
from central.dashboard.serve import server, write
from central.dashboard.traffic import zones
from central.dashboard.words import Speech
from central.events import Refused
from edge.errors import ConfigError
from edge.uplink.contract import Address, CountReport, DifferentialPrivacy, Perturbation, Sequences, Status, timestamp
from edge.uplink.outbox import Entry
from hil.week.made import Plan, Trouble, entries, example_policy
from tests.central.stores import Filled, changed, filled
from tests.messages import BEGIN, CELL, KEY, health, report, signed, state

NOON = datetime(2026, 11, 24, 11, 5, tzinfo=UTC)
OUTSIDE = re.compile(r"<script|<link|<img|@import|url\(|https?://|\bon\w+=", re.IGNORECASE)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Filled]:
    """An empty store."""
    with filled(tmp_path / "counts.db") as made:
        yield made


@pytest.fixture(scope="module")
def week() -> list[Entry]:
    """Four days of three cameras in two zones; one is offline."""
    terms = example_policy()
    plans = [
        Plan(Address("zez", "cam-a", bench=False), 3, KEY, Trouble.NONE),
        Plan(Address("zez", "cam-b", bench=False), 6, KEY, Trouble.LOST),
        Plan(Address("mz", "cam-c", bench=False), 8, KEY, Trouble.OFFLINE),
    ]
    return [entry for plan in plans for entry in entries(plan, terms, NOON, 4)]


def shown(kept: Filled, now: float, language: Any = "en") -> str:
    """Return the page as served."""
    return page(view(kept.database, now), language, served=True)


def plain(html: str) -> str:
    """Take the tags away."""
    body = html.split("</style>")[1]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_sums_are_those_of_the_reports(kept: Filled, week: list[Entry]) -> None:
    """Worked out from the messages themselves, by zone, day and direction; each stands on the page."""
    expected, types = Counter[tuple[str, str, str]](), Counter[tuple[str, str]]()
    for entry in week:
        assert not isinstance(kept.take(entry), Refused)
        if "/counts/" in entry.topic:
            made = msgspec.json.decode(entry.payload, type=CountReport)
            zone = made.source.split(":")[2]
            begin = datetime.fromisoformat(made.data.window.start).astimezone(UTC) + timedelta(hours=1)
            for cell in made.data.cells:
                expected[zone, begin.date().isoformat(), str(cell.direction)] += cell.n
                types[zone, str(cell.vehicle_type or cell.vehicle_types)] += cell.n
    found = {zone.name: zone for zone in zones(kept.database, NOON.date())}
    for (zone, day, direction), n in expected.items():
        (bar,) = [one for one in found[zone].days if one.start.date().isoformat() == day]
        assert {"in": bar.into, "out": bar.out}[direction] == n
    assert sum(one.n for zone in found.values() for one in zone.days) == sum(expected.values())
    text = plain(shown(kept, NOON.timestamp()))
    for zone in ("zez", "mz"):
        today = [expected[zone, "2026-11-24", way] for way in ("in", "out")]
        assert f"today so far ≥ {sum(today):,} in {today[0]:,}, out {today[1]:,}" in text
        cars = types[zone, "passenger_car"]
        assert f"passenger car ≥ {cars:,}" in text


def test_hours_are_those_of_the_reports(kept: Filled, week: list[Entry]) -> None:
    """Each hour of today, cameras added; an hour that one of them did not see is marked."""
    expected = Counter[datetime]()
    for entry in week:
        kept.take(entry)
        if re.fullmatch("anpr/1/zez/cam-[ab]/counts/hour", entry.topic):
            made = msgspec.json.decode(entry.payload, type=CountReport)
            expected[datetime.fromisoformat(made.data.window.start)] += sum(cell.n for cell in made.data.cells)
    (zone,) = [one for one in zones(kept.database, NOON.date()) if one.name == "zez"]
    assert len(zone.hours) == 12
    assert {one.start.astimezone(UTC): one.n for one in zone.hours} == {
        start: n for start, n in expected.items() if start >= datetime(2026, 11, 23, 23, tzinfo=UTC)
    }
    yesterday = next(one for one in zone.days if one.start.day == 23)
    assert yesterday.observed == pytest.approx(45 / 48)


def test_cameras_and_what_is_missing(kept: Filled, week: list[Entry]) -> None:
    """Who is offline, what did not come, and how far the store is complete."""
    for entry in week:
        kept.take(entry)
    text = plain(shown(kept, NOON.timestamp()))
    assert "cameras online 2 of 3" in text
    assert "reports missing 3" in text
    assert "offline" in text
    assert re.search(r"cam-b zez hour 62-64 .* asked for again", text)
    assert re.search(r"zez ● online .* 3 stored up to 61 / 3", text)


def test_what_the_camera_has_no_more_is_lost(kept: Filled) -> None:
    """Not asked for again, and said so."""
    kept.take(signed(report(1)))
    kept.take(signed(report(4)))
    assert re.search(r"hour 2-3 .* asked for again", plain(shown(kept, BEGIN)))
    oldest = msgspec.structs.replace(health(1), data=msgspec.structs.replace(health(1).data, oldest=Sequences(3, 1)))
    kept.take(signed(oldest))
    text = plain(shown(kept, BEGIN))
    assert re.search(r"hour 3 .* asked for again", text)
    assert re.search(r"hour 2 .* lost: the camera has it no more", text)
    assert "reports missing 1" in text


def test_a_camera_that_says_nothing_is_silent(kept: Filled) -> None:
    """Online, and its last report hours ago."""
    kept.take(signed(state(Status.ONLINE)))
    kept.take(signed(report(1)))
    assert "● online" in plain(shown(kept, BEGIN + 2 * 3600))
    assert "▲ silent" in plain(shown(kept, BEGIN + 6 * 3600))


def test_other_software_than_most_is_marked(kept: Filled) -> None:
    """Software, policy of the same zone, models."""
    for number in range(3):
        address = Address("zez-demo", f"cam-01{number}", bench=False)
        made = state(Status.ONLINE, address)
        if number == 2:
            made = msgspec.structs.replace(made, data=msgspec.structs.replace(made.data, software="0.0.1"))
        kept.take(signed(made, address))
    text = plain(shown(kept, BEGIN))
    assert "■ 0.0.1" in text
    assert text.count("differs from most") == 1


def test_the_day_of_25_hours_has_25(kept: Filled) -> None:
    """Both hours that begin at two have their own number."""
    midnight = int(datetime(2026, 10, 24, 22, tzinfo=UTC).timestamp())
    for number in range(25):
        start = midnight + number * 3600
        window = msgspec.structs.replace(
            report(1).data.window, start=timestamp(start), end=timestamp(start + 3600)
        )  # fmt: skip
        cell = msgspec.structs.replace(CELL, n=10 + number)
        made = msgspec.structs.replace(
            changed(number + 1, window=window, cells=(cell,)), id=f"cam-017:hour:{number + 1}", sequence=str(number + 1)
        )  # fmt: skip
        kept.take(signed(made))
    (zone,) = zones(kept.database, date(2026, 10, 25))
    assert [one.n for one in zone.hours] == list(range(10, 35))
    text = plain(shown(kept, midnight + 25 * 3600 - 1))
    assert "02:00 12 0 100 % 02:00 13 0 100 %" in text


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock shows UTC."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
def test_today_is_the_dutch_day_also_before_its_first_report(kept: Filled) -> None:
    """At 00:20 no hour of it is over, whatever day it is where the page is made; an hour later one is missing."""
    kept.take(signed(changed(1)))
    midnight = datetime(2026, 11, 23, 23, tzinfo=UTC).timestamp()
    assert "no report" not in plain(shown(kept, midnight + 20 * 60))
    assert re.findall(r"(\d\d:00) no report", plain(shown(kept, midnight + 80 * 60))) == ["00:00"]


def test_a_day_without_reports_has_an_empty_hatched_bar(kept: Filled) -> None:
    """And no number of its own among the key figures: nobody knows it."""
    kept.take(signed(changed(1)))
    (zone,) = zones(kept.database, date(2026, 11, 26))
    assert [(one.start.day, one.n, one.observed) for one in zone.days] == [(23, 37, 1 / 24), (24, 0, 0.0), (25, 0, 0.0)]
    html = shown(kept, BEGIN + 3 * 86_400)
    assert html.count("<div class='part none'") == 2
    assert "yesterday" not in plain(html)


def test_sums_of_different_vehicles_claim_nothing(kept: Filled) -> None:
    """No "at least": the sum may hold a vehicle more than once, and the page says so."""
    kept.take(signed(changed(1, measure="unique_vehicles")))
    text = plain(shown(kept, BEGIN + 3600))
    assert "≥ 37" not in text
    assert "zez-demo: these are different vehicles of each camera and hour, added up." in text


def test_under_differential_privacy_it_says_what_a_vehicle_counts(kept: Filled) -> None:
    """Once a day, in its first hour, at each camera."""
    noise = DifferentialPrivacy(1.0, "vehicle_camera_day", 5.0, 20)
    release = msgspec.structs.replace(report(1).data.release, noise=noise)
    kept.take(signed(changed(1, measure="unique_vehicles", release=release)))
    text = plain(shown(kept, BEGIN + 3600))
    assert "zez-demo: a vehicle counts once a day at each camera and in each direction" in text
    assert "these are different vehicles of each camera and hour" not in text


@pytest.mark.parametrize("noise", [Perturbation(5), DifferentialPrivacy(1.0, "vehicle_camera_day", 5.0, 20)])
def test_noise_is_said_with_its_size(kept: Filled, noise: Any) -> None:
    """About, and twice its standard deviation."""
    release = msgspec.structs.replace(report(1).data.release, noise=noise)
    kept.take(signed(changed(1, release=release)))
    text = plain(shown(kept, BEGIN + 3600))
    assert "≈ 37 ± 14" in text
    assert "≥ 37" not in text
    assert "every number has noise on it" in text


def test_a_table_among_several_is_estimated(kept: Filled) -> None:
    """What one table tells of a quarter of the vehicles is four times that, about; the total is what was released."""
    kept.take(signed(changed(1, table="drive", weight=0.25)))
    other = msgspec.structs.replace(CELL, drive=msgspec.UNSET, n=111)
    kept.take(signed(changed(2, window=report(1).data.window, table="types", weight=0.75, cells=(other,))))
    text = plain(shown(kept, BEGIN + 3600))
    assert "≥ 148 in 148, out 0" in text
    assert "van ≈ 148" in text
    assert "estimated: divided by the weight of its table" in text


def test_what_strangers_write_is_only_text(kept: Filled, week: list[Entry]) -> None:
    """Nothing on the page comes from outside or runs; a topic is shown as it is."""
    for entry in week[:40]:
        kept.take(entry)
    kept.book.note_refusal("anpr/1/<script>alert(1)</script>", 'is no topic of "the" contract')
    for language in ("en", "nl"):
        html = shown(kept, NOON.timestamp(), language)
        assert "&lt;script&gt;alert(1)" in html
        assert not OUTSIDE.search(html.replace("&lt;script", ""))


def test_a_bench_and_an_empty_store_say_so(tmp_path: Path) -> None:
    """So that nobody takes made-up counts for a street's."""
    with filled(tmp_path / "bench.db", bench=True) as kept:
        text = plain(shown(kept, BEGIN))
    assert "Counts of a bench: no counts of a street." in text
    assert "Nothing was stored yet." in text


def test_both_languages_say_everything(kept: Filled, week: list[Entry]) -> None:
    """In Dutch no English number, and the link to the other language."""
    for entry in week:
        kept.take(entry)
    html = shown(kept, NOON.timestamp(), "nl")
    assert 'lang="nl"' in html
    assert "?language=en" in html
    assert re.search(r"≥ \d+\.\d{3}", plain(html))
    assert not re.search(r"≥ \d+,\d{3}", plain(html))


def test_shares_are_never_rounded_to_all_or_nothing() -> None:
    """100 % is all of it, 0 % nothing."""
    speech = Speech("nl")
    shares = [speech.share(part) for part in (0, 0.0001, 0.004, 0.5, 0.996, 0.9999, 1)]
    assert shares == ["0 %", "0,1 %", "0,4 %", "50 %", "99,6 %", "99,9 %", "100 %"]


def test_a_file_is_written_whole(kept: Filled, tmp_path: Path) -> None:
    """Without links to a server, and no half page in between."""
    place = tmp_path / "page.html"
    write(kept.file, place, "en")
    assert place.read_text().endswith("</html>\n")
    assert "http-equiv" not in place.read_text()
    with pytest.raises(ConfigError, match="can't be written"):
        write(kept.file, tmp_path / "nowhere" / "page.html", "en")


@contextmanager
def served(store: Path) -> Iterator[int]:
    """Serve the page; give the port."""
    with server(store, 0, "en") as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running.server_port
        running.shutdown()
        thread.join()


def asked(port: int, path: str, host: str = "localhost") -> tuple[int, str, str]:
    """Return status, the rule for outside parts, and the body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Host": host})
    answer = connection.getresponse()
    found = answer.status, answer.headers.get("Content-Security-Policy", ""), answer.read().decode()
    connection.close()
    return found


def test_the_server_gives_the_page_and_nothing_else(kept: Filled) -> None:
    """In the language asked for; not under a stranger's name, and no other path."""
    with served(kept.file) as port:
        status, policy, body = asked(port, "/?language=nl")
        assert (status, "default-src 'none'" in policy, 'lang="nl"' in body) == (200, True, True)
        assert 'lang="en"' in asked(port, "/?language=xx", "127.0.0.1:8090")[2]
        assert asked(port, "/", "evil.example")[0] == 404
        assert asked(port, "/counts.db")[0] == 404


def test_a_store_that_goes_away_is_said(tmp_path: Path) -> None:
    """And the server stays."""
    place = tmp_path / "counts.db"
    with filled(place):
        pass
    with served(place) as port:
        place.rename(tmp_path / "elsewhere.db")
        status, _, body = asked(port, "/")
        assert (status, "can&#x27;t be opened" in body or "can't be opened" in body) == (503, True)
