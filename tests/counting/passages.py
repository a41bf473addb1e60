"""Made-up passages."""

from edge.categories import UNKNOWN_ATTRIBUTES, Attributes, Direction, Drive, EmissionClass, PlateKind, VehicleType
from edge.counting.counter import Counter
from edge.plates.passage import Passage

VAN = Attributes(VehicleType.VAN, Drive.DIESEL, EmissionClass.E6)
CAR = Attributes(VehicleType.PASSENGER_CAR, Drive.PETROL, EmissionClass.E5)
LETTERS = "BDFGHJKLNPRSTVXZ"


def plate(number: int) -> bytearray:
    """Return the ``number``-th made-up plate of sidecode 12."""
    digits, letters = number % 100, number // 100
    tail = "".join(LETTERS[letters // 16**place % 16] for place in range(3))
    return bytearray(f"V{digits:02}{tail}".encode())


def drive_past(
    counter: Counter, time: float, vehicle: int | None, seen: Attributes = VAN, direction: Direction = Direction.IN
) -> None:
    """Let a vehicle pass in a frame of its own; None has no readable plate."""
    counter.observe(time)
    if vehicle is None:
        counter.count(Passage(time, direction, PlateKind.UNREADABLE), UNKNOWN_ATTRIBUTES)
    else:
        counter.count(Passage(time, direction, PlateKind.NL, plate(vehicle)), seen)
