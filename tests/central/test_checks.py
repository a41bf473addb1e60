"""What a subscriber accepts, and what it makes of the rest."""

import io
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey, VerifyKey
from rich.console import Console

from central.checks import Checker
from central.events import (
    Aside,
    CheckpointNote,
    Event,
    Gap,
    HealthNote,
    Received,
    Refused,
    Repeated,
    Report,
    StateChange,
)
from central.memory import InMemory
from central.show import print_event
from edge.gate.signing import Signer
from edge.uplink import signature
from edge.uplink.contract import CONTENT_TYPE, Address, CountReport, Status, Stream, encode
from edge.uplink.outbox import Entry
from tests.messages import ADDRESS, CELL, KEY, checkpoint, health, report, signed, state

BENCH = Address("zez-demo", "cam-017", bench=True)
EXTREMES = st.sampled_from(
    ["9" * 5000, "9" * 18, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "America/New_York", "Pacific/Kiritimati"]
)


class TheKey:
    """Knows the one key of all made-up cameras."""

    def find(self, kid: str, _camera: str) -> VerifyKey | None:
        """Return it, where it is meant."""
        return KEY.verify_key if kid == signature.key_id(KEY.verify_key) else None


def checks(*, bench: bool = False) -> Checker:
    """Check as a subscriber does that has just begun."""
    return Checker(TheKey(), InMemory(), bench=bench)


def received(entry: Entry, **changes: Any) -> Received:
    """Receive an entry as the broker gives it."""
    message = Received(entry.topic, entry.payload, entry.signature, CONTENT_TYPE, retained=False)
    return msgspec.structs.replace(message, **changes)


def forged(content: object, topic: str | None = None) -> Received:
    """Receive anything, signed by the right key: what is refused then is the content."""
    topic = topic or ADDRESS.topic(Stream.HOUR)
    payload = content if isinstance(content, bytes) else msgspec.json.encode(content)
    return Received(topic, payload, Signer(KEY).sign(topic, payload), CONTENT_TYPE, retained=False)


NOISE = {"mode": "dp", "epsilon": 1.0, "unit": "vehicle_camera_day", "scale": 10.0, "threshold": 50}


def altered(**data: object) -> Received:
    """Receive a report with other data, signed by the right key."""
    content = msgspec.to_builtins(report(1))
    content["data"].update(data)
    return forged(content)


def window(**changes: object) -> Received:
    """Receive a report with another window."""
    return altered(window=msgspec.to_builtins(report(1).data.window) | changes)


def numbered(sequence: str) -> Received:
    """Receive a report with another sequence, and the id that belongs to it."""
    return forged(msgspec.structs.replace(report(1), sequence=sequence, id=f"cam-017:hour:{sequence}"))


def version(number: str, **more: object) -> Received:
    """Receive a report of another version of the schema, with what that version has ``more``."""
    content = msgspec.to_builtins(report(1)) | {"dataschema": f"urn:anpr-edge:schema:counts:{number}"}
    return forged(content | more)


@pytest.fixture
def checker() -> Checker:
    """Make a production subscriber's checks."""
    return checks()


def test_a_right_report_is_accepted_once(checker: Checker) -> None:
    """The second one with the same id is dropped, whatever happened in between."""
    event = checker.check(received(signed(report(1))))
    assert event == Report(report(1), "verified", gap=None, late=False)
    checker.check(received(signed(report(2))))
    assert checker.check(received(signed(report(1)))) == Repeated("cam-017:hour:1")


@pytest.mark.parametrize("message", [version("1.0"), version("1.9", weather="rain")])
def test_every_minor_version_is_read(checker: Checker, message: Received) -> None:
    """Cameras and subscribers are not renewed on one day: what an older or a newer camera sends is accepted."""
    event = checker.check(message)
    assert isinstance(event, Report)
    assert event.message.data == report(1).data


