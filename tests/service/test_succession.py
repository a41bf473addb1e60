"""A newer policy that takes the place of the one in force."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from edge import keys, policy, signed
from edge.categories import Ack, Message, Sandbox
from edge.config import Config, load
from edge.counting.sender import Sender
from edge.counting.spool import Spool
from edge.errors import AnprError, ConfigError
from edge.gate.audit import store
from edge.gate.audit.events import PolicyFault, PolicyRefused
from edge.gate.carry import Carry
from edge.gate.desk import Desk
from edge.gate.reports import Reports
from edge.gate.serials import Serials
from edge.gate.server import GateServer
from edge.gate.signing import Signer
from edge.keys import Role
from edge.service import in_force
from edge.service.gate import under, work
from edge.service.succession import CHECK_SECONDS, OlderPolicyError, PolicyChangedError, Succession
from edge.uplink.contract import CountReport
from edge.uplink.outbox import OutboxReader
from hil.demo.site import ROOT
from tests.counts import DELIVERING, HOUR, cell, counts, van
from tests.gate import desks
from tests.gate.serving import ask, calling, until
from tests.policies import policy_text

CONFIG = """\
[camera]
id = "cam-017"
zone = "zez-demo"
source = "rtsp://camera.example/main"
[policy]
file = "policy.toml"
officer_key = "officer.pub"
"""


class Running:
    """A camera under a policy of serial 2, with a clock."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, 0.0
        keys.make(Role.OFFICER, folder)
        (folder / "camera.toml").write_text(CONFIG)
        self.config: Config = load(folder / "camera.toml")
        self.put(2)
        self.policy = policy.verify(folder / "policy.toml", folder / "officer.pub")
        self.succession = Succession(self.config, self.policy, lambda: self.now)

    def put(self, serial: int, key: str = "officer.key", **changes: object) -> None:
        """Put another policy into place."""
        file = self.folder / "policy.toml"
        text = policy_text().replace("serial = 1", f"serial = {serial}")
        for old, new in changes.items():
            text = text.replace(f"{old} = ", f"{old} = {new} # ", 1)
        file.write_text(text)
        policy.sign(file, self.folder / key)

    def wait(self, moment: float) -> None:
        """Let the files stand still until they are judged."""
        for _ in range(3):
            self.now += CHECK_SECONDS
            self.succession.turn(moment)


@pytest.fixture
def camera(tmp_path: Path) -> Running:
    """A camera that counts."""
    return Running(tmp_path)


def test_the_running_hour_ends_under_the_old_policy(camera: Running) -> None:
    """A newer policy is found at once, and takes effect with the first frame of the next clock hour."""
    camera.put(3)
    with capture_logs() as logs:
        camera.wait(HOUR.start + 600)
    assert [entry["serial"] for entry in logs if entry["event"] == "policy_found"] == [3]
    camera.succession.turn(HOUR.end - 0.1)
    with pytest.raises(PolicyChangedError, match="policy zez-demo-2026, serial 3, takes effect"):
        camera.succession.turn(HOUR.end)


def test_a_policy_waits_for_its_first_day(camera: Running) -> None:
    """One that is put into place early takes effect at midnight."""
    camera.put(3, valid_from="2026-11-24")
    midnight = HOUR.end + 12 * 3_600.0
    camera.wait(HOUR.start)
    camera.succession.turn(midnight - 1)
    with pytest.raises(PolicyChangedError):
        camera.succession.turn(midnight)


@pytest.mark.parametrize("serial", [1, 2])
def test_what_is_not_newer_is_refused(camera: Running, serial: int) -> None:
    """An older policy, and another one of the same serial, are refused in the log; counting goes on."""
    camera.put(serial, repeat_gap_minutes=7)
    with capture_logs() as logs:
        camera.wait(HOUR.start)
        camera.succession.turn(HOUR.end + 1)
    assert [f"serial = {serial}; allowed: 3 or higher" in str(entry["reason"]) for entry in logs] == [True]


