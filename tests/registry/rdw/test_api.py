"""Paging the register's API into a file."""

import csv
import errno
import fcntl
import logging
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from edge.errors import AnprError, ConfigError
from edge.registry.rdw import api
from edge.registry.rdw.api import Dataset, download
from tests.registry.rdw.servers import Answer, Answering, Request, Rows, page_of, serving

FUEL = Dataset("fuel", "8ys7-d773", ("kenteken", "brandstof_omschrijving", "emissiecode_omschrijving"))
URL = "/resource/8ys7-d773.json"
START = datetime(2026, 11, 22, 3, 0, 0, tzinfo=UTC)
MESSAGE = "No such column: emissiecode_omschrijving"


def fuels(vehicles: int) -> Rows:
    """Every third vehicle has two rows, every fifth three; some know no class."""
    return [
        {"kenteken": f"V{number:02d}BDF", "brandstof_omschrijving": f"fuel {row}"}
        | ({"emissiecode_omschrijving": "6"} if number % 4 else {})
        for number in range(vehicles)
        for row in range(1 + (number % 3 == 0) + 2 * (number % 5 == 0))
    ]


def expected(rows: Rows) -> list[list[str]]:
    """Return the file that these rows give."""
    known = [[row.get(column, "") for column in FUEL.columns] for row in rows if row.get("kenteken")]
    return [list(FUEL.columns), *sorted(known, key=lambda row: row[0])]


def content(file: Path) -> list[list[str]]:
    """Return what stands in a file."""
    with file.open(newline="") as stream:
        return list(csv.reader(stream))


def fetch(url: str, folder: Path, page: int = 4, **changes: Any) -> Path:
    """Download without waiting, on one Sunday."""
    options: dict[str, Any] = {
        "token": None,
        "told": lambda _done, _total: None,
        "sleep": lambda _seconds: None,
        "now": lambda: START,
    }
    return download(FUEL, url, folder, page=page, **(options | changes))


def test_all_rows_come_with_the_columns_that_are_wanted(tmp_path: Path) -> None:
    """One file with a header, what is missing empty, nothing else; the API is asked for no more than that."""
    rows, told = fuels(30), list[tuple[int, int | None]]()
    rows = [{**row, "merk": "unasked"} for row in rows]
    with serving(lambda request: page_of(rows, request)) as server:
        file = fetch(f"{server.url}/", tmp_path / "spool", token="made-up", told=lambda *step: told.append(step))
    assert file == tmp_path / "spool" / "fuel.csv"
    assert content(file) == expected(rows)
    assert sorted(path.name for path in file.parent.iterdir()) == ["fuel.csv", "fuel.state.json"]
    assert told[0] == (0, len(rows))
    assert told[-1] == (len(rows), len(rows))
    assert told == sorted(told)
    first = server.requests[1]
    assert first.path == URL
    assert first.query == {"$select": ",".join(FUEL.columns), "$order": "kenteken,:id", "$limit": "4"}
    assert {request.headers["X-App-Token"] for request in server.requests} == {"made-up"}


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.sampled_from(["Diesel", "", "a,b", 'a"b', "a\nb", "é'"])), max_size=30),
    st.integers(1, 7),
)
def test_any_rows_in_any_pages_are_the_same_file(
    tmp_path_factory: pytest.TempPathFactory, vehicles: list[tuple[int, str]], page: int
) -> None:
    """However many rows a vehicle has and a page holds, none is lost or doubled."""
    rows = [{"kenteken": f"V{number:02d}'DF", "brandstof_omschrijving": fuel} for number, fuel in vehicles]
    with serving(lambda request: page_of(rows, request)) as server:
        assert content(fetch(server.url, tmp_path_factory.mktemp("spool"), page)) == expected(rows)


def test_rows_of_one_vehicle_stay_together_over_a_page(tmp_path: Path) -> None:
    """A full page's last vehicle is asked for again, whole; one that fills a page by itself, in a larger one."""
    rows = [{"kenteken": plate, "brandstof_omschrijving": str(row)} for plate in ("V10BDF", "V11BDF") for row in (1, 2)]
    rows += [{"kenteken": "V12BDF", "brandstof_omschrijving": str(row)} for row in range(10)]
    with serving(lambda request: page_of(rows, request)) as server:
        assert content(fetch(server.url, tmp_path, page=3)) == expected(rows)
        asked = [(request.query.get("$where"), request.query.get("$limit")) for request in server.requests[1:]]
    assert asked[:2] == [(None, "3"), ("kenteken > 'V10BDF'", "3")]
    assert asked[2:5] == [("kenteken > 'V11BDF'", limit) for limit in ("3", "6", "12")]


