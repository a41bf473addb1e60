"""Each check of a proof on something that is wrong: it says so."""

import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from nacl.signing import SigningKey

from edge.categories import Direction, Sandbox
from edge.config import load
from edge.gate.signing import Signer
from edge.policy import read
from edge.proof import canary_claims, capture, instance, planted, policy_checks, room, wall_checks, wire_checks
from edge.proof.canary import Canary, Passing, moments, pictures
from edge.proof.canary_claims import Searched
from edge.proof.claims import Outcome
from edge.proof.pki import Pki
from edge.proof.processes import Moment
from edge.proof.search import Find
from edge.proof.wire_checks import Heard
from edge.uplink import contract
from edge.uplink.contract import Address, Cell, CountReport, Stream
from hil.demo.site import CAMERA, EXAMPLE
from tests.messages import report

KEY = SigningKey.generate()
ADDRESS = Address("zez-demo", "cam-017", bench=False, proof=True)
FIND = Find("outbox.db", "text", 0, 12)
PLATE = "X-99-XXX"


def _message(payload: bytes, topic: str = "", key: SigningKey = KEY) -> Any:
    topic = topic or ADDRESS.topic(Stream.HOUR)
    signed = Signer(key).sign(topic, payload)
    properties = SimpleNamespace(UserProperty=[("sig", signed)])
    return SimpleNamespace(topic=topic, payload=payload, properties=properties)


def _heard(*messages: Any) -> Heard:
    return Heard(messages, ADDRESS, KEY.verify_key, read(EXAMPLE))


def _counts(*numbers: int, sequence: int = 1) -> CountReport:
    return report(sequence, cells=tuple(Cell(n, direction=Direction.IN) for n in numbers))


def test_a_sound_message_passes() -> None:
    """As the gate makes it."""
    heard = _heard(_message(contract.encode(_counts(12))))
    assert wire_checks.messages(heard).outcome is Outcome.HOLDS
    assert wire_checks.counts(heard, 12).outcome is Outcome.HOLDS


@pytest.mark.parametrize(
    "message",
    [
        _message(contract.encode(_counts(12)), topic="anpr/1/zez-demo/cam-017/plates"),
        _message(contract.encode(_counts(12)), key=SigningKey.generate()),
        _message(contract.encode(_counts(12)).replace(b'"id"', b'"plate":"X99XXX","id"')),
        _message(b"\xff\xd8\xff"),
    ],
    ids=["another topic", "another key", "a field too many", "a picture"],
)
def test_a_message_that_must_not_be_is_named(message: Any) -> None:
    """Whatever is wrong with it."""
    assert wire_checks.messages(_heard(message)).outcome is Outcome.FAILS


def test_nothing_sent_proves_nothing() -> None:
    """A silent uplink is no proof."""
    assert wire_checks.messages(_heard()).outcome is Outcome.FAILS
    assert wire_checks.counts(_heard(), 30).outcome is Outcome.FAILS


def test_no_number_proves_nothing() -> None:
    """A policy whose k is above what the clip has, or whose noise is."""
    assert wire_checks.counts(_heard(_message(contract.encode(_counts()))), 30).outcome is Outcome.UNCHECKED


@pytest.mark.parametrize(
    "reports", [[_counts(12, 9)], [_counts(12), _counts(13, sequence=3)]], ids=["nine vehicles", "a report is missing"]
)
def test_small_numbers_and_gaps_are_named(reports: Sequence[CountReport]) -> None:
    """Below k, or a bin without its report."""
    heard = _heard(*(_message(contract.encode(one)) for one in reports))
    assert wire_checks.counts(heard, 30).outcome is Outcome.FAILS


@pytest.mark.parametrize(
    ("packets", "outcome"),
    [(None, Outcome.UNCHECKED), (bytearray(b"noise"), Outcome.UNCHECKED), (bytearray(b"\x16\x03\x03"), Outcome.HOLDS),
     (bytearray(b"\x16\x03 anpr-proof/1/zez-demo"), Outcome.FAILS)],
)  # fmt: skip
def test_plain_text_on_the_wire_is_named(packets: bytearray | None, outcome: Outcome) -> None:
    """Who may not capture has not checked."""
    assert wire_checks.encrypted(packets).outcome is outcome


def test_a_message_with_room_for_a_text_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field for any text, such as a remark, is one for a plate."""

    class Remark(msgspec.Struct, tag=True):
        text: str

    assert room.check().outcome is Outcome.HOLDS
    monkeypatch.setattr(room, "Message", Remark)
    assert room.check().outcome is Outcome.FAILS


def test_a_process_that_gets_through_its_walls_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What nobody can do either says nothing; what a walled process can do fails."""
    monkeypatch.setattr(wall_checks, "_through", lambda _file, _name, attempts: list(attempts))
    assert wall_checks.network(tmp_path).outcome is Outcome.FAILS
    monkeypatch.setattr(wall_checks, "_through", lambda *_: [])
    assert wall_checks.network(tmp_path).outcome is Outcome.UNCHECKED


@pytest.mark.parametrize("level", Sandbox)
def test_a_kernel_that_lacks_something_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, level: Sandbox
) -> None:
    """Of one process is enough."""
    monkeypatch.setattr(wall_checks, "_asked", lambda _file, name: level if name == "vision" else Sandbox.FULL)
    assert wall_checks.levels(tmp_path).outcome is (Outcome.HOLDS if level is Sandbox.FULL else Outcome.FAILS)


def _canary(**memory: list[Find]) -> Canary:
    canary = Canary([Passing(100.0, PLATE)], "policy", memory=memory, held={0}, tagged={0})
    canary.looks.update({"vision": 2, "gate": 2, "uplink": 2})
    return canary


