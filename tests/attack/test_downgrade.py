"""Whoever gets hold of the card: older policies, older outboxes and lost logs bring nothing out that was withheld.

Gates are started as their main does; what stands in their way is a refusal to start, or a line in the audit log that
subscribers see.
"""

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from edge import keys, policy
from edge.categories import Ack, Objection, VisionAct, VisionEvent
from edge.errors import ConfigError
from edge.gate import carry
from edge.gate.audit import store, witness
from edge.gate.audit.checkpoint import origin_of
from edge.gate.audit.events import BegunAnew, PolicyFault, PolicyRefused, SetupMode
from edge.gate.audit.journal import Journal
from edge.gate.audit.verify import Witness, examine
from edge.gate.serials import Serials
from edge.gate.set_up import SetUpTime
from edge.keys import Role
from edge.service import in_force
from edge.service.succession import Succession
from edge.windows import window_of
from tests.attack.installation import Installation
from tests.counts import HOUR, cell, counts, van
from tests.gate.test_days import TRUCK
from tests.policies import policy_text

Weaken = Callable[[pytest.MonkeyPatch], None]
STRICT, MILD = 25, 10
# More than the mild policy asks for, fewer than the strict one.
GROUP = 12


@pytest.fixture
def camera(tmp_path: Path, memory: Path) -> Installation:
    """A camera that has counted under serial 2 of a policy, which is strict; serial 1 was mild."""
    made = Installation(tmp_path, memory)
    made.put(2, STRICT)
    made.count(counts(cell(van(), GROUP), policy=2))
    return made


def _try(camera: Installation, serial: int) -> bool:
    """Count the group in the next hour; return whether anything was released that the strict policy withholds."""
    try:
        camera.count(counts(cell(van(), GROUP), window=HOUR.next, policy=serial))
    except ConfigError:
        return False
    return any(one.n < STRICT for report in camera.reports() for one in report.data.cells)


def _sound(_: pytest.MonkeyPatch) -> None:
    """Change nothing."""


def _serials_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Serials, "check", lambda *_: None)
    patch.setattr(Serials, "ran_last", lambda *_: True)
    patch.setattr(Journal, "_check_policy", lambda _: None)


def _only_the_file_counts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Journal, "_check_policy", lambda _: None)


def _only_the_log_counts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Serials, "check", lambda *_: None)


def _signatures_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(policy, "verify_for", lambda file, *_: policy.read(file))


def _one_anchor_for_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(policy, "_check_role", lambda *_: None)


def _outbox_believed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Journal, "_check_outbox", lambda _: None)


def _carried_whatever_the_policy(patch: pytest.MonkeyPatch) -> None:
    read = carry._read
    patch.setattr(carry, "_read", lambda file, _: read(file, _digest_in(file)))


def _digest_in(file: Path) -> str:
    """Return under which policy an hour was counted."""
    return file.read_text().split('"policy":"')[1].split('"')[0]


def _place_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Succession, "sound", lambda _: True)


def _set_up_allowed_by_any_policy(patch: pytest.MonkeyPatch) -> None:
    _place_not_looked_at(patch)
    patch.setattr(SetUpTime, "_objection", lambda _: None)


