"""A municipality's office that seals lists to one camera, with made-up plates."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from edge import keys
from edge.keys import Role
from edge.registry.lists import importing
from edge.registry.lists.importing import Summary
from edge.registry.lists.kinds import ListKind
from edge.registry.lists.sealing import Envelope, seal

TODAY = date(2026, 11, 23)
CREATED = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
LETTERS = "BDFGHJKLNPRSTVXZ"


def plates(number: int, first: int = 0) -> list[str]:
    """Return so many different plates of the sidecode that is not issued."""
    return [_plate(index) for index in range(first, first + number)]


class Office:
    """Its folder holds sealing.key, sealing.pub, registry.key and registry.pub."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sealing_key, self.sealing_public = keys.make(Role.SEALING, folder)
        self.registry_secret, self.registry_key = keys.make(Role.REGISTRY, folder)

    def exemptions(self, *rows: str, header: str = "plate,kind,from,until", today: date = TODAY) -> Path:
        """Seal exemptions, as of ``today``."""
        source = self.write("exemptions.csv", header, rows)
        seal(ListKind.EXEMPTIONS, self.envelope(), lambda to: importing.exemptions(source, to, today), self.sealed)
        return self.sealed

    def origin(self, rows: Sequence[str], table: dict[str, int], until: date) -> Summary:
        """Seal origins."""
        source = self.write("origin.csv", "kenteken;postcode", rows)
        return seal(
            ListKind.ORIGIN, self.envelope(), lambda to: importing.origin(source, table, to, until), self.sealed
        )

    def trade(self, rows: Sequence[str], until: date) -> Summary:
        """Seal trades."""
        source = self.write("trade.csv", "kenteken;sbi", rows)
        return seal(ListKind.TRADE, self.envelope(), lambda to: importing.trade(source, to, until), self.sealed)

    @property
    def sealed(self) -> Path:
        """Where the sealed list lies."""
        return self.folder / "list.sealed"

    def envelope(self) -> Envelope:
        """Whom it is for."""
        _, registry = keys.read_secret(self.registry_secret, Role.REGISTRY)
        return Envelope(keys.read_sealing_public(self.sealing_public), registry, CREATED)

    def write(self, name: str, header: str, rows: Sequence[str]) -> Path:
        """Write a CSV file."""
        file = self.folder / name
        file.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
        return file


def _plate(index: int) -> str:
    rest, digits = divmod(index, 100)
    rest, third = divmod(rest, len(LETTERS))
    first, second = divmod(rest, len(LETTERS))
    return f"V{digits:02}{LETTERS[first]}{LETTERS[second]}{LETTERS[third]}"
