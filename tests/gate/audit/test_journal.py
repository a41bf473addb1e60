"""What the gate writes down, by itself and of what it releases; and when it refuses to go on."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.categories import VisionAct, VisionEvent
from edge.errors import ConfigError
from edge.gate.audit import store, witness
from edge.gate.audit.events import (
    ActOfVision,
    BegunAnew,
    Event,
    Expired,
    Exported,
    LoggedIn,
    ModelsInUse,
    PolicyFault,
    PolicyLoaded,
    PolicyRefused,
    ReportReleased,
    RowsDropped,
    SetupMode,
    Started,
    Stopped,
    Store,
)
from edge.gate.audit.history import History
from edge.gate.audit.journal import USED_UP_KEYS, Journal, noting
from edge.gate.audit.log import AuditLog
from edge.gate.audit.outbox import AuditedOutbox
from edge.gate.carry import Carry
from edge.gate.desk import Desk
from edge.gate.serials import Serials
from edge.gate.signing import Signer
from edge.policy_fields import SetUp
from edge.release_rules import Privacy
from edge.service.gate import ran_under
from edge.uplink import signature
from edge.uplink.contract import Checkpoint, Stream
from edge.uplink.outbox import Entry, Outbox, OutboxError
from edge.windows import Window, day_of
from tests.counts import HOUR, cell, counts, policy, van
from tests.gate.audit.logs import DAY, KEY, Clock, look, open_log
from tests.gate.desks import ADDRESS, NOW, reports

DIGESTS = ["sha256:" + "1" * 64, "sha256:" + "2" * 64]
HOURS = 3_600
MADE = VisionEvent(VisionAct.TAG_KEY_MADE, 20_780)
ON, OFF = (VisionEvent(act, 20_780) for act in (VisionAct.SET_UP_ON, VisionAct.SET_UP_OFF))


@dataclass
class Gate:
    """A gate's parts around its audit log, in one folder."""

    folder: Path
    clock: Clock = field(default_factory=lambda: Clock(NOW))
    models: str = DIGESTS[0]
    serial: int = 1
    sha256: str = "1" * 64
    minutes: int = 5

    def open(self) -> "Gate":
        """Start."""
        rules = policy(self.folder)
        identity = msgspec.structs.replace(rules.file.policy, serial=self.serial)
        file = msgspec.structs.replace(rules.file, policy=identity, set_up=SetUp(self.minutes))
        self.policy = msgspec.structs.replace(rules, file=file, sha256=self.sha256)
        self.audit: AuditLog = open_log(self.folder / "audit", self.clock, witness.in_outbox(self.folder / "outbox.db"))
        self.outbox = AuditedOutbox(self.folder / "outbox.db", 1_000_000, self.audit, lambda: self.clock.now)
        try:
            self.serials = Serials(self.folder / "policy-serial")
            self.serials.check(self.policy, Path("policy.toml"))
            self.journal = Journal(
                self.audit,
                self.outbox,
                self.policy,
                ADDRESS,
                Signer(KEY),
                lambda: self.models,
                lambda: self.clock.now,
                lambda: self.clock.monotonic,
            )
        except ConfigError:
            self.kill()
            raise
        made = reports(self.folder, lambda: self.clock.now)
        carry = Carry(self.folder / "day", self.policy.digest)
        self.desk = Desk(self.policy, made, self.outbox, carry, lambda: self.clock.now, self.journal.take, self.audit)
        return self

    def count(self) -> "Gate":
        """Do what comes before the first counts are taken."""
        ran_under(self.policy, self.serials, self.journal)
        return self

    def kill(self) -> None:
        """End without a word."""
        self.outbox.close()
        self.audit.close()

    def events(self) -> list[Event]:
        """Return what stands in the log."""
        return [entry.what for entry in store.load(self.folder / "audit").entries()]


@pytest.fixture
def gate(memory: Path) -> Iterator[Gate]:
    """A gate that has started."""
    made = Gate(memory).open()
    yield made
    made.kill()


def _published(gate: Gate) -> Checkpoint:
    entry = gate.outbox.checkpoint()
    assert entry is not None
    assert entry.topic == "anpr/1/zez-demo/cam-017/checkpoint"
    assert signature.verify(KEY.verify_key, entry.topic, entry.payload, entry.signature)
    return msgspec.json.decode(entry.payload, type=Checkpoint)


def _loaded(gate: Gate) -> PolicyLoaded:
    return PolicyLoaded(gate.serial, gate.policy.digest)


def _store(outbox: Outbox, window: Window) -> None:
    outbox.append(Stream.HOUR, window.end, [lambda number: Entry("t", b"p", f"s{number}", NOW + 400 * DAY)])


