"""python -m tests.fuzz.decoder [-runs=N]: the wall's decoder, fed with streams and bodies of any bytes."""

import sys

import atheris  # type: ignore[import-untyped, unused-ignore, import-not-found]  # Installed by `make fuzz` alone.

with atheris.instrument_imports():
    from edge import wall
    from edge.categories import (
        Admitted,
        CellCount,
        CellKey,
        Direction,
        Drive,
        EmissionClass,
        Exemption,
        PlateKind,
        Trade,
        VehicleType,
        VisionAct,
        VisionEvent,
        WindowCounts,
    )
    from edge.errors import ProtocolError

HEAD = 4
HOUR = 1_795_428_000
VAN = CellKey(
    0, Direction.IN, PlateKind.NL, VehicleType.VAN, Drive.DIESEL, EmissionClass.E6, Admitted.YES, Exemption.NONE, 344,
    Trade.CONSTRUCTION,
)  # fmt: skip
COUNTS = WindowCounts(HOUR, HOUR + 3600, 0, final=True, observed=95, policy=1, cells=(CellCount(VAN, 37, 12, 3),))
VALID = [wall.encode(message) for message in (COUNTS, VisionEvent(VisionAct.TAG_KEY_MADE, 20_780))]


def one_input(data: bytes) -> None:
    """Feed a stream, in two chunks; whatever is accepted is spelt exactly as we spell it."""
    source = atheris.FuzzedDataProvider(data)
    stream = _stream(source)
    cut = source.ConsumeIntInRange(0, len(stream))
    for read in (wall.decode, wall.decode_ack):
        decoder = wall.Decoder(read)
        try:
            accepted = [*decoder.feed(stream[:cut]), *decoder.feed(stream[cut:])]
        except ProtocolError:
            continue
        assert stream.startswith(b"".join(map(wall.encode, accepted)))


def _stream(source: atheris.FuzzedDataProvider) -> bytes:
    """Make any bytes, any body in a right frame, or a valid message with some of its bytes replaced."""
    kind = source.ConsumeIntInRange(0, len(VALID) + 1)
    if kind == len(VALID):
        return bytes(source.ConsumeBytes(source.remaining_bytes()))
    if kind > len(VALID):
        whole = bytes(source.ConsumeBytes(source.remaining_bytes()))
        return len(whole).to_bytes(HEAD, "big") + whole
    body: bytes = VALID[kind][HEAD:]
    at = source.ConsumeIntInRange(0, len(body))
    gone = source.ConsumeIntInRange(0, 16)
    body = body[:at] + bytes(source.ConsumeBytes(source.ConsumeIntInRange(0, 64))) + body[at + gone :]
    return len(body).to_bytes(HEAD, "big") + body


if __name__ == "__main__":
    atheris.Setup([*sys.argv, "-timeout=10"], one_input)
    atheris.Fuzz()
