"""Voting over the looks at one vehicle."""

import sys
from collections.abc import Iterable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.categories import PlateKind
from edge.plates.evidence import Evidence, text_of
from edge.plates.mark import Marker
from edge.plates.passage import Look, Reading
from edge.plates.syntax import ALPHABET
from edge.plates.vote import BELIEVED, Vote, candidate, vote
from tests.plates.drawn import DUTCH, FOREIGN, NOTHING, box, reading

TEXT = "V12BDF"


def seen(readings: Iterable[Reading | None]) -> Evidence:
    """Sum looks of equal size."""
    evidence = Evidence()
    for some in readings:
        evidence.add(Look(0.0, box(0.5, 0.5), some), 0.1)
    return evidence


def voted(readings: Iterable[Reading | None]) -> Vote:
    """Vote over looks of equal size."""
    return vote(seen(readings))


def torn(text: str, slot: int, other: str, share: float) -> Reading:
    """Read a text, with part of one slot's belief on another character."""
    made = reading(text)
    made.slots[slot] *= 1 - share
    made.slots[slot, ALPHABET.index(other.encode())] += share
    return made


def test_two_agreeing_looks_are_a_plate() -> None:
    """Twice the same text is read."""
    outcome = voted([reading(TEXT)] * 2)
    assert outcome.kind is PlateKind.NL
    assert outcome.text == TEXT.encode()
    assert outcome.probability > 0.9


def test_one_look_does_not_count() -> None:
    """One read with confidence 1.00 from blur is no plate; two looks that say different things are none either."""
    assert voted([reading(TEXT, 1.0)]).kind is PlateKind.UNREADABLE
    assert voted([reading(TEXT, 1.0), reading("V12BDG", 1.0)]).kind is PlateKind.UNREADABLE
    assert voted([reading(TEXT, 1.0), *[None] * 9]).kind is PlateKind.UNREADABLE


def test_one_sure_misread_is_outvoted() -> None:
    """A single look has no veto."""
    outcome = voted([reading(TEXT, 0.7), reading("V12BDG", 1.0), reading(TEXT, 0.7), reading(TEXT, 0.7)])
    assert outcome.text == TEXT.encode()


def test_looks_of_other_lengths_do_not_mix() -> None:
    """Looks that lost a character count for little beside whole ones."""
    found = candidate(seen([reading("12BDF"), reading("12BDF"), reading(TEXT), reading(TEXT), reading("V12BD")]))
    assert found is not None
    assert found.text == TEXT.encode()


def test_half_a_plate_is_unreadable() -> None:
    """Five characters of a Dutch plate are nobody's plate."""
    assert voted([reading("V12BD")] * 5).kind is PlateKind.UNREADABLE


def test_look_alikes_agree_where_the_sidecode_demands() -> None:
    """A letter read as its digit, where only the letter can stand, is the same text."""
    outcome = voted([reading(TEXT), reading("V128DF"), reading("VI2BDF")])
    assert outcome.text == TEXT.encode()


def test_a_foreign_plate_keeps_its_text() -> None:
    """No sidecode is forced on it, even if one would fit with a swap."""
    outcome = voted([reading("B4D7F9H", kind=FOREIGN)] * 3)
    assert (outcome.kind, outcome.text) == (PlateKind.FOREIGN, bytearray(b"B4D7F9H"))
    swapped = voted([reading("V128DF", kind=FOREIGN)] * 3)
    assert (swapped.kind, swapped.text) == (PlateKind.FOREIGN, bytearray(b"V128DF"))


def test_diplomats_are_dutch() -> None:
    """A series without a sidecode is Dutch all the same."""
    assert voted([reading("CDJ123")] * 2).kind is PlateKind.NL