def test_a_plate_in_memory_is_named() -> None:
    """In the gate, in uplink, in vision."""
    assert canary_claims.blind(_canary(), may=True).outcome is Outcome.HOLDS
    assert canary_claims.blind(_canary(uplink=[FIND]), may=True).outcome is Outcome.FAILS
    assert canary_claims.forgetful(_canary(), 2, may=True).outcome is Outcome.HOLDS
    assert canary_claims.forgetful(_canary(vision=[FIND]), 2, may=True).outcome is Outcome.FAILS


def test_a_search_that_saw_nothing_proves_nothing() -> None:
    """Vision must have held a plate while its vehicle passed, and a tag after; who may not look has not checked."""
    for seen in ("held", "tagged"):
        canary = _canary()
        getattr(canary, seen).clear()
        assert canary_claims.forgetful(canary, 2, may=True).outcome is Outcome.FAILS
    assert canary_claims.forgetful(canary, 2, may=False).outcome is Outcome.UNCHECKED
    assert canary_claims.blind(canary, may=False).outcome is Outcome.UNCHECKED


def test_a_find_or_a_picture_anywhere_is_named() -> None:
    """By the name of its place, without the plate."""
    assert canary_claims.places(_canary(), Searched([], [], 3, 1000, 2)).outcome is Outcome.HOLDS
    found = canary_claims.places(_canary(), Searched([FIND], [], 3, 1000, 2))
    assert found.outcome is Outcome.FAILS
    assert "outbox.db (text)" in found.found.en
    assert canary_claims.places(_canary(), Searched([], ["still.jpg"], 3, 1000, 2)).outcome is Outcome.FAILS


def test_pictures_are_found_inside_of_files(tmp_path: Path) -> None:
    """Also in the middle of one."""
    (tmp_path / "log").write_bytes(b"text")
    (tmp_path / "blob").write_bytes(b"\0" * 100 + b"\xff\xd8\xff\xe0\x00\x10JFIF\x00")
    (tmp_path / "other").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert pictures([tmp_path]) == ["blob", "other"]


def test_what_vision_may_hold_depends_on_the_moment() -> None:
    """A plate from seconds before its crossing to two after it, a tag until the end; gate and uplink nothing."""
    canary = Canary([Passing(100.0, PLATE)], "policy")
    tag = Find("memory", "tag", 0, 1)
    for name, at, find, forbidden in [
        ("vision", 99.0, FIND, False), ("vision", 101.9, FIND, False), ("vision", 102.0, FIND, True),
        ("vision", 50.0, FIND, True), ("vision", 102.0, tag, False), ("vision", float("inf"), tag, True),
        ("gate", 100.0, FIND, True), ("uplink", 100.0, tag, True),
    ]:  # fmt: skip
        assert bool(canary._forbidden(name, [find], at)) is forbidden, (name, at, find)
    assert canary.held == {0}


def test_tags_are_searched_for_under_each_key() -> None:
    """A restart or a midnight makes another one."""
    canary = Canary([Passing(100.0, PLATE)], "policy")
    for key in ("11" * 32, "22" * 32):
        canary.look(Moment(100.0, {}, [key]))
    assert len(canary.tags) == 2


def test_vision_is_held_as_the_first_crosses_and_after_each() -> None:
    """Not more often than every three seconds."""
    passings = [Passing(time, PLATE) for time in (10.0, 10.5, 20.0)]
    assert moments(passings) == [10.0, 22.0, 25.0]


def test_a_search_that_misses_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A kind of place that is not searched."""
    monkeypatch.setitem(planted._PLACES, "file", lambda *_: [])
    assert planted.check(tmp_path).outcome is Outcome.FAILS


def test_a_camera_that_starts_under_any_policy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever status it ends with, if it is not the refusal; or if it goes on running."""
    monkeypatch.setattr(policy_checks, "_started", lambda *_: ["gate"])
    assert policy_checks.refusals(None, tmp_path).outcome is Outcome.FAILS  # type: ignore[arg-type]


def test_lists_of_one_name_do_not_overwrite_each_other(tmp_path: Path, pki: Pki) -> None:
    """Each is copied into a folder of its own."""
    config = load(EXAMPLE.with_name("pi.toml"))
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "list.sealed").write_text(name)
    lists = {"exemptions": tmp_path / "a" / "list.sealed", "origin": tmp_path / "b" / "list.sealed"}
    config = replace(config, camera=replace(config.camera, id=CAMERA), registry=replace(config.registry, **lists))
    (tmp_path / "\U0001f4f7").mkdir()
    made = instance.make(tmp_path / "\U0001f4f7", config, pki, 1)
    places = load(made.file).registry
    assert [file.read_text() for file in (places.exemptions, places.origin) if file] == ["a", "b"]
    assert load(made.walled).camera == config.camera


def test_a_camera_is_not_looked_into(tmp_path: Path, pki: Pki) -> None:
    """What gives tag keys away runs in the folder of a proof only."""
    config = load(EXAMPLE.with_name("pi.toml"))
    config = replace(config, camera=replace(config.camera, id=CAMERA))
    made = instance.make(tmp_path, config, pki, 1)
    done = subprocess.run(
        [sys.executable, "-m", "edge.proof.paced", str(made.file), "2026-11-20T10:00:00+01:00"],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 78
    assert done.stdout == ""
    assert "a camera is not looked into" in done.stderr


def test_packets_of_others_are_not_captured() -> None:
    """The kernel passes those of one port on."""
    try:
        with capture.loopback(9) as packets, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"others", ("127.0.0.1", 10))
            sender.sendto(b"ours", ("127.0.0.1", 9))
            while b"ours" not in packets:
                time.sleep(0.01)
    except PermissionError:
        pytest.skip("this user may not capture packets")
    assert b"others" not in packets