def test_a_start_is_written_down_and_published(gate: Gate) -> None:
    """Which models run; the checkpoint over it is in the outbox, signed."""
    assert gate.events() == [ModelsInUse(DIGESTS[0])]
    message = _published(gate)
    assert (message.id, message.data.note.split("\n")[1]) == ("cam-017:checkpoint:1", "1")
    assert look(gate.folder / "audit", message.data.note).findings == ()


def test_a_policy_is_in_force_once_counts_are_taken_under_it(gate: Gate) -> None:
    """Which one is said with the first counts, and again with the first of each day."""
    for _ in range(3):
        gate.count()
    assert gate.events()[1:] == [_loaded(gate)]
    gate.clock.now += DAY
    gate.journal.tick()
    assert gate.events()[1:] == [_loaded(gate)]
    gate.count()
    assert gate.events()[1:] == [_loaded(gate)] * 2


def test_a_released_report_is_written_down_once(gate: Gate) -> None:
    """Stream, sequence and bin; a repeated or refused message adds nothing."""
    for _ in range(2):
        gate.desk.take(counts(cell(van(), 12)))
    assert gate.events()[1:] == [ReportReleased(Stream.HOUR, 1, HOUR.end)]


def test_an_empty_hour_writes_as_much_as_a_full_one(memory: Path) -> None:
    """The entries of a bin, and their sizes, say nothing of its traffic."""
    logs = []
    for name, cells in (("empty", []), ("full", [cell(van(), 900)])):
        (memory / name).mkdir()
        gate = Gate(memory / name).open()
        gate.desk.take(counts(*cells))
        gate.kill()
        logs.append(store.load(memory / name / "audit").lines)
    assert logs[0] == logs[1]


def test_acts_of_vision_are_written_down_through_the_desk(gate: Gate) -> None:
    """As many as a healthy vision has; one that goes wild is refused until the next hour."""
    answers = [gate.desk.take(MADE).accepted for _ in range(101)]
    assert answers == [True] * 100 + [False]
    assert gate.events()[1:] == [ActOfVision(VisionAct.TAG_KEY_MADE, 20_780)] * 100
    gate.clock.now += HOURS
    gate.journal.tick()
    assert gate.desk.take(MADE).accepted


def test_a_tag_key_is_written_down_until_its_day_has_had_too_many(gate: Gate) -> None:
    """Beside a hundred other acts and all that set-up mode does: one that nobody knew of would cost no budget."""
    for _ in range(50):
        for event in (ON, OFF):
            gate.desk.take(event)
    for _ in range(101):
        gate.desk.take(VisionEvent(VisionAct.REGISTER_IN_USE, 20_780))
    answers = [gate.desk.take(MADE).accepted for _ in range(21)]
    assert answers == [True] * 20 + [False]
    assert gate.desk.take(msgspec.structs.replace(MADE, day=20_781)).accepted
    days = History.of(store.load(gate.folder / "audit").entries()).days
    assert [days[day_of(number)].keys for number in (20_780, 20_781)] == [20, 1]


@given(st.decimals(Decimal("0.1"), 10, places=4), st.integers(1, 10))
def test_a_day_with_too_many_tag_keys_has_no_budget_left(budget: Decimal, starts: int) -> None:
    """Whatever a policy says: that further ones are not written down changes nothing."""
    privacy = Privacy(float(budget), starts)
    assert USED_UP_KEYS * privacy.charge > privacy.thousandths


def test_set_up_mode_is_written_down_when_it_begins_and_when_it_is_over(gate: Gate) -> None:
    """Once each, however often it is said, and also where it goes without a word."""
    for event in (OFF, ON, ON, OFF, OFF, ON):
        assert gate.desk.take(event).accepted
    gate.journal.parted()
    gate.journal.parted()
    assert gate.events()[1:] == [SetupMode(on=True), SetupMode(on=False)] * 2


def test_set_up_mode_is_over_with_the_gate_that_was_killed(memory: Path) -> None:
    """The next one writes it down before anything else."""
    gate = Gate(memory).open()
    gate.desk.take(ON)
    gate.kill()
    gate = Gate(memory).open()
    gate.kill()
    assert gate.events()[1:3] == [SetupMode(on=True), SetupMode(on=False)]


def test_what_people_do_is_written_down_as_often_as_a_person_can(gate: Gate) -> None:
    """A hundred times an hour."""
    gate.journal.told([LoggedIn()] * 101)
    assert gate.events()[1:] == [LoggedIn()] * 100
    gate.clock.now += HOURS
    gate.journal.tick()
    gate.journal.told([Exported()])
    assert gate.events()[-1] == Exported()


