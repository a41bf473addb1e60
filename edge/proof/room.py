"""Is there room for a plate in what vision tells the gate?"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import msgspec.inspect as types

from edge import wall
from edge.categories import (
    UNKNOWN_ATTRIBUTES,
    CameraState,
    CellCount,
    Clock,
    Direction,
    Message,
    PlateKind,
    RegisterAge,
    Share,
    VisionAct,
    VisionEvent,
    VisionHealth,
    WindowCounts,
)
from edge.counting.part import key_of
from edge.errors import ProtocolError
from edge.policy_text import Words
from edge.proof.claims import Claim, judged

PLATES: Final = 36**6
_PLATE: Final = "X99XXX"
_HOUR: Final = 1_795_000_500 // 3_600 * 3_600
_CELL: Final = CellCount(key_of(Direction.IN, PlateKind.NL, UNKNOWN_ATTRIBUTES), 12, 11, 10)
_SAMPLES: Final[tuple[Message, ...]] = (
    WindowCounts(_HOUR, _HOUR + 3_600, 0, final=True, observed=100, policy=1, cells=(_CELL,)),
    VisionHealth(CameraState.DELIVERING, Clock.FILE, Share.NONE, Share.NONE, 0, RegisterAge.BELOW_8_DAYS),
    VisionEvent(VisionAct.TAG_KEY_MADE, 20_000),
)


def leaves(kind: types.Type) -> Iterator[types.Type]:
    """Walk to the leaves of a message's type."""
    match kind:
        case types.UnionType(types=members):
            for member in members:
                yield from leaves(member)
        case types.StructType(fields=fields):
            for field in fields:
                yield from leaves(field.type)
        case types.VarTupleType(item_type=item):
            yield from leaves(item)
        case _:
            yield kind


def is_closed(leaf: types.Type) -> bool:
    """Tell whether a leaf is a list of fixed words, a yes or no, or a number with far fewer values than plates."""
    match leaf:
        case types.EnumType() | types.BoolType():
            return True
        case types.IntType(ge=int(low), le=int(high), multiple_of=step):
            return (high - low) / (step or 1) < PLATES / 100
    return False


def check() -> Claim:
    """Look at every field of every message, and put a plate into each."""
    fields = list(leaves(types.type_info(Message)))
    open_ones = [str(leaf) for leaf in fields if not is_closed(leaf)]
    tried = [body for sample in _SAMPLES for body in _with_a_plate(msgspec.to_builtins(sample))]
    taken = sum(map(_is_taken, tried))
    return Claim(
        Words(
            "No field of a message from vision to gate has room for a plate",
            "Geen veld van een bericht van herkenning (vision) naar poort (gate) heeft ruimte voor een kenteken",
        ),
        Words(
            "Every field of every message was looked at, and messages with a plate in each of them were offered.",
            "Elk veld van elk bericht is bekeken, en berichten met een kenteken in elk daarvan zijn aangeboden.",
        ),
        Words(
            f"{len(fields)} fields, {len(open_ones)} with room for a plate; of {len(tried)} messages {taken} taken",
            f"{len(fields)} velden, {len(open_ones)} met ruimte voor een kenteken; van {len(tried)} berichten {taken} "
            "aangenomen",
        ),
        judged(good=not open_ones and not taken),
    )


def _is_taken(message: Any) -> bool:
    try:
        wall.decode(msgspec.json.encode(message))
    except ProtocolError:
        return False
    return True


def _with_a_plate(value: Any) -> Iterator[Any]:
    """Yield a message with a plate, as text and as number, in place of each value, and as one more field."""
    if isinstance(value, dict):
        yield value | {"plate_text": _PLATE}
        for name, inner in value.items():
            yield from (value | {name: changed} for changed in _with_a_plate(inner))
    elif isinstance(value, list):
        yield [*value, _PLATE]
        for at, inner in enumerate(value):
            yield from ([*value[:at], changed, *value[at + 1 :]] for changed in _with_a_plate(inner))
    else:
        yield _PLATE
        yield int(_PLATE, 36)