@pytest.mark.parametrize(("number", "missing"), [("1.0", ["register_age", "unreadable"]), ("1.1", ["unreadable"])])
def test_health_of_an_older_camera_is_read(checker: Checker, number: str, missing: list[str]) -> None:
    """Version 1.0 said nothing of its register, and 1.1 nothing of unreadable plates."""
    content = msgspec.to_builtins(health(1)) | {"dataschema": f"urn:anpr-edge:schema:health:{number}"}
    for name in missing:
        del content["data"][name]
    event = checker.check(forged(content, ADDRESS.topic(Stream.HEALTH)))
    assert isinstance(event, HealthNote)
    print_event(event, Console(file=io.StringIO()))


def test_gaps_are_noticed_per_camera(checker: Checker) -> None:
    """A jump in the sequence names what is missing; what comes late says so; other cameras do not matter."""
    other = Address("zez-demo", "cam-018", bench=False)
    assert isinstance(checker.check(received(signed(report(1)))), Report)
    assert isinstance(checker.check(received(signed(report(9, address=other), other))), Report)
    jump = checker.check(received(signed(report(4))))
    assert isinstance(jump, Report)
    assert jump.gap == Gap(2, 3)
    late = checker.check(received(signed(report(3))))
    assert isinstance(late, Report)
    assert (late.late, late.gap) == (True, None)


def test_without_keys_it_says_that_signatures_are_not_checked() -> None:
    """A report is accepted then, and marked."""
    event = Checker(None, InMemory(), bench=False).check(received(signed(report(1))))
    assert isinstance(event, Report)
    assert event.signature == "not checked"


def test_a_window_is_no_longer_than_its_stream(checker: Checker) -> None:
    """An hour; longer bins would hide what they hold."""
    event = checker.check(window(to="2026-11-23T09:00:01Z"))
    assert isinstance(event, Refused)
    assert event.reason == "its window is longer than its stream's"


def test_what_subscribers_write_is_not_for_us(checker: Checker) -> None:
    """A receipt is no message of a camera, and no breach; other topics are."""
    receipt = Received(f"{ADDRESS.root}/receipt/subscriber.central", b"{}", "", CONTENT_TYPE, retained=True)
    assert checker.check(receipt) == Aside(receipt.topic)
    for branch in ("receipt", "receipt/", "receipt/a/b", "receipt/A", "counts/week"):
        event = checker.check(msgspec.structs.replace(receipt, topic=f"{ADDRESS.root}/{branch}"))
        assert event == Refused(f"{ADDRESS.root}/{branch}", "is no topic of the contract")


def test_state_is_told_when_it_changes(checker: Checker) -> None:
    """The same state again is nothing new, though it has the same id each time it becomes true."""
    online, offline = (received(signed(state(status)), retained=True) for status in (Status.ONLINE, Status.OFFLINE))
    kinds = [type(checker.check(message)) for message in (online, online, offline, online)]
    assert kinds == [StateChange, Repeated, StateChange, StateChange]


def test_health_is_told_when_it_is_new(checker: Checker) -> None:
    """A retained one comes again on each connection, with the same id."""
    kinds = [type(checker.check(received(signed(health(number))))) for number in (1, 1, 2)]
    assert kinds == [HealthNote, Repeated, HealthNote]


