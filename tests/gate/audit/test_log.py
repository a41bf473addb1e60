"""The audit log on the disk: whole after every crash, within its term, and never in the way of a release for long."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from edge.errors import ConfigError
from edge.gate.audit import store
from edge.gate.audit.events import AuditError, Event, PolicyLoaded, Started, Stopped
from edge.gate.audit.log import AuditLog
from edge.gate.audit.verify import Fault, Witness
from edge.uplink.outbox import OutboxError
from tests.gate.audit.logs import DAY, DIGEST, NOON, POLICY, STARTED, Clock, fill, look, only_file, open_log, released

EVENTS: list[Event] = [STARTED, POLICY, *map(released, range(4)), Stopped()]


def test_entries_come_back_in_their_order(tmp_path: Path) -> None:
    """Numbered from 0, over any number of starts; the log says what it knows of the time before."""
    fill(tmp_path / "audit", EVENTS)
    fill(tmp_path / "audit", [STARTED])
    entries = store.load(tmp_path / "audit").entries()
    assert [entry.what for entry in entries] == [*EVENTS, STARTED]
    assert [entry.number for entry in entries] == list(range(8))
    log = open_log(tmp_path / "audit")
    assert (log.size, log.history.serial, list(log.history.released.values())) == (8, 1, [released(3)])
    log.close()


def test_a_checkpoint_stands_behind_the_entries_that_it_covers(tmp_path: Path) -> None:
    """It is signed over all of them; without new entries the same one is given again, and nothing is written."""
    log = open_log(tmp_path / "audit")
    log.note(STARTED)
    note = log.seal()
    size = only_file(tmp_path / "audit").stat().st_size
    assert log.seal() == note
    assert only_file(tmp_path / "audit").stat().st_size == size
    log.close()
    verdict = look(tmp_path / "audit")
    assert (verdict.size, verdict.covered, verdict.checkpoints, verdict.findings) == (1, 1, 1, ())


def test_only_one_gate_writes(tmp_path: Path) -> None:
    """A second one is told so."""
    log = open_log(tmp_path / "audit")
    with pytest.raises(ConfigError, match="another gate writes it"):
        open_log(tmp_path / "audit")
    log.close()
    open_log(tmp_path / "audit").close()


@pytest.mark.parametrize("event", [Started("V12BDF"), PolicyLoaded(1, "V12BDF"), PolicyLoaded(36**5, DIGEST)])
def test_no_argument_holds_what_is_not_its_own(tmp_path: Path, event: Started | PolicyLoaded) -> None:
    """A text or a large number in an argument never reaches the disk."""
    log = open_log(tmp_path / "audit")
    with pytest.raises(AuditError):
        log.note(event)
    log.note(STARTED)
    log.close()
    assert [entry.what for entry in store.load(tmp_path / "audit").entries()] == [STARTED]


def test_a_log_cut_at_any_byte_goes_on(memory: Path) -> None:
    """Whatever was whole stays, the rest is gone, the checkpoints still fit, and the next entry follows."""
    whole = memory / "whole"
    log = open_log(whole)
    for event in EVENTS[:3]:
        log.note(event)
    log.seal()
    for event in EVENTS[3:]:
        log.note(event)
    log.close()
    content = only_file(whole).read_bytes()
    name = only_file(whole).name
    for length in range(len(content) + 1):
        folder = memory / "cut"
        folder.mkdir()
        (folder / name).write_bytes(content[:length])
        kept = [line for line in content[:length].split(b"\n")[:-1] if line.startswith(b"{")]
        assert look(folder).findings == ()
        log = open_log(folder)
        log.note(Stopped())
        assert log.seal()
        log.close()
        assert look(folder).findings == ()
        assert store.load(folder).lines[:-1] == kept
        assert store.load(folder).entries()[-1].number == len(kept)
        shutil.rmtree(folder)


@pytest.mark.parametrize("ruin", [b"\0" * 300, b"\0" * 40 + b"\n" + b"\0" * 40 + b"\n", b"{}\n{", b'{"number":7,\n'])
def test_what_a_power_cut_left_behind_the_last_checkpoint_is_cut_off(tmp_path: Path, ruin: bytes) -> None:
    """Zeros, or half of a page: nothing that was signed."""
    fill(tmp_path / "audit", EVENTS)
    with only_file(tmp_path / "audit").open("ab") as stream:
        stream.write(ruin)
    fill(tmp_path / "audit", [STARTED])
    assert [entry.what for entry in store.load(tmp_path / "audit").entries()] == [*EVENTS, STARTED]


def test_a_damaged_log_opens_for_no_gate(tmp_path: Path) -> None:
    """What a checkpoint covers is never cut off by itself: the line says what was found, the status is 78."""
    fill(tmp_path / "audit", EVENTS)
    file = only_file(tmp_path / "audit")
    before = file.read_bytes().replace(b'"sequence":2', b'"sequence":3')
    file.write_bytes(before)
    with pytest.raises(ConfigError, match="can't be opened: edited: of entries 0 to 6 one at least") as error:
        open_log(tmp_path / "audit")
    assert error.value.exit_status == 78
    assert file.read_bytes() == before
    file.write_bytes(before.replace(b'"sequence":3', b'"sequence":2', 1))
    open_log(tmp_path / "audit").close()


def test_a_log_that_is_older_than_its_witness_opens_for_no_gate(tmp_path: Path) -> None:
    """The outbox has the last checkpoint that was published."""
    fill(tmp_path / "audit", EVENTS[:2])
    shutil.copytree(tmp_path / "audit", tmp_path / "copy")
    note = fill(tmp_path / "audit", EVENTS[2:])
    with pytest.raises(ConfigError, match="rolled back: the outbox vouches for 7 entries, and 2 are here"):
        open_log(tmp_path / "copy", witnesses=[Witness("the outbox", note)])


def test_a_new_day_is_a_new_file(tmp_path: Path) -> None:
    """Also where the clock was set back; the order is that of writing."""
    clock = Clock()
    for days in (0, 1, 0, 3):
        clock.now = NOON + days * DAY
        fill(tmp_path / "audit", [STARTED, Stopped()], clock)
    names = sorted(file.name for file in (tmp_path / "audit").glob("*.jsonl"))
    assert names == ["0000000000.jsonl", "0000000002.jsonl", "0000000004.jsonl", "0000000006.jsonl"]
    assert look(tmp_path / "audit").findings == ()


def _days(folder: Path, days: int) -> list[str]:
    """Write two entries and a checkpoint a day; return the checkpoints."""
    clock, notes = Clock(), list[str]()
    for day in range(days):
        clock.now = NOON + day * DAY
        notes.append(fill(folder, [STARTED, Stopped()], clock))
    return notes


def test_what_is_past_its_term_is_reduced_to_hashes(tmp_path: Path) -> None:
    """Its text is gone; root, later checkpoints and those that subscribers have kept all still fit."""
    notes = _days(tmp_path / "audit", 5)
    before = look(tmp_path / "audit", *notes)
    log = open_log(tmp_path / "audit", Clock(NOON + 4 * DAY))
    assert log.expire(NOON + 2 * DAY) == 6
    assert log.expire(NOON + 2 * DAY) == 0
    log.close()
    after = look(tmp_path / "audit", *notes)
    assert (after.size, after.expired, after.root, after.findings) == (10, 6, before.root, ())
    assert [entry.number for entry in store.load(tmp_path / "audit").entries()] == [6, 7, 8, 9]
    fill(tmp_path / "audit", [STARTED], Clock(NOON + 5 * DAY))
    assert look(tmp_path / "audit", *notes).findings == ()


def test_the_open_file_stays(tmp_path: Path) -> None:
    """A camera that was off for years still has its last day, until it has a newer one."""
    _days(tmp_path / "audit", 2)
    log = open_log(tmp_path / "audit", Clock(NOON + 5_000 * DAY))
    assert log.expire(NOON + 4_000 * DAY) == 2
    log.note(STARTED)
    assert log.expire(NOON + 4_000 * DAY) == 2
    log.close()
    assert (look(tmp_path / "audit").expired, look(tmp_path / "audit").findings) == (4, ())


def test_an_entry_from_the_future_is_as_old_as_what_follows(tmp_path: Path) -> None:
    """A clock that was wrong keeps no entry for ever; nor does one that is wrong now delete what is young."""
    for days in (900, 0, 1, 2):
        fill(tmp_path / "audit", [STARTED], Clock(NOON + days * DAY))
    log = open_log(tmp_path / "audit", Clock(NOON + 2 * DAY))
    assert log.expire(NOON - 1) == 0
    assert log.expire(NOON) == 2
    log.close()
    assert look(tmp_path / "audit").findings == ()


def test_a_kill_at_any_step_of_an_expiry_loses_nothing(memory: Path) -> None:
    """Hashes written in part or whole, the file still there or not: the next gate finishes it."""
    _days(memory / "audit", 3)
    content = store.load(memory / "audit")
    hashes = b"".join(content.leaves[:2])
    for length in range(len(hashes) + 1):
        folder = memory / "killed"
        shutil.copytree(memory / "audit", folder)
        (folder / store.EXPIRED).write_bytes(hashes[:length])
        assert look(folder).findings == ()
        log = open_log(folder, Clock(NOON + 2 * DAY))
        assert log.expire(NOON) == 2
        log.close()
        assert (look(folder).size, look(folder).expired, look(folder).findings) == (6, 2, ())
        shutil.rmtree(folder)


class _Disk:
    """A disk on which writing fails, from the first call on, until it is mended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: int, *, partly: bool = False) -> None:
        self.broken, self._error, self._partly = True, error, partly
        self._pwrite = os.pwrite
        monkeypatch.setattr(os, "pwrite", self.pwrite)

    def pwrite(self, handle: int, data: bytes, offset: int) -> int:
        """Write, a half, or nothing."""
        if not self.broken:
            return self._pwrite(handle, data, offset)
        if self._partly:
            return self._pwrite(handle, data[: len(data) // 2], offset)
        raise OSError(self._error, os.strerror(self._error))


@pytest.mark.parametrize(("error", "partly"), [(errno.ENOSPC, False), (errno.ENOSPC, True), (errno.EROFS, False)])
def test_a_disk_that_can_not_be_written_delays_entries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int, *, partly: bool
) -> None:
    """They wait in memory in their order and with their times; no checkpoint is given meanwhile; one line is logged."""
    clock = Clock()
    log = open_log(tmp_path / "audit", clock)
    log.note(STARTED)
    disk = _Disk(monkeypatch, error, partly=partly)
    with capture_logs() as logs:
        for hour in range(3):
            clock.now = NOON + hour * 3_600
            log.note(released(hour))
        assert log.seal() is None
        log.require()
        disk.broken = False
        assert log.seal() is not None
    log.close()
    assert [entry["event"] for entry in logs] == ["audit_log_not_written", "audit_log_written_again"]
    assert [entry.time for entry in store.load(tmp_path / "audit").entries()] == [
        NOON,
        NOON,
        NOON + 3_600,
        NOON + 7_200,
    ]
    assert look(tmp_path / "audit").findings == ()


def test_a_disk_that_can_not_be_written_delays_an_expiry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No entry is deleted whose hash is not on the disk, whole."""
    _days(tmp_path / "audit", 3)
    log = open_log(tmp_path / "audit", Clock(NOON + 3 * DAY))
    disk = _Disk(monkeypatch, errno.ENOSPC, partly=True)
    assert log.expire(NOON) == 0
    assert len(store.load(tmp_path / "audit").lines) == 6
    disk.broken = False
    assert log.expire(NOON) == 2
    log.close()
    assert (look(tmp_path / "audit").expired, look(tmp_path / "audit").findings) == (2, ())


def test_after_a_day_that_nobody_could_write_down_nothing_is_released(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counting went on for that day; then the gate answers as on a full outbox, until the log can be written."""
    clock = Clock()
    log = open_log(tmp_path / "audit", clock)
    disk = _Disk(monkeypatch, errno.EROFS)
    log.note(STARTED)
    clock.monotonic = DAY
    log.require()
    clock.monotonic += 1
    with pytest.raises(OutboxError, match="could not be written for a day; nothing is released"):
        log.require()
    disk.broken = False
    log.seal()
    log.require()
    log.close()


def test_a_full_disk_gives_the_reserve_to_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A megabyte was taken in advance: two months of entries."""
    log = open_log(tmp_path / "audit")
    log.note(STARTED)
    reserve = tmp_path / "audit" / "reserve"
    assert reserve.stat().st_size == 1 << 20
    pwrite = os.pwrite

    def full(handle: int, data: bytes, offset: int) -> int:
        if reserve.exists():
            raise OSError(errno.ENOSPC, "no space")
        return pwrite(handle, data, offset)

    monkeypatch.setattr(os, "pwrite", full)
    log.note(Stopped())
    assert not reserve.exists()
    log.close()
    assert [entry.what for entry in store.load(tmp_path / "audit").entries()] == [STARTED, Stopped()]


def test_a_folder_that_is_no_log_is_refused(tmp_path: Path) -> None:
    """One with a hole in it, one with strange files, one that can't be made."""
    _days(tmp_path / "audit", 3)
    (tmp_path / "audit" / "0000000002.jsonl").unlink()
    with pytest.raises(ConfigError, match="entries 2 to 3 are missing"):
        open_log(tmp_path / "audit")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="can't be opened"):
        open_log(tmp_path / "file")
    with pytest.raises(ConfigError, match="can't be opened"):
        open_log(tmp_path / "absent" / "audit")


steps = st.lists(st.sampled_from(["note", "seal", "open", "day", "expire", "tear"]), max_size=30)


def _play(step: str, log: AuditLog, clock: Clock, reopen: Callable[[], AuditLog]) -> AuditLog:
    if step == "note":
        log.note(released(0))
    elif step == "seal":
        log.seal()
    elif step == "day":
        clock.now += DAY
    elif step == "expire":
        log.expire(clock.now - 2 * DAY)
    else:
        return reopen()
    return log


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_whatever_happens_a_log_fits_its_checkpoints_and_loses_no_entry(memory: Path, played: list[str]) -> None:
    """Notes, checkpoints, days, expiry and restarts in any order."""
    folder = memory / str(len(list(memory.iterdir())))
    clock, published = Clock(), list[str]()
    log = open_log(folder, clock)

    def reopen() -> AuditLog:
        log.close()
        return open_log(folder, clock)

    for step in played:
        log = _play(step, log, clock, reopen)
        published += [note] if step == "seal" and (note := log.seal()) and log.size else []
    log.close()
    assert look(folder, *published).findings == ()
    assert look(folder).size == played.count("note")
    assert Fault.ROLLED_BACK not in {finding.fault for finding in look(folder, *published).findings}