def test_one_vehicle_does_not_fill_pages_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the largest page holds no whole vehicle, that is an error."""
    monkeypatch.setattr(api, "LARGEST_PAGE", 8)
    rows: Rows = [{"kenteken": "V12BDF"}] * 20
    with (
        serving(lambda request: page_of(rows, request)) as server,
        pytest.raises(AnprError, match=r"json: one vehicle, or none, has 8 rows"),
    ):
        fetch(server.url, tmp_path)


def test_rows_without_a_plate_are_counted_and_left_out(tmp_path: Path) -> None:
    """They are of no use to anyone, but how many there were stands in the state."""
    rows: Rows = [*fuels(2), {"brandstof_omschrijving": "Diesel"}]
    with serving(lambda request: page_of(rows, request)) as server:
        assert content(fetch(server.url, tmp_path, page=50)) == expected(rows)
    assert b'"skipped":1,' in (tmp_path / "fuel.state.json").read_bytes()


def test_rows_that_come_and_go_shift_nothing(tmp_path: Path) -> None:
    """Vehicles that are added or removed before the place neither double nor lose others."""
    rows = fuels(40)[10:]
    steady = [row for row in rows if row["kenteken"] not in {"V12BDF", "V30BDF"}]
    changed = [row for row in [*fuels(41)] if row["kenteken"] not in {"V12BDF", "V30BDF"}]
    asked = 0

    def answering(request: Request) -> Answer:
        nonlocal asked
        asked += 1
        return page_of(rows if asked < 6 else changed, request)

    with serving(answering) as server:
        got = content(fetch(server.url, tmp_path))
    assert [row for row in got if row in expected(steady)] == expected(steady)
    assert got == sorted(got, key=lambda row: (row[0] != "kenteken", row[0]))
    assert "V40BDF" in {row[0] for row in got}


def test_a_server_that_does_not_page_is_refused(tmp_path: Path) -> None:
    """One that ignores where to go on would send the same rows for ever."""

    def answering(request: Request) -> Answer:
        request.query.pop("$where", None)
        return page_of(fuels(30), request)

    with serving(answering) as server, pytest.raises(AnprError, match="json: gives rows again"):
        fetch(server.url, tmp_path)


def test_a_killed_download_goes_on_without_loss_or_doubles(tmp_path: Path) -> None:
    """By -9 at any moment, again and again; the file is that of an undisturbed one, and little was asked twice."""
    rows, dice = fuels(99), random.Random(3)
    running: list[subprocess.Popen[bytes]] = []
    countdown = [0]

    def answering(request: Request) -> Answer:
        countdown[0] -= 1
        if countdown[0] == 0:
            threading.Timer(dice.uniform(0, 0.004), running[-1].kill).start()
        return page_of(rows, request)

    with serving(answering) as server:
        whole = fetch(server.url, tmp_path / "whole").read_bytes()
        undisturbed = len(server.requests)
        command = [sys.executable, "-m", "tests.registry.rdw.download_process", server.url, str(tmp_path), "4"]
        while not running or running[-1].wait(60) != 0:
            countdown[0] = dice.randint(3, 14)
            running.append(subprocess.Popen(command))
            assert len(running) < 60
        assert [process.returncode for process in running[:-1]] == [-9] * (len(running) - 1)
        assert len(running) > 4
        # Each run asks for the count, and for at most one page that was answered before.
        assert len(server.requests) - undisturbed <= undisturbed + 2 * len(running)
    assert (tmp_path / "fuel.csv").read_bytes() == whole


class Killed(BaseException):
    """What a kill would be."""


@pytest.mark.parametrize("call", [(os, "fsync"), (Path, "replace"), (Path, "unlink"), (os, "truncate")])
@pytest.mark.parametrize("after", [False, True])
def test_no_step_is_one_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: tuple[Any, str], *, after: bool
) -> None:
    """Killed before or after each call that reaches the disk, it goes on to the same file."""
    rows = fuels(7)
    place, name = call
    real, left = getattr(place, name), [0]

    def failing(*arguments: Any, **options: Any) -> Any:
        left[0] -= 1
        if left[0] == 0 and not after:
            raise Killed
        result = real(*arguments, **options)
        if left[0] == 0:
            raise Killed
        return result

    with serving(lambda request: page_of(rows, request)) as server:
        for step in range(1, 100):
            folder, left[0] = tmp_path / str(step), step
            with monkeypatch.context() as patch:
                patch.setattr(place, name, failing)
                try:
                    fetch(server.url, folder)
                    break
                except Killed:
                    pass
            assert content(fetch(server.url, folder)) == expected(rows)
    assert step > (1 if name in {"unlink", "truncate"} else 5)


def interrupted(url: str, folder: Path) -> None:
    """Leave a download in its middle."""
    steps = iter(range(4))
    with pytest.raises(AnprError, match=r"json: stopped; run again, it goes on where it stopped$"):
        fetch(url, folder, stop=lambda: next(steps, None) is None)
    assert (folder / "fuel.csv.part").stat().st_size > 100


def test_a_stopped_download_goes_on(tmp_path: Path) -> None:
    """It says so, keeps what it has, and does not ask for it again."""
    rows = fuels(30)
    with serving(lambda request: page_of(rows, request)) as server:
        interrupted(server.url, tmp_path)
        before = len(server.requests)
        assert content(fetch(server.url, tmp_path)) == expected(rows)
    assert "$where" in server.requests[before + 1].query


def test_rows_that_no_state_counts_are_cut_off(tmp_path: Path) -> None:
    """A page that was written when the kill came, and whose vehicles are gone when it goes on, is not in the file."""
    rows = fuels(30)
    with serving(lambda request: page_of(rows, request)) as server:
        interrupted(server.url, tmp_path)
        rows = [row for row in rows if row["kenteken"] <= "V01BDF"]
        kept = content(tmp_path / "fuel.csv.part")
        with (tmp_path / "fuel.csv.part").open("a") as part:
            part.write("V99BDF,Diesel,6\n")
        assert content(fetch(server.url, tmp_path)) == kept


def cut(file: Path) -> None:
    """Take the last bytes off a file."""
    os.truncate(file, file.stat().st_size - 1)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: cut(folder / "fuel.csv.part"), "rows are missing"),
        (lambda folder: (folder / "fuel.csv.part").unlink(), "rows are missing"),
        (lambda folder: cut(folder / "fuel.state.json"), "the state is damaged"),
        (lambda folder: (folder / "fuel.state.json").write_text("{}"), "the state is damaged"),
    ],
)
def test_a_spoilt_download_is_begun_afresh(tmp_path: Path, spoil: Callable[[Path], object], reason: str) -> None:
    """Without its rows or its state there is nothing to go on with, and that is said."""
    rows = fuels(30)
    with serving(lambda request: page_of(rows, request)) as server:
        interrupted(server.url, tmp_path)
        spoil(tmp_path)
        with capture_logs() as logs:
            assert content(fetch(server.url, tmp_path)) == expected(rows)
    assert [entry["reason"] for entry in logs if entry["event"] == "download_begun_afresh"] == [reason]


@pytest.mark.parametrize("age", [timedelta(days=7, seconds=1), timedelta(seconds=-1)])
def test_an_old_download_is_begun_afresh(tmp_path: Path, age: timedelta) -> None:
    """What was begun more than seven days ago, or in the future, would not fit."""
    rows = fuels(30)
    with serving(lambda request: page_of(rows, request)) as server:
        interrupted(server.url, tmp_path)
        with capture_logs() as logs:
            fetch(server.url, tmp_path, now=lambda: START + age)
        assert [entry["reason"] for entry in logs] == ["it was not begun in the last 7 days"]


def test_other_columns_are_begun_afresh(tmp_path: Path) -> None:
    """A file has one header."""
    rows, other = fuels(30), Dataset(FUEL.name, FUEL.resource, FUEL.columns[:2])
    with serving(lambda request: page_of(rows, request)) as server:
        interrupted(server.url, tmp_path)
        with capture_logs() as logs:
            file = download(other, server.url, tmp_path, token=None, told=lambda *_: None, now=lambda: START)
    assert content(file) == [row[:2] for row in expected(rows)]
    assert [entry["reason"] for entry in logs] == ["other columns or another source"]


def test_a_finished_file_is_taken_for_a_day(tmp_path: Path) -> None:
    """So that the data sets beside it can be resumed, but next week's run finds nothing old."""
    rows, told = fuels(30), list[tuple[int, int | None]]()
    with serving(lambda request: page_of(rows, request)) as server:
        fetch(server.url, tmp_path)
        server.requests.clear()
        day = timedelta(days=1)
        file = fetch(server.url, tmp_path, now=lambda: START + day, told=lambda *step: told.append(step))
        assert not server.requests
        assert told == [(len(rows), len(rows))]
        rows.pop()
        assert content(file) != expected(rows)
        assert content(fetch(server.url, tmp_path, now=lambda: START + 2 * day)) == expected(rows)
        cut(file)
        assert content(fetch(server.url, tmp_path, now=lambda: START + 2 * day)) == expected(rows)