def test_bench_and_production_keep_apart(checker: Checker) -> None:
    """Each refuses the other's topics; below ten vehicles is for benches only."""
    bench = checks(bench=True)
    below = received(signed(report(1, k=1, address=BENCH), BENCH))
    assert isinstance(bench.check(below), Report)
    assert _reason(checker.check(below)) == "is a bench message"
    assert _reason(bench.check(received(signed(report(1))))) == "is no bench message"
    assert _reason(checker.check(received(signed(report(1, k=9))))) == "k is 9; at least 10 is required"


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (received(signed(report(1)), retained=True), "is retained; counts never are"),
        (received(signed(report(1)), content_type="application/json"), "content type 'application/json' is not"),
        (received(signed(report(1)), signature=""), "is not signed"),
        (received(signed(report(1)), signature="nonsense"), "its signature can't be read"),
        (received(signed(report(1)), topic="anpr/1/zez-demo/cam-018/counts/hour"), "was signed for another topic"),
        (received(signed(report(1)), payload=encode(report(2))), "its signature is wrong"),
        (received(signed(report(1)), topic="weather/today"), "is no topic of the contract"),
        (received(signed(report(1)), topic="anpr/1/zez-demo/cam-017/counts/minute"), "is no topic of the contract"),
        (forged(encode(report(1)), "anpr/1/zez-demo/cam-018/counts/hour"), "does not belong to this topic"),
        (forged(encode(state(Status.ONLINE))), r"breaks the schema at \$\.\w+: enum"),
        (forged(encode(report(1)), ADDRESS.state), r"breaks the schema at \$"),
        (forged(b"{"), "is not JSON"),
        (forged(b"[" * 100_000), "is not JSON"),
        (forged(b"\xff\xfe"), "is not JSON"),
        (forged(b" " * 2_000_000), "has 2000000 bytes"),
        (forged([]), r"breaks the schema at \$: type"),
        (forged(None), r"breaks the schema at \$: type"),
        (altered(cells=[{"n": 12, "vehicle_type": "spaceship"}]), r"at \$\.data\.cells\[0\]\.vehicle_type: enum"),
        (altered(cells=[{"n": 3}]), "has a cell below its k, 10"),
        (altered(release={"k": 10, "noise": NOISE}), "has a cell below the threshold of its noise, 50"),
        (altered(release={"k": 10, "noise": {"mode": "dp", "scale": 3}}), r"at \$\.data\.release\.noise: anyOf"),
        (altered(release={"k": 10, "noise": "some"}), r"at \$\.data\.release\.noise: anyOf"),
        (altered(expires="whenever"), "breaks the schema"),
        (altered(expires="9999-12-31"), "it expires more than eleven years after its window"),
        (altered(expires="2038-01-01"), "it expires more than eleven years after its window"),
        (received(signed(report(1)), topic=f"anpr/1/{'z' * 64}/cam-017/counts/hour"), "is no topic of the contract"),
        (received(signed(report(1)), topic=f"anpr/1/zez-demo/{'c' * 64}/counts/hour"), "is no topic of the contract"),
        (altered(cells=[{"n": 12, "origin": "Utrecht"}]), r"at \$\.data\.cells\[0\]\.origin: pattern"),
        (version("2.0"), r"breaks the schema at \$\.dataschema: pattern"),
        (window(timezone="Middle/Earth"), "its window is no time, or its time zone unknown"),
        (window(timezone="../../etc/passwd"), "its window is no time, or its time zone unknown"),
        (window(**{"from": "2026-02-31T10:00:00Z"}), "its window is no time"),
        (window(to="2026-11-23T08:00:00Z"), "its window ends before it begins"),
        (forged(msgspec.structs.replace(report(1), id="cam-017:hour:2")), "its id does not belong"),
        (numbered("9" * 5000), r"breaks the schema at \$\.sequence: pattern"),
        (numbered("9" * 19), r"breaks the schema at \$\.sequence: pattern"),
        (window(to="9999-12-31T23:59:59Z"), "its window is no time"),
        (window(**{"from": "0001-01-01T00:00:00Z"}, timezone="America/New_York"), "its window is no time"),
    ],
)
def test_a_bad_message_is_one_line_that_says_why(checker: Checker, message: Received, reason: str) -> None:
    """Whatever is wrong with it, and although nearly all of them are signed by the right key."""
    event = checker.check(message)
    assert isinstance(event, Refused)
    assert event.topic == message.topic
    assert "\n" not in event.reason
    assert re.search(reason, event.reason), event.reason


def test_another_key_is_named(checker: Checker) -> None:
    """A signature by a key that was not given is refused, with the key's id."""
    stranger = SigningKey(bytes(32))
    entry = signed(report(1))
    message = received(entry, signature=Signer(stranger).sign(entry.topic, entry.payload))
    assert _reason(checker.check(message)) == f"was signed with an unknown key, {signature.key_id(stranger.verify_key)}"


def test_one_id_with_two_contents_is_refused(checker: Checker) -> None:
    """A published window is final: a different one under its id is no duplicate."""
    checker.check(received(signed(report(1))))
    other = report(1, cells=(msgspec.structs.replace(CELL, n=38),))
    assert _reason(checker.check(received(signed(other)))) == "cam-017:hour:1 came before with other content"


