"""Tags tell vehicles apart while their key lives, and no longer."""

import hashlib
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.counting.tags import TagBook, TagKey, overwrite_digest
from edge.proof import forms, places
from edge.proof.search import Searcher
from edge.randomness import fill_randomly
from tests.counting.tag_process import PLATES, ascending_key

PLATE = b"V12BDF"


def _ones(buffer: bytearray) -> None:
    buffer[:] = b"\x01" * len(buffer)


def _key(policy_id: str = "zez-demo-2026") -> TagKey:
    return TagKey(policy_id, _ones)


def test_a_tag_tells_the_same_vehicle_again() -> None:
    """Within one key the same plate has the same tag, another plate another one."""
    key = _key()
    assert key.tag(bytearray(PLATE)) == key.tag(bytearray(PLATE))
    assert key.tag(bytearray(PLATE)) != key.tag(bytearray(b"V12BDG"))
    assert len(key.tag(bytearray(PLATE))) == 16


def test_tags_of_two_keys_have_nothing_in_common() -> None:
    """Each key is random: no tag leads from one day, or one camera, to another."""
    assert TagKey("zez-demo-2026").tag(bytearray(PLATE)) != TagKey("zez-demo-2026").tag(bytearray(PLATE))


@pytest.mark.parametrize("other", ["zez-demo-2027", "z" * 63, "z" * 62])
def test_a_tag_belongs_to_one_policy(other: str) -> None:
    """Also where the policy's name is longer than the 16 bytes that BLAKE2b takes."""
    assert _key().tag(bytearray(PLATE)) != _key(other).tag(bytearray(PLATE))


def test_a_wiped_key_makes_no_tags() -> None:
    """The key is overwritten, and nothing goes on with zeros in its place."""
    key = _key()
    key.wipe()
    assert not any(key._key)
    with pytest.raises(RuntimeError, match="destroyed"):
        key.tag(bytearray(PLATE))


def test_a_key_shows_nothing() -> None:
    """Neither the key nor the policy stands in what a log would print."""
    assert "01" * 4 not in repr(_key()).replace("\\x", "")
    assert repr(_key()).startswith("<edge.counting.tags.TagKey object")


def test_tags_are_in_memory_once_and_after_their_day_not_at_all() -> None:
    """Of hundreds of vehicles that passed twice, in the memory of a process: no copies, also in what was freed."""
    key = ascending_key()
    searcher = Searcher(forms.tag_needles([key.tag(bytearray(plate)) for plate in PLATES]))
    command = [sys.executable, "-m", "tests.counting.tag_process"]
    found = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(2):
            process.stdout.readline()
            found.append(places.memory(searcher, "a process", process.pid))
            process.stdin.write("\n")
    assert sorted(find.plate for find in found[0]) == list(range(len(PLATES)))
    assert found[1] == []


def test_a_digest_is_overwritten() -> None:
    """In place."""
    digest = hashlib.blake2b(b"X00000", digest_size=16).digest()
    overwrite_digest(digest)
    assert digest == bytes(16)


def test_the_key_is_random() -> None:
    """The kernel fills the whole buffer."""
    one, other = bytearray(32), bytearray(32)
    fill_randomly(one)
    fill_randomly(other)
    assert one != other
    assert any(one[:16])
    assert any(one[16:])


@given(st.lists(st.tuples(st.binary(min_size=16, max_size=16).filter(any), st.booleans()), max_size=60))
def test_a_book_gives_each_vehicle_its_own_number(steps: list[tuple[bytes, bool]]) -> None:
    """Numbers are as different as tags, also when vehicles are forgotten in between."""
    book, known = TagBook(), dict[bytes, int]()
    for tag, forget in steps:
        number = book.number(tag)
        assert number is not None
        assert known.setdefault(tag, number) == number
        if forget:
            book.forget(known.pop(tag))
        assert len(set(known.values())) == len(known)


def test_a_full_book_takes_no_more_vehicles() -> None:
    """It says so and goes on knowing those it has; one that is forgotten makes room."""
    book = TagBook(capacity=2)
    first, second, third = (bytes([value]) * 16 for value in (1, 2, 3))
    assert [book.number(first), book.number(second), book.number(third)] == [0, 1, None]
    assert book.number(second) == 1
    book.forget(0)
    assert book.number(third) == 0


def test_a_wiped_book_holds_no_tag() -> None:
    """The memory in which tags were is zero, after forgetting one and after wiping all."""
    book = TagBook(capacity=8)
    number = book.number(b"\x07" * 16)
    assert number is not None
    book.number(b"\x08" * 16)
    book.forget(number)
    assert b"\x07" not in book._rows.tobytes()
    assert b"\x08" in book._rows.tobytes()
    book.wipe()
    assert not book._rows.any()