def test_two_runs_do_not_write_one_file(tmp_path: Path) -> None:
    """The second is refused."""
    with serving(lambda request: page_of(fuels(3), request)) as server, (tmp_path / "fuel.csv.part").open("ab") as part:
        fcntl.flock(part, fcntl.LOCK_EX)
        with pytest.raises(AnprError, match=r"fuel\.csv\.part: another run is writing it"):
            fetch(server.url, tmp_path)


def test_a_full_disk_is_told_and_spoils_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that names the file; once there is room it goes on."""
    rows = fuels(30)
    calls = iter(range(5))

    def full(stream: int) -> None:
        if next(calls, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(stream)

    real = os.fsync
    with serving(lambda request: page_of(rows, request)) as server:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(
                AnprError, match=r"fuel\.csv\.part: can't be written: No space left on device; run again"
            ):
                fetch(server.url, tmp_path)
        assert content(fetch(server.url, tmp_path)) == expected(rows)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file stands in its place."""
    (tmp_path / "spool").touch()
    with (
        serving(lambda request: page_of([], request)) as server,
        pytest.raises(AnprError, match=r"spool/fuel\.csv\.part: can't be written: (File exists|Not a directory)"),
    ):
        fetch(server.url, tmp_path / "spool")


def failing_once(rows: Rows, failures: list[Answer | None]) -> Answering:
    """Answer the second page so first, then as usual."""
    left = list(failures)

    def answering(request: Request) -> Answer | None:
        return left.pop(0) if left and "$where" in request.query else page_of(rows, request)

    return answering