@given(payload=st.binary(max_size=200), header=st.text(max_size=80), topic=st.text(max_size=60))
def test_noise_never_ends_it(payload: bytes, header: str, topic: str) -> None:
    """Random bytes in every field are refused, never an exception."""
    for where in (topic, ADDRESS.topic(Stream.HOUR)):
        event = checks().check(Received(where, payload, header, CONTENT_TYPE, retained=False))
        assert isinstance(event, Refused)


@given(data=st.data())
def test_mutations_of_a_right_message_never_end_it(data: st.DataObject) -> None:
    """Any value of any JSON kind in any places gives an event that can be shown."""
    values = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.lists(st.none()), EXTREMES
    )
    content = msgspec.to_builtins(report(1))
    places = [content, content["data"], content["data"]["window"], content["data"]["release"]]
    for place in data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=3)):
        place[data.draw(st.sampled_from(sorted(place)))] = data.draw(values)
    content["id"] = data.draw(st.just(content["id"]) | st.just(f"cam-017:hour:{content['sequence']}"))
    event: Event = checks().check(forged(content))
    assert isinstance(event, Refused | Report)
    if isinstance(event, Report):
        assert isinstance(event.message, CountReport)
    print_event(event, Console(file=io.StringIO()))


@given(
    side=st.sampled_from(["from", "to"]),
    seconds=st.integers(0, 2 * 86_400),
    zone=st.sampled_from(["America/New_York", "Europe/Amsterdam", "Pacific/Kiritimati", "UTC"]),
)
def test_windows_at_the_edge_of_time_never_end_it(side: str, seconds: int, zone: str) -> None:
    """Where a zone's clock runs out of years the window is refused; whatever is accepted can be shown."""
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC, microsecond=0)
    moment = first + timedelta(seconds=seconds) if side == "from" else last - timedelta(seconds=seconds)
    text = moment.isoformat().replace("+00:00", "Z")
    event = checks().check(window(**{side: text, "timezone": zone}))
    assert isinstance(event, Refused | Report)
    print_event(event, Console(file=io.StringIO()))


def test_a_report_lives_as_long_as_the_longest_policy_says(checker: Checker) -> None:
    """3660 days after its window are right."""
    assert isinstance(checker.check(altered(expires=str(date(2026, 11, 23) + timedelta(days=3660)))), Report)


def test_names_are_as_long_as_a_camera_may_have_them(checker: Checker) -> None:
    """Of 63 characters each."""
    longest = Address("z" * 63, "c" * 63, bench=False)
    assert isinstance(checker.check(received(signed(report(1, address=longest), longest))), Report)


def test_nothing_expires_in_a_year_that_has_no_next(checker: Checker) -> None:
    """Also where the window lies there."""
    last = {"from": "9998-12-31T10:00:00Z", "to": "9998-12-31T11:00:00Z"}
    content = msgspec.to_builtins(report(1))
    content["data"]["window"].update(last)
    content["data"]["expires"] = "9999-12-31"
    assert "expires more than" in _reason(checker.check(forged(content)))


def _reason(event: Event) -> str:
    assert isinstance(event, Refused)
    return event.reason


def test_an_audit_log_that_was_set_back_is_refused() -> None:
    """A camera's checkpoints grow; the same one again is nothing new."""
    checker = checks()
    events = [checker.check(received(signed(checkpoint(size)))) for size in (5, 5, 9, 4)]
    assert isinstance(events[0], CheckpointNote)
    assert isinstance(events[1], Repeated)
    assert isinstance(events[2], CheckpointNote)
    topic = ADDRESS.checkpoint
    assert events[3] == Refused(topic, "its audit log has 4 entries, and had 9 before: it was set back")


def test_a_checkpoint_that_comes_again_late_is_no_evidence() -> None:
    """A broker that lost a confirmation sends a run of them again; with another root it is still refused."""
    checker = checks()
    events = [checker.check(received(signed(checkpoint(size)))) for size in (5, 6, 7, 5, 6, 7)]
    assert [type(one) for one in events] == [CheckpointNote] * 3 + [Repeated] * 3
    other = msgspec.to_builtins(checkpoint(6))
    other["data"]["note"] = other["data"]["note"].replace("\n6\nAAAA", "\n6\nBBBB")
    assert "it was written anew" in _reason(checker.check(forged(other, ADDRESS.checkpoint)))