def test_a_badge_is_no_plate() -> None:
    """Four rings with characters .99 .63 .74 .51 are never read, whatever their kind."""
    rings = reading("0000")
    for slot, sure in zip(rings.slots, (0.99, 0.63, 0.74, 0.51), strict=True):
        slot[:] = (1 - sure) / 35
        slot[0] = sure
    assert voted([rings] * 20).kind is PlateKind.UNREADABLE
    assert voted([Reading(rings.slots, np.array(NOTHING, np.float32))] * 20).kind is None


def test_lettering_is_no_plate() -> None:
    """What the reader mostly calls no plate is none, even where it fits a sidecode."""
    looks = [reading(TEXT, kind=NOTHING)] * 3 + [reading(TEXT, kind=DUTCH)]
    assert voted(looks).kind is None


def test_a_torn_reader_is_unreadable() -> None:
    """Looks that agree but can't decide between two letters are not guessed at."""
    assert voted([torn(TEXT, 5, "H", 0.48)] * 6).kind is PlateKind.UNREADABLE


def test_two_looks_against_many_are_unreadable() -> None:
    """That two agree is not enough where most of the others disagree with them and with each other."""
    others = [reading(f"V1{digit}BDF") for digit in "013456"]
    assert voted([reading(TEXT)] * 2 + others).kind is PlateKind.UNREADABLE


def test_foreign_plates_are_believed_sooner() -> None:
    """What would be too unsure to look up is a foreign plate all the same: it is looked up nowhere."""
    text = "B4D7F9H"
    outcome = voted([reading(text, kind=FOREIGN)] * 2 + [reading("B4D7F9", kind=FOREIGN)])
    assert outcome.kind is PlateKind.FOREIGN
    assert BELIEVED[PlateKind.FOREIGN] <= outcome.probability < BELIEVED[PlateKind.NL]


def test_without_doubt_is_not_certain() -> None:
    """Many looks without a doubt are very probably right, which is no more than that."""
    assert 0.99 < voted([reading(TEXT, 1.0)] * 12).probability < 1.0


def test_no_looks_are_unreadable() -> None:
    """Nothing read is a vehicle all the same."""
    assert voted([]) == Vote(PlateKind.UNREADABLE)


def test_small_plates_count_among_themselves() -> None:
    """Only small looks still make a sure vote; beside a large one they weigh less."""
    evidence = Evidence()
    for _ in range(3):
        evidence.add(Look(0.0, box(0.5, 0.5), reading(TEXT)), 0.02)
    assert vote(evidence).probability > 0.9


def test_merging_adds_up() -> None:
    """One look on each part of a broken track agree."""
    one, other = Evidence(), Evidence()
    one.add(Look(0.0, box(0.5, 0.5), reading(TEXT)), 0.1)
    other.add(Look(1.0, box(0.5, 0.5), reading(TEXT)), 0.1)
    one.merge(other)
    assert vote(one).text == TEXT.encode()


def test_wiping_leaves_nothing() -> None:
    """After a wipe neither text nor distribution is there."""
    evidence = Evidence()
    for _ in range(2):
        evidence.add(Look(0.0, box(0.5, 0.5), reading(TEXT)), 0.1)
    text, logs = evidence.tally[0].text, evidence.sums[6].logs
    evidence.wipe()
    assert not any(text)
    assert not logs.any()
    assert evidence.favourite() == b""


def test_sealed_evidence_spells_nothing_and_still_knows_its_text() -> None:
    """Buffers that held text or distribution hold zeros; what was said how often is known and counted all the same."""
    evidence = seen([reading(TEXT)] * 3 + [reading("V12BDG")])
    texts, logs = [entry.text for entry in evidence.tally], evidence.sums[6].logs
    evidence.hold(wanted=False)
    evidence.add(Look(0.0, box(0.5, 0.5), reading(TEXT)), 0.1)
    assert not any(any(text) for text in texts)
    assert not logs.any()
    assert evidence.favourite() == b""
    assert evidence.agreeing(bytearray(TEXT.encode())) == 4
    assert evidence.says(bytearray(TEXT.encode()))
    assert not evidence.says(bytearray(b"V12BDG"))
    assert vote(evidence).kind is PlateKind.UNREADABLE