@pytest.mark.parametrize(
    ("failures", "waited"),
    [
        ([Answer(status=429, headers={"Retry-After": "90"})], 90),
        ([Answer(status=503), Answer(status=500), Answer(status=202)], None),
        ([None, None], None),
        ([Answer(b'[{"kenteken": "V3', length=1000)], None),
        ([Answer(b'[{"kenteken": "V3')], None),
        ([Answer(b"<html>busy</html>")], None),
        ([Answer(b'{"error": true}')], None),
        ([Answer(b"\x1f\x8b no gzip", headers={"Content-Encoding": "gzip"})], None),
    ],
)
def test_a_bad_moment_passes(tmp_path: Path, failures: list[Answer | None], waited: float | None) -> None:
    """A busy server, a lost connection, a page that is cut or is no JSON: asked again after a while."""
    waits: list[float] = []
    with serving(failing_once(fuels(30), failures)) as server:
        assert content(fetch(server.url, tmp_path, sleep=waits.append)) == expected(fuels(30))
    assert max(waits) <= 1, "a stop would not be noticed"
    assert sum(waits) == waited if waited else 0 < sum(waits) <= 2 ** len(failures)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(status=503), "json: answers 503 Service Unavailable; given up at try .*; run again, it goes on where"),
        (Answer(b"{"), "json: the answer is not the JSON of rows: .*; run again"),
        (None, "json: no connection: .*; run again"),
    ],
)
def test_a_server_that_stays_bad_is_given_up(tmp_path: Path, answer: Answer | None, message: str) -> None:
    """After ten minutes for one page; what came before is kept."""
    waits: list[float] = []
    rows = fuels(30)
    with serving(failing_once(rows, [answer] * 1000)) as server:
        with pytest.raises(AnprError, match=message) as error:
            fetch(server.url, tmp_path, sleep=waits.append)
        assert error.value.exit_status == 1
        assert "BDF" not in str(error.value)
        server.answering = lambda request: page_of(rows, request)
        assert content(fetch(server.url, tmp_path)) == expected(rows)
    assert 500 < sum(waits) <= 600