def test_the_head_goes_out_once_an_hour(gate: Gate) -> None:
    """Twenty seconds after the hour, over the hour's report."""
    gate.clock.now = HOUR.next.end + 19
    gate.journal.tick()
    _store(gate.outbox, HOUR)
    assert _published(gate).data.note.split("\n")[1] == "1"
    gate.clock.now += 1
    for _ in range(3):
        gate.journal.tick()
    assert _published(gate).data.note.split("\n")[1] == "2"
    assert look(gate.folder / "audit").findings == ()


def test_models_that_were_replaced_are_written_down(gate: Gate) -> None:
    """Within the hour; those that stay the same only at a start."""
    gate.models = DIGESTS[1]
    for _ in range(2):
        gate.clock.now += HOURS
        gate.journal.tick()
    assert gate.events()[1:] == [ModelsInUse(DIGESTS[1])]


def test_models_that_can_not_be_read_end_no_gate(memory: Path) -> None:
    """They are being replaced at this moment, or their folder is gone."""
    gate = Gate(memory).open()

    def unread() -> str:
        raise ConfigError("models are gone")

    gate.journal._models = unread
    gate.clock.now += HOURS
    gate.journal.tick()
    assert _published(gate)
    gate.kill()


def test_an_end_is_written_down(gate: Gate) -> None:
    """With the last checkpoint."""
    gate.journal.end()
    assert gate.events()[-1] == Stopped()
    assert _published(gate).data.note.split("\n")[1] == "2"


def test_what_expires_is_written_down(gate: Gate) -> None:
    """Messages by the outbox, entries by the log, with their numbers; a root over all of them still fits."""
    _store(gate.outbox, HOUR)
    gate.outbox.prune(30)
    gate.clock.now += 31 * DAY
    gate.outbox.prune(30)
    assert gate.events()[2:] == [Expired(Store.OUTBOX, 1)]
    gate.clock.now += 400 * DAY
    gate.count()
    gate.clock.now += HOURS
    gate.journal.tick()
    assert gate.events()[-1] == Expired(Store.AUDIT, 3)
    assert (look(gate.folder / "audit").expired, look(gate.folder / "audit").findings) == (3, ())


def test_dropped_messages_are_written_down(gate: Gate) -> None:
    """A disk that is full makes room for new ones."""
    gate.outbox._database.execute("update counters set value = 3")
    gate.outbox._database.conn.commit()
    _store(gate.outbox, HOUR)
    assert gate.events()[1:] == [ReportReleased(Stream.HOUR, 1, HOUR.end), RowsDropped(3)]


def test_a_crash_between_report_and_entry_is_mended_at_the_next_start(memory: Path) -> None:
    """The outbox knows more than the log: what is missing is written down from there."""
    Gate(memory).open().kill()
    outbox = Outbox(memory / "outbox.db", 1_000_000)
    _store(outbox, HOUR)
    _store(outbox, HOUR.next)
    outbox.close()
    gate = Gate(memory).open()
    gate.kill()
    found = [event for event in gate.events() if isinstance(event, ReportReleased)]
    assert found == [ReportReleased(Stream.HOUR, 1, HOUR.end), ReportReleased(Stream.HOUR, 2, HOUR.next.end)]


def test_an_outbox_that_was_set_back_is_refused(memory: Path) -> None:
    """The log knows a bin as released that would open again: status 78, and nothing runs."""
    gate = Gate(memory).open()
    older = memory / "older"
    older.mkdir()
    gate.outbox._database.execute("vacuum into ?", [str(older / "outbox.db")])
    _store(gate.outbox, HOUR)
    gate.kill()
    for copy in (older / "outbox.db", None):
        for file in memory.glob("outbox.db*"):
            file.unlink()
        if copy is not None:
            copy.rename(memory / "outbox.db")
        with pytest.raises(ConfigError, match="the outbox was set back: the audit log has released hour") as error:
            Gate(memory).open()
        assert error.value.exit_status == 78


def test_a_log_that_was_set_back_is_refused(memory: Path) -> None:
    """The outbox has a checkpoint over entries that are gone."""
    gate = Gate(memory).open()
    before = {file: file.read_bytes() for file in (memory / "audit").glob("*.jsonl")}
    gate.journal.end()
    gate.kill()
    for file, content in before.items():
        file.write_bytes(content)
    with pytest.raises(ConfigError, match="rolled back: the outbox vouches for 2 entries, and 1 are here"):
        Gate(memory).open()


