"""Set-up mode beside a real gate: what it shows, when it ends, and what the audit log says of it."""

import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import Mock

import cv2
import msgspec
import numpy as np
import pytest

from edge import policy
from edge.camera.opener import open_source
from edge.camera.steady import SteadySource
from edge.categories import Ack, Objection, Sandbox, VisionAct, VisionEvent
from edge.config import Config, load
from edge.errors import AnprError, ConfigError
from edge.gate import set_up
from edge.gate.audit import store
from edge.gate.audit.events import PolicyFault, PolicyRefused, SetupMode
from edge.proof.pki import Pki
from edge.service import setup
from edge.service.gate import work
from edge.service.setup_page import listening
from edge.signed import signature_file
from hil.demo.site import Site
from hil.scenes import truth
from tests.camera.rtsp_server import RtspServer
from tests.gate.serving import Recorder, calling, serving, until
from tests.service.legible import legible_frames, texts
from tests.service.sites import bench_site, camera, command

START = ("--start", "2026-11-17T15:00:00+01:00")


@pytest.fixture
def site(tmp_path: Path, one_vehicle: Path, memory: Path, pki: Pki) -> Site:
    """An installation whose policy allows five minutes; nothing runs."""
    made = bench_site(tmp_path / "site", one_vehicle, memory, pki)
    (made.folder / "state").mkdir()
    _change(made, "minutes = 0 ", "minutes = 5 ")
    return made


@pytest.fixture
def config(site: Site) -> Config:
    """Its configuration."""
    return load(site.config)