def test_a_server_that_is_not_there_is_given_up_soon(tmp_path: Path) -> None:
    """The first question shows a wrong address, which ten minutes would not mend."""
    with serving(lambda _: None) as server:
        url = server.url
    waits: list[float] = []
    with pytest.raises(AnprError, match="json: no connection: Connection refused; given up at try 5"):
        fetch(url, tmp_path, sleep=waits.append)
    assert sum(waits) < 20


@pytest.mark.parametrize(
    ("answer", "token", "message"),
    [
        (Answer(status=403), "made-up", r"json: answers 403 Forbidden: is the app token right\?$"),
        (Answer(status=403), None, r"json: answers 403 Forbidden$"),
        (Answer(status=404), None, r"json: answers 404 Not Found$"),
        (Answer(f'{{"message": "{MESSAGE}"}}'.encode(), 400), None, "has no column emissiecode_omschrijving$"),
        (Answer(f"error; {MESSAGE}; position: V12BDF".encode(), 400), None, "no column emissiecode_omschrijving$"),
        (Answer(b"No such column: V12BDF", 400), None, r"json: answers 400 Bad Request$"),
    ],
)
def test_a_refusal_is_told_at_once(tmp_path: Path, answer: Answer, token: str | None, message: str) -> None:
    """Status 78, with what is to be mended; the token is not repeated, nor what the answer repeats."""
    with serving(failing_once(fuels(30), [answer] * 2)) as server:
        with pytest.raises(ConfigError, match=message) as refused:
            fetch(server.url, tmp_path, page=50, token=token)
        assert len(server.requests) == 3
    assert "made-up" not in str(refused.value)
    assert "BDF" not in str(refused.value)


@pytest.mark.parametrize("body", [b"[]", b'[{"count": "many"}]'])
def test_a_server_without_a_count_is_refused(tmp_path: Path, body: bytes) -> None:
    """It is not the API of the register."""
    with serving(lambda _: Answer(body)) as server, pytest.raises(AnprError, match="json: does not tell its count"):
        fetch(server.url, tmp_path)


def test_a_token_goes_to_its_own_host_only(tmp_path: Path) -> None:
    """Not where a redirect leads; and one that a header can't carry is refused without being shown."""
    with serving(lambda request: page_of(fuels(3), request)) as other:

        def answering(request: Request) -> Answer:
            query = "&".join(f"{name}={value}" for name, value in request.query.items()).replace(" ", "%20")
            return Answer(status=307, headers={"Location": f"{other.url}{request.path}?{query}"})

        with serving(answering) as server:
            fetch(server.url, tmp_path, token="made-up")
            assert {request.headers.get("X-App-Token") for request in server.requests} == {"made-up"}
        assert {request.headers.get("X-App-Token") for request in other.requests} == {None}
    with pytest.raises(ConfigError, match="the app token of the register holds characters") as refused:
        fetch(server.url, tmp_path, token="made-up\r\n")
    assert "made-up" not in str(refused.value)


def test_nothing_is_logged_of_plates_or_token(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever the level."""
    with (
        caplog.at_level(logging.DEBUG),
        capture_logs() as logs,
        serving(failing_once(fuels(30), [Answer(status=503)])) as server,
    ):
        interrupted(server.url, tmp_path)
        fetch(server.url, tmp_path, token="made-up")
    assert not any(word in f"{caplog.text}{logs}" for word in ("BDF", "made-up"))


def test_a_stop_is_noticed_while_waiting(tmp_path: Path) -> None:
    """Also in the middle of a long wait that the server asked for."""
    slept: list[float] = []
    busy = Answer(status=429, headers={"Retry-After": "500"})
    with serving(failing_once(fuels(30), [busy])) as server, pytest.raises(AnprError, match="stopped; run again"):
        fetch(server.url, tmp_path, sleep=slept.append, stop=lambda: len(slept) >= 3)
    assert len(slept) == 3