def test_a_log_that_was_taken_away_begins_anew_and_says_so(memory: Path) -> None:
    """As a person does who keeps a damaged one as evidence: closed bins stay closed, and subscribers see it."""
    gate = Gate(memory).open()
    _store(gate.outbox, HOUR)
    gate.journal.end()
    gate.kill()
    (memory / "audit").rename(memory / "evidence")
    gate = Gate(memory).open()
    assert gate.events()[0] == BegunAnew(3)
    assert ReportReleased(Stream.HOUR, 1, HOUR.end) in gate.events()
    assert not gate.desk.take(counts(cell(van(), 12))).accepted
    gate.kill()
    assert look(memory / "audit").findings == ()


def test_a_policy_that_is_older_than_one_that_ran_is_refused(memory: Path) -> None:
    """By the note and by the log, each also where the other one is lost; by the log that is written down."""
    Gate(memory, serial=5).open().count().kill()
    note, log = memory / "policy-serial", memory / "audit"
    with pytest.raises(ConfigError, match="serial = 4; allowed: 5 or higher"):
        Gate(memory, serial=4).open()
    note.rename(memory / "lost")
    gate = Gate(memory, serial=4)
    with pytest.raises(ConfigError, match=r"serial 4 is not newer: by the audit log, serial 5, sha256:\w+, ran here"):
        gate.open()
    assert gate.events()[-1] == PolicyRefused(PolicyFault.OLDER, kept=False)
    (memory / "lost").rename(note)
    log.rename(memory / "evidence")
    with pytest.raises(ConfigError, match="serial = 4; allowed: 5 or higher"):
        Gate(memory, serial=4).open()


def test_another_policy_of_the_same_serial_is_refused(memory: Path) -> None:
    """Also by the log alone."""
    Gate(memory, serial=5).open().count().kill()
    (memory / "policy-serial").unlink()
    with pytest.raises(ConfigError, match="serial 5 is not newer: by the audit log, serial 5"):
        Gate(memory, serial=5, sha256="2" * 64).open()


def test_a_policy_that_was_tried_and_taken_away_leaves_no_trace(memory: Path) -> None:
    """Nothing was counted under it: the one before may go on, by the note and by the log."""
    Gate(memory, serial=4).open().count().kill()
    Gate(memory, serial=5).open().kill()
    gate = Gate(memory, serial=4).open().count()
    gate.kill()
    assert [event.serial for event in gate.events() if isinstance(event, PolicyLoaded)] == [4, 4]


def test_a_policy_that_is_refused_while_another_is_in_force_is_written_down(gate: Gate) -> None:
    """A hand that puts one after another into place writes ten entries an hour at most."""
    for _ in range(11):
        gate.journal.refuse(PolicyFault.INVALID)
    assert gate.events()[1:] == [PolicyRefused(PolicyFault.INVALID, kept=True)] * 10
    gate.clock.now += HOURS
    gate.journal.tick()
    gate.journal.refuse(PolicyFault.OLDER)
    assert gate.events()[-1] == PolicyRefused(PolicyFault.OLDER, kept=True)


def test_a_refused_policy_is_written_down(memory: Path) -> None:
    """Why is a closed word; the line for people is in the journal of the system."""
    audit = open_log(memory / "audit")
    audit.note(Started("0.1.0"))
    with pytest.raises(ConfigError), noting(audit, PolicyFault.INVALID):
        raise ConfigError("not signed")
    audit.close()
    assert [entry.what for entry in store.load(memory / "audit").entries()][1:] == [
        PolicyRefused(PolicyFault.INVALID, kept=False)
    ]


def test_without_a_log_nothing_is_released_after_a_day(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report stays where it is, and vision repeats; then it goes out, once, with its entry."""

    def fail(*_: object) -> int:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as broken:
        broken.setattr("os.pwrite", fail)
        assert gate.desk.take(counts(cell(van(), 12))).accepted
        gate.clock.monotonic += DAY + 1
        later = counts(cell(van(), 13), window=HOUR.next)
        with pytest.raises(OutboxError, match="nothing is released"):
            gate.desk.take(later)
    gate.clock.now += HOURS
    gate.journal.tick()
    assert gate.desk.take(later).accepted
    assert [event.sequence for event in gate.events() if isinstance(event, ReportReleased)] == [1, 2]


def test_a_checkpoint_of_another_camera_in_the_outbox_is_found(memory: Path) -> None:
    """An outbox of another camera, or a key that was exchanged: the log does not open."""
    Gate(memory).open().kill()
    other = "anpr-edge/zez-demo/cam-018"
    log = AuditLog(memory / "other", other, KEY)
    log.note(Started("0.1.0"))
    log.close()
    with pytest.raises(ConfigError, match=f"forged: the outbox: is not signed by {other}"):
        AuditLog(memory / "other", other, KEY, witness.in_outbox(memory / "outbox.db"))