def test_another_key_a_missing_file_and_another_camera_are_refused(camera: Running) -> None:
    """Whatever could not be started with can't be changed to either; each is said once."""
    other = keys.make(Role.OFFICER, camera.folder / "other")[0]
    with capture_logs() as logs:
        camera.put(3, key=str(other))
        camera.wait(HOUR.start)
        camera.put(3, cameras='["cam-018"]')
        camera.wait(HOUR.start)
        signed.signature_file(camera.folder / "policy.toml").unlink()
        camera.wait(HOUR.start)
        camera.succession.turn(HOUR.end + 1)
    reasons = [str(entry["reason"]) for entry in logs]
    assert ["is not the signature" in reasons[0], "does not list" in reasons[1], "can't be read" in reasons[2]] == [
        True,
        True,
        True,
    ]
    assert len(reasons) == 3


def test_what_is_refused_is_told_once_for_each_content(camera: Running) -> None:
    """The same files copied again are not told again; other ones are, and the first ones after a good one."""
    told: list[type[Exception]] = []
    watched = Succession(camera.config, camera.policy, lambda: camera.now, lambda error: told.append(type(error)))

    def wait() -> None:
        for _ in range(3):
            camera.now += CHECK_SECONDS
            watched.watch(HOUR.start)

    for _ in range(3):
        camera.put(1)
        wait()
    assert told == [OlderPolicyError]
    camera.put(3, cameras='["cam-018"]')
    wait()
    assert told == [OlderPolicyError, ConfigError]
    camera.put(2)
    wait()
    camera.put(1)
    wait()
    assert len(told) == 3


