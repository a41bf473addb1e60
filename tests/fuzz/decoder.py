"""python -m tests.fuzz.decoder [-runs=N] [CORPUS]: the wall's decoder, fed with streams and bodies of any bytes.

Most inputs are read as choices: a valid message is taken apart into the words of its JSON, of which some are taken
out, doubled or replaced by words of other messages. So it comes near what is allowed, and often is.
"""

import re
import sys

import atheris  # type: ignore[import-untyped, unused-ignore, import-not-found]  # Installed by `make fuzz` alone.

with atheris.instrument_imports(include=["edge"]):
    from edge import wall
    from edge.categories import (
        MOST_CELLS,
        Ack,
        Admitted,
        CameraState,
        CellCount,
        CellKey,
        Clock,
        Direction,
        Drive,
        EmissionClass,
        Exemption,
        Message,
        Objection,
        PlateKind,
        RegisterAge,
        Share,
        Trade,
        VehicleType,
        VisionAct,
        VisionEvent,
        VisionHealth,
        WindowCounts,
    )
    from edge.errors import ProtocolError

HEAD = 4
HOUR = 1_795_428_000
VAN = CellKey(
    0, Direction.IN, PlateKind.NL, VehicleType.VAN, Drive.DIESEL, EmissionClass.E6, Admitted.YES, Exemption.NONE, 344,
    Trade.CONSTRUCTION,
)  # fmt: skip
UNREADABLE = CellKey(
    1, Direction.OUT, PlateKind.UNREADABLE, VehicleType.UNKNOWN, Drive.UNKNOWN, EmissionClass.UNKNOWN,
    Admitted.UNKNOWN, Exemption.UNKNOWN, 0, Trade.UNKNOWN,
)  # fmt: skip
CELLS = CellCount(VAN, 37, 12, 3), CellCount(UNREADABLE, 2, 0, 0)
VALID = [
    wall.encode(message)[HEAD:]
    for message in (
        WindowCounts(HOUR, HOUR + 3600, 0, final=True, observed=95, policy=1, cells=CELLS),
        WindowCounts(HOUR, HOUR + 3600, 9_999, final=False, observed=0, policy=9_999, cells=()),
        VisionHealth(CameraState.STALLED, Clock.FILE, Share.FEW, Share.NONE, 7, RegisterAge.OLDER),
        VisionEvent(VisionAct.TAG_KEY_MADE, 20_780),
        Ack(accepted=True),
        Ack(accepted=False, why=Objection.USED_UP),
    )
]
WORDS = [re.findall(rb'"[^"]*"|[0-9]+|[a-z]+|[^"0-9a-z]', body) for body in VALID]
OTHERS = [
    *sorted({word for words in WORDS for word in words}),
    *(b"-1", b"0.0", b"1e3", b"3601", b"9999", b"10000", b"4102444800", b"9" * 30, b"null", b" ", b'"V12BDF"'),
    *(b'"\\u0076an"', b"[[", b"\xff", b"\x00", b'{"key":', b"},{"),
]


def one_input(data: bytes) -> None:
    """Feed a stream whole and in two chunks; what is accepted is the same, spelt as we spell it, and can be."""
    source = atheris.FuzzedDataProvider(data)
    stream = _stream(source)
    cut = source.ConsumeIntInRange(0, len(stream))
    for read in (wall.decode, wall.decode_ack):
        whole, sound = _feed(wall.Decoder(read), stream)
        accepted, as_sound = _feed(wall.Decoder(read), stream[:cut], stream[cut:])
        # What came in one chunk with something malformed is not answered, and so repeated.
        assert as_sound is sound
        assert accepted == whole or not sound
        assert stream.startswith(b"".join(map(wall.encode, accepted)))
        for message in accepted:
            _can_be(message)


def _feed(decoder: wall.Decoder[Message | Ack], *chunks: bytes) -> tuple[list[Message | Ack], bool]:
    """Return the messages of a stream, and whether nothing in it was refused."""
    accepted: list[Message | Ack] = []
    for chunk in chunks:
        try:
            accepted += decoder.feed(chunk)
        except ProtocolError:
            return accepted, False
    return accepted, True


def _can_be(message: Message | Ack) -> None:
    """Fail at counts that no street has."""
    if not isinstance(message, WindowCounts):
        return
    assert message.start < message.end
    assert len(message.cells) <= MOST_CELLS
    assert len({cell.key for cell in message.cells}) == len(message.cells)
    for cell in message.cells:
        assert 0 < cell.n <= 9_999
        assert 0 <= cell.fresh <= cell.vehicles <= cell.n
        assert cell.vehicles > 0 or cell.key.plate is PlateKind.UNREADABLE
        assert str(cell.key.vehicle_type) in list(VehicleType)
        assert 0 <= cell.key.origin <= 9_999


def _stream(source: atheris.FuzzedDataProvider) -> bytes:
    """Make any bytes, any body in a right frame, or up to three bent messages, of which the last may be cut short."""
    kind = source.ConsumeIntInRange(0, 15)
    if kind == 1:
        return bytes(source.ConsumeBytes(source.remaining_bytes()))
    if kind == 2:
        return _framed(bytes(source.ConsumeBytes(source.remaining_bytes())))
    stream = b"".join(_framed(_bent(source)) for _ in range(source.ConsumeIntInRange(1, 3)))
    return stream[: len(stream) - source.ConsumeIntInRange(0, 3)]


def _framed(body: bytes) -> bytes:
    return len(body).to_bytes(HEAD, "big") + body


def _bent(source: atheris.FuzzedDataProvider) -> bytes:
    words = list(source.PickValueInList(WORDS))
    for _ in range(source.ConsumeIntInRange(0, 3)):
        at, until = (source.ConsumeIntInRange(0, len(words)) for _ in range(2))
        how = source.ConsumeIntInRange(0, 3)
        if how == 0:
            words[at : at + 1] = [source.PickValueInList(OTHERS)]
        elif how == 1:
            words[at : at + 1] = [b"%d" % source.ConsumeIntInRange(0, 20_000)]
        elif how == 2:
            words[at:at] = words[at:until]
        else:
            words[at : at + 1] = [bytes(source.ConsumeBytes(source.ConsumeIntInRange(0, 8)))]
    return b"".join(words)


if __name__ == "__main__":
    atheris.Setup([*sys.argv, "-timeout=10"], one_input)
    atheris.Fuzz()