def _change(site: Site, old: str, new: str) -> None:
    text = site.policy.read_text()
    assert old in text
    site.policy.write_text(text.replace(old, new))
    policy.sign(site.policy, site.folder / "bench.key")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def _gate(site: Site, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a real gate until the end of the block."""
    place = load(site.config).socket
    with log.open("ab") as errors, subprocess.Popen(command(site, "gate"), stderr=errors) as process:
        try:
            until(place.exists)
            yield process
        finally:
            process.terminate()


@dataclass
class Running:
    """Set-up mode as a process."""

    process: subprocess.Popen[str]
    port: int
    place: str
    log: Path

    def get(self, name: str) -> tuple[int, bytes]:
        """Ask for something of the page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", self.place + name)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def entries(self) -> list[dict[str, object]]:
        """Return what it has logged."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@contextmanager
def _setup(site: Site, log: Path, options: tuple[str, ...] = START) -> Iterator[Running]:
    port = _free_port()
    arguments = command(site, "setup", "--port", str(port), *options)
    with log.open("wb") as errors, subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=errors, text=True) as one:
        assert one.stdout is not None
        link = one.stdout.readline().strip()
        try:
            running = Running(one, port, link.removeprefix(f"http://127.0.0.1:{port}"), log)
            until(lambda: running.get("numbers")[0] == 200)
            yield running
        finally:
            one.kill()


def _switched(site: Site) -> list[bool]:
    entries = store.load(load(site.config).audit_folder).entries()
    return [entry.what.on for entry in entries if isinstance(entry.what, SetupMode)]


def test_an_installer_sees_a_picture_in_which_no_plate_can_be_read(
    site: Site, tmp_path: Path, one_vehicle: Path, memory: Path
) -> None:
    """Through walls that are whole; SIGTERM ends it, nothing is left of it, and the log says when it was on."""
    plate = truth.load(one_vehicle / "truth.json").passages[0].plate.replace("-", "")
    legible = legible_frames(one_vehicle, plate)[-4:]
    (tmp_path / "frames").mkdir()
    for number, frame in enumerate(legible * 10):
        cv2.imwrite(str(tmp_path / "frames" / f"{number:02}.png"), frame.full)
    options = (*START, "--source", str(tmp_path / "frames"))
    with _gate(site, tmp_path / "gate.log"), _setup(site, tmp_path / "log", options) as running:
        assert _switched(site) == [True]
        status, page = running.get("")
        assert (status, b"<title>" in page) == (200, True)
        pictures = set[bytes]()
        while len(pictures) < len(legible):
            status, jpeg = running.get("picture")
            pictures.add(jpeg)
            picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
            assert picture is not None
            assert plate not in texts(np.asarray(picture))
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(10) == 0
        assert _switched(site) == [True, False]
    with pytest.raises(ConnectionRefusedError):
        running.get("")
    (walled,) = [entry for entry in running.entries() if entry["event"] == "walled_in"]
    assert (walled["sandbox"], walled["missing"]) == ("full", [])
    written = [path for folder in (site.folder, memory, tmp_path) for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in written if path.read_bytes()[:3] == b"\xff\xd8\xff"]
    assert not (memory / "vision").exists()


def test_a_network_camera_is_aimed_from_inside_its_walls(site: Site, tmp_path: Path) -> None:
    """Its stream comes through a network of its own, and the page is served in the machine's."""
    with ExitStack() as stack:
        server = stack.enter_context(RtspServer())
        stack.enter_context(_gate(site, tmp_path / "gate.log"))
        source = ("--source", f"rtsp://user:word@{server.host}/main")
        running = stack.enter_context(_setup(site, tmp_path / "log", source))
        (walled,) = [entry for entry in running.entries() if entry["event"] == "walled_in"]
        assert (walled["sandbox"], walled["missing"]) == ("full", [])
        assert running.get("picture")[0] == 200
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(10) == 0
    with pytest.raises(ConnectionRefusedError):
        running.get("")


def test_the_log_says_that_it_is_over_also_where_it_is_killed(site: Site, tmp_path: Path) -> None:
    """Kill -9: the gate notices that the connection is gone."""
    with _gate(site, tmp_path / "gate.log"), _setup(site, tmp_path / "log") as running:
        running.process.kill()
        until(lambda: _switched(site) == [True, False])


def test_it_ends_with_the_gate(site: Site, tmp_path: Path) -> None:
    """Nobody would write down its end; the next gate does."""
    with _gate(site, tmp_path / "gate.log") as gate, _setup(site, tmp_path / "log") as running:
        gate.kill()
        assert running.process.wait(10) == 1
        assert "the gate is gone, and set-up mode ends with it" in str(running.entries()[-1]["reason"])
        assert _switched(site) == [True]
    with _gate(site, tmp_path / "gate.log"):
        until(lambda: _switched(site) == [True, False])


def test_a_policy_that_does_not_allow_it_refuses(site: Site) -> None:
    """Status 78, before anything is opened: where it has no minutes, and after its last day."""
    _change(site, "minutes = 5 ", "minutes = 0 ")
    done = camera(site, "setup", *START, "--port", str(_free_port()))
    assert (done.returncode, "[set_up] minutes = 0; set-up mode is not allowed" in done.stderr) == (78, True)
    _change(site, "minutes = 0 ", "minutes = 5 ")
    text = site.policy.read_text()
    days = [line for line in text.splitlines() if line.startswith(("valid_from", "valid_until"))]
    for line in days:
        _change(site, line, f"{line.split(' = ')[0]} = 2026-01-0{1 + days.index(line)}")
    done = camera(site, "setup", *START, "--port", str(_free_port()))
    assert (done.returncode, "ended on 2026-01-02; set-up mode is not allowed" in done.stderr) == (78, True)


def _run(config: Config, stop: threading.Event, seconds: Iterator[float]) -> None:
    with listening(0) as page:
        setup.run(config, page, datetime.now(UTC), stop, lambda: next(seconds))


def test_it_ends_by_itself_when_its_minutes_are_over(config: Config) -> None:
    """By a clock that nobody can set."""
    recorder = Recorder()
    with serving(config.socket, recorder):
        _run(config, threading.Event(), itertools.count(0.0, 150.0))
    assert _acts(recorder) == [VisionAct.SET_UP_ON, VisionAct.SET_UP_OFF]


def _acts(recorder: Recorder) -> list[VisionAct]:
    return [message.act for message in recorder.taken if isinstance(message, VisionEvent)]


def test_it_waits_for_nobody_beside_a_vision(config: Config) -> None:
    """The gate takes one; how to stop it is said."""
    with ExitStack() as stack:
        stack.enter_context(serving(config.socket, Recorder()))
        stack.enter_context(calling(config.socket))
        with pytest.raises(AnprError, match="has one: stop it first: systemctl stop anpr-edge-vision"):
            _run(config, threading.Event(), itertools.count())


def test_it_needs_a_gate(config: Config) -> None:
    """How to start it is said."""
    with pytest.raises(AnprError, match=r"no gate answers at .*; start it first: systemctl start anpr-edge-gate"):
        _run(config, threading.Event(), itertools.count())


def test_another_user_than_visions_is_told_so(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate would close the door without a word."""
    monkeypatch.setattr(os, "getuid", lambda: 12_345)
    other = msgspec.structs.replace(config, gate=msgspec.structs.replace(config.gate, vision_user="root"))
    with pytest.raises(ConfigError, match="run it as its user"):
        _run(other, threading.Event(), itertools.count())


@pytest.mark.parametrize(
    ("why", "told", "status"),
    [
        (Objection.NOT_ALLOWED, "in force at the gate does not allow", 78),
        (Objection.POLICY_REFUSED, "not valid, or older than the one in force", 78),
        (Objection.USED_UP, "today's time for set-up mode is used up: 4 times the minutes", 1),
        (Objection.TOO_OFTEN, "too often this hour", 1),
        (None, "does not allow", 78),
    ],
)
def test_what_the_gate_refuses_is_told(config: Config, why: Objection | None, told: str, status: int) -> None:
    """Why, and as a status whether the policy or another time mends it."""
    recorder = Recorder(answer=lambda _: Ack(accepted=False, why=why))
    with serving(config.socket, recorder), pytest.raises(AnprError, match=told) as refused:
        _run(config, threading.Event(), itertools.count())
    assert refused.value.exit_status == status


def test_an_older_policy_that_allows_it_opens_nothing_beside_the_gate(site: Site, tmp_path: Path) -> None:
    """It is signed by the same officer and was in force once: status 78, no link, and the log says so."""
    old = {file: file.read_bytes() for file in (site.policy, signature_file(site.policy))}
    _change(site, "serial = 1\n", "serial = 2\n")
    _change(site, "minutes = 5 ", "minutes = 0 ")
    with _gate(site, tmp_path / "gate.log"):
        for file, content in old.items():
            file.write_bytes(content)
        done = camera(site, "setup", *START, "--port", str(_free_port()))
        assert (done.returncode, done.stdout) == (78, "")
        assert "older than the one in force" in done.stderr
        entries = [entry.what for entry in store.load(load(site.config).audit_folder).entries()]
        assert PolicyRefused(PolicyFault.OLDER, kept=True) in entries
    assert _switched(site) == []


def test_a_session_that_does_not_end_is_closed_by_the_gate(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is gone after the policy's minutes and a grace, and with it set-up mode."""
    monkeypatch.setattr(set_up, "GRACE_SECONDS", 1 - 5 * 60)
    config.outbox_file.parent.mkdir()  # Walls make it.
    stop = threading.Event()
    gate = threading.Thread(target=work, args=(config, Sandbox.FULL, stop))
    gate.start()
    try:
        until(config.socket.exists)
        with pytest.raises(AnprError, match=r"the gate is gone, .*; or today's time"):
            _run(config, threading.Event(), itertools.count(0.0, 1e-9))
    finally:
        stop.set()
        gate.join()
    entries = store.load(config.audit_folder).entries()
    assert [entry.what.on for entry in entries if isinstance(entry.what, SetupMode)] == [True, False]


def test_a_file_is_shown_as_fast_as_it_was_filmed(one_vehicle: Path) -> None:
    """Of its frames those are left out that a camera would have sent meanwhile."""
    source = SteadySource(lambda: open_source(str(one_vehicle / "street.mkv"), start=datetime.now(UTC)))
    aim = Mock(**{"look.return_value": (b"", None)})
    with closing(source):
        setup._show(source, aim, Mock(), Mock())
    times = [call.args[0].time for call in aim.look.call_args_list]
    assert len(times) >= 3
    assert min(np.diff(times)) >= setup.PAUSE_SECONDS
