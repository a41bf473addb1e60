"""The wall: no message can carry a plate, and nothing malformed gets through."""

import contextlib
import os
import random
import socket
import struct
from collections.abc import Iterator
from enum import StrEnum
from itertools import pairwise
from typing import Any

import msgspec
import msgspec.inspect as types
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge import wall
from edge.categories import (
    MOST_CELLS,
    MOST_TABLES,
    Ack,
    Admitted,
    CameraState,
    CellKey,
    Direction,
    Drive,
    EmissionClass,
    Exemption,
    Message,
    Objection,
    PlateKind,
    Trade,
    VehicleType,
    VisionAct,
    VisionEvent,
    VisionHealth,
    WindowCounts,
)
from edge.errors import ProtocolError
from edge.proof.room import leaves
from edge.wall import Decoder
from tests.counts import DELIVERING, HOUR, cell, counts, unreadable, van
from tests.examples import examples
from tests.strategies import keys, messages

PLATE = "V12BDF"
PLATES = 36**6
MADE = VisionEvent(VisionAct.TAG_KEY_MADE, 20_780)


def _body(message: Message | Ack) -> bytes:
    return wall.encode(message)[4:]


def _values(value: Any) -> Iterator[Any]:
    """Walk to the leaves of a message."""
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _values(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _values(item)
    else:
        yield value


def test_the_types_have_no_room_for_a_text_or_a_large_number() -> None:
    """Every leaf is an enumeration, a yes or no, or an integer with fewer values than there are plates."""
    for leaf in leaves(types.type_info(Message)):
        match leaf:
            case types.EnumType() | types.BoolType():
                pass
            case types.IntType(ge=int(low), le=int(high), multiple_of=step):
                assert (high - low) / (step or 1) < PLATES / 100
            case _:
                pytest.fail(f"{leaf} has room for a plate")


@given(messages)
def test_what_arrives_is_closed_and_what_was_sent(message: Message) -> None:
    """A round trip changes nothing, and only enumerations, integers and booleans come out."""
    (arrived,) = Decoder(wall.decode).feed(wall.encode(message))
    assert arrived == message
    assert all(isinstance(value, StrEnum | bool | int) for value in _values(arrived))


@given(st.lists(messages, max_size=5), st.randoms(use_true_random=False))
def test_a_stream_may_arrive_in_any_pieces(sent: list[Message], dice: random.Random) -> None:
    """Messages come out whole and in order, wherever the stream is cut."""
    stream = b"".join(map(wall.encode, sent))
    decoder = Decoder(wall.decode)
    arrived: list[Message] = []
    while stream:
        size = dice.randint(1, max(1, len(stream) // 2))
        arrived += decoder.feed(stream[:size])
        stream = stream[size:]
    assert arrived == sent


@examples(400)
@given(st.binary(max_size=300))
@example(b"\xff\xff\xff\xff")
@example(b"\x00\x00\x00\x02[[")
@example(struct.pack(">I", 90_000) + b"[" * 90_000)
@example(struct.pack(">I", 4) + b'"\xff"x')
def test_random_bytes_are_refused_or_wait_for_more(stream: bytes) -> None:
    """Nothing but a ProtocolError ever comes of them."""
    decoder = Decoder(wall.decode)
    with contextlib.suppress(ProtocolError):
        assert decoder.feed(stream) == []


@examples(400)
@given(messages, st.data())
def test_a_mutated_message_is_refused_or_another_closed_message(message: Message, data: st.DataObject) -> None:
    """Bytes changed, cut out or put in: what still decodes holds no text either."""
    body = bytearray(_body(message))
    at = data.draw(st.integers(0, len(body) - 1))
    body[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    with contextlib.suppress(ProtocolError):
        arrived = wall.decode(bytes(body))
        assert _body(arrived) == body
        assert all(isinstance(value, StrEnum | bool | int) for value in _values(arrived))


@given(st.lists(keys, unique=True))
def test_cells_have_one_order(some: list[CellKey]) -> None:
    """Texts and numbers together are in a total order: different cells are never equal in it."""
    ordered = sorted(map(wall.order, some))
    assert all(first < second for first, second in pairwise(ordered))


@pytest.mark.parametrize("text", [PLATE, "V-12-BDF", "", 36**6 - 1, -1, 1e300, None, [PLATE], {PLATE: PLATE}])
@pytest.mark.parametrize("message", [counts(cell(van(), 12)), DELIVERING])
def test_no_field_takes_a_text(message: Message, text: object) -> None:
    """A plate, or anything else that is no value of its field, is refused in every field of every level."""
    tree = msgspec.json.decode(_body(message))
    for owner, name in _places(tree):
        kept, owner[name] = owner[name], text
        with pytest.raises(ProtocolError):
            wall.decode(msgspec.json.encode(tree))
        owner[name] = kept
    for owner, _ in _places(tree):
        if isinstance(owner, dict):
            owner[PLATE] = text
            with pytest.raises(ProtocolError):
                wall.decode(msgspec.json.encode(tree))
            del owner[PLATE]


@pytest.mark.parametrize("message", [counts(cell(van(), 12)), DELIVERING, MADE])
def test_a_message_cut_at_any_byte_is_refused(message: Message) -> None:
    """With the length that it had the rest is waited for; with the length that it has it is no message."""
    frame, body = wall.encode(message), _body(message)
    for end in range(len(body)):
        assert Decoder(wall.decode).feed(frame[: 4 + end]) == []
        with pytest.raises(ProtocolError):
            wall.decode(body[:end])


@pytest.mark.parametrize("message", [counts(cell(van(), 12)), DELIVERING, MADE])
def test_every_field_keeps_to_its_bounds(message: Message) -> None:
    """Just below and above its numbers, between its steps, and values of other enumerations: refused in each field."""
    tree = msgspec.json.decode(_body(message))
    for owner, name, kind in _typed(tree, types.type_info(type(message))):
        kept = owner[name]
        for wrong in _outside(kind):
            owner[name] = wrong
            with pytest.raises(ProtocolError):
                wall.decode(msgspec.json.encode(tree))
        owner[name] = kept


def _typed(tree: Any, kind: types.Type) -> Iterator[tuple[Any, Any, types.Type]]:
    """Name every leaf of a decoded message, with its type."""
    match kind:
        case types.StructType(fields=fields):
            for field in fields:
                yield from _typed_in(tree, field.encode_name, field.type)
        case types.VarTupleType(item_type=item):
            for at in range(len(tree)):
                yield from _typed_in(tree, at, item)


def _typed_in(owner: Any, name: Any, kind: types.Type) -> Iterator[tuple[Any, Any, types.Type]]:
    plain = kind.type if isinstance(kind, types.Metadata) else kind
    if isinstance(plain, types.StructType | types.VarTupleType):
        yield from _typed(owner[name], plain)
    else:
        yield owner, name, plain


def _outside(kind: types.Type) -> Iterator[object]:
    """Give values that a field of this type does not have."""
    match kind:
        case types.EnumType(cls=names):
            yield from {one.value for other in (Drive, VehicleType, Trade, CameraState) for one in other} - set(names)
            yield from (str(next(iter(names))).upper() + " ", 0, True)
        case types.IntType(ge=int(low), le=int(high), multiple_of=step):
            yield from (low - (step or 1), high + (step or 1), float(low), str(low), False, -(2**63), 2**64)
            yield from [low + 1] * (step is not None)
        case types.BoolType():
            yield from (0, 1, "true", None)
        case _:
            pytest.fail(f"{kind} is no type of a leaf")


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Name every place in a decoded message that holds a value."""
    for name, value in list(tree.items() if isinstance(tree, dict) else enumerate(tree)):
        yield tree, name
        if isinstance(value, dict | list):
            yield from _places(value)


@pytest.mark.parametrize(
    "spelling",
    [
        lambda body: body + b" ",
        lambda body: b" " + body,
        lambda body: body + body,
        lambda body: body.replace(b'"final":true', b'"final":true,"final":true'),
        lambda body: body.replace(b'"part":0', b'"part":0.0'),
        lambda body: body.replace(b'"van"', b'"\\u0076an"'),
        lambda body: body.replace(b'"n":12,"vehicles":12,"fresh":12', b'"vehicles":12,"n":12,"fresh":12'),
    ],
)
def test_only_the_canonical_spelling_is_read(spelling: Any) -> None:
    """White space, repeated fields, escapes and another order would be room for a text."""
    body = _body(counts(cell(van(), 12)))
    assert wall.decode(body)
    with pytest.raises(ProtocolError):
        wall.decode(spelling(body))


def _twice(key: CellKey) -> WindowCounts:
    return counts(cell(key, 12), cell(key, 12))


@pytest.mark.parametrize(
    "broken",
    [
        _twice(van()),
        msgspec.structs.replace(counts(cell(van(), 3), cell(unreadable(), 3)), end=HOUR.start),
        msgspec.structs.replace(
            counts(cell(van(), 3), cell(unreadable(), 3)), cells=(cell(van(), 3), cell(unreadable(), 3))[::-1]
        ),
        counts(msgspec.structs.replace(cell(van(), 3), n=2)),
        counts(msgspec.structs.replace(cell(van(), 3), vehicles=0)),
        counts(msgspec.structs.replace(cell(van(), 3), n=0, vehicles=0)),
        counts(msgspec.structs.replace(cell(unreadable(), 3), vehicles=1)),
        counts(msgspec.structs.replace(cell(van(), 3), fresh=4)),
    ],
)
def test_counts_that_cannot_be_are_refused(broken: WindowCounts) -> None:
    """A cell twice or out of order or empty, numbers that can't be, a window that ends before it starts."""
    with pytest.raises(ProtocolError):
        wall.decode(_body(broken))


def test_a_message_that_is_too_long_is_refused_at_once() -> None:
    """Its announcement is enough; nothing is stored."""
    with pytest.raises(ProtocolError, match="1048577 bytes"):
        Decoder(wall.decode).feed(struct.pack(">I", (1 << 20) + 1))


def test_the_largest_message_fits() -> None:
    """As many cells as there may be, each at its bound and in its longest spelling."""
    key = CellKey(
        MOST_TABLES - 1,
        Direction.OUT,
        PlateKind.UNREADABLE,
        VehicleType.PASSENGER_CAR,
        Drive.ELECTRIC,
        EmissionClass.UNKNOWN,
        Admitted.NOT_APPLICABLE,
        Exemption.LONG_TERM,
        9_999,
        Trade.UNKNOWN,
    )
    origins = range(10_000 - MOST_CELLS, 10_000)
    largest = counts(*(cell(msgspec.structs.replace(key, origin=origin), 9_999) for origin in origins))
    assert Decoder(wall.decode).feed(wall.encode(largest)) == [largest]


@given(st.text(min_size=6).filter(lambda text: text not in list(CameraState)))
def test_an_error_never_repeats_what_was_received(text: str) -> None:
    """Whatever was in a malformed message does not reach the log through its error."""
    body = _body(DELIVERING).replace(b'"delivering"', msgspec.json.encode(text))
    with pytest.raises(ProtocolError) as refused:
        wall.decode(body)
    assert text not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


@pytest.mark.parametrize("answer", [Ack(accepted=True), *(Ack(accepted=False, why=why) for why in (None, *Objection))])
def test_an_answer_comes_back_as_sent(answer: Ack) -> None:
    """The gate's answers use the same frames; a message is no answer."""
    assert Decoder(wall.decode_ack).feed(wall.encode(answer)) == [answer]
    with pytest.raises(ProtocolError):
        wall.decode_ack(_body(DELIVERING))
    with pytest.raises(ProtocolError):
        wall.decode(_body(answer))


def test_the_kernel_tells_who_is_at_the_other_end() -> None:
    """The user of a socket pair is this process's."""
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        assert wall.peer_uid(one) == os.getuid()


def test_health_holds_nothing_but_buckets() -> None:
    """Beside enumerations there is one small number, of reopenings."""
    assert [type(value) for value in _values(DELIVERING)].count(int) == 1
    assert isinstance(DELIVERING, VisionHealth)
