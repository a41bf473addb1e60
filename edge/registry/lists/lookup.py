"""What lists say of a vehicle, on its camera. What has expired is to be forgotten each morning: ``forget``."""

from datetime import date, datetime
from pathlib import Path
from typing import Self

from edge.categories import Exemption, Origin, Trade
from edge.errors import ConfigError
from edge.registry.lists import rows
from edge.registry.lists.kinds import EXEMPTION_CODES, NOT_LISTED, TRADE_CODES, ListKind
from edge.registry.lists.rows import PlateRows

_EXEMPTIONS = {code: exemption for exemption, code in EXEMPTION_CODES.items()} | {NOT_LISTED: Exemption.NONE}
_TRADES = {code: trade for trade, code in TRADE_CODES.items()} | {NOT_LISTED: Trade.UNKNOWN}


class _List:
    """A loaded list; its repr says nothing."""

    kind: ListKind

    def __init__(self, file: Path, plates: PlateRows) -> None:
        self._file, self._rows = file, plates

    @classmethod
    def load(cls, file: Path, sealing_key: Path, registry_key: Path, today: date) -> Self:
        """Load what has not expired before ``today`` of a sealed list.

        Raises:
            ConfigError: naming the file: of another kind, another camera, another signer, damaged or cut.
        """
        return cls(file, rows.load(file, cls.kind, sealing_key, registry_key, today))

    def accept(self, new: Self) -> None:
        """Let ``new`` take this list's place.

        Raises:
            ConfigError: it was sealed before this one.
        """
        if new.sealed < self.sealed:
            made, last = (one.sealed.isoformat(timespec="seconds") for one in (new, self))
            raise ConfigError(f"{self._file}: was sealed at {made}, before the one in use, of {last}")

    @property
    def sealed(self) -> datetime:
        """When it was sealed (UTC)."""
        return self._rows.created

    @property
    def expired(self) -> bool:
        """Whether nothing of the list is left."""
        return not len(self._rows)

    def forget(self, today: date) -> None:
        """Overwrite and drop what expired before ``today``."""
        self._rows.forget(today)


class Exemptions(_List):
    """Which vehicles have an exemption, on which days."""

    kind = ListKind.EXEMPTIONS

    def on(self, plate: bytes | bytearray, day: date) -> Exemption:
        """Return the exemption of a plate on a day, long-term before day.

        It is unknown on a day for which rows may be gone, and where the whole list has expired.
        """
        if self.expired or day < self._rows.held_from:
            return Exemption.UNKNOWN
        return _EXEMPTIONS[self._rows.value_on(plate, day)]


class Origins(_List):
    """Where vehicles come from."""

    kind = ListKind.ORIGIN

    def of(self, plate: bytes | bytearray) -> Origin:
        """Return the municipality of a plate; elsewhere where it is not listed."""
        return self._rows.value(plate)


class Trades(_List):
    """What the holders of vehicles do."""

    kind = ListKind.TRADE

    def of(self, plate: bytes | bytearray) -> Trade:
        """Return the trade of a plate; unknown where it is not listed."""
        return _TRADES[self._rows.value(plate)]