def test_evidence_that_was_sealed_is_read_again() -> None:
    """Two looks more, and what was said before agrees with them; what they did not say is not invented."""
    evidence = seen([reading(TEXT)] * 3)
    evidence.hold(wanted=False)
    evidence.hold(wanted=True)
    assert vote(evidence).kind is PlateKind.UNREADABLE
    for _ in range(2):
        evidence.add(Look(0.0, box(0.5, 0.5), reading(TEXT)), 0.1)
    assert vote(evidence).text == TEXT.encode()
    other = seen([reading(TEXT)] * 3)
    other.hold(wanted=False)
    other.hold(wanted=True)
    other.add(Look(0.0, box(0.5, 0.5), reading("V34GHJ")), 0.1)
    assert vote(other).kind is PlateKind.UNREADABLE


def test_sealed_and_open_evidence_merge() -> None:
    """What was said before a gap and after it is one text; evidence that is sealed stays so."""
    for sealed in (False, True):
        marker = Marker()
        one, other = Evidence(marker), Evidence(marker)
        for evidence in (one, other, other):
            evidence.add(Look(0.0, box(0.5, 0.5), reading(TEXT)), 0.1)
        one.hold(wanted=False)
        one.hold(wanted=not sealed)
        one.merge(other)
        assert one.agreeing(bytearray(TEXT.encode())) == 3
        assert (one.favourite() == b"") == sealed
        assert vote(one).kind is (PlateKind.UNREADABLE if sealed else PlateKind.NL)


def test_sealed_evidence_forgets_as_open_does() -> None:
    """After thousands of looks at one car, the next one on its place is known within a minute of looks."""
    evidence = Evidence()
    evidence.hold(wanted=False)
    for text, looks in ((TEXT, 5_000), ("V34GHJ", 300)):
        for _ in range(looks):
            evidence.add(Look(0.0, box(0.5, 0.5), reading(text)), 0.1)
    assert evidence.says(bytearray(b"V34GHJ"))


def test_nothing_prints_a_plate() -> None:
    """The repr of whatever holds a plate does not."""
    looks = [reading(TEXT, 0.9375)] * 2
    evidence = seen(looks)
    shown = repr([evidence, evidence.tally, evidence.sums, candidate(evidence), voted(looks), looks])
    assert TEXT not in shown
    assert "0.9375" not in shown


def test_text_of_one_look() -> None:
    """A look says its Dutch text if it has one, else what it read."""
    assert text_of(reading(TEXT)) == (bytearray(TEXT.encode()), True)
    assert text_of(reading("B4D7F9H")) == (bytearray(b"B4D7F9H"), False)


texts = st.text("0123456789BDFGHJKLMNPRSTVXZ", max_size=12)


@given(st.lists(st.tuples(texts, st.floats(0.3, 1.0)), max_size=40))
def test_evidence_stays_small(reads: list[tuple[str, float]]) -> None:
    """Whatever is read however often, what is kept has a bound, and the vote is a probability."""
    evidence = Evidence()
    for text, sure in reads * 3:
        evidence.add(Look(0.0, box(0.5, 0.5), reading(text, sure) if text else None), 0.1)
    assert len(evidence.tally) <= 8
    assert len(evidence.sums) <= 5
    assert sum(part.logs.nbytes + sys.getsizeof(part) for part in evidence.sums.values()) < 10_000
    assert 0 <= vote(evidence).probability <= 1


def test_a_parked_car_does_not_outvote_its_successor_for_ever() -> None:
    """After thousands of looks at one car, the next one on its place is read within a minute of looks."""
    evidence = Evidence()
    for text, looks in (("V12BDF", 5_000), ("V34GHJ", 300)):
        for _ in range(looks):
            evidence.add(Look(0.0, box(0.5, 0.5), reading(text)), 0.1)
    assert vote(evidence).text == b"V34GHJ"