def test_a_running_gate_writes_down_what_it_refuses(
    camera: Running, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older policy and an unsigned one; it goes on under the one in force."""
    monkeypatch.setattr("edge.service.succession.CHECK_SECONDS", 0.05)
    keys.make(Role.CAMERA, camera.folder)
    other = keys.make(Role.OFFICER, camera.folder / "other")[0]
    (camera.folder / "camera.toml").write_text(f"""{CONFIG}
[models]
directory = "{ROOT / "models"}"
[paths]
runtime = "{memory}"
state = "."
[gate]
signing_key = "camera.key"
""")
    config, stop = load(camera.folder / "camera.toml"), threading.Event()
    config.outbox_file.parent.mkdir()
    thread = threading.Thread(target=work, args=(config, Sandbox.FULL, stop))
    thread.start()

    def refusals() -> list[PolicyRefused]:
        return [one.what for one in store.load(config.audit_folder).entries() if isinstance(one.what, PolicyRefused)]

    _until(config.socket.exists)
    camera.put(1)
    _until(lambda: PolicyRefused(PolicyFault.OLDER, kept=True) in refusals())
    camera.put(3, key=str(other))
    _until(lambda: refusals()[-1:] == [PolicyRefused(PolicyFault.INVALID, kept=True)])
    stop.set()
    thread.join()


@pytest.mark.parametrize("last", ["policy.toml", "policy.toml.sig"])
def test_a_policy_and_its_signature_may_come_one_by_one(camera: Running, last: str) -> None:
    """In either order, within a check: the half that lies there is not refused, and the whole takes effect."""
    names = ("policy.toml", "policy.toml.sig")
    old = {name: (camera.folder / name).read_bytes() for name in names}
    camera.put(3)
    new = (camera.folder / last).read_bytes()
    (camera.folder / last).write_bytes(old[last])
    with capture_logs() as logs:
        camera.now += CHECK_SECONDS
        camera.succession.turn(HOUR.start)
        (camera.folder / last).write_bytes(new)
        camera.wait(HOUR.start)
    assert [entry["event"] for entry in logs] == ["policy_found"]


def test_a_clock_that_jumps_changes_the_policy_at_a_full_hour_only(camera: Running) -> None:
    """Set back, it waits until the hour in which it was found is over; set forth, that is over."""
    camera.put(3)
    camera.wait(HOUR.start + 600)
    camera.succession.turn(HOUR.start - 86_400)
    camera.succession.turn(HOUR.start + 600)
    with pytest.raises(PolicyChangedError):
        camera.succession.turn(HOUR.start + 86_400)


def test_the_old_policy_put_back_stays(camera: Running) -> None:
    """A successor that is withdrawn within the hour never takes effect."""
    camera.put(3)
    camera.wait(HOUR.start)
    camera.put(2)
    camera.wait(HOUR.start)
    camera.succession.turn(HOUR.end + 1)


def test_the_gate_follows_vision_and_answers_nothing_in_between(camera: Running) -> None:
    """Counts under the newer policy end the old gate before they are answered, so that vision repeats them."""
    taken: list[Message] = []

    def desk(message: Message) -> Ack:
        taken.append(message)
        return Ack(accepted=True)

    serials = Serials(camera.folder / "policy-serial")
    take = under(camera.policy, lambda: serials.note(camera.policy), camera.succession, desk)
    take(counts(policy=2))
    take(DELIVERING)
    camera.put(3)
    take(counts(policy=2))
    with pytest.raises(PolicyChangedError):
        take(counts(policy=3))
    assert len(taken) == 3
    with pytest.raises(ConfigError, match="allowed: 2 or higher"):
        Serials(camera.folder / "policy-serial").check(_older(camera), Path("policy.toml"))


def test_counts_under_a_policy_that_the_gate_can_not_verify_are_left_to_the_desk(camera: Running) -> None:
    """A vision that claims a serial moves the gate nowhere."""
    ran: list[None] = []
    take = under(camera.policy, lambda: ran.append(None), camera.succession, lambda _: Ack(accepted=False))
    assert not take(counts(policy=3)).accepted
    assert not ran


def _older(camera: Running) -> policy.Policy:
    camera.put(1)
    return policy.read(camera.folder / "policy.toml")


def _refused(camera: Running) -> str:
    """Start a real gate, which must end with status 78; return its reason."""
    command = [sys.executable, "-m", "edge", "gate", "--config", str(camera.folder / "camera.toml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 78, done.stderr
    return str(json.loads(done.stderr.splitlines()[-1])["reason"])


def _install(camera: Running, memory: Path) -> None:
    """Make a folder for the state, a signing key, and a configuration that names them."""
    keys.make(Role.CAMERA, camera.folder)
    paths = f'[paths]\nruntime = "{memory}"\nstate = "state"\n[gate]\nsigning_key = "camera.key"\n'
    models = f'[models]\ndirectory = "{ROOT / "models"}"\n'
    (camera.folder / "camera.toml").write_text(CONFIG + paths + models)
    (camera.folder / "state").mkdir()


def test_a_gate_starts_under_nothing_older_and_nothing_unsigned(camera: Running, memory: Path) -> None:
    """A real process: each ends with status 78 and one line that says what is missing."""
    _install(camera, memory)
    Serials(camera.folder / "state" / "policy-serial").note(camera.policy)
    camera.put(1)
    assert "policy.toml: [policy] serial = 1; allowed: 2 or higher" in _refused(camera)
    camera.put(3, cameras='["cam-018"]')
    assert "[where] cameras does not list this camera, 'cam-017'" in _refused(camera)
    signed.signature_file(camera.folder / "policy.toml").unlink()
    assert "policy.toml.sig: can't be read" in _refused(camera)


@contextmanager
def _gate(camera: Running, rules: policy.Policy) -> Iterator[list[AnprError]]:
    """Run a gate under a policy in a thread; give what ends it."""
    reports = Reports(rules, desks.ADDRESS, Signer(desks.KEY), lambda: HOUR.next.end + 10)
    ended, stop = list[AnprError](), threading.Event()

    def serve() -> None:
        store = desks.outbox(camera.folder)
        carry = Carry(camera.folder / "gate" / "day", rules.digest)
        desk = Desk(rules, reports, store, carry, lambda: HOUR.next.end + 10, desks.taken, desks.MemoryLog())
        take = under(rules, lambda: None, Succession(camera.config, rules), desk.take)
        try:
            GateServer(camera.folder / "gate" / "counts.sock", os.getuid(), take, desk.tick).serve(stop)
        except AnprError as error:
            ended.append(error.with_traceback(None))
        finally:
            store.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield ended
    finally:
        stop.set()
        thread.join()


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited for 20 s in vain"
        time.sleep(0.02)


def test_no_window_is_lost_or_mixed_when_the_gate_follows(camera: Running) -> None:
    """Each hour is released once, under its own policy, though the gate ends in the middle of the second message."""
    folder = camera.folder
    spool = Spool(folder / "vision")
    sender = Sender(folder / "gate" / "counts.sock", spool, os.getuid())
    sender.start()
    with _gate(camera, camera.policy) as ended:
        spool.put(counts(cell(van(), 12), policy=2))
        assert sender.flush(20)
        camera.put(3)
        spool.put(counts(cell(van(), 13), window=HOUR.next, policy=3))
        sender.wake()
        _until(lambda: ended)
    assert isinstance(ended[0], PolicyChangedError)
    newer = policy.verify(folder / "policy.toml", folder / "officer.pub")
    with _gate(camera, newer):
        assert sender.flush(20)
        _until(lambda: not spool.pending())
    sender.stop()
    released = [(report.data.policy, [one.n for one in report.data.cells]) for report in desks.released(folder)]
    assert released == [(camera.policy.digest, [12]), (newer.digest, [13])]


@contextmanager
def _process(camera: Running, memory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a real gate."""
    command = [sys.executable, "-m", "edge", "gate", "--config", str(camera.folder / "camera.toml")]
    (memory / "gate" / "counts.sock").unlink(missing_ok=True)
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        until((memory / "gate" / "counts.sock").is_socket)
        yield process
    finally:
        process.terminate()
        process.wait(10)


def _ask(memory: Path, message: Message) -> list[Ack]:
    with calling(memory / "gate" / "counts.sock") as client:
        return ask(client, message)


def test_a_killed_gate_goes_on_under_its_policy_until_vision_changes(camera: Running, memory: Path) -> None:
    """Though a newer one lies ready: the hour that vision counts under the old one is released, and nothing mixes."""
    _install(camera, memory)
    old, yes = camera.policy.digest, [Ack(accepted=True)]
    next_hour = counts(cell(van(), 13), window=HOUR.next, policy=3)
    with _process(camera, memory) as gate:
        assert _ask(memory, counts(cell(van(), 12), policy=2, final=False)) == yes
        camera.put(3)
        gate.kill()
        gate.wait(10)
    with _process(camera, memory) as gate:
        assert _ask(memory, counts(cell(van(), 12), policy=2)) == yes
        assert _ask(memory, next_hour) == []
        assert gate.wait(10) == PolicyChangedError.exit_status
    with _process(camera, memory):
        assert _ask(memory, next_hour) == yes
    reader = OutboxReader(load(camera.folder / "camera.toml").outbox_file)
    reports = [msgspec.json.decode(row.entry.payload, type=CountReport).data for row in reader.unsent(9)]
    reader.close()
    assert [(one.policy == old, sum(cell.n for cell in one.cells)) for one in reports] == [
        (True, 12),
        (True, 0),  # The day ends with its policy.
        (False, 13),
    ]


def test_a_killed_process_keeps_its_policy_for_what_was_counted_under_it(camera: Running, memory: Path) -> None:
    """Where nothing was, the newest is taken, and kept from then on."""

    def resumed(*ran: int) -> int:
        newest = policy.verify(camera.folder / "policy.toml", camera.folder / "officer.pub")
        found = in_force.resumed(camera.config, newest, memory, lambda one: one.file.policy.serial in ran)
        return found.file.policy.serial

    assert resumed() == 2
    camera.put(3)
    assert resumed(2) == 2
    assert resumed(2, 3) == 2
    assert resumed(3) == 3
    assert resumed(2) == 3
    in_force.forget(memory)
    assert not list(memory.iterdir())


@pytest.mark.parametrize("spoil", ["policy.toml", "policy.toml.sig", "officer.pub"])
def test_a_kept_policy_that_nobody_vouches_for_is_not_taken(camera: Running, memory: Path, spoil: str) -> None:
    """Changed, without its signature, or of an officer who was replaced: the newest is taken."""
    in_force.resumed(camera.config, camera.policy, memory, lambda _: True)
    if spoil == "officer.pub":
        keys.make(Role.OFFICER, camera.folder / "other")
        (camera.folder / "other" / spoil).replace(camera.folder / spoil)
        camera.put(3, key="other/officer.key")
    else:
        (memory / spoil).write_bytes(b"k = 1")
        camera.put(3)
    newest = policy.verify(camera.folder / "policy.toml", camera.folder / "officer.pub")
    assert in_force.resumed(camera.config, newest, memory, lambda _: True) == newest


def test_without_room_for_its_policy_a_process_runs_all_the_same(camera: Running, tmp_path: Path) -> None:
    """A crash may then cost the running hour."""
    assert in_force.resumed(camera.config, camera.policy, tmp_path / "absent", lambda _: True) == camera.policy
