"""What the audit log can say, and that it can say nothing else."""

from typing import Any

import msgspec
import msgspec.inspect as types
import pytest

from edge.categories import VisionAct
from edge.gate.audit import prose
from edge.gate.audit.events import (
    NAMES,
    ActOfVision,
    AuditError,
    BegunAnew,
    BudgetCharged,
    BudgetRefused,
    Entry,
    Event,
    Expired,
    Exported,
    LoggedIn,
    ModelsInUse,
    PolicyFault,
    PolicyLoaded,
    PolicyRefused,
    Refusal,
    ReportReleased,
    RowsDropped,
    SetupMode,
    Started,
    Stopped,
    Store,
    decode,
    encode,
)
from edge.proof.room import leaves
from edge.uplink.contract import Stream
from tests.gate.audit.logs import DIGEST, NOON

PLATE = "X99XXX"
PLATES = 36**6
SENTENCES: dict[Event, str] = {
    Started("0.1.0"): "the gate started, software 0.1.0",
    Stopped(): "the gate ended in good order",
    BegunAnew(7): "a new log begins; one of 7 entries was taken away",
    PolicyLoaded(3, DIGEST): f"policy in force: serial 3, {DIGEST}",
    PolicyRefused(PolicyFault.OLDER, kept=False): "policy refused: older; nothing is counted",
    PolicyRefused(PolicyFault.INVALID, kept=True): "policy refused: invalid; the one in force goes on",
    ModelsInUse(DIGEST): f"models in use: {DIGEST}",
    ReportReleased(Stream.HOUR, 5, NOON): "report released: hour 5, of the bin to 2026-11-23 12:00:00 CET",
    ActOfVision(VisionAct.TAG_KEY_DESTROYED, 20_780): "vision: tag key destroyed, 2026-11-23",
    Expired(Store.OUTBOX, 2): "expired and deleted from the outbox: 2",
    RowsDropped(4): "dropped from the outbox for want of room: 4 messages",
    BudgetCharged(Stream.HOUR, NOON, DIGEST, 500, 1_500): "noise: 0.5 of epsilon charged with the hour to 2026-11-23 "
    "12:00:00 CET, for all rungs of the day; the day has 1.5 left",
    BudgetCharged(
        Stream.DAY, NOON, DIGEST, 0, 500
    ): "noise: the day to 2026-11-23 12:00:00 CET costs nothing more; the day has 0.5 left",
    BudgetRefused(Stream.HOUR, NOON, Refusal.USED_UP): "noise: nothing is released of the hour to 2026-11-23 12:00:00 "
    "CET: the day's budget is used up",
    BudgetRefused(Stream.HOUR, NOON, Refusal.REPEATED): "noise: nothing is released of the hour to 2026-11-23 12:00:00 "
    "CET: it was drawn before, by a gate that ended",
    BudgetRefused(Stream.DAY, NOON, Refusal.MIXED): "noise: nothing is released of the day to 2026-11-23 12:00:00 "
    "CET: its day was begun under another policy",
    SetupMode(on=True): "set-up mode on",
    LoggedIn(): "somebody logged in",
    Exported(): "something was exported",
}
EVENTS = pytest.mark.parametrize("event", SENTENCES, ids=lambda event: str(event.__struct_config__.tag))


def test_the_arguments_have_no_room_for_a_plate() -> None:
    """Each is an enumeration, a yes or no, a number below that of plates, or a text of one fixed form."""
    for leaf in leaves(types.type_info(Event)):
        match leaf:
            case types.EnumType() | types.BoolType():
                pass
            case types.IntType(ge=int(low), le=int(high), multiple_of=step):
                assert (high - low) / (step or 1) < PLATES / 100
            case types.StrType(pattern=str(pattern)):
                assert pattern.startswith((r"^sha256:[0-9a-f]{64}$", r"\A[0-9]+(\.[0-9]+)*"))
            case _:
                pytest.fail(f"{leaf} has room for a plate")


def test_every_event_is_told() -> None:
    """There is one sentence for each."""
    assert {type(event) for event in SENTENCES} == set(NAMES.values())


@EVENTS
def test_an_event_is_written_read_and_told(event: Event) -> None:
    """As one line of JSON, and as a sentence with number and local time."""
    entry = Entry(12, NOON, event)
    assert decode(encode(entry)) == entry
    assert b"\n" not in encode(entry)
    assert prose.tell(entry) == f"      12  2026-11-23 12:00:00 CET  {SENTENCES[event]}"


@EVENTS
def test_no_argument_takes_a_text(event: Event) -> None:
    """Neither in the place of an argument nor beside them."""
    tree = msgspec.json.decode(encode(Entry(12, NOON, event)))
    for owner in (tree, tree["what"]):
        for name in [*owner, PLATE]:
            kept = dict(owner)
            owner[name] = PLATE
            _refused(tree)
            owner.clear()
            owner.update(kept)


def _refused(tree: dict[str, Any]) -> None:
    with pytest.raises(AuditError, match="is no entry of the audit log"):
        decode(msgspec.json.encode(tree))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[" * 50_000,
        b'{"number":1,"time":1,"what":{"event":"stopped"},"number":1}',
        b'{"number": 1,"time":1,"what":{"event":"stopped"}}',
        b'{"number":1,"time":1,"what":{"event":"stopped"}} ',
        b'{"time":1,"number":1,"what":{"event":"stopped"}}',
    ],
)
def test_an_entry_has_one_spelling(line: bytes) -> None:
    """No white space, no second field of a name, no other order: there is no room to write into."""
    with pytest.raises(AuditError):
        decode(line)