def _without_witness(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(witness, "of_message", lambda _: [])


@pytest.mark.parametrize(
    ("lost", "weaken", "succeeds"),
    [
        ("none", _sound, False),
        ("policy-serial", _sound, False),
        ("audit", _sound, False),
        ("none", _serials_forgotten, True),
        ("policy-serial", _only_the_file_counts, True),
        ("audit", _only_the_log_counts, True),
    ],
)
def test_the_old_policy_put_back(
    camera: Installation,
    monkeypatch: pytest.MonkeyPatch,
    lost: str,
    weaken: Weaken,
    succeeds: bool,  # noqa: FBT001  (a parameter)
) -> None:
    """It is signed and in its term; the file that knows better is lost, or the audit log that knows it too."""
    camera.replace(lost)
    camera.put(1, MILD)
    weaken(monkeypatch)
    assert _try(camera, 1) is succeeds


@pytest.mark.parametrize(("weaken", "succeeds"), [(_sound, False), (_serials_forgotten, True)])
def test_the_old_policy_put_into_memory(
    camera: Installation,
    monkeypatch: pytest.MonkeyPatch,
    weaken: Weaken,
    succeeds: bool,  # noqa: FBT001  (a parameter)
) -> None:
    """There a gate that was killed finds the policy that it had: only the one under which was counted last."""
    camera.put(1, MILD)
    for name in ("policy.toml", "policy.toml.sig"):
        shutil.copy(camera.folder / name, camera.memory / "gate" / name)
    camera.put(2, STRICT)
    weaken(monkeypatch)
    assert _try(camera, 1) is succeeds


REFUSED, NOT_ALLOWED = (Ack(accepted=False, why=why) for why in (Objection.POLICY_REFUSED, Objection.NOT_ALLOWED))


@pytest.mark.parametrize(
    ("weaken", "answer"),
    [(_sound, REFUSED), (_place_not_looked_at, NOT_ALLOWED), (_set_up_allowed_by_any_policy, Ack(accepted=True))],
)
def test_the_old_policy_put_back_for_set_up_mode(
    camera: Installation, monkeypatch: pytest.MonkeyPatch, weaken: Weaken, answer: Ack
) -> None:
    """It allowed live pictures, and serial 2 does not: beside a gate that runs under that one it opens nothing."""
    weaken(monkeypatch)
    with camera.running():
        camera.put(1, MILD, minutes=5)
        assert camera.hand_over(VisionEvent(VisionAct.SET_UP_ON, 20_780)) == [answer]
    assert (SetupMode(on=True) in camera.events()) is answer.accepted
    assert (PolicyRefused(PolicyFault.OLDER, kept=True) in camera.events()) is (answer is REFUSED)


@pytest.mark.parametrize(("weaken", "succeeds"), [(_sound, False), (_signatures_not_looked_at, True)])
@pytest.mark.parametrize("signer", ["nobody", "another"])
def test_a_milder_policy_of_ones_own(
    camera: Installation,
    monkeypatch: pytest.MonkeyPatch,
    signer: str,
    weaken: Weaken,
    succeeds: bool,  # noqa: FBT001  (a parameter)
) -> None:
    """A lower k is written into the file, or a whole policy is signed with a key of one's own."""
    if signer == "nobody":
        camera.write(policy_text(k=MILD).replace("serial = 1\n", "serial = 3\n"))
    else:
        camera.put(3, MILD, keys.make(Role.OFFICER, camera.folder / "attacker")[0])
    weaken(monkeypatch)
    assert _try(camera, 3) is succeeds


@pytest.mark.parametrize(("weaken", "succeeds"), [(_sound, False), (_one_anchor_for_all, True)])
def test_a_bench_policy_on_the_street(
    camera: Installation,
    monkeypatch: pytest.MonkeyPatch,
    weaken: Weaken,
    succeeds: bool,  # noqa: FBT001  (a parameter)
) -> None:
    """With k = 1, signed by the officer's own key: it signs none, and a camera takes none from it."""
    weaken(monkeypatch)
    try:
        camera.put(3, 1, bench=True)
    except ConfigError:
        assert not succeeds
    else:
        assert _try(camera, 3) is succeeds


@pytest.mark.parametrize(("weaken", "succeeds"), [(_sound, False), (_outbox_believed, True)])
@pytest.mark.parametrize("older", [True, False])
def test_the_outbox_put_back(
    camera: Installation,
    monkeypatch: pytest.MonkeyPatch,
    older: bool,  # noqa: FBT001  (a parameter)
    weaken: Weaken,
    succeeds: bool,  # noqa: FBT001  (a parameter)
) -> None:
    """An older copy, or none: the hour that is out would come once more, with one van more."""
    copy = camera.copy("outbox")
    camera.count(counts(cell(van(), STRICT), window=HOUR.next, policy=2))
    before = camera.reports()
    camera.replace("outbox", copy if older else None)
    (camera.state / "outbox").mkdir(exist_ok=True)
    weaken(monkeypatch)
    with suppress(ConfigError):
        camera.count(counts(cell(van(), STRICT + 1), window=HOUR.next, policy=2))
    numbers = {one.n for report in (*before, *camera.reports()) for one in report.data.cells}
    assert (numbers == {STRICT, STRICT + 1}) is succeeds


@pytest.mark.parametrize(("weaken", "succeeds"), [(_sound, False), (_carried_whatever_the_policy, True)])
def test_a_day_that_goes_on_under_a_milder_policy(
    camera: Installation,
    monkeypatch: pytest.MonkeyPatch,
    weaken: Weaken,
    succeeds: bool,  # noqa: FBT001  (a parameter)
) -> None:
    """Signed and newer, after an end in good order: what hours left under the strict one is not released under it."""
    camera.count(counts(cell(TRUCK, GROUP), window=HOUR.next, policy=2))
    in_force.forget(camera.memory / "gate")
    camera.put(3, MILD)
    weaken(monkeypatch)
    camera.count(counts(window=window_of(HOUR.end + 86_400), policy=3))
    camera.count(counts(window=window_of(HOUR.end + 2 * 86_400), policy=3))
    assert any(report.data.cells for report in camera.reports()) is succeeds


@pytest.mark.parametrize(("weaken", "silent"), [(_sound, False), (_without_witness, True)])
def test_log_and_serial_taken_away_together(
    camera: Installation,
    monkeypatch: pytest.MonkeyPatch,
    weaken: Weaken,
    silent: bool,  # noqa: FBT001  (a parameter)
) -> None:
    """Who owns the whole card can start it anew, under the mild policy too; but never in silence."""
    for name in ("audit", "policy-serial"):
        camera.replace(name)
    camera.put(1, MILD)
    weaken(monkeypatch)
    assert _try(camera, 1)
    assert (not any(isinstance(event, BegunAnew) for event in camera.events())) is silent


@pytest.mark.parametrize("silent", [False, True])
def test_a_card_that_is_empty(camera: Installation, silent: bool) -> None:  # noqa: FBT001
    """Where the outbox is gone as well, a subscriber who has kept a checkpoint sees it; one who keeps none does not."""
    kept = [] if silent else witness.in_outbox(camera.config.outbox_file)
    for name in ("audit", "policy-serial", "outbox"):
        camera.replace(name)
    (camera.state / "outbox").mkdir()
    camera.put(1, MILD)
    assert _try(camera, 1)
    key = keys.read_secret(camera.folder / "camera.key", Role.CAMERA)[1].verify_key
    notes = [Witness("a subscriber", one.note) for one in kept]
    found = examine(store.load(camera.config.audit_folder), origin_of("zez-demo", "cam-017"), key, notes)
    assert (not found.findings) is silent
